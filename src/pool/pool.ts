/**
 * The log-linear opinion pool: q_0(y) ∝ exp Σ_m s_m ln(q_m(y) + floor), s ≥ 0. It is convex in s; Σ s is free, so that it
 * sharpens opinions that are right more often than they say. Learned by gradient on log loss,
 * `s ← max(0, s − rate · clip(∂(−ln q_0[y])/∂s_m))`, where the gradient is Σ_c q_0[c] l_m(c) − l_m(y), l_m = ln(q_m + floor).
 *
 * A bank may be silent: it then has no term and learns nothing, and those who speak are scaled by (Σ all s)/(Σ their s), so
 * that the pool stays as sharp.
 *
 * Shapes: M banks, C classes; opinions Q are (M, C), row-major; `spoke` and s are (M); q_0 is (C).
 *
 * Source: Genest & Zidek (1986), section 3.
 */
import { exp, log } from '../numeric/exp-log.ts'
import type { Saved } from '../numeric/saved.ts'

export interface PoolOptions {
  readonly rate: number
  /** A gradient counts for no more than this either way. */
  readonly clip: number
  /** Added to every probability before its logarithm: no bank can veto a class. */
  readonly floor: number
}

/**
 * @example
 * ```ts
 * import { Pool } from '../src/pool/pool.ts'
 * const pool = new Pool(2, { rate: 0.003, clip: 5, floor: 1e-4 })
 * const q0 = new Float64Array(2)
 * pool.mix(Float32Array.of(0.5, 0.5, 0.5, 0.5), Uint8Array.of(1, 1), 2, q0)
 * Array.from(q0) // => [0.5, 0.5]
 * ```
 */
export class Pool {
  /** Exponents of the banks, (M). */
  readonly s: Float64Array
  readonly #options: PoolOptions
  /** ln(q + floor), (M, C), of the last opinions mixed. */
  #logs = new Float64Array(0)
  #q0 = new Float64Array(0)

  constructor(M: number, options: PoolOptions) {
    this.s = new Float64Array(M).fill(1 / M)
    this.#options = options
  }

  /** Takes over the exponents of another pool of the same banks. */
  startFrom(other: Pool): void {
    this.s.set(other.s)
  }

  /** Writes the pooled distribution into `q0`; uniform where no bank speaks. */
  mix(Q: ArrayLike<number>, spoke: Uint8Array, C: number, q0: Float64Array): void {
    const { s } = this
    const M = s.length
    const { floor } = this.#options
    if (this.#logs.length < M * C) this.#logs = new Float64Array(M * C)
    const logs = this.#logs
    let all = 0
    let speaking = 0
    let speakers = 0
    for (let m = 0; m < M; m++) {
      all += s[m]!
      if (spoke[m] === 0) continue
      speaking += s[m]!
      speakers++
    }
    const scale = speaking > 0 ? all / speaking : 0
    for (let c = 0; c < C; c++) q0[c] = 0
    for (let m = 0; m < M; m++) {
      if (spoke[m] === 0) continue
      const weight = speaking > 0 ? s[m]! * scale : 1 / speakers
      for (let c = 0, at = m * C; c < C; c++, at++) {
        const l = log(Q[at]! + floor)
        logs[at] = l
        q0[c]! += weight * l
      }
    }
    let top = Number.NEGATIVE_INFINITY
    for (let c = 0; c < C; c++) if (q0[c]! > top) top = q0[c]!
    let sum = 0
    for (let c = 0; c < C; c++) {
      const e = exp(q0[c]! - top)
      q0[c] = e
      sum += e
    }
    if (this.#q0.length !== C) this.#q0 = new Float64Array(C)
    for (let c = 0; c < C; c++) {
      q0[c]! /= sum
      this.#q0[c] = q0[c]!
    }
  }

  /** One step on an example of class `y` of which the banks said `Q`. `mixed`: these were the last opinions mixed, so that nothing is mixed anew. */
  learn(Q: ArrayLike<number>, spoke: Uint8Array, C: number, y: number, mixed = false): void {
    if (!mixed) this.mix(Q, spoke, C, new Float64Array(C))
    const { s } = this
    const q0 = this.#q0
    const { rate, clip } = this.#options
    for (let m = 0; m < s.length; m++) {
      if (spoke[m] === 0) continue
      const at = m * C
      let gradient = -this.#logs[at + y]!
      for (let c = 0; c < C; c++) gradient += q0[c]! * this.#logs[at + c]!
      s[m] = Math.max(0, s[m]! - rate * Math.max(-clip, Math.min(clip, gradient)))
    }
  }

  save(): Saved {
    return this.s.slice()
  }

  load(saved: Saved): void {
    this.s.set(saved as Float64Array)
  }
}
