/**
 * The two-sample test of Kolmogorov and Smirnov for two samples of the same size n: D, the greatest distance of their
 * distribution functions, and the exact chance that it is so great when both are of one continuous distribution,
 *
 *     P(D ≥ h/n) = 2 Σ_{j ≥ 1} (−1)^{j+1} C(2n, n − jh) / C(2n, n)
 *
 * Source: Gnedenko & Korolyuk (1951), as in Hodges (1958). With ties, as of counts, the chance is an upper bound.
 */

/**
 * n·D of two samples in ascending order. NaN has no order and must not occur.
 *
 * @example
 * ```ts
 * import { steps } from '../src/drift/kolmogorov-smirnov.ts'
 * steps([1, 2, 3, 4], [3, 4, 5, 6]) // => 2
 * ```
 */
export function steps(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [i, j, most] = [0, 0, 0]
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i]!, b[j]!)
    while (i < a.length && a[i] === value) i++
    while (j < b.length && b[j] === value) j++
    most = Math.max(most, Math.abs(i - j))
  }
  return most
}

/**
 * Chance of at least `h` steps between two samples of `n`.
 *
 * @example
 * ```ts
 * import { chanceOf } from '../src/drift/kolmogorov-smirnov.ts'
 * chanceOf(0, 30) // => 1
 * chanceOf(2, 2) // => 0.3333333333333333
 * ```
 */
export function chanceOf(h: number, n: number): number {
  if (h <= 0) return 1
  let sum = 0
  for (let j = 1; j * h <= n; j++) {
    // C(2n, n − jh) / C(2n, n), factor by factor: none leaves [0, 1].
    let ratio = 1
    for (let i = 1; i <= j * h; i++) ratio *= (n - j * h + i) / (n + i)
    sum += j % 2 === 1 ? ratio : -ratio
  }
  return Math.min(1, Math.max(0, 2 * sum))
}

/** Fewest steps between two samples of `n` whose chance is at most `alpha`; n + 1 where even n are not enough. */
export function leastSteps(alpha: number, n: number): number {
  for (let h = 1; h <= n; h++) if (chanceOf(h, n) <= alpha) return h
  return n + 1
}
