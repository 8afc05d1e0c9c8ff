/** What each part of learning costs, by the clock of the process. A part within another is taken out of it. */
import type { Meter } from '../learner/meter.ts'

type Part = Parameters<Meter['enter']>[0]

export class CostMeter implements Meter {
  readonly #clock: () => number
  readonly #spentMs: Record<Part, number> = { predict: 0, learn: 0, single: 0 }
  readonly #open: Part[] = []
  #since = 0

  /** `clock` gives milliseconds, with fractions. */
  constructor(clock: () => number) {
    this.#clock = clock
  }

  enter(part: Part): void {
    this.#book()
    this.#open.push(part)
  }

  leave(_part: Part): void {
    this.#book()
    this.#open.pop()
  }

  /** Milliseconds spent in each part so far. */
  get spentMs(): Readonly<Record<Part, number>> {
    return this.#spentMs
  }

  #book(): void {
    const now = this.#clock()
    const part = this.#open[this.#open.length - 1]
    if (part !== undefined) this.#spentMs[part] += now - this.#since
    this.#since = now
  }
}
