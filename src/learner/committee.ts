/**
 * All banks of a task, and the pools that weigh them, one per domain. Invariant: a pool learns from opinions that were
 * given before any bank learned the label, as they were served or else as they stood on arrival, and never from replays.
 *
 * Shapes: M banks, C classes; opinions Q are (M, C), row-major.
 */
import type { Bank, Encoding, FirstExamples, Input } from '../bank/bank.ts'
import { DomainBank } from '../bank/domain-bank.ts'
import type { Carry } from '../numeric/carry.ts'
import type { Saved } from '../numeric/saved.ts'
import { Blend, type BlendReport } from './blend.ts'
import type { BankOptions, LearnerOptions } from './options.ts'

export interface Member {
  readonly bank: Bank
  readonly options: BankOptions
}

/** A weight and its sum of squares. */
const BYTES_A_WEIGHT = 8
const SLACK = 2

export class Committee {
  readonly members: readonly Member[]
  /** Names of the banks, (M). */
  readonly names: readonly string[]
  /** C: classes known. */
  C = 0
  /** What every bank said of the last record, (M, C). */
  Q = new Float32Array(0)
  /** Which of them said something, (M). */
  readonly spoke: Uint8Array
  /** Which of them were left alone because they rest, (M): they do not learn this example either. */
  readonly asleep: Uint8Array
  /** Which of them were asked and have weights that answer, (M), whether or not their answer could be used. */
  readonly answered: Uint8Array
  /** The pool's distribution with the guard over it, (C): what decides. */
  p = new Float64Array(0)
  /** The same brought back to the true rates of the classes, (C): what is reported. */
  reported = new Float64Array(0)
  readonly #options: LearnerOptions
  /** Place of the solo bank, −1 without. */
  readonly #solo: number
  /** Place of the bank that hears other tasks, −1 without. */
  readonly #chained: number
  /** Of all domains together, from which a new one starts. */
  readonly #all: Blend
  readonly #blends: (Blend | undefined)[] = []
  /** Domains that have weights of their own. */
  readonly #admitted = new Set<number>()
  /** Rows of Q, one a bank. */
  #rows: readonly Float32Array[] = []
  /** Who weighed the last opinions, while nothing has changed since. */
  #mixed: Blend | null = null

  constructor(members: readonly Member[], options: LearnerOptions) {
    this.members = members
    this.names = members.map(({ bank }) => bank.name)
    this.#options = options
    this.#solo = members.findIndex(({ options: { scope } }) => scope === 'solo')
    this.#chained = members.findIndex(({ options: { scope } }) => scope === 'chain')
    this.spoke = new Uint8Array(members.length)
    this.asleep = new Uint8Array(members.length)
    this.answered = new Uint8Array(members.length)
    this.#all = new Blend(members.length, options)
  }

  addClass(): void {
    this.C++
    for (const { bank } of this.members) bank.addClass()
    this.#mixed = null
    this.#all.addClass()
    for (const blend of this.#blends) blend?.addClass()
    this.#makeRoom()
  }

  /**
   * Asks every bank of a record, but those that rest, and weighs what they say. Where tasks hear one another it is asked
   * twice of a record: `first` all but the bank that hears others, which then counts as silent, and then that one alone.
   */
  ask(input: Input, who: 'all' | 'first' | 'chained' = 'all'): void {
    const { C, members, spoke, asleep, Q } = this
    const blend = this.#of(input.domain)
    for (let m = 0; m < members.length; m++) {
      if (who === 'chained' && m !== this.#chained) continue
      // Solo banks never rest: the guard's promise and the account of sharing refer to them.
      const sleeps = m !== this.#solo && blend.sleeps(m)
      const waits = who === 'first' && m === this.#chained
      const row = this.#rows[m]!
      const answered = !sleeps && !waits && members[m]!.bank.opinion(input, row)
      const said = answered && finite(row)
      asleep[m] = sleeps ? 1 : 0
      this.answered[m] = answered ? 1 : 0
      spoke[m] = said ? 1 : 0
      if (!said) row.fill(0)
    }
    blend.mix(Q, spoke, C, this.p, this.reported)
    this.#mixed = blend
  }

  /** What the pool makes in a domain of opinions that were served, the bank that hears other tasks left out. Valid until the next call. */
  unchained(domain: number, Q: Float32Array, spoke: Uint8Array): Float64Array {
    const speaking = spoke.map((said, m) => (m === this.#chained ? 0 : said))
    this.#of(domain).mix(Q, speaking, this.C, this.p, this.reported)
    this.#mixed = null
    return this.p
  }

  /** A label came: the pools learn from what the banks had said, `Q` and `spoke` or what was served in their place. */
  judge(domain: number, y: number, Q: Float32Array = this.Q, spoke: Uint8Array = this.spoke): void {
    const { C } = this
    const mixed = Q === this.Q ? this.#mixed : null
    const learn = (blend: Blend): void => blend.learn(Q, spoke, C, y, this.#solo, blend === mixed)
    // A new domain's heir is made first: what it starts with has not learned the label it is judged by.
    const own = this.#options.domain.length > 0 ? this.#blend(domain) : null
    learn(this.#all)
    if (own !== null) learn(own)
    this.#mixed = null
  }

  /** All banks of a domain wake. */
  wake(domain: number): void {
    this.#of(domain).wake()
  }

  /** The concept of a domain has drifted, and `seen` of its examples are of the new one. */
  renew(domain: number, seen: number): void {
    for (const { bank } of this.members) bank.renew?.(domain, seen)
  }

  /** The example `serial` was of class `after`, of weight `w`, all along. */
  correct(serial: number, after: number, w: number): void {
    for (const { bank } of this.members) bank.correct(serial, after, w)
  }

  /** The bank of every domain's own, where there is one. */
  get solo(): DomainBank | null {
    const bank = this.members[this.#solo]?.bank
    return bank instanceof DomainBank ? bank : null
  }

  /** How much each bank weighs in a domain, (M). */
  weights(domain: number): Float64Array {
    return this.#of(domain).weights()
  }

  /** Domains that have weights of their own, by place. */
  get admitted(): ReadonlySet<number> {
    return this.#admitted
  }

  carry(encoding: Encoding, moves: readonly Carry[]): void {
    for (const { bank } of this.members) bank.carry(encoding, moves)
  }

  /** A domain has labels enough for weights of its own; it gets them as soon as there is room. */
  admit(domain: number, first: FirstExamples, hasRoom: () => boolean): void {
    if (this.#admitted.has(domain) || !hasRoom()) return
    this.#admitted.add(domain)
    for (const { bank } of this.members) bank.admit(domain, first)
  }

  /** Of every domain that has been judged, by its place. */
  report(): ReadonlyMap<number, BlendReport> {
    const reports = new Map<number, BlendReport>()
    if (this.#options.domain.length === 0) reports.set(0, this.#all.report(this.names))
    this.#blends.forEach((blend, domain) => {
      if (blend !== undefined) reports.set(domain, blend.report(this.names))
    })
    return reports
  }

  /** See `TaskLearner.weightBytes`. A block may be half empty, and so may its place in the kernel's memory. */
  weightBytes(rows: number): number {
    const D = this.#admitted.size
    let columns = 0
    for (const { options } of this.members) {
      if (options.scope === 'memory') continue
      const own = options.scope === 'solo' ? D : options.scope === 'residual' ? 1 + D : 1
      columns += own * (1 + this.C) * (options.experts ?? this.#options.experts)
    }
    return columns * rows * BYTES_A_WEIGHT * SLACK
  }

  get bytes(): number {
    return this.members.reduce((sum, { bank }) => sum + bank.bytes, 0)
  }

  save(): Saved {
    return {
      C: this.C,
      banks: this.members.map(({ bank }) => bank.save()),
      all: this.#all.save(),
      admitted: Int32Array.from(this.#admitted),
      blends: Array.from(this.#blends, blend => blend?.save() ?? null)
    }
  }

  load(saved: Saved): void {
    const { C, banks, all, admitted, blends } = saved as { C: number; banks: Saved[]; all: Saved; admitted: Int32Array; blends: Saved[] }
    this.C = C
    for (const domain of admitted) this.#admitted.add(domain)
    this.members.forEach(({ bank }, m) => {
      bank.load(banks[m]!)
    })
    this.#all.load(all)
    blends.forEach((blend, domain) => {
      if (blend === null) return
      this.#blends[domain] = new Blend(this.members.length, this.#options)
      this.#blends[domain].load(blend)
    })
    this.#makeRoom()
  }

  #of(domain: number): Blend {
    return this.#blends[domain] ?? this.#all
  }

  #blend(domain: number): Blend {
    const known = this.#blends[domain]
    if (known !== undefined) return known
    const blend = this.#all.heir()
    this.#blends[domain] = blend
    return blend
  }

  #makeRoom(): void {
    this.Q = new Float32Array(this.members.length * this.C)
    this.#rows = this.members.map((_, m) => this.Q.subarray(m * this.C, (m + 1) * this.C))
    this.p = new Float64Array(this.C)
    this.reported = new Float64Array(this.C)
  }
}

/** Whether all are numbers: a bank that has run away counts as silent until it is made anew. */
function finite(q: Float32Array): boolean {
  let sum = 0
  for (let c = 0; c < q.length; c++) sum += q[c]! * 0
  return sum === 0
}
