/** What signals tell of: drift that began and has not ended, experts that became unstable and are not stable again. */
import type { Saved } from '../numeric/saved.ts'
import { type Figure, levelOf } from './gauge.ts'
import type { ExpertRule } from './rule.ts'

/** Drift of one line, task and class: high from its beginning to its end. */
export class DriftGauge {
  #on = false
  #message = ''

  take(began: boolean, value: number | null, message: string): Figure {
    this.#on = began
    this.#message = message
    return { level: levelOf(this.#on, !this.#on), grave: 'low', value }
  }

  /** What was told last. */
  get message(): string {
    return this.#message
  }

  save(): Saved {
    return [this.#on, this.#message]
  }

  load(saved: Saved): void {
    const [on, message] = (Array.isArray(saved) ? saved : [saved, '']) as unknown as readonly [boolean, string]
    this.#on = on
    this.#message = message
  }
}

/** Experts of a bank are counted up to here. */
const MOST = 256

/** The unstable experts of one bank. */
export class ExpertGauge {
  readonly #rule: ExpertRule
  #unstable = new Set<number>()

  constructor(rule: ExpertRule) {
    this.#rule = rule
  }

  take(expert: number, unstable: boolean): Figure {
    if (!unstable) this.#unstable.delete(expert)
    else if (this.#unstable.size < MOST) this.#unstable.add(expert)
    const { raise, clear, critical } = this.#rule
    const value = this.#unstable.size
    return {
      level: levelOf(value >= raise, value <= clear),
      grave: critical === null ? 'low' : levelOf(value >= critical, value < critical),
      value
    }
  }

  get unstable(): readonly number[] {
    return [...this.#unstable].sort((a, b) => a - b)
  }

  save(): Saved {
    return this.unstable
  }

  load(saved: Saved): void {
    this.#unstable = new Set(saved as readonly number[])
  }
}
