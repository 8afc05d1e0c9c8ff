/**
 * What the functions of a mixture's experts are like on a sample of inputs: whether each says the same of all (variation), and
 * whether another says the same as it (distance). Invariant: all is read off opinions and gates; weights, which an encoding may
 * scale and a decay may shrink, take no part.
 *
 * With gate g and opinions P of K experts on n inputs, H the Hellinger distance, and v_k[i] = g_k[i] / Σ_i g_k[i], where k
 * speaks:
 *   variation  V_k  = √(½ Σ_i v_k ‖√P_k − m‖²) with m = Σ_i v_k √P_k, and as opinions have length 1, V_k² = ½ (1 − ‖m‖²)
 *   distance   D_kl = Σ_i (g_k + g_l) H(P_k, P_l) / Σ_i (g_k + g_l); the nearest is the l of the least
 *
 * Shapes: P is (n, C, K), g is (n, K), row-major, as a bank holds them.
 */
import { SPEAKS } from './hellinger.ts'

/** A share added to every one, so that where a silent expert speaks is not left to a rounding. */
const LEAST_SHARE = 1e-3

export interface Opinions {
  readonly n: number
  readonly C: number
  readonly K: number
  readonly P: Float32Array
  readonly g: Float32Array
}

/** (K) where nothing else is said. */
export interface FunctionFigures {
  readonly variation: Float64Array
  /** Of the nearest that is asked at all; NaN where there is none. */
  readonly distance: Float64Array
  /** −1 where there is none. */
  readonly nearest: Int32Array
  /** Mean opinions where each speaks, and where it or its nearest does, (C, K). */
  readonly mean: Float32Array
  readonly pooled: Float32Array
}

/**
 * `asked` (K) is 0 of experts that nobody asks: none is near them.
 *
 * @example
 * ```ts
 * import { figuresOf } from '../src/stability/functions.ts'
 * // Two inputs, two classes, two experts that share both inputs alike: the first is always even, the second sure.
 * const P = Float32Array.of(0.5, 1, 0.5, 0, 0.5, 0, 0.5, 1)
 * const g = Float32Array.of(0.5, 0.5, 0.5, 0.5)
 * const { variation, nearest } = figuresOf({ n: 2, C: 2, K: 2, P, g }, Uint8Array.of(1, 1))
 * variation[0]?.toFixed(2) // => '0.00'
 * variation[1]?.toFixed(2) // => '0.50'
 * nearest // => Int32Array.of(1, 0)
 * ```
 */
export function figuresOf(opinions: Opinions, asked: Uint8Array): FunctionFigures {
  const { P } = opinions
  const roots = new Float32Array(P.length)
  for (let i = 0; i < P.length; i++) roots[i] = Math.sqrt(P[i]!)
  const { distance, nearest } = nearestOf(opinions, roots, asked)
  const mean = meansOf(opinions)
  return { variation: variationOf(opinions, roots), distance, nearest, mean, pooled: pooledOf(opinions, mean, nearest) }
}

/** Σ_i of the shares by which expert k's inputs are weighed. */
function spoken({ n, K, g }: Opinions, k: number): number {
  let sum = 0
  for (let i = 0; i < n; i++) sum += g[i * K + k]! + LEAST_SHARE
  return sum
}

function variationOf(opinions: Opinions, roots: Float32Array): Float64Array {
  const { n, C, K, g } = opinions
  const variation = new Float64Array(K)
  for (let k = 0; k < K; k++) {
    const whole = spoken(opinions, k)
    let length = 0
    for (let c = 0; c < C; c++) {
      let mean = 0
      for (let i = 0; i < n; i++) mean += (g[i * K + k]! + LEAST_SHARE) * roots[(i * C + c) * K + k]!
      length += (mean / whole) * (mean / whole)
    }
    variation[k] = n > 0 ? Math.sqrt(Math.max(0, 1 - length) / 2) : 0
  }
  return variation
}

function nearestOf({ n, C, K, g }: Opinions, roots: Float32Array, asked: Uint8Array): Pick<FunctionFigures, 'distance' | 'nearest'> {
  const sums = new Float64Array(K * K)
  const weights = new Float64Array(K * K)
  for (let i = 0; i < n; i++) {
    const inputs = i * C * K
    for (let k = 0; k < K; k++) {
      const own = g[i * K + k]! + LEAST_SHARE
      for (let l = k + 1; l < K; l++) {
        const w = own + g[i * K + l]!
        // Where neither speaks their distance counts next to nothing and costs as much.
        if (w < SPEAKS) continue
        let overlap = 0
        for (let at = inputs; at < inputs + C * K; at += K) overlap += roots[at + k]! * roots[at + l]!
        sums[k * K + l]! += w * Math.sqrt(Math.max(0, 1 - overlap))
        weights[k * K + l]! += w
      }
    }
  }
  const distance = new Float64Array(K).fill(Number.NaN)
  const nearest = new Int32Array(K).fill(-1)
  for (let k = 0; k < K; k++) {
    for (let l = 0; l < K; l++) {
      const at = k < l ? k * K + l : l * K + k
      if (l === k || asked[l] === 0 || weights[at] === 0) continue
      const D = sums[at]! / weights[at]!
      if (nearest[k] !== -1 && D >= distance[k]!) continue
      distance[k] = D
      nearest[k] = l
    }
  }
  return { distance, nearest }
}

function meansOf(opinions: Opinions): Float32Array {
  const { n, C, K, P, g } = opinions
  const mean = new Float32Array(C * K)
  for (let k = 0; k < K; k++) {
    const whole = spoken(opinions, k)
    for (let c = 0; c < C; c++) {
      let sum = 0
      for (let i = 0; i < n; i++) sum += (g[i * K + k]! + LEAST_SHARE) * P[(i * C + c) * K + k]!
      mean[c * K + k] = sum / whole
    }
  }
  return mean
}

function pooledOf(opinions: Opinions, mean: Float32Array, nearest: Int32Array): Float32Array {
  const { C, K } = opinions
  const pooled = mean.slice()
  for (let k = 0; k < K; k++) {
    const l = nearest[k]!
    if (l < 0) continue
    const own = spoken(opinions, k)
    const part = own / (own + spoken(opinions, l))
    for (let row = 0; row < C * K; row += K) pooled[row + k] = part * mean[row + k]! + (1 - part) * mean[row + l]!
  }
  return pooled
}
