/**
 * From a distribution to a class: the largest of `p[c]·(n_c/n)^−γ`, ties to the lower index. γ, the decision exponent, moves
 * along the rare-class curve: 0 takes the likeliest class, 1 gives each class the say it would have if all were equally
 * frequent. It changes what is chosen and neither what is learned nor what is reported. And from a distribution to the classes
 * that may be meant.
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

/** The likeliest class, the lowest on ties; −1 of nothing. */
export function likeliest(p: ArrayLike<number>): number {
  return decide(p, [], 0)
}

/** Classes by falling probability until they hold this much together. */
const CREDIBLE = 0.95

/** The fewest classes that together are as good as certain to hold the true one, the likeliest first. */
export function credibleSet(probabilities: readonly number[]): number[] {
  const order = probabilities.map((_, c) => c).sort((a, b) => probabilities[b]! - probabilities[a]! || a - b)
  let sum = 0
  const at = order.findIndex(c => {
    sum += probabilities[c]!
    return sum >= CREDIBLE
  })
  return order.slice(0, at < 0 ? order.length : at + 1)
}
