/**
 * From a distribution to a class: the largest of `p[c]·(n_c/n)^−γ`, ties to the lower index. γ, the decision exponent, moves
 * along the rare-class curve: 0 takes the likeliest class, 1 gives each class the say it would have if all were equally
 * frequent. It changes what is chosen and neither what is learned nor what is reported.
 */
import { exp, log } from '../numeric/exp-log.ts'

/**
 * Index of the class chosen, −1 of nothing. `counts` are forgetting counts of the classes, (C).
 *
 * @example
 * ```ts
 * import { decide } from '../src/learner/decision.ts'
 * decide([0.7, 0.3], [99, 1], 0) // => 0
 * decide([0.7, 0.3], [99, 1], 0.5) // => 1
 * ```
 */
export function decide(p: ArrayLike<number>, counts: ArrayLike<number>, exponent: number): number {
  let best = -1
  let most = Number.NEGATIVE_INFINITY
  for (let c = 0; c < p.length; c++) {
    const score = exponent === 0 ? p[c]! : p[c]! * exp(-exponent * log(Math.max(counts[c]!, LEAST_COUNT)))
    if (score > most) {
      best = c
      most = score
    }
  }
  return best
}

/** A class not seen for long is no more than this rare. */
const LEAST_COUNT = 1e-3
