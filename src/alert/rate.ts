/** The share of flagged parts in a window, against a level and against what is usual on that line. */
import { wilson } from '../judge/interval.ts'
import type { Saved } from '../numeric/saved.ts'
import { type Figure, levelOf, type PartGauge, percent } from './gauge.ts'
import type { RateRule } from './rule.ts'
import { Usual } from './usual.ts'
import { Window } from './window.ts'

export class RateGauge implements PartGauge {
  readonly #rule: RateRule
  readonly #window: Window
  readonly #usual = new Usual()

  constructor(rule: RateRule) {
    this.#rule = rule
    this.#window = new Window(rule.window)
  }

  take(hit: boolean, at: number, calm: boolean): Figure {
    this.#window.add(hit, at)
    const rule = this.#rule
    const level = this.#level()
    if (calm) this.#usual.add(hit)
    const { n, hits } = this.#window
    const share = n === 0 ? 0 : hits / n
    // A share that is usual on this line is not told before it is known what is usual.
    if (level === null || n < rule.leastParts) return { level: 'between', grave: 'between', value: share }
    const [lower] = wilson(hits, n, rule.z) ?? [0, 0]
    const scaled = (share: number): number => timesOdds(share, odds(level) / odds(rule.raise))
    const critical = rule.critical === null ? null : scaled(rule.critical)
    return {
      level: levelOf(lower >= level, share <= scaled(rule.clear)),
      grave: critical === null ? 'low' : levelOf(lower >= critical, share < level),
      value: share
    }
  }

  said(): string {
    const { n, hits } = this.#window
    const { share } = this.#usual
    const usually = share === null ? '' : `, usually ${percent(share)}`
    return `${hits} of the last ${n} parts (${percent(n === 0 ? 0 : hits / n)}${usually})`
  }

  save(): Saved {
    return [this.#window.save(), this.#usual.save()]
  }

  load(saved: Saved): void {
    const [window, usual] = saved as readonly [Saved, Saved]
    this.#window.load(window)
    this.#usual.load(usual)
  }

  /** The share that raises; null while it is not known what is usual. */
  #level(): number | null {
    const { raise, times } = this.#rule
    if (times === null) return raise
    const { share } = this.#usual
    return share === null ? null : Math.max(raise, timesOdds(share, times))
  }
}

/** A share whose odds are so many times as high: it stays below 1 where a share many times as high would not. */
function timesOdds(share: number, times: number): number {
  return (share * times) / (1 - share + share * times)
}

function odds(share: number): number {
  return share / (1 - share)
}
