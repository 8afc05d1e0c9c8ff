/**
 * What a metric is: one row of the table that declares it, gives its help and its page row, and reads it off the
 * pipeline's status. A value that is not known is left out, never told as 0.
 */
import type { LearnerStatus, TaskStatus } from '../../learner/status.ts'
import type { Beside, PipelineStatus } from '../../pipeline/gateway.ts'

/** One series: the values of the row's labels in their order, and its value; null leaves it out. */
export type Sample = readonly [labels: readonly string[], value: number | null]

interface Described {
  /** Without the prefix. Ends in its base unit, counters in `_total`. */
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
}

/** Read off the status when the metrics are asked for. `now` is milliseconds since 1970. */
export interface StatusMetric extends Described {
  readonly type: 'gauge' | 'counter'
  read(seen: Seen): Iterable<Sample>
}

/** Filled as things happen. */
export interface TimingMetric extends Described {
  readonly type: 'histogram'
  readonly timing: 'labelDelay' | 'predictMs' | 'learnMs'
  /** Upper bounds, seconds. */
  readonly buckets: readonly number[]
}

export type Metric = StatusMetric | TimingMetric

export interface Seen {
  readonly status: PipelineStatus
  /** Null where nobody serves it. */
  readonly beside: Beside | null
  readonly now: number
  readonly limits: Limits
}

/** Most values of a label; what is beyond falls under `other` or is left out, so that the number of series is bounded. */
export interface Limits {
  readonly tasks: number
  readonly classes: number
  readonly domains: number
  readonly banks: number
  readonly experts: number
  readonly sinks: number
  /** Most series of one metric. */
  readonly series: number
}

/** Reached by no line known; a scrape at every limit stays within some ten thousand series. */
export const defaultLimits: Limits = { tasks: 16, classes: 64, domains: 64, banks: 8, experts: 64, sinks: 16, series: 4096 }

/** The value of a label beyond its list or its limit. */
export const other = 'other'

/** The tasks that are told. */
export function tasksOf({ status, limits }: Seen): readonly TaskStatus[] {
  return (status.learner satisfies LearnerStatus | null)?.tasks.slice(0, limits.tasks) ?? []
}

/**
 * Adds up the values that fall on the same labels, and those beyond the limit under `other` in the label at `place`.
 * For counts only: means and scores of a remainder cannot be added.
 *
 * @example
 * ```ts
 * import { pooled } from '../src/adapter/prometheus/metric.ts'
 * pooled([[['a'], 1], [['b'], 2], [['c'], 3]], 0, 1) // => [[['a'], 1], [['other'], 5]]
 * ```
 */
export function pooled(samples: Iterable<Sample>, place: number, limit: number): readonly Sample[] {
  const kept = new Set<string>()
  const sums = new Map<string, readonly [readonly string[], number]>()
  for (const [labels, value] of samples) {
    if (value === null) continue
    const name = labels[place] ?? other
    if (kept.size < limit) kept.add(name)
    const shown = kept.has(name) ? labels : labels.map((label, i) => (i === place ? other : label))
    const key = JSON.stringify(shown)
    sums.set(key, [shown, (sums.get(key)?.[1] ?? 0) + value])
  }
  return [...sums.values()]
}
