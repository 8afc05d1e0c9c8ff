/**
 * How much a label of a part would teach, from what is said of it before anyone looks:
 *
 *     w = doubt · rarity · newness
 *     doubt     1 − (p₁ − p₂)                     the two likeliest classes are close
 *     rarity    Σ_c p_c · min(10, (C r_c)^−½)     r_c the share of class c among the labels: a rare class may be there
 *     newness   ½ + ½ min(4, d / d̄) + disagreement
 *
 * d is the distance to the nearest parts in memory, read off what the bank of neighbours leaves to its base votes, and d̄ what
 * is usual; disagreement is the mean total variation distance of the banks from their mean. Invariant: w > 0.
 */
import type { TaskPrediction } from '../events/event.ts'

/** Even a part without doubt teaches something: it may be of a class nobody has told of. */
const LEAST_DOUBT = 0.02
const MOST_RARITY = 10

/** Name of the bank of neighbours. */
const NEIGHBOURS = 'memory'
/** A part four times as far from all others as is usual is as new as can be. */
const MOST_NEW = 4

/**
 * `shares` are the classes' shares among labels, by name; `usual` is the geometric mean of `distanceOf` over the last parts, 0
 * where there is none: between two classes the neighbours of either raise it without bound.
 */
export function teaching(stated: TaskPrediction, shares: (name: string) => number, usual: number): number {
  const { classes, probabilities, banks } = stated
  const C = classes.length
  if (C === 0) return MOST_RARITY
  let first = 0
  let second = 0
  let rarity = 0
  for (let c = 0; c < C; c++) {
    const p = probabilities[c]!
    if (p > first) {
      second = first
      first = p
    } else if (p > second) second = p
    rarity += p * Math.min(MOST_RARITY, 1 / Math.sqrt(Math.max(1e-9, C * shares(classes[c]!))))
  }
  const doubt = Math.max(LEAST_DOUBT, 1 - (first - second))
  return doubt * Math.max(0.1, rarity) * (newness(distanceOf(stated), usual) + disagreement(banks, C))
}

/**
 * How far the nearest parts in memory are, without unit; null where no bank of neighbours speaks. With base votes b a class and
 * neighbours at distance d the least opinion is b / (C b + k/d), so that d is in proportion to C q / (1 − C q).
 */
export function distanceOf({ classes, banks }: TaskPrediction): number | null {
  const C = classes.length
  const opinion = banks.find(({ bank }) => bank === NEIGHBOURS)?.opinion
  if (opinion === undefined || opinion.length !== C || C < 2) return null
  const base = Math.min(1 - 1e-6, C * opinion.reduce((least, q) => (q < least ? q : least), 1))
  return base / (1 - base)
}

function newness(distance: number | null, usual: number): number {
  return distance === null || usual === 0 ? 1 : 0.5 + 0.5 * Math.min(MOST_NEW, distance / usual)
}

function disagreement(banks: TaskPrediction['banks'], C: number): number {
  const speaking = banks.filter(({ opinion }) => opinion.length === C)
  if (speaking.length < 2) return 0
  let sum = 0
  for (let c = 0; c < C; c++) {
    let mean = 0
    for (const { opinion } of speaking) mean += opinion[c]!
    mean /= speaking.length
    for (const { opinion } of speaking) sum += Math.abs(opinion[c]! - mean)
  }
  return sum / (2 * speaking.length)
}
