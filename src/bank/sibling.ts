/**
 * Which domain a new one is most like: whose bank best explains its first examples. As every domain's weights stand on the
 * rows of its own quantiles, another's bank can be asked as it is, and be copied.
 */
import { log } from '../numeric/exp-log.ts'
import type { FirstExamples } from './bank.ts'
import type { MixtureBank } from './mixture-bank.ts'

/** Least probability that counts, as in the guard of the pool: one sure error does not decide alone. */
export const LEAST_PROBABILITY = 1e-6

/**
 * How much of the sums of squared gradients a copy keeps. They are how much a bank has seen, and its rates are η/√s: at
 * a tenth the copy's rates rise by √10, as if it had seen a tenth as much, so that it starts with what its sibling knows
 * and yet moves on at the pace of a young bank. At 0 its first step would be η whatever the gradient, and throw it away.
 */
export const KEPT_SQUARES = 0.1

export interface Sibling {
  readonly domain: number
  readonly bank: MixtureBank
  /** Examples it was judged by. */
  readonly examples: number
  /** Mean ln q(y) over them; null without. */
  readonly evidence: number | null
}

/**
 * The banks that have learned something, the most alike first: by mean ln q(y) over the `first` examples of `domain`, or
 * where there are none by the labels they have learned. Ties go to the domain that came earlier.
 */
export function siblingsOf(domain: number, banks: ReadonlyMap<number, MixtureBank>, first?: FirstExamples): Sibling[] {
  const siblings = [...banks].filter(([other, bank]) => other !== domain && bank.learned > 0)
  if (siblings.length === 0) return []
  const sums = siblings.map(() => 0)
  let examples = 0
  let q = new Float32Array(0)
  first?.(domain, (input, y) => {
    examples++
    siblings.forEach(([, bank], i) => {
      if (q.length !== bank.C) q = new Float32Array(bank.C)
      bank.opinion(input, q)
      sums[i]! += logOf(q[y]!)
    })
  })
  const ranked = siblings.map(([other, bank], i) => ({
    domain: other,
    bank,
    examples,
    evidence: examples > 0 ? sums[i]! / examples : null
  }))
  return ranked.sort((a, b) => (a.evidence === null || b.evidence === null ? b.bank.learned - a.bank.learned : b.evidence - a.evidence))
}

/** ln q, of what is no number too: that counts as the least. */
export function logOf(q: number): number {
  return log(q > LEAST_PROBABILITY ? q : LEAST_PROBABILITY)
}
