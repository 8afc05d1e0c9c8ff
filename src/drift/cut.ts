/**
 * By how much two parts of a window differ more than chance explains. Above 0 they do. Each has n values that sum to u.
 *
 * `beyondVariance`, of values of any kind, in units of the mean (Bifet & Gavaldà 2007, as River has it):
 *     |μ₀ − μ₁| − √(2/m σ² L) − 2/(3m) L,   1/m = 1/n₀ + 1/n₁
 * `beyondLikelihood`, of hits and misses, in nats: the log likelihood ratio of two rates against one,
 *     n h(μ) − n₀ h(μ₀) − n₁ h(μ₁) − L,     h(x) = −x ln x − (1 − x) ln(1 − x)
 * Twice the ratio is χ² of one degree (Wilks 1938), so that one cut errs with a chance below e^(−L). It needs no slack for
 * values that might have been larger, and finds a change in a few dozen parts for which the other needs twice as many.
 *
 * Neither is above 0 where (u₀ n − u n₀)² ≤ slack n₀ n₁, n and u of the whole window, which is asked without a division:
 * of the variance as 1/m ≥ n/(n₀ n₁), of the likelihood as Σ p ln(p/q) ≤ (p − q)²/(q (1 − q)).
 */
import { log } from '../numeric/exp-log.ts'

/** `variance` is of one value of the whole window; `least` the fewest values on a side, which are taken off n₀ and n₁ in m. */
export function beyondVariance(n0: number, u0: number, n1: number, u1: number, variance: number, L: number, least: number): number {
  const m = 1 / (n0 - least + 1) + 1 / (n1 - least + 1)
  return Math.abs(u0 / n0 - u1 / n1) - (Math.sqrt(m * (2 * variance * L)) + (2 / 3) * L * m)
}

export function varianceSlack(n: number, variance: number, L: number): number {
  return 2 * variance * L * n
}

export function beyondLikelihood(n0: number, u0: number, n1: number, u1: number, L: number): number {
  const [n, u] = [n0 + n1, u0 + u1]
  return n * entropy(u / n) - n0 * entropy(u0 / n0) - n1 * entropy(u1 / n1) - L
}

export function likelihoodSlack(n: number, u: number, L: number): number {
  return (L * u * (n - u)) / n
}

function entropy(x: number): number {
  return x <= 0 || x >= 1 ? 0 : -(x * log(x) + (1 - x) * log(1 - x))
}
