/** A bank of each domain's own: nothing is shared, so that it is what the others are measured against. Silent where a domain has none yet. */
import type { Carry } from '../numeric/carry.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Bank, Encoding, FirstExamples, Input } from './bank.ts'
import type { Mixed, MixtureBank } from './mixture-bank.ts'
import { type Sibling, siblingsOf } from './sibling.ts'
import { StartingBank, type StartReport } from './starting-bank.ts'

/** Lets a new domain's bank start from those of others, the most alike first. Returns what was chosen, where that is at once. */
export type Inherit = (bank: Mixed, siblings: readonly Sibling[]) => StartReport | null

export class DomainBank implements Bank {
  readonly name: string
  readonly #make: (domain: number, restarts: number) => Mixed
  readonly #inherit: Inherit | null
  readonly #banks = new Map<number, Mixed>()
  /** What was chosen when a domain was admitted. */
  readonly #chosen = new Map<number, StartReport>()
  /** How often a domain's bank was made anew, where it was. */
  readonly #restarts = new Map<number, number>()
  #C = 0
  #last: Mixed | null = null

  /** Without `inherit` every domain starts anew. */
  constructor(name: string, make: (domain: number, restarts: number) => Mixed, inherit: Inherit | null = null) {
    this.name = name
    this.#make = make
    this.#inherit = inherit
  }

  /** The bank of a domain, where it has one. */
  of(domain: number): MixtureBank | undefined {
    return this.#banks.get(domain)?.mixture
  }

  /** Its banks by domain, in the order of their admission. */
  get all(): ReadonlyMap<number, Mixed> {
    return this.#banks
  }

  /** Where the banks started, by domain, as far as there was a choice. */
  starts(): ReadonlyMap<number, StartReport> {
    const reports = new Map<number, StartReport>()
    for (const [domain, bank] of this.#banks) {
      const report = bank instanceof StartingBank ? bank.report() : this.#chosen.get(domain)
      if (report !== undefined) reports.set(domain, report)
    }
    return reports
  }

  opinion(input: Input, q: Float32Array): boolean {
    const bank = this.#banks.get(input.domain)
    if (bank === undefined) return false
    this.#last = bank
    return bank.opinion(input, q)
  }

  shares(): Float32Array {
    return this.#last?.shares() ?? new Float32Array(0)
  }

  sound(): boolean {
    return this.#last?.sound() ?? true
  }

  learn(input: Input, y: number, w: number, fresh: boolean): void {
    this.#banks.get(input.domain)?.learn(input, y, w, fresh)
  }

  correct(): void {}

  renew(domain: number, seen: number): void {
    this.#banks.get(domain)?.renew(domain, seen)
  }

  addClass(): void {
    this.#C++
    for (const bank of this.#banks.values()) bank.addClass()
  }

  admit(domain: number, first?: FirstExamples): void {
    if (this.#banks.has(domain)) return
    const bank = this.#make(domain, this.#restarts.get(domain) ?? 0)
    for (let c = 0; c < this.#C; c++) bank.addClass()
    if (this.#inherit !== null) {
      const others = new Map<number, MixtureBank>([...this.#banks].map(([other, { mixture }]) => [other, mixture]))
      const chosen = this.#inherit(bank, siblingsOf(domain, others, first))
      if (chosen !== null) this.#chosen.set(domain, chosen)
    }
    this.#banks.set(domain, bank)
  }

  /** One that has run away is made anew, with another seed; those of other domains stand. */
  restart(domain: number, first: FirstExamples): void {
    const bank = this.#banks.get(domain)
    if (bank === undefined) return
    bank.release()
    this.#banks.delete(domain)
    this.#chosen.delete(domain)
    if (this.#last === bank) this.#last = null
    this.#restarts.set(domain, (this.#restarts.get(domain) ?? 0) + 1)
    this.admit(domain, first)
  }

  carry(encoding: Encoding, moves: readonly Carry[]): void {
    for (const bank of this.#banks.values()) bank.carry(encoding, moves)
  }

  cost(inputs: number): number {
    for (const bank of this.#banks.values()) return bank.cost(inputs)
    return 0
  }

  get bytes(): number {
    let bytes = 0
    for (const bank of this.#banks.values()) bytes += bank.bytes
    return bytes
  }

  release(): void {
    for (const bank of this.#banks.values()) bank.release()
  }

  save(): Saved {
    const chosen = [...this.#chosen] as unknown as Saved
    const banks = [...this.#banks].map(([domain, bank]): Saved => [domain, bank.save(), this.#restarts.get(domain) ?? 0])
    return { C: this.#C, banks, chosen }
  }

  load(saved: Saved): void {
    const { C, banks, chosen } = saved as { C: number; banks: [number, Saved, number][]; chosen: [number, StartReport][] }
    this.#C = C
    for (const [domain, report] of chosen) this.#chosen.set(domain, report)
    for (const [domain, state, restarts] of banks) {
      if (restarts > 0) this.#restarts.set(domain, restarts)
      const bank = this.#make(domain, restarts)
      bank.load(state)
      this.#banks.set(domain, bank)
    }
  }
}
