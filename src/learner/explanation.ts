/**
 * Why one answer and not another: what each input adds to the log odds, against a reference input. Inputs are moved from the
 * reference to what was seen one after another, and each gets what its move changed; that depends on the order, so the mean
 * over an order and its reverse is taken. Invariant: the pushes add up to the whole difference. Where the function is additive
 * in its inputs, as one expert is, each push is that input's own term exactly; what inputs only do together is shared
 * among them (Shapley's value, sampled by antithetic orders: Strumbelj and Kononenko, 2014; Mitchell et al., 2022).
 */
import { log } from '../numeric/exp-log.ts'
import { Random } from '../numeric/random.ts'

/** Least probability that counts, as in the guard. */
const FLOOR = 1e-6

/**
 * Natural log odds of one probability against another, floored at 1e-6.
 *
 * @example
 * ```ts
 * import { logOdds } from '../src/learner/explanation.ts'
 * logOdds(0.5, 0.5) // => 0
 * ```
 */
export function logOdds(p: number, q: number): number {
  return log(Math.max(FLOOR, p)) - log(Math.max(FLOOR, q))
}

export interface Pushes {
  /** Of the reference. */
  readonly base: number
  /** Of what was seen. */
  readonly total: number
  /** In the order of `names`; base and all of them add up to the total. */
  readonly pushes: readonly number[]
}

/**
 * What moving each of `names` from the reference adds to `score`, which is asked with the names that have been moved.
 * It is asked `2 · pairs · names` times at most. The same seed draws the same orders.
 *
 * @example
 * ```ts
 * import { pushesOf } from '../src/learner/explanation.ts'
 * const score = (moved: ReadonlySet<string>) => (moved.has('torque') ? 2 : 0) - (moved.has('speed') ? 1 : 0)
 * pushesOf(['torque', 'speed'], score, 1).pushes // => [2, -1]
 * ```
 */
export function pushesOf(names: readonly string[], score: (moved: ReadonlySet<string>) => number, pairs: number, seed = 1): Pushes {
  const random = new Random(seed)
  const base = score(new Set())
  const total = score(new Set(names))
  const sums = new Float64Array(names.length)
  for (let pair = 0; pair < pairs; pair++) {
    const order = shuffled(names.length, random)
    for (const walk of [order, [...order].reverse()]) {
      const moved = new Set<string>()
      let before = base
      for (const [step, at] of walk.entries()) {
        moved.add(names[at]!)
        const after = step === walk.length - 1 ? total : score(moved)
        sums[at]! += after - before
        before = after
      }
    }
  }
  return { base, total, pushes: Array.from(sums, sum => sum / (2 * pairs)) }
}

/** Fisher and Yates. */
function shuffled(length: number, random: Random): number[] {
  const order = Array.from({ length }, (_, i) => i)
  for (let i = length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const kept = order[i]!
    order[i] = order[j]!
    order[j] = kept
  }
  return order
}
