/**
 * The mixture: one bank's opinion from its experts', then the sharing of blame.
 *
 * With gate g = softmax(G x), experts' opinions P_k = softmax(W_k x) and the bank's opinion q = Σ_k g_k P_k, the loss of
 * an example of class y is −w·ln q[y]. Its gradient needs one quantity only, the responsibility r_k = g_k P_k[y] / q[y]:
 * how much expert k explains the label (Jacobs et al., 1991).
 *
 * Shapes: K experts, C classes. Logits z and gradients δ are (1 + C, K): the gate's row, then one row a class, so that a
 * new class is appended and the experts lie in vector lanes. g, r are (K); P is (C, K); q is (C).
 */

import { log } from '../numeric/exp-log.ts'
import { exp32 } from '../numeric/exp32.ts'

const f = Math.fround

/** Opinions below this carry no responsibility: it keeps r finite when no expert explains the label. */
const LEAST = f(1e-30)

/** Softmax of `z[from … from + K)` into `g`; ties and order as in the vector kernel: lanes summed from the left. */
export function softmax(z: Float32Array, from: number, K: number, g: Float32Array): void {
  let top = z[from]!
  for (let k = 1; k < K; k++) if (z[from + k]! > top) top = z[from + k]!
  let sum = 0
  for (let k = 0; k < K; k++) {
    const e = exp32(f(z[from + k]! - top))
    g[k] = e
    sum = f(sum + e)
  }
  const scale = f(1 / sum)
  for (let k = 0; k < K; k++) g[k] = f(g[k]! * scale)
}

/** Each expert's softmax over the classes: column k of P from column k of the class rows of z. `top` and `sum` are (K). */
export function experts(z: Float32Array, K: number, C: number, P: Float32Array, top: Float32Array, sum: Float32Array): void {
  for (let k = 0; k < K; k++) {
    top[k] = z[K + k]!
    sum[k] = 0
  }
  for (let c = 1; c < C; c++) {
    const row = (1 + c) * K
    for (let k = 0; k < K; k++) if (z[row + k]! > top[k]!) top[k] = z[row + k]!
  }
  for (let c = 0; c < C; c++) {
    const row = (1 + c) * K
    for (let k = 0; k < K; k++) {
      const e = exp32(f(z[row + k]! - top[k]!))
      P[c * K + k] = e
      sum[k] = f(sum[k]! + e)
    }
  }
  for (let k = 0; k < K; k++) sum[k] = f(1 / sum[k]!)
  for (let c = 0; c < C; c++) for (let k = 0; k < K; k++) P[c * K + k] = f(P[c * K + k]! * sum[k]!)
}

/**
 * Mixes the experts' opinions: `q[c] = Σ_k g[k]·P[c, k]`.
 *
 * @example
 * ```ts
 * import { mix } from '../src/bank/mixture.ts'
 * const g = Float32Array.of(0.75, 0.25)
 * const P = Float32Array.of(1, 0, 0, 1) // two experts, each sure of one class
 * const q = new Float32Array(2)
 * mix(g, P, 2, q)
 * Array.from(q) // => [0.75, 0.25]
 * ```
 */
export function mix(g: Float32Array, P: Float32Array, C: number, q: Float32Array): void {
  const K = g.length
  for (let c = 0; c < C; c++) {
    let sum = 0
    for (let k = 0; k < K; k++) sum = f(sum + f(g[k]! * P[c * K + k]!))
    q[c] = sum
  }
}

/** Shares out the credit for label `y`: `r[k] = g[k]·P[y, k] / q[y]`. Sums to one. */
export function responsibility(g: Float32Array, P: Float32Array, q: Float32Array, y: number, r: Float32Array): void {
  const K = g.length
  const whole = Math.max(q[y]!, LEAST)
  for (let k = 0; k < K; k++) r[k] = f(f(g[k]! * P[y * K + k]!) / whole)
}

/** Gradient of the loss in the gate's logits: `δ[k] = w·(g[k] − r[k])`, into the gate's row. */
export function gateGradient(g: Float32Array, r: Float32Array, w: number, delta: Float32Array): void {
  for (let k = 0; k < g.length; k++) delta[k] = f(w * f(g[k]! - r[k]!))
}

/** Gradient of the loss in the experts' logits: `δ[c, k] = w·r[k]·(P[c, k] − [c = y])`, into the class rows. */
export function expertGradient(P: Float32Array, r: Float32Array, y: number, w: number, C: number, delta: Float32Array): void {
  const K = r.length
  for (let c = 0; c < C; c++) {
    const own = c === y ? 1 : 0
    for (let k = 0; k < K; k++) delta[K + c * K + k] = f(f(w * r[k]!) * f(P[c * K + k]! - own))
  }
}

/** What keeps a gate healthy. Each is a weight of its penalty; 0 switches it off. */
export interface GatePenalties {
  /**
   * Load floor φ: `δ[k] += φ K g[k] (ḡ[k] − Σ g ḡ)`, the gradient of ½ φ K Σ ḡ² as if the running mean moved with g.
   * It keeps experts alive without diluting the one that knows a rare class (after Shazeer et al., 2017).
   */
  readonly loadFloor: number
  /** Weight of ln² Σ exp z: keeps logits small (ST-MoE, Zoph et al., 2022). */
  readonly zLoss: number
  /** Weight of −H(g): rewards a gate that spreads over its experts. */
  readonly entropy: number
}

/** Adds the gradients of the penalties in the gate's logits to `δ`. ḡ is the running mean of g. */
export function gatePenalties(z: Float32Array, g: Float32Array, mean: Float64Array, penalties: GatePenalties, delta: Float32Array): void {
  const K = g.length
  const { loadFloor, zLoss, entropy } = penalties
  if (loadFloor !== 0) {
    let inner = 0
    for (let k = 0; k < K; k++) inner += g[k]! * mean[k]!
    for (let k = 0; k < K; k++) delta[k] = f(delta[k]! + f(loadFloor * K * g[k]! * (mean[k]! - inner)))
  }
  if (zLoss !== 0) {
    let top = z[0]!
    for (let k = 1; k < K; k++) top = Math.max(top, z[k]!)
    let sum = 0
    for (let k = 0; k < K; k++) sum += exp32(f(z[k]! - top))
    const slope = 2 * zLoss * (top + log(sum))
    for (let k = 0; k < K; k++) delta[k] = f(delta[k]! + f(slope * g[k]!))
  }
  if (entropy !== 0) {
    const H = gateEntropy(g)
    for (let k = 0; k < K; k++) {
      if (g[k]! > 0) delta[k] = f(delta[k]! + f(entropy * g[k]! * (log(g[k]!) + H)))
    }
  }
}

/** Entropy of a distribution in nats, 0 to ln K. */
export function gateEntropy(g: Float32Array): number {
  let H = 0
  for (let k = 0; k < g.length; k++) if (g[k]! > 0) H -= g[k]! * log(g[k]!)
  return H
}
