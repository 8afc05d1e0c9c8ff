/**
 * The last judgements, as many as fit the window. Invariant: they come back with the bits they were given, oldest
 * first, so that a window's sums are added anew and never drift by subtraction.
 */
import type { Saved } from '../numeric/saved.ts'
import type { Judgement } from './judgement.ts'

type SavedRecent = { readonly window: number; readonly indices: Int32Array; readonly scores: Float64Array }

export class Recent {
  readonly window: number
  #length = 0
  /** Where the next one goes: the oldest once the window is full. */
  #next = 0
  #indices = new Int32Array(0)
  #scores = new Float64Array(0)

  constructor(window: number) {
    this.window = window
  }

  get length(): number {
    return this.#length
  }

  /** Takes a copy; the oldest goes when the window is full. */
  push(j: Judgement): void {
    if (this.window === 0) return
    if (this.#length < this.window) this.#reserve(++this.#length)
    this.#put(this.#next, j)
    this.#next = this.#next + 1 === this.window ? 0 : this.#next + 1
  }

  /** Fills `out` with the judgement at `i`, 0 being the oldest. */
  read(i: number, out: Judgement): Judgement {
    const at = this.#place(i)
    out.truth = this.#indices[4 * at]!
    out.chosen = this.#indices[4 * at + 1]!
    out.noChange = this.#indices[4 * at + 2]!
    out.majority = this.#indices[4 * at + 3]!
    out.loss = this.#scores[3 * at]!
    out.brier = this.#scores[3 * at + 1]!
    out.confidence = this.#scores[3 * at + 2]!
    return out
  }

  /** Replaces the judgement at `i`, 0 being the oldest. */
  replace(i: number, j: Judgement): void {
    this.#put(this.#place(i), j)
  }

  save(): Saved {
    const indices = new Int32Array(4 * this.#length)
    const scores = new Float64Array(3 * this.#length)
    for (let i = 0; i < this.#length; i++) {
      const at = this.#place(i)
      for (let k = 0; k < 4; k++) indices[4 * i + k] = this.#indices[4 * at + k]!
      for (let k = 0; k < 3; k++) scores[3 * i + k] = this.#scores[3 * at + k]!
    }
    return { window: this.window, indices, scores }
  }

  static load(saved: Saved): Recent {
    const { window, indices, scores } = saved as SavedRecent
    const recent = new Recent(window)
    recent.#length = indices.length / 4
    recent.#next = recent.#length === window ? 0 : recent.#length
    recent.#indices = Int32Array.from(indices)
    recent.#scores = Float64Array.from(scores)
    return recent
  }

  #place(i: number): number {
    return this.#length < this.window ? i : (this.#next + i) % this.window
  }

  #put(at: number, j: Judgement): void {
    this.#indices[4 * at] = j.truth
    this.#indices[4 * at + 1] = j.chosen
    this.#indices[4 * at + 2] = j.noChange
    this.#indices[4 * at + 3] = j.majority
    this.#scores[3 * at] = j.loss
    this.#scores[3 * at + 1] = j.brier
    this.#scores[3 * at + 2] = j.confidence
  }

  /** Room grows by doubling up to the window: a domain with ten labels does not pay for a thousand. */
  #reserve(length: number): void {
    const room = this.#indices.length / 4
    if (length <= room) return
    const more = Math.min(this.window, Math.max(16, 2 * room))
    const indices = new Int32Array(4 * more)
    const scores = new Float64Array(3 * more)
    indices.set(this.#indices)
    scores.set(this.#scores)
    this.#indices = indices
    this.#scores = scores
  }
}
