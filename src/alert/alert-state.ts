/** An alert as it stands: what those who look at it are shown, and what is kept of it after it was cleared. */
import type { Alert } from '../events/event.ts'
import type { Severity } from './rule.ts'

export interface AlertState {
  readonly id: string
  readonly rule: string
  readonly cause: string
  readonly line: string
  readonly station: string | null
  readonly task: string | null
  readonly class: string | null
  readonly severity: Severity
  readonly state: 'raised' | 'acknowledged' | 'cleared'
  /** Event time of raising, of the last change, and of clearing. */
  readonly since: number
  readonly at: number
  readonly clearedAt: number | null
  readonly by: string | null
  readonly acknowledgedAt: number | null
  /** The part that raised it, where it is about one. */
  readonly observation: string | null
  readonly value: number | null
  /** Records that spoke for it since it was raised. */
  readonly count: number
  readonly message: string
  readonly trial: boolean
}

/** The event that tells of a change of an alert. */
export function eventOf(state: AlertState, kind: Alert['kind'], time: number): Alert {
  const { id, line, severity, rule, observation, task, message, station, cause, by, value, count, trial } = state
  const about = { id, time, line, kind, severity, rule, observation, task, class: state.class, message }
  return { ...about, station, cause, by: kind === 'acknowledged' ? by : null, value, count, trial }
}
