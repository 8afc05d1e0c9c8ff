/**
 * The labels known so far, as the baselines know them: the last one of each domain and how often each class came. A line
 * repeats itself, not its neighbour, so no-change repeats the last label of the same domain; where domains interleave,
 * the last label of all would be a straw man.
 */
import type { Saved } from '../numeric/saved.ts'
import { Baselines } from './baselines.ts'

const NONE = -1

/**
 * @example
 * ```ts
 * import { KnownLabels } from '../src/judge/known-labels.ts'
 * const known = new KnownLabels()
 * known.learn('press', 2)
 * known.learn('saw', 1)
 * known.noChange('press') // => 2
 * known.noChange('drill') // => -1
 * ```
 */
export class KnownLabels {
  #all = new Baselines()
  readonly #last = new Map<string, number>()

  /** The last known label of a domain, −1 before there is one. */
  noChange(domain: string): number {
    return this.#last.get(domain) ?? NONE
  }

  /** The most frequent known label of all domains, −1 before there is one. */
  get majority(): number {
    return this.#all.majority
  }

  /** A label has arrived. */
  learn(domain: string, truth: number): void {
    this.#all.learn(truth)
    this.#last.set(domain, truth)
  }

  /** An earlier label was corrected: the counts follow; what was last stays last. */
  correct(from: number, to: number): void {
    if (this.#all.count(from) > 0) this.#all.correct(from, to, false)
  }

  save(): Saved {
    return { all: this.#all.save(), domains: [...this.#last.keys()], last: Int32Array.from(this.#last.values()) }
  }

  static load(saved: Saved): KnownLabels {
    const { all, domains, last } = saved as { all: Saved; domains: string[]; last: Int32Array }
    const known = new KnownLabels()
    known.#all = Baselines.load(all)
    domains.forEach((domain, i) => {
      known.#last.set(domain, last[i]!)
    })
    return known
  }
}
