/** The domains there are, in order of appearance: those beyond the limit share one. */
import type { Observation } from '../events/event.ts'
import type { Saved } from '../numeric/saved.ts'
import { domainOf, OVERFLOW_DOMAIN } from './inputs.ts'
import type { Signals } from './signals.ts'

export class Domains {
  readonly #fields: readonly string[]
  readonly #max: number
  /** Name → place in the order of appearance. */
  readonly #names = new Map<string, number>()
  #overflowed = false

  /** `fields` of an observation together name its domain. */
  constructor(fields: readonly string[], max: number) {
    this.#fields = fields
    this.#max = max
  }

  get names(): readonly string[] {
    return [...this.#names.keys()]
  }

  /** Place of a domain that was admitted. */
  indexOf(name: string): number {
    return this.#names.get(name)!
  }

  /** Place of a domain, −1 of one that is not known. */
  find(name: string): number {
    return this.#names.get(name) ?? -1
  }

  /** The domain at a place. */
  at(index: number): string {
    return this.names[index]!
  }

  /** The domain of an observation as it is known; one that is new is taken for what it may become. */
  of(observation: Observation): string {
    const domain = domainOf(observation, this.#fields)
    return this.#names.has(domain) || this.#names.size < this.#max ? domain : OVERFLOW_DOMAIN
  }

  /** The same for an observation that is learned from: a new domain is taken in, and told. */
  admit(observation: Observation, signals: Signals): string {
    const domain = domainOf(observation, this.#fields)
    if (this.#names.has(domain)) return domain
    if (this.#names.size < this.#max) {
      this.#names.set(domain, this.#names.size)
      signals.tell('domain-appeared', { domain }, `domain ${domain} appeared`)
      return domain
    }
    if (!this.#overflowed) {
      this.#overflowed = true
      if (!this.#names.has(OVERFLOW_DOMAIN)) this.#names.set(OVERFLOW_DOMAIN, this.#names.size)
      signals.tell(
        'domain-overflowed',
        { domain },
        `expected at most ${this.#max} domains, ${domain} is one more: it and later ones share one`
      )
    }
    return OVERFLOW_DOMAIN
  }

  save(): Saved {
    return { names: this.names, overflowed: this.#overflowed }
  }

  load(saved: Saved): void {
    const { names, overflowed } = saved as { names: string[]; overflowed: boolean }
    this.#overflowed = overflowed
    for (const name of names) this.#names.set(name, this.#names.size)
  }
}
