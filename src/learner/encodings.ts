/**
 * How a record looks to every bank: by the encoder of all domains, and by that of its own domain. All stand on the same
 * rows, so that weights can be shared between domains in the space of their quantiles.
 */
import type { Encoding, Input } from '../bank/bank.ts'
import { gateView } from '../bank/gate-input.ts'
import { own, pooled, type View } from '../bank/linear.ts'
import { Columns, type Raw } from '../encode/columns.ts'
import { Encoder } from '../encode/encoder.ts'
import type { RawTable } from '../encode/raw-table.ts'
import type { Carry } from '../numeric/carry.ts'
import type { Kernel } from '../numeric/kernel.ts'
import type { Random } from '../numeric/random.ts'
import type { Saved } from '../numeric/saved.ts'
import { Sparse } from '../numeric/sparse.ts'
import type { Heard } from './chain.ts'
import { type GateInput, gateRows } from './gate-rows.ts'
import { DOMAIN, isLastLabel } from './inputs.ts'
import type { LearnerOptions } from './options.ts'

/** A record with room for its vectors, refilled at every use. */
export class EncodedRecord implements Input {
  serial = -1
  domain = -1
  raw: Raw = []
  readonly pooled: Sparse
  readonly own: Sparse
  readonly others: Sparse
  /** What all tasks say of it, where tasks hear one another. */
  heard: Heard | null = null

  constructor(kernel: Kernel, apart: boolean) {
    this.pooled = new Sparse(kernel)
    this.own = apart ? new Sparse(kernel) : this.pooled
    this.others = new Sparse(kernel)
  }
}

/** Which of a record's vectors are wanted. */
export type Reads = 'pooled' | 'own' | 'both' | 'none'

/** Knots that moved. */
export interface Moved {
  readonly encoding: Encoding
  readonly moves: readonly Carry[]
  /** Examples the encoder had learned from. */
  readonly learned: number
}

export class Encodings {
  readonly columns: Columns
  readonly pooled: Encoder
  readonly #own: Encoder[] = []
  readonly #options: LearnerOptions
  readonly #kernel: Kernel
  /** Whether domains have encoders of their own. */
  readonly #apart: boolean
  /** What gates read, by what they are told to. */
  readonly #views = new Map<string, View>()

  constructor(options: LearnerOptions, kernel: Kernel) {
    const { knots, maxFeatures, maxCategories, maxDomains, maxClasses } = options
    this.#options = options
    this.#kernel = kernel
    this.#apart = options.domain.length > 0
    this.columns = new Columns({
      intervals: knots.intervals,
      maxFeatures,
      maxCategories: name => (name === DOMAIN ? maxDomains + 1 : isLastLabel(name) ? maxClasses : maxCategories)
    })
    this.pooled = new Encoder(this.columns, { ...knots, skip: () => false })
  }

  record(): EncodedRecord {
    return new EncodedRecord(this.#kernel, this.#apart)
  }

  /** Fills what is wanted of a record. A domain without an encoder yet is seen as all are. */
  fill(record: EncodedRecord, raw: Raw, domain: number, reads: Reads): void {
    record.raw = raw
    record.serial = -1
    record.domain = domain
    if (reads === 'pooled' || reads === 'both') this.pooled.encode(raw, record.pooled)
    if (this.#apart ? reads === 'own' || reads === 'both' : reads === 'own') this.#of(domain).encode(raw, record.own)
  }

  /** What a gate reads of a record that its experts see as `view`. One for all that read alike: a record is derived once. */
  gateView(view: 'pooled' | 'own', reads: GateInput): View {
    const whole = view === 'own' ? own : pooled
    const rows = gateRows(this.columns, reads)
    if (rows === null) return whole
    const key = JSON.stringify([view, reads])
    const made = this.#views.get(key) ?? gateView(this.#kernel, whole, rows)
    this.#views.set(key, made)
    return made
  }

  standardise({ raw, domain }: Pick<Input, 'raw' | 'domain'>, point: Float32Array): void {
    this.#of(domain).standardise(raw, point)
  }

  /** Learns what values are usual. Returns whose knots moved and how. */
  learn(raw: Raw, domain: number, random: Random): Moved[] {
    const moved: Moved[] = []
    const all = this.pooled.learn(raw, random)
    if (all !== null) moved.push({ encoding: 'pooled', moves: all, learned: this.pooled.learned })
    if (!this.#apart) return moved
    while (this.#own.length <= domain) this.#own.push(this.#begin())
    const own = this.#own[domain]!
    const moves = own.learn(raw, random)
    if (moves !== null) moved.push({ encoding: domain, moves, learned: own.learned })
    return moved
  }

  /** What is usual in a domain has changed. */
  renew(domain: number): void {
    ;(this.#apart ? this.#own[domain] : this.pooled)?.renew()
  }

  get bytes(): number {
    return this.#own.reduce((sum, each) => sum + each.bytes, this.pooled.bytes)
  }

  /** Without `raws` only what encoding needs. */
  save(raws: RawTable | null): Saved {
    return { pooled: this.pooled.save(raws), own: this.#own.map(each => each.save(raws)) }
  }

  load(saved: Saved, raws: RawTable): void {
    const { pooled, own } = saved as { pooled: Saved; own: Saved[] }
    this.pooled.load(pooled, raws)
    for (const each of own) {
      const encoder = new Encoder(this.columns, { ...this.#options.knots, skip: isDomain })
      encoder.load(each, raws)
      this.#own.push(encoder)
    }
  }

  #of(domain: number): Encoder {
    return this.#own[domain] ?? this.pooled
  }

  #begin(): Encoder {
    const encoder = new Encoder(this.columns, { ...this.#options.knots, skip: isDomain })
    encoder.startFrom(this.pooled)
    return encoder
  }
}

function isDomain(name: string): boolean {
  return name === DOMAIN
}
