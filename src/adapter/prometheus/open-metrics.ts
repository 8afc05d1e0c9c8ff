/**
 * The metrics of a process, for Prometheus. Everything declared in the table is registered, and nothing else but the
 * usual metrics of the process; a series is told only while the status holds it.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Beside, PipelineStatus, Timings } from '../../pipeline/gateway.ts'
import { defaultLimits, type Limits, type Seen, type StatusMetric, type TimingMetric } from './metric.ts'
import { leftOut, sections } from './table.ts'

export interface OpenMetrics {
  readonly contentType: string
  readonly timings: Timings
  /** Keeps the status that the next `text` shows. Costs nothing: it is read when the metrics are asked for. */
  observe(status: PipelineStatus, beside?: Beside): void
  /** The metrics in the text format of `contentType`. */
  text(): Promise<string>
}

export interface OpenMetricsOptions {
  readonly prefix?: string
  readonly limits?: Partial<Limits>
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** They count what is now, under names that promise a total; their like without the suffix stay. */
const misnamed = ['nodejs_active_resources_total', 'nodejs_active_handles_total', 'nodejs_active_requests_total']

/** Registers every metric of the table in a registry of its own. */
export function openMetrics(options: OpenMetricsOptions = {}): OpenMetrics {
  const { prefix = 'andon', now = Date.now } = options
  const limits = { ...defaultLimits, ...options.limits }
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of misnamed) registry.removeSingleMetric(name)

  const timings = new Map<TimingMetric['timing'], Histogram>()
  const readers: ((seen: Seen) => void)[] = []
  const omitted = new Gauge({ name: `${prefix}_${leftOut.name}`, help: leftOut.help, labelNames: leftOut.labels, registers: [registry] })
  for (const metric of sections.flatMap(section => section.metrics))
    if (metric.type === 'histogram') timings.set(metric.timing, histogramOf(metric, prefix, registry))
    else readers.push(metric.type === 'gauge' ? gaugeOf(metric, prefix, registry, omitted) : counterOf(metric, prefix, registry, omitted))

  let latest: Pick<Seen, 'status' | 'beside'> | null = null
  const seconds = (timing: TimingMetric['timing']) => (ms: number) => {
    // A histogram's sum must not fall, and one NaN would stay in it for ever.
    if (Number.isFinite(ms)) timings.get(timing)?.observe(Math.max(0, ms) / 1000)
  }
  return {
    contentType: registry.contentType,
    timings: { labelDelay: seconds('labelDelay'), predictMs: seconds('predictMs'), learnMs: seconds('learnMs') },
    observe(status, beside) {
      latest = { status, beside: beside ?? null }
    },
    text() {
      omitted.reset()
      if (latest !== null) for (const read of readers) read({ ...latest, now: now(), limits })
      return registry.metrics()
    }
  }
}

function histogramOf({ name, help, buckets }: TimingMetric, prefix: string, registry: Registry): Histogram {
  return new Histogram({ name: `${prefix}_${name}`, help, buckets: [...buckets], registers: [registry] })
}

function gaugeOf(metric: StatusMetric, prefix: string, registry: Registry, omitted: Gauge): (seen: Seen) => void {
  const gauge = new Gauge({ ...described(metric, prefix), registers: [registry] })
  const clear = () => {
    gauge.reset()
    // A gauge without labels starts at 0, which would tell 0 where nothing is known.
    if (metric.labels.length === 0) gauge.remove()
  }
  clear()
  return seen => {
    clear()
    for (const [labels, value] of within(metric, prefix, seen, omitted)) gauge.set(labels, value)
  }
}

/** The status counts from the process's start; a count that falls (a status of an earlier moment) changes nothing. */
function counterOf(metric: StatusMetric, prefix: string, registry: Registry, omitted: Gauge): (seen: Seen) => void {
  const counter = new Counter({ ...described(metric, prefix), registers: [registry] })
  const told = new Map<string, number>()
  return seen => {
    for (const [labels, value] of within(metric, prefix, seen, omitted)) {
      const key = JSON.stringify(labels)
      const known = told.get(key)
      // A counter is told for ever: names that come and go would add up to any number.
      if (known === undefined && told.size >= seen.limits.series) omitted.inc({ metric: `${prefix}_${metric.name}` })
      const before = known ?? 0
      if (value < before || (known === undefined && told.size >= seen.limits.series)) continue
      counter.inc(labels, value - before)
      told.set(key, value)
    }
  }
}

const described = ({ name, help, labels }: StatusMetric, prefix: string) => ({ name: `${prefix}_${name}`, help, labelNames: [...labels] })

/** The known values of a metric by named labels, as many as its limit allows; the rest is counted. */
function* within(metric: StatusMetric, prefix: string, seen: Seen, omitted: Gauge): Iterable<[Record<string, string>, number]> {
  let series = 0
  for (const [values, value] of metric.read(seen)) {
    if (value === null || !Number.isFinite(value)) continue
    if (++series > seen.limits.series) omitted.inc({ metric: `${prefix}_${metric.name}` })
    else yield [Object.fromEntries(metric.labels.map((label, i) => [label, values[i] ?? ''])), value]
  }
}
