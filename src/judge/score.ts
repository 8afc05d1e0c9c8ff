/**
 * From sums to scores. Invariant: a class without support has no score and takes part in no mean.
 *
 * Where we differ from scikit-learn: its `f1_score(average='macro')` and `recall_score(average='macro')` average over
 * every class that occurs in truth *or* prediction, so a class that was predicted and never occurred pulls them down
 * with a 0. Ours average over the classes that occurred, as its `balanced_accuracy_score` does (our macro-recall) and
 * as `labels=numpy.unique(y_true)` makes the others do; the false alarms still cost the precision that F1 holds of the
 * classes they were taken from. Its `cohen_kappa_score` gives NaN where one class is all there is: ours is null. Its
 * `log_loss` floors at the machine's precision, ours at 1e-6. Its `brier_score_loss` of more than two classes has
 * our scale, 0 to 2; of two it is half of ours.
 */
import { exp, log } from '../numeric/exp-log.ts'
import { calibrationError } from './calibration.ts'
import { wilson } from './interval.ts'
import { NONE } from './judgement.ts'
import type { BaselineScore, ClassScore, Report } from './report.ts'
import type { Tally } from './tally.ts'

/**
 * A class whose forgetting count has sunk below this has no support any more: one example alone gets there after three
 * times the memory (e^-3), when the other examples have been replaced 20-fold. Whole counts never come near it.
 */
export const LEAST_SUPPORT = 0.05

/**
 * How far an agreement is from `chance` towards 1: (agreement − chance) / (1 − chance). Null where there is none or
 * where chance is already perfect. Cohen's κ, κ_T and κ_M differ in nothing but what stands for chance.
 *
 * @example
 * ```ts
 * import { kappa } from '../src/judge/score.ts'
 * kappa(0.75, 0.5) // => 0.5
 * kappa(1, 1) // => null
 * ```
 */
export function kappa(agreement: number | null, chance: number | null): number | null {
  if (agreement === null || chance === null) return null
  const room = 1 - chance
  return room > 1e-12 ? (agreement - chance) / room : null
}

/**
 * The report of a tally whose newest judgement has weight `unit`.
 *
 * Throws `RangeError` when a class was met that `names` does not name.
 */
export function score(tally: Tally, unit: number, names: readonly string[]): Report {
  const C = tally.classes
  if (names.length < C) throw new RangeError(`expected the names of ${C} classes, got ${names.length}: give every class met so far`)
  const support = new Float64Array(names.length)
  const predicted = new Float64Array(names.length)
  let n = 0
  let hits = 0
  for (let y = 0; y < C; y++) {
    for (let c = NONE; c < C; c++) {
      const count = tally.count(y, c)
      support[y]! += count
      if (c !== NONE) predicted[c]! += count
    }
    n += support[y]!
    hits += tally.count(y, y)
  }
  let chance = 0
  for (let c = 0; c < C; c++) chance += (support[c]! / n) * (predicted[c]! / n)

  let supported = 0
  let recalls = 0
  let logRecalls = 0
  let f1s = 0
  const perClass: ClassScore[] = names.map((name, c) => {
    const has = support[c]! / unit >= LEAST_SUPPORT
    const hit = tally.count(c, c)
    const row = { class: name, support: support[c]! / unit, predicted: predicted[c]! / unit }
    if (!has) return { ...row, recall: null, precision: null, recallInterval: null, precisionInterval: null }
    const recall = hit / support[c]!
    supported++
    recalls += recall
    logRecalls += log(recall) // of 0 it is −Infinity, and the mean's exponential 0
    f1s += (2 * hit) / (support[c]! + predicted[c]!)
    return {
      ...row,
      recall,
      precision: predicted[c]! > 0 ? hit / predicted[c]! : null,
      recallInterval: wilson(hit / unit, support[c]! / unit),
      precisionInterval: wilson(hit / unit, predicted[c]! / unit)
    }
  })

  const accuracy = share(hits, n)
  const noChange = baseline(tally, tally.noChangeHits, guess => tally.noChangeGuesses(guess))
  const majority = baseline(tally, tally.majorityHits, guess => tally.majorityGuesses(guess))
  return {
    n: n / unit,
    scores: {
      accuracy,
      kappa: kappa(accuracy, n > 0 ? chance : null),
      kappaNoChange: kappa(accuracy, noChange.accuracy),
      kappaMajority: kappa(accuracy, majority.accuracy),
      gMean: supported > 0 ? exp(logRecalls / supported) : null,
      macroRecall: share(recalls, supported),
      macroF1: share(f1s, supported),
      logLoss: share(tally.loss, n),
      brier: share(tally.brier, n),
      ece: calibrationError(tally.hits, tally.confidences, n)
    },
    perClass,
    baselines: { noChange, majority }
  }
}

function share(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null
}

function baseline(tally: Tally, hits: number, guesses: (guess: number) => number): BaselineScore {
  let n = 0
  for (let c = 0; c < tally.classes; c++) n += tally.metBy(c)
  let chance = 0
  for (let c = 0; c < tally.classes; c++) chance += (tally.metBy(c) / n) * (guesses(c) / n)
  const accuracy = share(hits, n)
  return { accuracy, kappa: kappa(accuracy, n > 0 ? chance : null) }
}
