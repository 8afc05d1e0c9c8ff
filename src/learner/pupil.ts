/**
 * A bank among those of a task: what it is told, a chance of its own, so that none depends on which others there are, who
 * watches its experts, and how it is made anew when it has diverged.
 */
import type { Bank } from '../bank/bank.ts'
import type { RawTable } from '../encode/raw-table.ts'
import { Random } from '../numeric/random.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Member } from './committee.ts'
import { Divergence } from './divergence.ts'
import type { BankOptions } from './options.ts'
import type { Watching } from './watch.ts'

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
  readonly #divergence = new Divergence()

  constructor(options: BankOptions, seed: number, making: Making) {
    this.options = options
    this.random = new Random(seed)
    this.#making = making
    this.bank = making.bank(0)
    this.watch = making.watch(this.bank)
  }

  /**
   * Whether the bank has diverged, by the probability it gave to a fresh label of `C` classes; null where it was not asked, or
   * the class had not occurred. A memory has no weights that could run away.
   */
  diverges(q: number | null, C: number): boolean {
    if (this.options.scope === 'memory') return false
    return !this.bank.sound() || (q !== null && this.#divergence.judge(q, C))
  }

  /** Mean of −ln q(y) over about the last hundred fresh labels. */
  get meanLoss(): number {
    return this.#divergence.mean
  }

  /** Makes the bank anew with another seed. It knows no class and no domain. */
  restart(): void {
    this.watch?.end()
    this.#divergence.restart()
    this.#remake()
  }

  /** Without the bank itself, which the committee saves. */
  save(raws: RawTable): Saved {
    return { random: this.random.save(), watch: this.watch?.save(raws) ?? null, divergence: this.#divergence.save() }
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
    return { divergence: this.#divergence.save() }
  }

  loadPredictive(saved: Saved): void {
    this.#divergence.load((saved as { divergence: Saved }).divergence)
    if (this.#divergence.restarts > 0) this.#remake()
  }

  #remake(): void {
    this.bank.release()
    this.bank = this.#making.bank(this.#divergence.restarts)
    this.watch = this.#making.watch(this.bank)
  }
}
