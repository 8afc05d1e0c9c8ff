/**
 * How much a label of a part would teach, from what is said of it before anyone looks:
 *
 *     w = doubt · rarity · newness
 *     doubt     1 − (p₁ − p₂)                     the two likeliest classes are close
 *     rarity    Σ_c p_c · min(10, (C r_c)^−½)     r_c the share of class c among the labels: a rare class may be there
 *     newness   1 + strangeness + disagreement    how little the neighbours say, how far the banks are apart
 *
 * Strangeness is what a bank of neighbours leaves to its base votes, which grow with the distance to them: 1 where nothing
 * like it was seen. Disagreement is the mean total variation distance of the banks from their mean. Invariant: w > 0.
 */
import type { TaskPrediction } from '../events/event.ts'

/** Even a part without doubt teaches something: it may be of a class nobody has told of. */
const LEAST_DOUBT = 0.02
const MOST_RARITY = 10

/** `shares` are the classes' shares among labels, by name; a class without is as rare as any. */
export function teaching({ classes, probabilities, banks }: TaskPrediction, shares: (name: string) => number): number {
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
  return doubt * Math.max(0.1, rarity) * (1 + strangeness(banks, C) + disagreement(banks, C))
}

function strangeness(banks: TaskPrediction['banks'], C: number): number {
  let most = 0
  for (const { opinion, shares } of banks) {
    // Who has experts is no bank of neighbours.
    if (shares.length > 0 || opinion.length !== C) continue
    let least = 1
    for (const q of opinion) if (q < least) least = q
    most = Math.max(most, C * least)
  }
  return Math.min(1, most)
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
