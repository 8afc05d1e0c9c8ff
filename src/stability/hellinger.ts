/**
 * How far one distribution is from another. Invariant: 0 where they are equal, 1 where they share no class, the same in
 * both directions, and bounded, so that a mean over inputs is not ruled by a few (as it would be with relative entropy).
 *
 * Source: Hellinger (1909): H(p, q)² = ½ Σ_c (√p[c] − √q[c])².
 */

/** The share of an input from which an expert speaks of it: below, what it says counts next to nothing and costs as much. */
export const SPEAKS = 0.02

/**
 * Mean Hellinger distance per expert (K) between two sets of opinions on the same `n` inputs, weighed by how much each
 * expert speaks there where that is given. 0 where n is 0, or the expert
 * speaks of none. Throws `RangeError` where a set is not n × C × K long.
 *
 * @param before opinions (n, C, K), row-major: input, class, expert, as a bank holds its P
 * @param after the same later, on the same inputs in the same order
 * @param g gates on the same inputs (n, K); without them every input counts alike
 *
 * @example
 * ```ts
 * import { meanHellinger } from '../src/stability/hellinger.ts'
 * const before = Float32Array.of(1, 0.5, 0, 0.5) // one input, two classes, two experts
 * const after = Float32Array.of(0, 0.5, 1, 0.5)
 * meanHellinger(before, after, 1, 2, 2) // => Float64Array.of(1, 0)
 * ```
 */
export function meanHellinger(
  before: Float32Array,
  after: Float32Array,
  n: number,
  C: number,
  K: number,
  g: Float32Array | null = null
): Float64Array {
  const length = n * C * K
  if (before.length !== length || after.length !== length) {
    throw new RangeError(`expected ${n} × ${C} × ${K} opinions, got ${before.length} and ${after.length}: give both on the same inputs`)
  }
  const mean = new Float64Array(K)
  const weights = new Float64Array(K)
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < K; k++) {
      const w = g === null ? 1 : g[i * K + k]!
      if (w < SPEAKS) continue
      let sum = 0
      for (let c = 0, at = i * C * K + k; c < C; c++, at += K) {
        const difference = Math.sqrt(before[at]!) - Math.sqrt(after[at]!)
        sum += difference * difference
      }
      mean[k]! += w * Math.min(1, Math.sqrt(sum / 2)) // float32 opinions sum to 1 within a rounding
      weights[k]! += w
    }
  }
  for (let k = 0; k < K; k++) if (weights[k]! > 0) mean[k]! /= weights[k]!
  return mean
}

/**
 * How far the inputs that each expert (K) is asked about have changed between two gates on the same inputs: 0 where its shares
 * are the same, 1 where it is asked about none of what it was. In its shares' own measure, Σ |g′ − g| / Σ (g′ + g) (Bray and
 * Curtis, 1957).
 *
 * @param before gates (n, K), row-major
 *
 * @example
 * ```ts
 * import { shiftOf } from '../src/stability/hellinger.ts'
 * shiftOf(Float32Array.of(1, 0, 0.5, 0.5), Float32Array.of(0, 1, 0.5, 0.5), 2) // => Float64Array.of(0.5, 0.5)
 * ```
 */
export function shiftOf(before: Float32Array, after: Float32Array, K: number): Float64Array {
  const moved = new Float64Array(K)
  const all = new Float64Array(K)
  for (let i = 0; i < before.length; i++) {
    const k = i % K
    moved[k]! += Math.abs(after[i]! - before[i]!)
    all[k]! += after[i]! + before[i]!
  }
  for (let k = 0; k < K; k++) moved[k] = all[k]! > 0 ? moved[k]! / all[k]! : 0
  return moved
}
