/**
 * Alerts to Prometheus' Alertmanager, which groups, silences and sends them on. It holds what it was told for a while only: the
 * open alerts are told again and again, and end there where Andon is silent for five minutes.
 *
 *     POST /api/v2/alerts    [{ labels, annotations, startsAt, endsAt }]
 *
 * Labels are what it is about, so that one cause is one alert there however often it is told. Severity is one of them, for
 * routes: an alert that becomes more urgent ends under the old one.
 *
 * Source: prometheus/alertmanager, api/v2/openapi.yaml.
 */
import type { AlertState } from '../../alert/alert-state.ts'
import { severities } from '../../alert/rule.ts'
import type { Alert } from '../../events/event.ts'
import type { Sink } from '../../pipeline/sink.ts'

export interface AlertmanagerOptions {
  readonly name: string
  /** Posts a body of JSON to its `/api/v2/alerts`; throws as `Sink.deliver` does. */
  readonly post: (body: string, signal: AbortSignal) => Promise<void>
  /** Labels of every alert, such as the plant. */
  readonly labels: Readonly<Record<string, string>>
  /** Where alerts can be looked at; null for nowhere. */
  readonly link: string | null
  readonly clock: () => number
}

/** How often open alerts are told again, and how long each telling holds: four may be lost. */
const AGAIN_MS = 60_000
const HOLDS_MS = 5 * AGAIN_MS

type Told = Pick<Alert, 'id' | 'rule' | 'line' | 'task' | 'class' | 'cause' | 'message' | 'severity'>

export function openAlertmanager({ name, post, labels, link, clock }: AlertmanagerOptions): Sink {
  const entry = (alert: Told, severity: Alert['severity'], from: number, until: number): object => ({
    labels: { ...labels, ...labelsOf(alert), severity },
    annotations: { summary: alert.message, id: alert.id },
    startsAt: new Date(Math.min(from, until, clock())).toISOString(),
    endsAt: new Date(until).toISOString(),
    ...(link === null ? {} : { generatorURL: link })
  })
  const active = (alert: Told, from: number): object => entry(alert, alert.severity, from, clock() + HOLDS_MS)
  /** Ends it under every severity but one: which it had before is not known. */
  const ended = (alert: Told, but: Alert['severity'] | null): object[] =>
    severities.filter(severity => severity !== but).map(severity => entry(alert, severity, clock(), clock()))

  return {
    name,
    async deliver({ alert }, signal) {
      switch (alert.kind) {
        case 'raised':
          return post(JSON.stringify([active(alert, alert.time)]), signal)
        case 'escalated':
        case 'downgraded':
          return post(JSON.stringify([active(alert, alert.time), ...ended(alert, alert.severity)]), signal)
        case 'cleared':
          return post(JSON.stringify(ended(alert, null)), signal)
        // Nothing there stands for it: who has seen an alert silences it there, too.
        case 'acknowledged':
      }
    },
    refresh: {
      everyMs: AGAIN_MS,
      async show({ open }, signal) {
        if (open.length > 0) await post(JSON.stringify(open.map((state: AlertState) => active(state, state.since))), signal)
      }
    },
    async close() {}
  }
}

/** What it is about. A label that is empty is none. */
function labelsOf({ rule, line, task, class: name, cause }: Told): Readonly<Record<string, string>> {
  const about = name === null ? lastOf(cause) : null
  return {
    alertname: rule,
    job: 'andon',
    line,
    ...(task === null ? {} : { task }),
    ...(name === null ? {} : { class: name }),
    ...(about === null ? {} : { bank: about })
  }
}

/** What a cause names beside line and task: the bank of experts. */
function lastOf(cause: string | null): string | null {
  if (cause === null) return null
  const last: unknown = (JSON.parse(cause) as readonly unknown[]).at(3)
  return typeof last === 'string' ? last : null
}
