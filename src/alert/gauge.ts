/** What a rule measures of one cause: a figure between levels. A gauge has no memory of alerts, that is the life's. */
import type { Saved } from '../numeric/saved.ts'
import type { Level } from './life.ts'

export interface Figure {
  readonly level: Level
  readonly grave: Level
  readonly value: number | null
}

export interface PartGauge {
  /** A decision was made: whether it counts against the line, and its event time. `calm` is whether no alert is open that nobody has acknowledged. */
  take(hit: boolean, at: number, calm: boolean): Figure
  /** The figure in words, as of the last decision. */
  said(): string
  save(): Saved
  load(saved: Saved): void
}

export function levelOf(atLeast: boolean, atMost: boolean): Level {
  return atLeast ? 'high' : atMost ? 'low' : 'between'
}

/** A share as an operator reads it. */
export function percent(share: number): string {
  const of100 = share * 100
  return `${of100 >= 10 ? Math.round(of100) : Math.round(of100 * 10) / 10} %`
}
