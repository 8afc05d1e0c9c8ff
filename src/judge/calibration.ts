/**
 * Calibration: does a class chosen with probability .8 turn out true 8 times in 10?
 *
 * Source: Naeini et al. (2015); Guo et al. (2017), "On calibration of modern neural networks", equation 3.
 * Disagreement with the paper: bins are [m/B, (m+1)/B), closed on the left, the last one closed on both sides. Guo et al.
 * close them on the right; only probabilities exactly on an edge differ.
 */

/** Number of equal bins in a report, as in Guo et al. (2017). */
export const BINS = 15

/** The bin of a probability from 0 to 1. */
export function binOf(confidence: number, bins: number): number {
  return Math.min(bins - 1, Math.floor(confidence * bins))
}

/**
 * Expected calibration error: Σ_b (n_b/n) · |accuracy_b − mean confidence_b|, from sums per bin. The bin's own count
 * cancels, so none is needed. Null where `n` is 0.
 *
 * @param hits correct choices per bin (B)
 * @param confidences sum of the chosen class's probability per bin (B)
 *
 * @example
 * ```ts
 * import { calibrationError } from '../src/judge/calibration.ts'
 * calibrationError([0, 3], [0.5, 3.5], 5) // => 0.2
 * ```
 */
export function calibrationError(hits: ArrayLike<number>, confidences: ArrayLike<number>, n: number): number | null {
  if (!(n > 0)) return null
  let sum = 0
  for (let b = 0; b < hits.length; b++) sum += Math.abs(hits[b]! - confidences[b]!)
  return sum / n
}
