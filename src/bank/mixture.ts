/**
 * The mixture: one bank's opinion from its experts', then the sharing of blame.
 *
 * With gate g = softmax(G x), experts' opinions P_k = softmax(W_k x) and the bank's opinion q = Σ_k g_k P_k, the loss of
 * an example of class y is −w·ln q[y]. Its gradient needs one quantity only, the responsibility r_k = g_k P_k[y] / q[y]:
 * how much expert k explains the label (Jacobs et al., 1991).
 *
 * Shapes: K experts, C classes. g, r are (K); P is (C, K), a row a class, so that a new class is appended and the experts
 * lie in vector lanes; q is (C). The opinion itself and the blame are the kernel's
 * (`numeric/kernel.ts`): here is what stands around them.
 */

import { log } from '../numeric/exp-log.ts'
import { exp32 } from '../numeric/exp32.ts'
import type { Active } from './linear.ts'

const f = Math.fround

/** Lists the groups of four experts in which one is responsible for at least `least`; the group of the most responsible is always there. */
export function activeGroups(r: Float32Array, least: number, active: Active): void {
  const K = r.length
  let most = 0
  for (let k = 1; k < K; k++) if (r[k]! > r[most]!) most = k
  let count = 0
  for (let j = 0; j < K >> 2; j++) {
    const k = 4 * j
    if (most >> 2 === j || r[k]! >= least || r[k + 1]! >= least || r[k + 2]! >= least || r[k + 3]! >= least) active.groups[count++] = j
  }
  active.count = count
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
