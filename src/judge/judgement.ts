/**
 * One prediction judged against its truth. Invariant: whatever the probabilities, loss is in 0 … −ln 1e-6, brier in
 * 0 … 2, confidence in 0 … 1: one bad vector cannot spoil a sum that is kept for ever.
 */
import { log } from '../numeric/exp-log.ts'

/** A class unknown when the prediction was made, or given less, counts with this probability. */
export const FLOOR = 1e-6

/** No class: nothing was chosen, or no label was known to guess from. */
export const NONE = -1

/** Class indices are small numbers given out in order; beyond this one the confusion counts alone would take 128 MiB. */
export const MAX_CLASSES = 4096

/** Reused by its owner so that judging allocates nothing. */
export interface Judgement {
  truth: number
  /** The class chosen, or `NONE`. */
  chosen: number
  /** What repeating the last known label would have said, or `NONE`. */
  noChange: number
  /** The most frequent class known when predicting, or `NONE`. */
  majority: number
  /** −ln p of the truth, nats. */
  loss: number
  /** Squared distance of the probabilities from the truth. */
  brier: number
  /** Probability of the chosen class. */
  confidence: number
}

export function emptyJudgement(): Judgement {
  return { truth: 0, chosen: NONE, noChange: NONE, majority: NONE, loss: 0, brier: 0, confidence: 0 }
}

/** Fills `out` but for its guesses. A vector shorter than the truth gives the missing classes probability 0. */
export function judge(truth: number, p: ArrayLike<number>, chosen: number, out: Judgement): void {
  let squares = 0
  for (let c = 0; c < p.length; c++) squares += p[c]! * p[c]!
  const y = truth < p.length ? p[truth]! : 0
  const brier = squares - 2 * y + 1 // Σ (p − 1_y)²
  out.truth = truth
  out.chosen = chosen
  out.loss = y >= 1 ? 0 : y > FLOOR ? -log(y) : -log(FLOOR)
  out.brier = Number.isNaN(brier) ? 2 : Math.min(2, Math.max(0, brier))
  const confidence = chosen >= 0 && chosen < p.length ? p[chosen]! : 0
  out.confidence = confidence > 0 ? Math.min(1, confidence) : 0
}

/** Throws `RangeError` unless `index` is a class, or `NONE` where `none` allows it. */
export function checkClass(what: string, index: number, none: boolean): void {
  if (Number.isInteger(index) && index >= (none ? NONE : 0) && index < MAX_CLASSES) return
  const least = none ? '-1 (none)' : '0'
  throw new RangeError(
    `expected ${what} as a class index from ${least} to ${MAX_CLASSES - 1}, got ${index}: give the index in the list of classes`
  )
}
