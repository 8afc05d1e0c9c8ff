/**
 * A bank among those of a task: what it is told, a chance of its own, so that none depends on which others there are, who
 * watches its experts, and how it is made anew when it has diverged.
 */
import type { Bank, FirstExamples } from '../bank/bank.ts'
import { DomainBank } from '../bank/domain-bank.ts'
import type { RawTable } from '../encode/raw-table.ts'
import { Random } from '../numeric/random.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Member } from './committee.ts'
import { Divergence } from './divergence.ts'
import type { BankOptions } from './options.ts'
import type { Watching } from './watch.ts'

/** Where there is one divergence for all domains. */
const ALL = -1

/** How a bank that was made anew `restarts` times is made, and who watches it. */
export interface Making {
  bank(restarts: number): Bank
  /** Null of a bank without experts. */
  watch(bank: Bank): Watching | null
}

export class Pupil implements Member {
  readonly options: BankOptions
  bank: Bank
  random: Random
  watch: Watching | null
  readonly #making: Making
  /** By domain where each has a bank of its own, else one. */
  readonly #divergences = new Map<number, Divergence>()

  constructor(options: BankOptions, seed: number, making: Making) {
    this.options = options
    this.random = new Random(seed)
    this.#making = making
    this.bank = making.bank(0)
    this.watch = making.watch(this.bank)
  }

  /**
   * Whether the bank has diverged, by the probability it gave to a fresh label of `C` classes in a domain; null where it was not
   * asked, or the class had not occurred. A memory has no weights that could run away.
   */
  diverges(q: number | null, C: number, domain: number): boolean {
    if (this.options.scope === 'memory') return false
    return !this.bank.sound() || (q !== null && this.#divergence(domain).judge(q, C))
  }

  /** Mean of −ln q(y) over about the last hundred fresh labels, of a domain where each has its own. */
  meanLoss(domain: number): number {
    return this.#divergence(domain).mean
  }

  /** Makes the bank anew with another seed, where each domain has its own that of one alone; it knows these classes and domains. */
  restart(domain: number, { C, admitted }: { readonly C: number; readonly admitted: Iterable<number> }, first: FirstExamples): void {
    this.watch?.end(domain)
    this.#divergence(domain).restart()
    if (this.bank instanceof DomainBank) {
      this.bank.restart(domain, first)
      return
    }
    this.#remake()
    for (let c = 0; c < C; c++) this.bank.addClass()
    for (const each of admitted) this.bank.admit(each, first)
  }

  /** Without the bank itself, which the committee saves. */
  save(raws: RawTable): Saved {
    return { random: this.random.save(), watch: this.watch?.save(raws) ?? null, divergences: this.#saved() }
  }

  /** To be called before the bank is loaded, as it says of which seed that is. */
  load(saved: Saved, raws: RawTable): void {
    const { random, watch } = saved as Readonly<Record<'random' | 'watch', Saved>>
    this.loadPredictive(saved)
    this.random = Random.load(random)
    this.watch?.load(watch, raws)
  }

  /** Of which seed the bank is. */
  savePredictive(): Saved {
    return { divergences: this.#saved() }
  }

  loadPredictive(saved: Saved): void {
    for (const [place, divergence] of (saved as { divergences: [number, Saved][] }).divergences) this.#divergence(place).load(divergence)
    if (!(this.bank instanceof DomainBank) && this.#restarts > 0) this.#remake()
  }

  #saved(): Saved {
    return [...this.#divergences].map(([place, divergence]): Saved => [place, divergence.save()])
  }

  #divergence(domain: number): Divergence {
    const place = this.bank instanceof DomainBank ? domain : ALL
    let known = this.#divergences.get(place)
    if (known === undefined) {
      known = new Divergence()
      this.#divergences.set(place, known)
    }
    return known
  }

  get #restarts(): number {
    return this.#divergences.get(ALL)?.restarts ?? 0
  }

  #remake(): void {
    this.bank.release()
    this.bank = this.#making.bank(this.#restarts)
    this.watch = this.#making.watch(this.bank)
  }
}
