/**
 * What needs no model: repeating the last known label, and the most frequent one so far. Invariant: a guess uses only
 * labels already learned, so read it when the prediction is made and `learn` when the label arrives, however late.
 */
import type { Saved } from '../numeric/saved.ts'
import { checkClass, NONE } from './judgement.ts'

type SavedBaselines = { readonly last: number; readonly counts: Float64Array }

/**
 * @example
 * ```ts
 * import { Baselines } from '../src/judge/baselines.ts'
 * const known = new Baselines()
 * for (const truth of [2, 2, 1]) known.learn(truth)
 * const guesses = [known.noChange, known.majority]
 * guesses // => [1, 2]
 * ```
 */
export class Baselines {
  #counts = new Float64Array(0)
  #last = NONE
  #majority = NONE

  /** The last known label, or −1 before there is one. */
  get noChange(): number {
    return this.#last
  }

  /** The most frequent known label, the lower index where two are equal, or −1 before there is one. */
  get majority(): number {
    return this.#majority
  }

  /** How often a class was learned. */
  count(truth: number): number {
    return this.#counts[truth] ?? 0
  }

  /** A label has arrived. */
  learn(truth: number): void {
    checkClass('the truth', truth, false)
    this.#grow(truth)
    const count = ++this.#counts[truth]!
    this.#last = truth
    const most = this.#majority === NONE ? 0 : this.#counts[this.#majority]!
    if (count > most || (count === most && truth < this.#majority)) this.#majority = truth
  }

  /** An earlier label was wrong. `last` says that it was the last one learned, which `noChange` then repeats corrected. */
  correct(from: number, to: number, last: boolean): void {
    checkClass('the corrected truth', to, false)
    if (!(this.count(from) > 0))
      throw new RangeError(`expected a class learned before, got ${from}, never learned: correct only what was learned`)
    this.#grow(to)
    this.#counts[from]!--
    this.#counts[to]!++
    if (last) this.#last = to
    this.#majority = mostFrequent(this.#counts)
  }

  save(): Saved {
    let length = this.#counts.length
    while (length > 0 && this.#counts[length - 1] === 0) length--
    return { last: this.#last, counts: this.#counts.slice(0, length) }
  }

  static load(saved: Saved): Baselines {
    const { last, counts } = saved as SavedBaselines
    const loaded = new Baselines()
    loaded.#counts = Float64Array.from(counts)
    loaded.#last = last
    loaded.#majority = mostFrequent(loaded.#counts)
    return loaded
  }

  #grow(index: number): void {
    if (index < this.#counts.length) return
    const counts = new Float64Array(Math.max(4, 2 * this.#counts.length, index + 1))
    counts.set(this.#counts)
    this.#counts = counts
  }
}

function mostFrequent(counts: Float64Array): number {
  let best = NONE
  let most = 0
  for (let c = 0; c < counts.length; c++) {
    if (counts[c]! > most) {
      most = counts[c]!
      best = c
    }
  }
  return best
}
