/**
 * What does not come: parts of a line, or labels of parts that do. How long is too long follows from how often it usually
 * comes, and is never less than the rule says.
 */
import type { Saved } from '../numeric/saved.ts'
import { type Figure, levelOf } from './gauge.ts'
import type { DataRule, LabelsRule } from './rule.ts'

/** Weight of the newest gap in the usual one. */
const NEWEST = 0.02
/** Parts before a line counts as one that runs: a test part now and then is none. */
const RUNNING = 20

export class DataGauge {
  readonly #rule: DataRule
  #last = Number.NEGATIVE_INFINITY
  #parts = 0
  #gapMs = 0

  constructor(rule: DataRule) {
    this.#rule = rule
  }

  /** A part came, when the log was at `wall`. */
  came(wall: number): Figure {
    const gap = Math.max(0, wall - this.#last)
    // A pause counts for no more than would be told: else the next one were usual, and a line that is slow would never be.
    if (this.#parts > 0) this.#gapMs += (Math.min(gap, this.#limitMs()) - this.#gapMs) * Math.max(NEWEST, 1 / this.#parts)
    this.#parts++
    this.#last = Math.max(this.#last, wall)
    return { level: 'low', grave: 'low', value: 0 }
  }

  /** The silence up to `wall`, counted from `since` at the earliest. Its figure is in seconds. */
  wait(wall: number, since: number): Figure {
    const silentMs = wall - Math.max(this.#last, since)
    const high = this.#parts >= RUNNING && silentMs >= this.#limitMs()
    // That nothing was looked at ends no silence.
    return { level: levelOf(high, !high && this.#last >= since), grave: 'low', value: Math.max(0, silentMs) / 1000 }
  }

  get last(): number {
    return this.#last
  }

  save(): Saved {
    return [this.#last, this.#parts, this.#gapMs]
  }

  load(saved: Saved): void {
    const [last, parts, gapMs] = saved as readonly [number, number, number]
    this.#last = last
    this.#parts = parts
    this.#gapMs = gapMs
  }

  #limitMs(): number {
    return Math.max(this.#rule.afterMs, this.#rule.times * this.#gapMs)
  }
}

export class LabelsGauge {
  readonly #rule: LabelsRule
  #last = Number.NEGATIVE_INFINITY
  #labels = 0
  /** Parts since the last label; and usually between two, labels of one batch aside, of so many gaps. */
  #parts = 0
  #gap = 0
  #gaps = 0

  constructor(rule: LabelsRule) {
    this.#rule = rule
  }

  /** A label came. */
  came(wall: number): Figure {
    if (this.#labels > 0 && this.#parts > 0) this.#gap += (this.#parts - this.#gap) * Math.max(NEWEST, 1 / ++this.#gaps)
    this.#labels++
    this.#parts = 0
    this.#last = Math.max(this.#last, wall)
    return { level: 'low', grave: 'low', value: 0 }
  }

  /** A part came without one. A line that never had a label is not waited for. */
  wait(wall: number): Figure {
    const { afterMs, parts, times } = this.#rule
    this.#parts++
    const high = this.#labels > 0 && wall - this.#last >= afterMs && this.#parts >= Math.max(parts, times * this.#gap)
    return { level: levelOf(high, !high), grave: 'low', value: this.#parts }
  }

  save(): Saved {
    return [this.#last, this.#labels, this.#parts, this.#gap, this.#gaps]
  }

  load(saved: Saved): void {
    const [last, labels, parts, gap, gaps = labels] = saved as readonly [number, number, number, number, number?]
    this.#last = last
    this.#labels = labels
    this.#parts = parts
    this.#gap = gap
    this.#gaps = gaps
  }
}
