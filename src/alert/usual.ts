/**
 * The usual share of hits of a line, as against which it has become worse: counted with forgetting, and not while it is worse,
 * so that a bad shift does not become the custom.
 */
import type { Saved } from '../numeric/saved.ts'

/** Weight of the past, per part: about the last 5,000 parts count. */
const FORGETTING = 1 - 1 / 5000
/** Fewer parts say nothing of what is usual. */
const LEAST = 200

export class Usual {
  #n = 0
  #hits = 0

  add(hit: boolean): void {
    this.#n = this.#n * FORGETTING + 1
    this.#hits = this.#hits * FORGETTING + (hit ? 1 : 0)
  }

  /** Null while too few parts were seen. Never 0: one more might always have been a hit. */
  get share(): number | null {
    return this.#n < LEAST ? null : (this.#hits + 1) / (this.#n + 2)
  }

  save(): Saved {
    return [this.#n, this.#hits]
  }

  load(saved: Saved): void {
    const [n, hits] = saved as readonly [number, number]
    this.#n = n
    this.#hits = hits
  }
}
