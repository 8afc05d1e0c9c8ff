/** What the experts of each domain's own bank do: a watch for each of the first domains that have one, judged by that domain's examples alone. */
import type { Bank } from '../bank/bank.ts'
import { DomainBank } from '../bank/domain-bank.ts'
import type { MixtureBank } from '../bank/mixture-bank.ts'
import { mixedOf } from '../bank/starting-bank.ts'
import type { RawTable } from '../encode/raw-table.ts'
import type { ClassMemory } from '../memory/class-memory.ts'
import type { Saved } from '../numeric/saved.ts'
import type { BankReport } from '../stability/expert-report.ts'
import { Watch, type Watching, type WatchOptions } from './watch.ts'

/** Domains whose own bank is watched: what is told of experts stays bounded however many there are. */
const MOST = 16

/** Who watches the experts of a bank; null of one that has none. */
export function watchOf(bank: Bank, options: Omit<WatchOptions, 'domain' | 'mixture'>): Watching | null {
  if (bank instanceof DomainBank) return new DomainWatch(bank, options)
  const mixed = mixedOf(bank)
  return mixed === null ? null : new Watch({ ...options, domain: null, mixture: () => mixed.mixture })
}

export class DomainWatch implements Watching {
  readonly #bank: DomainBank
  readonly #options: Omit<WatchOptions, 'domain' | 'mixture'>
  readonly #watches = new Map<number, Watch>()

  constructor(bank: DomainBank, options: Omit<WatchOptions, 'domain' | 'mixture'>) {
    this.#bank = bank
    this.#options = options
  }

  observe(y: number, w: number, domain: number, learned: number, memory: ClassMemory): void {
    if (this.#bank.of(domain) === undefined) return
    const watch = this.#watches.get(domain) ?? (this.#watches.size < MOST ? this.#begin(domain) : null)
    watch?.observe(y, w, domain, learned, memory)
  }

  report(classes: readonly string[], domains: readonly string[]): readonly BankReport[] {
    return [...this.#watches.values()].flatMap(watch => watch.report(classes, domains))
  }

  end(domain: number): void {
    this.#watches.get(domain)?.end()
    this.#watches.delete(domain)
  }

  save(raws: RawTable): Saved {
    return [...this.#watches].map(([domain, watch]): Saved => [domain, watch.save(raws)])
  }

  load(saved: Saved, raws: RawTable): void {
    for (const [domain, watch] of saved as [number, Saved][]) this.#begin(domain).load(watch, raws)
  }

  #begin(domain: number): Watch {
    const mixture = (): MixtureBank => this.#bank.of(domain)!
    const watch = new Watch({ ...this.#options, domain, mixture })
    this.#watches.set(domain, watch)
    return watch
  }
}
