/**
 * What a mixture would lose if one of its experts did not speak for itself, found on every example before it is learned.
 * Invariant: it looks at no label twice and at none that the experts have seen, so that what an expert has learned by heart is
 * not held for a need.
 *
 * With gate g, opinions P, label y and q = Σ_j g_j P_j[y], all there already, in nats an example where expert k speaks
 * (weighed by w g_k, of `pooled` where either speaks, by w (g_k + g_l); fading as they speak), the mean of ln q − ln q′ for four ways to do without it:
 *   leftOut    it is silent, the others share as they do:        q′ = Σ_{j≠k} g_j P_j[y] / Σ_{j≠k} g_j
 *   replaced   its nearest, l, speaks in its place:              q′ = q + g_k (P_l[y] − P_k[y])
 *   flattened  it says its mean opinion m of every part:         q′ = q + g_k (m_k[y] − P_k[y])
 *   pooled     it and its nearest both say the mean of the two:  q′ = q + g_k (m_kl[y] − P_k[y]) + g_l (m_kl[y] − P_l[y])
 * above 0 what is lost, below 0 what is gained. The last finds constants that share what one could say: as they are mixed
 * anyway, each may say anything as long as the others make up for it, and none can be left out.
 */
import { log } from '../numeric/exp-log.ts'
import type { Saved } from '../numeric/saved.ts'

/** About the last 250 of its own examples that were looked at: a mean of losses that spread by .3 is known to .02. */
const RATE = 0.004
/** Whoever speaks less of an example is not weighed by it: a logarithm is the dearest part of a step. */
const LEAST_SHARE = 0.02
/** An opinion below this counts as this: one example loses at most 5 nats, as a mean must not be ruled by a few. */
const LEAST = 0.0067

export const ways = ['leftOut', 'replaced', 'flattened', 'pooled'] as const
export type Way = (typeof ways)[number]

/**
 * What each expert is held against: its nearest (K), −1 for none, its mean opinion and that of the two together (C, K). The
 * last is asked of those alone that are nearly constant, 1 in `flat` (K): of others it is no way.
 */
export interface Beside {
  readonly nearest: Int32Array
  readonly flat: Uint8Array
  readonly mean: Float32Array
  readonly pooled: Float32Array
}

export class Needs {
  readonly #K: number
  /** Per expert and way: fading Σ v and Σ v·loss. */
  readonly #sums: Float64Array

  constructor(K: number) {
    this.#K = K
    this.#sums = new Float64Array(FIELDS * K)
  }

  /**
   * An example of class `y` that counts `w`: gate `g` (K) and opinions `P` (C, K) before it was learned. Allocates nothing.
   */
  observe(g: Float32Array, P: Float32Array, y: number, w: number, { nearest, flat, mean, pooled }: Beside): void {
    const K = this.#K
    const sums = this.#sums
    const row = y * K
    const known = row + K <= mean.length
    let most = 0
    for (let k = 1; k < K; k++) if (g[k]! > g[most]!) most = k
    // Without the one that speaks most, in sums of their own: a difference of almost equal numbers would be a rounding.
    let others = 0
    let rest = 0
    for (let k = 0; k < K; k++) {
      if (k === most) continue
      others += g[k]!
      rest += g[k]! * P[row + k]!
    }
    const whole = others + g[most]!
    const q = (rest + g[most]! * P[row + most]!) / whole
    const said = ln(q)
    for (let k = 0; k < K; k++) {
      const share = g[k]! / whole
      const own = P[row + k]!
      const l = nearest[k]!
      const at = FIELDS * k
      if (share >= LEAST_SHARE) {
        const left = k === most ? (others > 0 ? rest / others : 0) : (q - share * own) / (1 - share)
        add(sums, at + LEFT_OUT, w, share, said - ln(left))
        if (known) add(sums, at + FLATTENED, w, share, said - ln(q + share * (mean[row + k]! - own)))
        if (known && l >= 0) add(sums, at + REPLACED, w, share, said - ln(q + share * (P[row + l]! - own)))
      }
      if (flat[k] === 0 || !known || l < 0) continue
      const near = g[l]! / whole
      const both = pooled[row + k]!
      if (share + near >= LEAST_SHARE)
        add(sums, at + POOLED, w, share + near, said - ln(q + share * (both - own) + near * (both - P[row + l]!)))
    }
  }

  /** What the bank would lose by a way to do without expert `k`; NaN where that is not known, or it is alone. */
  lost(k: number, way: Way): number {
    if (this.#K < 2 && way !== 'flattened') return Number.NaN
    const at = FIELDS * k + 2 * ways.indexOf(way)
    const weight = this.#sums[at]!
    return weight > 0 ? this.#sums[at + 1]! / weight : Number.NaN
  }

  /** That way is none for expert `k` any more: what was found of it tells nothing. */
  forget(k: number, way: Way): void {
    const at = FIELDS * k + 2 * ways.indexOf(way)
    this.#sums.fill(0, at, at + 2)
  }

  /** What has been found of expert `k` counts half from now on. */
  halve(k: number): void {
    for (let i = FIELDS * k; i < FIELDS * (k + 1); i++) this.#sums[i]! /= 2
  }

  save(): Saved {
    return this.#sums.slice()
  }

  load(saved: Saved): void {
    this.#sums.set(saved as Float64Array)
  }
}

/** Of each way two sums, one after the other. */
const FIELDS = 2 * ways.length
const LEFT_OUT = 0
const REPLACED = 2
const FLATTENED = 4
const POOLED = 6

/** Fades as the expert speaks: a specialist does not forget by the others' examples. */
function add(sums: Float64Array, at: number, w: number, share: number, lost: number): void {
  const keep = 1 - RATE * Math.min(1, share)
  sums[at] = keep * sums[at]! + w * share
  sums[at + 1] = keep * sums[at + 1]! + w * share * lost
}

function ln(q: number): number {
  return log(Math.max(LEAST, q))
}
