/**
 * Other ways to make one distribution of the banks' opinions: the controls against which the pool with its guard is
 * measured. Each sees the same opinions in the same order and learns after it was asked.
 *
 * Shapes: M banks, C classes; opinions Q are (M, C), row-major; `spoke` is (M).
 */
import { exp } from '../numeric/exp-log.ts'
import type { Sparse } from '../numeric/sparse.ts'
import { Guard } from '../pool/guard.ts'
import { Pool, type PoolOptions } from '../pool/pool.ts'

/** What the banks said of one example. */
export interface Said {
  readonly Q: Float32Array
  readonly spoke: Uint8Array
  readonly C: number
  readonly x: Sparse
  /** Mean opinion of the other domains' own banks, (C); null where there are none. */
  readonly others: Float64Array | null
}

export interface Mixer {
  /** Writes a distribution into `p` (C): finite, summing to one, uniform where no bank it listens to speaks. */
  mix(said: Said, p: Float64Array): void

  /** One step on an example of class `y`. */
  learn(said: Said, y: number): void

  /** One for another domain: it starts with these weights, as `Blend` does. */
  heir(): Mixer
}

export interface PooledOptions {
  /** Places of the banks it listens to: it is what a committee of these alone would have. */
  readonly banks: readonly number[]
  readonly parts: { readonly pool: boolean; readonly guard: boolean }
  readonly pool: PoolOptions
  /** α of the guard. */
  readonly share: number
}

/** Pool and guard, or one of them, over some of the banks. */
export class PooledMixer implements Mixer {
  readonly #options: PooledOptions
  readonly #pool: Pool
  readonly #guard: Guard
  /** What the banks it listens to said. */
  #Q = new Float32Array(0)
  readonly #spoke: Uint8Array
  #q0 = new Float64Array(0)

  constructor(options: PooledOptions) {
    const M = options.banks.length
    this.#options = options
    this.#spoke = new Uint8Array(M)
    this.#pool = new Pool(M, options.pool)
    this.#guard = new Guard(M, options.share)
  }

  mix(said: Said, p: Float64Array): void {
    this.#listen(said)
    const { pool, guard } = this.#options.parts
    if (guard) this.#guard.mix(this.#q0, this.#Q, this.#spoke, said.C, p, pool)
    else p.set(this.#q0)
  }

  learn(said: Said, y: number): void {
    this.#listen(said)
    const { pool, guard } = this.#options.parts
    if (guard) this.#guard.learn(this.#q0, this.#Q, this.#spoke, said.C, y, pool)
    if (pool) this.#pool.learn(this.#Q, this.#spoke, said.C, y)
  }

  heir(): PooledMixer {
    const heir = new PooledMixer(this.#options)
    heir.#pool.startFrom(this.#pool)
    return heir
  }

  #listen({ Q, spoke, C }: Said): void {
    const { banks } = this.#options
    if (this.#q0.length !== C) {
      this.#q0 = new Float64Array(C)
      this.#Q = new Float32Array(banks.length * C)
    }
    banks.forEach((m, i) => {
      this.#spoke[i] = spoke[m]!
      for (let c = 0; c < C; c++) this.#Q[i * C + c] = Q[m * C + c]!
    })
    this.#pool.mix(this.#Q, this.#spoke, C, this.#q0)
  }
}

/** The same weight for every bank that speaks, never learned: in probabilities or in their logarithms. */
export class UniformMixer implements Mixer {
  readonly #pool: Pool | null

  /** `pool` for a geometric mean, by a pool whose weights stay; without it the arithmetic mean. */
  constructor(pool: Pool | null) {
    this.#pool = pool
  }

  mix({ Q, spoke, C }: Said, p: Float64Array): void {
    if (this.#pool !== null) {
      this.#pool.mix(Q, spoke, C, p)
      return
    }
    let speakers = 0
    p.fill(0, 0, C)
    for (let m = 0; m < spoke.length; m++) {
      if (spoke[m] === 0) continue
      speakers++
      for (let c = 0; c < C; c++) p[c]! += Q[m * C + c]!
    }
    for (let c = 0; c < C; c++) p[c] = speakers === 0 ? 1 / C : p[c]! / speakers
  }

  learn(): void {}

  heir(): this {
    return this
  }
}

/** One bank alone; uniform while it is silent. */
export class OneBank implements Mixer {
  readonly #m: number

  constructor(m: number) {
    this.#m = m
  }

  mix({ Q, spoke, C }: Said, p: Float64Array): void {
    for (let c = 0; c < C; c++) p[c] = spoke[this.#m] === 1 ? Q[this.#m * C + c]! : 1 / C
  }

  learn(): void {}

  heir(): this {
    return this
  }
}

/** Least probability of the label by which a gradient is divided. */
const LEAST = 1e-6
/** Step of the weights below: a few hundred examples decide. */
const RATE = 0.05

/**
 * M3oE's other weighing (Zhang et al., 2024): the domain's own bank against the mean of the other domains', by one weight
 * w = σ(a) learned on log loss.
 */
export class OwnAgainstOthers implements Mixer {
  /** Logit of the own bank's weight. */
  a = 0
  readonly #solo: number

  /** `solo` is the place of the domains' own bank. */
  constructor(solo: number) {
    this.#solo = solo
  }

  mix(said: Said, p: Float64Array): void {
    const w = this.#weight(said)
    for (let c = 0; c < said.C; c++) p[c] = w * this.#own(said, c) + (1 - w) * (said.others?.[c] ?? 0)
  }

  /** ∂(−ln p[y])/∂a; 0 where there is nothing to weigh. */
  gradient(said: Said, y: number): number {
    if (said.others === null || said.spoke[this.#solo] === 0) return 0
    const w = this.#weight(said)
    const own = this.#own(said, y)
    const other = said.others[y]!
    return (w * (1 - w) * (other - own)) / Math.max(LEAST, w * own + (1 - w) * other)
  }

  learn(said: Said, y: number): void {
    this.a -= RATE * this.gradient(said, y)
  }

  heir(): OwnAgainstOthers {
    const heir = new OwnAgainstOthers(this.#solo)
    heir.a = this.a
    return heir
  }

  #weight({ others, spoke }: Said): number {
    if (others === null) return 1
    return spoke[this.#solo] === 0 ? 0 : 1 / (1 + exp(-this.a))
  }

  #own({ Q, spoke, C }: Said, c: number): number {
    return spoke[this.#solo] === 1 ? Q[this.#solo * C + c]! : 1 / C
  }
}

/**
 * A softmax gate over the banks that reads the record: p = Σ_m g_m(x) q_m, g = softmax(V x) over those who speak, learned on
 * log loss with a rate of its own for every weight (Adagrad).
 */
export class GateOverBanks implements Mixer {
  /** Weights by row of x, (M) each, 0 where there is none. */
  readonly V = new Map<number, Float64Array>()
  readonly #M: number
  /** Sums of squared gradients, as V. */
  readonly #S = new Map<number, Float64Array>()
  readonly #g: Float64Array

  constructor(M: number) {
    this.#M = M
    this.#g = new Float64Array(M)
  }

  mix(said: Said, p: Float64Array): void {
    const { Q, C } = said
    if (!this.#gate(said)) {
      p.fill(1 / C, 0, C)
      return
    }
    for (let c = 0; c < C; c++) {
      p[c] = 0
      for (let m = 0; m < this.#M; m++) p[c]! += this.#g[m]! * Q[m * C + c]!
    }
  }

  /** ∂(−ln p[y])/∂(V x), (M): `g_m (1 − q_m[y]/p[y])`. */
  gradient(said: Said, y: number): Float64Array {
    const d = new Float64Array(this.#M)
    if (!this.#gate(said)) return d
    const { Q, C } = said
    let p = 0
    for (let m = 0; m < this.#M; m++) p += this.#g[m]! * Q[m * C + y]!
    for (let m = 0; m < this.#M; m++) d[m] = (this.#g[m]! * (p - Q[m * C + y]!)) / Math.max(LEAST, p)
    return d
  }

  learn(said: Said, y: number): void {
    const d = this.gradient(said, y)
    const { x } = said
    for (let i = 0; i < x.n; i++) {
      const V = this.#row(this.V, x.index[i]!)
      const S = this.#row(this.#S, x.index[i]!)
      for (let m = 0; m < this.#M; m++) {
        const step = x.value[i]! * d[m]!
        S[m]! += step * step
        V[m]! -= (RATE * step) / (Math.sqrt(S[m]!) + 1e-3)
      }
    }
  }

  heir(): GateOverBanks {
    const heir = new GateOverBanks(this.#M)
    for (const [row, V] of this.V) heir.V.set(row, V.slice())
    for (const [row, S] of this.#S) heir.#S.set(row, S.slice())
    return heir
  }

  /** Softmax over those who speak; false where no one does. */
  #gate({ x, spoke }: Said): boolean {
    const g = this.#g.fill(0)
    for (let i = 0; i < x.n; i++) {
      const V = this.V.get(x.index[i]!)
      if (V !== undefined) for (let m = 0; m < this.#M; m++) g[m]! += x.value[i]! * V[m]!
    }
    let top = Number.NEGATIVE_INFINITY
    for (let m = 0; m < this.#M; m++) if (spoke[m] === 1 && g[m]! > top) top = g[m]!
    let sum = 0
    for (let m = 0; m < this.#M; m++) {
      g[m] = spoke[m] === 1 ? exp(g[m]! - top) : 0
      sum += g[m]!
    }
    for (let m = 0; m < this.#M; m++) g[m]! /= sum
    return sum > 0
  }

  #row(of: Map<number, Float64Array>, row: number): Float64Array {
    let weights = of.get(row)
    if (weights === undefined) {
      weights = new Float64Array(this.#M)
      of.set(row, weights)
    }
    return weights
  }
}
