/** How the opinions of a task's banks become one in a domain: the log-linear pool, the guard over it, the class rates, and the account of sharing. */
import type { Saved } from '../numeric/saved.ts'
import { ClassBias } from '../pool/class-bias.ts'
import { Guard } from '../pool/guard.ts'
import { Pool } from '../pool/pool.ts'
import { Rest } from '../pool/rest.ts'
import { Transfer, type TransferReport } from '../pool/transfer.ts'
import type { LearnerOptions } from './options.ts'

export interface BlendReport {
  readonly learned: number
  /** Per bank: its exponent in the pool, its weight in the guard, what both make of it, 0 to 1, and whether it rests. */
  readonly banks: readonly {
    readonly bank: string
    readonly exponent: number
    readonly guard: number
    readonly weight: number
    readonly resting: boolean
  }[]
  /** Weight of the pool in the guard. */
  readonly pool: number
  /** Gain and harm by sharing, against the solo bank; null without one. */
  readonly transfer: TransferReport | null
}

export class Blend {
  #learned = 0
  readonly #M: number
  readonly #options: LearnerOptions
  readonly #pool: Pool
  readonly #guard: Guard
  readonly #bias: ClassBias
  readonly #transfer = new Transfer()
  readonly #rest: Rest
  #C = 0
  #q0 = new Float64Array(0)
  #p = new Float64Array(0)
  #solo: Float64Array = new Float64Array(0)

  constructor(M: number, options: LearnerOptions) {
    this.#M = M
    this.#options = options
    this.#pool = new Pool(M, options.pool)
    this.#guard = new Guard(M, options.guardShare)
    this.#bias = new ClassBias()
    this.#rest = new Rest(M, options.rest)
  }

  addClass(): void {
    this.#C++
    this.#bias.addClass()
    this.#makeRoom()
  }

  /** Writes what decides into `p` and what is reported into `reported`, both (C). */
  mix(Q: Float32Array, spoke: Uint8Array, C: number, p: Float64Array, reported: Float64Array): void {
    this.#pool.mix(Q, spoke, C, this.#q0)
    this.#guard.mix(this.#q0, Q, spoke, C, p)
    this.#bias.apply(p, C, reported)
  }

  /** Whether bank m is left alone at the next example. */
  sleeps(m: number): boolean {
    return this.#rest.sleeps(m)
  }

  /** One step on an example of class `y`; `mixed` where these were the last opinions that `mix` was given. */
  learn(Q: Float32Array, spoke: Uint8Array, C: number, y: number, solo: number, mixed = false): void {
    this.#learned++
    if (!mixed) this.#pool.mix(Q, spoke, C, this.#q0)
    this.#guard.mix(this.#q0, Q, spoke, C, this.#p)
    if (solo >= 0 && spoke[solo] === 1) {
      for (let c = 0; c < C; c++) this.#solo[c] = Q[solo * C + c]!
      this.#transfer.add(this.#p, this.#solo, y)
    }
    this.#bias.learn(this.#p, C, y)
    this.#guard.learn(this.#q0, Q, spoke, C, y)
    this.#pool.learn(Q, spoke, C, y, true)
    this.#rest.learn(this.#p[y]!, () => this.#use())
  }

  /** What rests wakes for a while. */
  wake(): void {
    this.#rest.wake()
  }

  /** One for another domain: it starts with these weights of the pool and these class rates, and trusts no one yet. */
  heir(): Blend {
    const heir = new Blend(this.#M, this.#options)
    heir.#C = this.#C
    heir.#pool.startFrom(this.#pool)
    heir.#bias.load(this.#bias.save())
    heir.#makeRoom()
    return heir
  }

  /** Share of each bank in what is said, (M), summing to one: by the pool through its exponent, and directly by the guard. */
  weights(): Float64Array {
    const { s } = this.#pool
    const { u } = this.#guard
    let sum = 0
    for (let m = 0; m < this.#M; m++) sum += s[m]!
    const weights = new Float64Array(this.#M)
    for (let m = 0; m < this.#M; m++) weights[m] = u[m + 1]! + u[0]! * (sum > 0 ? s[m]! / sum : 1 / this.#M)
    return weights
  }

  /** The most that each bank counts for anywhere, (M): in the pool, whatever the guard makes of the pool just now, or in the guard. */
  #use(): Float64Array {
    const { s } = this.#pool
    let sum = 0
    for (let m = 0; m < this.#M; m++) sum += s[m]!
    return Float64Array.from({ length: this.#M }, (_, m) => Math.max(this.#guard.u[m + 1]!, sum > 0 ? s[m]! / sum : 1))
  }

  report(names: readonly string[]): BlendReport {
    const weights = this.weights()
    const banks = names.map((bank, m) => ({
      bank,
      exponent: this.#pool.s[m]!,
      guard: this.#guard.u[m + 1]!,
      weight: weights[m]!,
      resting: this.#rest.rests(m)
    }))
    const transfer = this.#transfer.report()
    return { learned: this.#learned, banks, pool: this.#guard.u[0]!, transfer: transfer.n > 0 ? transfer : null }
  }

  save(): Saved {
    return {
      learned: this.#learned,
      C: this.#C,
      pool: this.#pool.save(),
      guard: this.#guard.save(),
      bias: this.#bias.save(),
      transfer: this.#transfer.save(),
      rest: this.#rest.save()
    }
  }

  load(saved: Saved): void {
    const from = saved as { learned: number; C: number } & Readonly<Record<'pool' | 'guard' | 'bias' | 'transfer' | 'rest', Saved>>
    this.#learned = from.learned
    this.#C = from.C
    this.#pool.load(from.pool)
    this.#guard.load(from.guard)
    this.#bias.load(from.bias)
    this.#transfer.load(from.transfer)
    this.#rest.load(from.rest)
    this.#makeRoom()
  }

  #makeRoom(): void {
    this.#q0 = new Float64Array(this.#C)
    this.#p = new Float64Array(this.#C)
    this.#solo = new Float64Array(this.#C)
  }
}
