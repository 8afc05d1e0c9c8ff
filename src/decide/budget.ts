/**
 * The inspection budget of one line: a bucket that each part fills by `perThousand`/1000 and each drawn inspection empties by one.
 * A part is drawn with propensity
 *
 *     π = min(1, rate · f · (ε + (1 − ε) · w / w̄))      rate = perThousand/1000, f = 1 + tokens/burst within 0 and 2
 *
 * w how much its label would teach, w̄ the line's running mean of it, ε the share spent at random. f spends what was saved
 * and holds back what was taken in advance. Parts that must be inspected are beside the budget: if they ate it, no other part
 * could be drawn, and what is known of all parts would be what is known of those. Invariant: of n parts at most rate · n + burst are drawn, whatever they are,
 * and no π is below ε · rate · f.
 */
import type { Saved } from '../numeric/saved.ts'
import type { InspectionOptions } from './options.ts'

/** About how many of the latest parts w̄ stands for: a shift, so that a night of easy parts does not eat the morning's budget. */
const HORIZON = 500

export class Budget {
  readonly #options: InspectionOptions
  #tokens = 0
  #parts = 0
  #drawn = 0
  /** Sent because they had to be. */
  #musts = 0
  #mean = 0

  constructor(options: InspectionOptions) {
    this.#options = options
  }

  get spent(): { readonly parts: number; readonly drawn: number; readonly musts: number; readonly tokens: number } {
    return { parts: this.#parts, drawn: this.#drawn, musts: this.#musts, tokens: this.#tokens }
  }

  /** A part came whose label would teach `w`. Returns its propensity. */
  propensity(w: number): number {
    const { perThousand, burst, atRandom, pick } = this.#options
    const rate = perThousand / 1000
    this.#parts++
    this.#mean += (w - this.#mean) / Math.min(this.#parts, HORIZON)
    this.#tokens = Math.min(burst, this.#tokens + rate)
    if (rate === 0 || this.#tokens - 1 < -burst) return 0
    const f = Math.max(0, Math.min(2, 1 + this.#tokens / burst))
    const relative = pick === 'random' || this.#mean === 0 ? 1 : atRandom + ((1 - atRandom) * w) / this.#mean
    return Math.min(1, rate * f * relative)
  }

  /** A part was sent to inspection; `must`: not for its label's sake, which takes nothing from the budget. */
  take(must: boolean): void {
    if (must) {
      this.#musts++
      return
    }
    this.#drawn++
    this.#tokens = Math.max(-this.#options.burst, this.#tokens - 1)
  }

  save(): Saved {
    return [this.#tokens, this.#parts, this.#drawn, this.#musts, this.#mean]
  }

  load(saved: Saved): void {
    const [tokens, parts, drawn, musts, mean] = saved as [number, number, number, number, number]
    this.#tokens = tokens
    this.#parts = parts
    this.#drawn = drawn
    this.#musts = musts
    this.#mean = mean
  }
}
