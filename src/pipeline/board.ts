/** What whoever watches is told: lines at a glance, history, and what happens. Types only, shared by the server and the page. */
import type { FeatureValue, Prediction, Signal } from '../events/event.ts'

/** A station of a line, as an operator sees it. */
export interface Tile {
  readonly line: string
  readonly station: string | null
  /** Parts predicted since the process watches. */
  readonly parts: number
  /** The last parts that `flagged` counts: at most 500. */
  readonly recent: number
  /** Of those, parts predicted to have a defect in at least one task. */
  readonly flagged: number
  readonly last: LastPart
}

export interface LastPart {
  readonly observation: string
  readonly time: number
  readonly flagged: boolean
  /** The defect that is likeliest, or the likeliest class of the first task where there is none. */
  readonly task: string
  readonly class: string
  readonly probability: number
}

/** The state at a glance: small, as it is sent every other second. */
export interface Pulse {
  readonly at: number
  readonly startedAt: number
  readonly ready: boolean
  readonly reasons: readonly string[]
  readonly role: string
  /** Null of who does not learn. */
  readonly learned: number | null
  readonly lag: Readonly<Record<string, number>>
  readonly waiting: { readonly observations: number; readonly labels: number }
  /** Those that changed since the pulse before; all of them in the first. */
  readonly tiles: readonly Tile[]
}

/** Widths of the buckets that history is kept in, milliseconds. Of each there are `SLOTS`. */
export const ranges = { hour: 5_000, day: 120_000, month: 3_600_000 } as const
export type Range = keyof typeof ranges
export const SLOTS = 720

/** Counts of one class over the buckets: labels that named it, those of them it was served for, and how often it was served. */
export interface Series {
  readonly task: string
  readonly class: string
  readonly support: readonly number[]
  readonly hits: readonly number[]
  readonly said: readonly number[]
}

/** What was counted, by the times of the events, in columns. Buckets in which nothing happened are left out. */
export interface HistoryReport {
  readonly range: Range
  readonly widthMs: number
  readonly line: string | null
  readonly lines: readonly string[]
  /** Beginning of each bucket, ascending. */
  readonly starts: readonly number[]
  readonly series: readonly Series[]
  readonly parts: readonly number[]
  readonly flagged: readonly number[]
  readonly learned: readonly number[]
  /** Milliseconds between a part and its label: mean and longest; null where no label came. */
  readonly delayMean: readonly (number | null)[]
  readonly delayMost: readonly (number | null)[]
  /** What happened to the model meanwhile, oldest first. */
  readonly marks: readonly Signal[]
  /** Labels and calls of classes beyond the bound, which have no series: of all lines, or of any one where one was asked for. */
  readonly untold: number
}

/** A part that is still remembered. */
export interface KnownPart {
  readonly observation: string
  readonly line: string
  readonly station: string | null
  readonly product: string | null
  readonly time: number
  readonly features: Readonly<Record<string, FeatureValue>>
  /** As it was served, without what the banks said; null before. */
  readonly prediction: Prediction | null
  /** Task → class, as far as labels came. */
  readonly labels: Readonly<Record<string, string>>
}

/** Why a class was likelier than another for one part, against a typical part of its line, feature by feature. */
export interface ExplainedPart {
  readonly part: KnownPart
  readonly task: string
  readonly classes: readonly string[]
  readonly class: string
  readonly rival: string
  /** Log odds of class against rival: of the typical part, and of this one. `base` and all pushes add up to `total`. */
  readonly base: number
  readonly total: number
  readonly pushes: readonly Push[]
  /** Examples that the explaining state has learned. */
  readonly learned: number
  /** Parts that the typical one is made of. */
  readonly typicalOf: number
  /** What the banks said and how they weighed, by the state that explains. */
  readonly banks: readonly {
    readonly bank: string
    readonly weight: number
    readonly opinion: readonly number[]
    readonly shares: readonly number[]
  }[]
  readonly probabilities: readonly number[]
}

export interface Push {
  readonly feature: string
  readonly value: FeatureValue
  readonly typical: FeatureValue
  /** Log odds that this feature adds. */
  readonly push: number
}
