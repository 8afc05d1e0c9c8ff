/**
 * The alerts of a running watch, for those who look at them, and the way to acknowledge one: an event in the log, which the
 * watch takes like any other.
 */
import { type AlertState, eventOf } from '../alert/alert-state.ts'
import { TRIAL } from '../alert/trial.ts'
import { ALL_LINES, type Alert } from '../events/event.ts'
import { Fault } from '../fault/fault.ts'
import type { Codec } from './codec.ts'
import type { AlertsBoard } from './gateway.ts'
import type { Log } from './log.ts'

export interface DeskOptions {
  readonly log: Pick<Log, 'write'>
  readonly codec: Codec
  readonly clock: () => number
  /** The alerts as they stand; null where nobody watches here. */
  readonly alerts: () => AlertsBoard | null
}

export class AlertsDesk {
  readonly #options: DeskOptions
  /** Acknowledged in the log, and not yet taken. */
  readonly #underWay = new Map<string, { readonly by: string | null; readonly acknowledgedAt: number }>()

  constructor(options: DeskOptions) {
    this.#options = options
  }

  /** As they stand, with what has been said of them and is not taken yet. Throws `UNAVAILABLE` where nobody watches here. */
  alerts(): AlertsBoard {
    const alerts = this.#options.alerts()
    if (alerts === null)
      throw new Fault('UNAVAILABLE', 'expected a process that watches, this one does not: ask one with --role watch or all')
    return { ...alerts, open: alerts.open.map(alert => this.#withSaid(alert)) }
  }

  /** Resolves once it is durable. Throws as `alerts` and `Log.write` do. */
  async acknowledge(id: string, by: string | null): Promise<'acknowledged' | 'unknown' | 'already'> {
    const { log, codec, clock } = this.#options
    const alert = this.alerts().open.find(each => each.id === id)
    if (alert === undefined) return 'unknown'
    if (alert.state === 'acknowledged') return 'already'
    const now = clock()
    this.#underWay.set(id, { by, acknowledgedAt: now })
    try {
      await log.write([{ topic: 'alerts', key: alert.line, value: codec.encode('alert', acknowledgement(alert, by, now)) }])
    } catch (error) {
      this.#underWay.delete(id)
      throw error
    }
    return 'acknowledged'
  }

  /** Leaves the trial. Throws as `acknowledge` does. */
  async leaveTrial(by: string | null): Promise<{ readonly left: boolean; readonly open: readonly string[] }> {
    const { log, codec, clock } = this.#options
    const { trial } = this.alerts()
    if (trial === null || trial.left !== null) return { left: false, open: ['there is no trial'] }
    if (trial.open.length > 0) return { left: false, open: trial.open }
    const time = clock()
    const about = { observation: null, task: null, class: null, station: null, value: null, cause: JSON.stringify([TRIAL]) }
    const event = {
      ...about,
      id: trial.id,
      time,
      line: ALL_LINES,
      rule: TRIAL,
      message: `the trial is left${by === null ? '' : ` by ${by}`}`,
      by
    }
    const cleared: Alert = { ...event, kind: 'cleared', severity: 'information', count: 0, trial: true }
    await log.write([{ topic: 'alerts', key: ALL_LINES, value: codec.encode('alert', cleared) }])
    return { left: true, open: [] }
  }

  /** The watch has taken what was in the log: what is open and not acknowledged now can be acknowledged. */
  taken(id: string): void {
    this.#underWay.delete(id)
  }

  #withSaid(alert: AlertState): AlertState {
    const said = this.#underWay.get(alert.id)
    return said === undefined ? alert : { ...alert, ...said, state: 'acknowledged' }
  }
}

function acknowledgement(alert: AlertState, by: string | null, time: number) {
  const message = `${alert.message}; acknowledged${by === null ? '' : ` by ${by}`}`
  return eventOf({ ...alert, by, message }, 'acknowledged', time)
}
