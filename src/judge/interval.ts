/** Wilson's score interval of a proportion. Invariant: 0 ≤ lower ≤ upper ≤ 1, and the proportion lies between them. */

/**
 * Interval of a proportion after `successes` in `n` trials, null without trials; `z` = 1.959964 makes it a 95 % one.
 * Counts may be fractions, as forgetting leaves them.
 *
 * Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference", without correction
 * for continuity; method 3 of Newcombe (1998).
 *
 * @example
 * ```ts
 * import { wilson } from '../src/judge/interval.ts'
 * wilson(81, 263)?.map(x => x.toFixed(4)) // => ['0.2553', '0.3662']
 * wilson(0, 0) // => null
 * ```
 */
export function wilson(successes: number, n: number, z = 1.959964): readonly [number, number] | null {
  if (!(n > 0)) return null
  const p = Math.min(1, Math.max(0, successes / n))
  const z2 = z * z
  const middle = p + z2 / (2 * n)
  const reach = z * Math.sqrt((p * (1 - p) + z2 / (4 * n)) / n)
  const whole = 1 + z2 / n
  // At the ends the formula gives exactly 0 and 1; rounding would leave 1e-17.
  const lower = p === 0 ? 0 : Math.max(0, (middle - reach) / whole)
  const upper = p === 1 ? 1 : Math.min(1, (middle + reach) / whole)
  return [lower, upper]
}
