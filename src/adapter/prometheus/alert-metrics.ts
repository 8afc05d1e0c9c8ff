/** The metrics of alerts: what is open, and what became of telling it. */
import type { AlertsBoard, SinkStatus } from '../../pipeline/gateway.ts'
import type { Metric, Sample, Seen } from './metric.ts'

/** Least urgent first. */
export const severities = ['information', 'warning', 'critical'] as const
/** What became of a notice: `failed` are attempts that are made again, `silent` what a trial kept. */
export const noticeOutcomes = ['delivered', 'failed', 'refused', 'expired', 'forgotten', 'silent'] as const

export const alertMetrics: readonly Metric[] = [
  {
    name: 'open_alerts',
    type: 'gauge',
    labels: ['severity'],
    help: 'Alerts that are open, acknowledged or not; absent of who does not watch.',
    read: seen => bySeverity(seen, () => true)
  },
  {
    name: 'unacknowledged_alerts',
    type: 'gauge',
    labels: ['severity'],
    help: 'Of them, those that nobody has acknowledged.',
    read: seen => bySeverity(seen, alert => alert.state === 'raised')
  },
  {
    name: 'sink_notices_total',
    type: 'counter',
    labels: ['sink', 'outcome'],
    help: 'Notices of alerts by sink and by what became of them; failed are attempts that are made again.',
    read: seen => sinksOf(seen).flatMap(sink => noticeOutcomes.map((outcome): Sample => [[sink.name, outcome], sink[outcome]]))
  },
  {
    name: 'sink_behind_notices',
    type: 'gauge',
    labels: ['sink'],
    help: 'Steps of alerts in the log that a sink was not told yet, as of the last look.',
    read: seen => sinksOf(seen).map((sink): Sample => [[sink.name], sink.behind])
  },
  {
    name: 'sink_failing',
    type: 'gauge',
    labels: ['sink'],
    help: '1 where a sink cannot be told now, else 0.',
    read: seen => sinksOf(seen).map((sink): Sample => [[sink.name], sink.failing === null ? 0 : 1])
  },
  {
    name: 'trial',
    type: 'gauge',
    labels: [],
    help: '1 while alerts are on trial and no sink is told, 0 after it; absent where there never was one.',
    read: seen => boardOf(seen).flatMap(({ trial }): Sample[] => (trial === null ? [] : [[[], trial.left === null ? 1 : 0]]))
  }
]

/** One or none. */
function boardOf({ beside }: Seen): readonly AlertsBoard[] {
  return beside?.alerts == null ? [] : [beside.alerts]
}

function bySeverity(seen: Seen, counts: (alert: AlertsBoard['open'][number]) => boolean): readonly Sample[] {
  return boardOf(seen).flatMap(({ open }) =>
    severities.map((severity): Sample => [[severity], open.filter(alert => alert.severity === severity && counts(alert)).length])
  )
}

/** Those told; the rest, which only a configuration of many can have, is left out. */
function sinksOf(seen: Seen): readonly SinkStatus[] {
  return boardOf(seen).flatMap(({ sinks }) => sinks.slice(0, seen.limits.sinks))
}
