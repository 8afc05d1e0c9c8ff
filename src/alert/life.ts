/**
 * The life of an alert: raised, escalated or downgraded, acknowledged, cleared. Of one cause one alert is open at a time, and
 * it is raised again only after it was cleared and the cooldown is over.
 *
 *     quiet ──high for holdMs, cooldown over──▶ open ──low for clearHoldMs──▶ quiet
 *     open:  grave for holdMs ▶ critical;  no longer grave for clearHoldMs ▶ as it was
 *            not acknowledged for escalateAfterMs ▶ one step more urgent
 *            more urgent ▶ to be acknowledged anew
 *
 * After ANSI/ISA-18.2, "Management of Alarm Systems": deadband, on-delay, off-delay, re-annunciation.
 */
import type { Alert } from '../events/event.ts'
import { type Severity, severities } from './rule.ts'

/** Where a figure stands between its two levels: at or above the raise level, at or below the clear level. */
export type Level = 'high' | 'between' | 'low'

/** What a rule says of its cause at a moment, milliseconds on the clock of that cause. */
export interface Reading {
  readonly at: number
  readonly level: Level
  /** The same of the critical level; `low` where there is none. */
  readonly grave: Level
}

export interface Timing {
  readonly severity: Severity
  readonly holdMs: number
  readonly clearHoldMs: number
  readonly cooldownMs: number
  readonly escalateAfterMs: number | null
}

/** What is known of a cause, to be saved as it is. Times are milliseconds since 1970; null where it is not so. */
export interface Life {
  readonly highSince: number | null
  readonly lowSince: number | null
  readonly graveSince: number | null
  readonly mildSince: number | null
  readonly clearedAt: number | null
  readonly open: Open | null
}

export interface Open {
  /** When it was raised, and when the log was that far: acknowledgement is waited for by the second. */
  readonly since: number
  readonly waitingSince: number
  readonly severity: Severity
  readonly grave: boolean
  /** Steps that it became more urgent because nobody acknowledged it. */
  readonly urged: number
  readonly acknowledged: { readonly by: string | null; readonly at: number } | null
}

/** What happened to the alert, with its severity from then on. */
export interface Change {
  readonly kind: Alert['kind']
  readonly severity: Severity
}

export const unborn: Life = { highSince: null, lowSince: null, graveSince: null, mildSince: null, clearedAt: null, open: null }

/**
 * The life after a reading, taken when the log was at `wall`, and what happened, in order.
 *
 * @example
 * ```ts
 * import { read, unborn } from '../src/alert/life.ts'
 * const timing = { severity: 'warning', holdMs: 10, clearHoldMs: 0, cooldownMs: 0, escalateAfterMs: null } as const
 * const first = read(unborn, timing, { at: 100, level: 'high', grave: 'low' }, 100)
 * first.changes // => []
 * const second = read(first.life, timing, { at: 110, level: 'high', grave: 'low' }, 110)
 * second.changes // => [{ kind: 'raised', severity: 'warning' }]
 * read(second.life, timing, { at: 120, level: 'low', grave: 'low' }, 120).changes // => [{ kind: 'cleared', severity: 'warning' }]
 * ```
 */
export function read(
  before: Life,
  timing: Timing,
  reading: Reading,
  wall: number
): { readonly life: Life; readonly changes: readonly Change[] } {
  const { at, level, grave } = reading
  const life: Life = {
    ...before,
    highSince: level === 'high' ? (before.highSince ?? at) : null,
    lowSince: level === 'low' ? (before.lowSince ?? at) : null,
    graveSince: grave === 'high' ? (before.graveSince ?? at) : null,
    mildSince: grave === 'low' ? (before.mildSince ?? at) : null
  }
  return life.open === null ? raise(life, timing, at, wall) : go(life, life.open, timing, at, wall)
}

/** The life after somebody has acknowledged its alert; null where there is none to be acknowledged. */
export function acknowledge(life: Life, by: string | null, at: number): { readonly life: Life; readonly change: Change } | null {
  const { open } = life
  if (open === null || open.acknowledged !== null) return null
  return { life: { ...life, open: { ...open, acknowledged: { by, at } } }, change: { kind: 'acknowledged', severity: open.severity } }
}

function raise(life: Life, timing: Timing, at: number, wall: number): { readonly life: Life; readonly changes: readonly Change[] } {
  const { highSince, graveSince, clearedAt } = life
  const cool = clearedAt === null || at - clearedAt >= timing.cooldownMs
  if (highSince === null || at - highSince < timing.holdMs || !cool) return { life, changes: [] }
  const grave = graveSince !== null && at - graveSince >= timing.holdMs
  const severity = severityOf(timing, grave, 0)
  const open: Open = { since: at, waitingSince: wall, severity, grave, urged: 0, acknowledged: null }
  return { life: { ...life, open }, changes: [{ kind: 'raised', severity }] }
}

function go(
  life: Life,
  open: Open,
  timing: Timing,
  at: number,
  wall: number
): { readonly life: Life; readonly changes: readonly Change[] } {
  const { lowSince, graveSince, mildSince } = life
  if (lowSince !== null && at - lowSince >= timing.clearHoldMs)
    return { life: { ...unborn, clearedAt: at }, changes: [{ kind: 'cleared', severity: open.severity }] }
  let { grave, urged } = open
  if (!grave && graveSince !== null && at - graveSince >= timing.holdMs) grave = true
  else if (grave && mildSince !== null && at - mildSince >= timing.clearHoldMs) grave = false
  const { escalateAfterMs } = timing
  const overdue = escalateAfterMs !== null && open.acknowledged === null && wall - open.waitingSince >= escalateAfterMs
  if (overdue && open.severity !== 'critical') urged++
  const severity = severityOf(timing, grave, urged)
  const step = severities.indexOf(severity) - severities.indexOf(open.severity)
  const waitingSince = overdue || step > 0 ? wall : open.waitingSince
  const acknowledged = step > 0 ? null : open.acknowledged
  const next: Life = { ...life, open: { ...open, grave, urged, severity, waitingSince, acknowledged } }
  if (step === 0) return { life: next, changes: [] }
  return { life: next, changes: [{ kind: step > 0 ? 'escalated' : 'downgraded', severity }] }
}

function severityOf({ severity }: Timing, grave: boolean, urged: number): Severity {
  const from = grave ? severities.length - 1 : severities.indexOf(severity)
  return severities[Math.min(severities.length - 1, from + urged)]!
}
