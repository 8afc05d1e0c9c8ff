/**
 * How frequent each class of a task has been of late, and the weight that follows: a rare class's example counts for more,
 * `w = min(cap, (n / (C n_c))^exponent)`, where n is the sum of the forgetting counts n_c.
 */
import { exp, log } from '../numeric/exp-log.ts'
import type { Saved } from '../numeric/saved.ts'

export interface RareOptions {
  /** 0 weighs all alike, 1 makes classes equal; .5 lies between. */
  readonly exponent: number
  readonly cap: number
  /** How much of every count is kept an example: .9995 remembers about 2,000. */
  readonly forgetting: number
  /** Share of a rare class's replayed examples that are synthetic, where they help: see `synthetic-replay.ts`. 0 for none. */
  readonly synthetic: number
}

export class ClassFrequency {
  /** n_c, starting at 1. */
  counts = new Float64Array(0)
  readonly #options: RareOptions
  /** Weights that were asked for since the counts changed, (C); 0 where none was. */
  #weights = new Float64Array(0)

  constructor(options: RareOptions) {
    this.#options = options
  }

  addClass(): void {
    const wider = new Float64Array(this.counts.length + 1)
    wider.set(this.counts)
    wider[this.counts.length] = 1
    this.counts = wider
    this.#weights = new Float64Array(wider.length)
  }

  add(y: number): void {
    const { counts } = this
    for (let c = 0; c < counts.length; c++) counts[c]! *= this.#options.forgetting
    counts[y]! += 1
    this.#weights.fill(0)
  }

  /** Moves one count of a corrected label, as far as there is one. */
  move(from: number, to: number): void {
    const part = Math.min(1, this.counts[from]!)
    this.counts[from]! -= part
    this.counts[to]! += part
    this.#weights.fill(0)
  }

  /** Weight of an example of class `y`, over 0, at most the cap. */
  weight(y: number): number {
    const known = this.#weights[y]!
    if (known > 0) return known
    const { counts } = this
    let n = 0
    for (let c = 0; c < counts.length; c++) n += counts[c]!
    const ratio = n / (counts.length * Math.max(counts[y]!, 1e-3))
    const weight = Math.min(this.#options.cap, exp(this.#options.exponent * log(ratio)))
    this.#weights[y] = weight
    return weight
  }

  save(): Saved {
    return this.counts.slice()
  }

  load(saved: Saved): void {
    this.counts = (saved as Float64Array).slice()
    this.#weights = new Float64Array(this.counts.length)
  }
}
