/** Defects in a row, as long as would hardly happen by chance where defects are usual; and good parts in a row after them. */
import type { Saved } from '../numeric/saved.ts'
import { type Figure, levelOf, type PartGauge } from './gauge.ts'
import { Usual } from './usual.ts'

export interface StreakLevels {
  readonly raise: number
  readonly clear: number
  readonly critical: number | null
  /** A run must be rarer than that; 1 takes every run. */
  readonly chance: number
}

/** A longer run is needed nowhere: what is always flagged is not told by runs. */
const LONGEST = 200

export class StreakGauge implements PartGauge {
  readonly #levels: StreakLevels
  readonly #usual = new Usual()
  #bad = 0
  #good = 0

  constructor(levels: StreakLevels) {
    this.#levels = levels
  }

  take(hit: boolean, _at: number, calm: boolean): Figure {
    const { clear } = this.#levels
    this.#bad = hit ? this.#bad + 1 : 0
    this.#good = hit ? 0 : this.#good + 1
    const raise = this.#length()
    const critical = this.#levels.critical === null ? null : Math.max(this.#levels.critical, 2 * raise)
    if (calm) this.#usual.add(hit)
    return {
      level: levelOf(this.#bad >= raise, this.#good >= clear),
      grave: critical === null ? 'low' : levelOf(this.#bad >= critical, this.#good >= clear),
      value: this.#bad
    }
  }

  said(): string {
    return this.#bad > 0 ? `${this.#bad} parts in a row` : `${this.#good} good parts in a row`
  }

  save(): Saved {
    return [this.#bad, this.#good, this.#usual.save()]
  }

  load(saved: Saved): void {
    const [bad, good, usual] = saved as readonly [number, number, Saved]
    this.#bad = bad
    this.#good = good
    this.#usual.load(usual)
  }

  /** How many in a row raise. */
  #length(): number {
    const { raise, chance } = this.#levels
    const share = this.#usual.share
    if (chance >= 1 || share === null) return raise
    let length = 0
    for (let run = 1; run > chance && length < LONGEST; run *= share) length++
    return Math.max(raise, length)
  }
}
