/**
 * The guard over a pool: Bayes with fixed share among M + 1 forecasters, the pool at place 0 and bank m at 1 + m.
 * `p = Σ_j u_j q_j; u_j ← u_j q_j[y] / Σ u_i q_i[y]; u ← (1 − α) u + α/(M + 1)`. With q floored and made to sum to one again,
 * for labels without delay and a fixed set of forecasters none of which sleeps,
 *
 *     Σ −ln p ≤ min_j Σ −ln q_j + ln(M + 1) − (n − 1) ln(1 − α)
 *
 * so that listening to all costs no more than a hair against the best of them. One that is silent sleeps: p is of those
 * awake, whose weights keep their sum.
 *
 * Sources: Herbster & Warmuth (1998); Freund, Schapire, Singer & Warmuth (1997) for sleepers.
 */
import type { Saved } from '../numeric/saved.ts'

/** Least probability a forecaster gives a class: what being wrong may cost it is bounded. */
export const GUARD_FLOOR = 1e-6

/** A forecast that gives every class its floor: `(q + ε)/(1 + C ε)`. */
export function floored(q: number, C: number): number {
  return (q + GUARD_FLOOR) / (1 + C * GUARD_FLOOR)
}

export class Guard {
  /** Weights, (M + 1), summing to one. */
  readonly u: Float64Array
  readonly #share: number

  /** `share` is α. */
  constructor(M: number, share: number) {
    this.u = new Float64Array(M + 1).fill(1 / (M + 1))
    this.#share = share
  }

  /** Writes what the forecasters make together into `p` (C); `pool` is false where there is none. */
  mix(q0: Float64Array, Q: ArrayLike<number>, spoke: Uint8Array, C: number, p: Float64Array, pool = true): void {
    const { u } = this
    const M = u.length - 1
    let awake = pool ? u[0]! : 0
    for (let m = 0; m < M; m++) if (spoke[m] === 1) awake += u[m + 1]!
    if (!(awake > 0)) {
      for (let c = 0; c < C; c++) p[c] = 1 / C
      return
    }
    for (let c = 0; c < C; c++) {
      let sum = pool ? u[0]! * floored(q0[c]!, C) : 0
      for (let m = 0; m < M; m++) if (spoke[m] === 1) sum += u[m + 1]! * floored(Q[m * C + c]!, C)
      p[c] = sum / awake
    }
  }

  /** One step on an example of class `y`. */
  learn(q0: Float64Array, Q: ArrayLike<number>, spoke: Uint8Array, C: number, y: number, pool = true): void {
    const { u } = this
    const M = u.length - 1
    let awake = pool ? u[0]! : 0
    let sum = pool ? u[0]! * floored(q0[y]!, C) : 0
    for (let m = 0; m < M; m++) {
      if (spoke[m] === 0) continue
      awake += u[m + 1]!
      sum += u[m + 1]! * floored(Q[m * C + y]!, C)
    }
    if (sum > 0) {
      const scale = awake / sum
      if (pool) u[0]! *= scale * floored(q0[y]!, C)
      for (let m = 0; m < M; m++) if (spoke[m] === 1) u[m + 1]! *= scale * floored(Q[m * C + y]!, C)
    }
    const alpha = this.#share
    for (let j = 0; j <= M; j++) u[j] = (1 - alpha) * u[j]! + alpha / (M + 1)
  }

  save(): Saved {
    return this.u.slice()
  }

  load(saved: Saved): void {
    this.u.set(saved as Float64Array)
  }
}
