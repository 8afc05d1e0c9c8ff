/** The light of a station: what is open there decides, then whether parts come at all. Colour never stands alone: each has a shape and a word. */
import type { ALL_LINES as Every } from '../events/event.ts'
import type { Tile } from '../pipeline/board.ts'
import type { AlertState, Severity } from './shapes.ts'

export type Light = 'red' | 'amber' | 'green' | 'grey'

const words: Readonly<Record<Light, string>> = { red: 'Act now', amber: 'Look', green: 'Runs well', grey: 'No parts' }
const order: readonly Light[] = ['grey', 'green', 'amber', 'red']

/** Without a part for so long a station is not seen to run. */
const QUIET_MS = 120_000

/** The line of an alert that is about all of them. */
export const ALL_LINES: typeof Every = '*'

const weights: Readonly<Record<Severity, number>> = { information: 0, warning: 1, critical: 2 }

export const isAcknowledged = (alert: AlertState): boolean => alert.state === 'acknowledged'

/** The gravest first, of the same the oldest. */
export function byGravity(a: AlertState, b: AlertState): number {
  const open = Number(isAcknowledged(a)) - Number(isAcknowledged(b))
  return open || weights[b.severity] - weights[a.severity] || a.since - b.since
}

/** The open alerts that concern a station: of its own, of its line as a whole, and of all lines. */
export function alertsOf({ line, station }: Pick<Tile, 'line' | 'station'>, open: readonly AlertState[]): readonly AlertState[] {
  return open
    .filter(
      alert =>
        (alert.line === line || alert.line === ALL_LINES) && (alert.station === null || station === null || alert.station === station)
    )
    .sort(byGravity)
}

/**
 * Red: a critical alert that nobody has acknowledged. Amber: any other that is not mere information. Grey: no parts come, or
 * nobody knows of alerts here (`null`).
 *
 * @example
 * ```ts
 * import { lightOf } from '../src/page/light.ts'
 * lightOf([], 1000, 2000) // => 'green'
 * lightOf([], 1000, 600_000) // => 'grey'
 * lightOf(null, 1000, 2000) // => 'grey'
 * ```
 */
export function lightOf(alerts: readonly AlertState[] | null, lastPartAt: number | null, now: number): Light {
  if (alerts === null) return 'grey'
  if (alerts.some(alert => alert.severity === 'critical' && !isAcknowledged(alert))) return 'red'
  if (alerts.some(alert => alert.severity !== 'information')) return 'amber'
  return lastPartAt === null || now - lastPartAt > QUIET_MS ? 'grey' : 'green'
}

/** The word beside a light; `known` is whether anybody knows of alerts here. */
export function wordOf(light: Light, known: boolean): string {
  return known ? words[light] : 'Alerts unknown'
}

/** The gravest of several. */
export function gravest(lights: readonly Light[]): Light {
  return lights.reduce((worst, light) => (order.indexOf(light) > order.indexOf(worst) ? light : worst), 'grey' as Light)
}
