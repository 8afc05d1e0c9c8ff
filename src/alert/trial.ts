/**
 * A trial: decisions and alerts are made and scored while nobody is told. What it must have shown is written down when it
 * begins and does not change after; it is left only by who may, once all of it is met.
 *
 * A part counts as judged once its label has come. An alert is false where more of the parts behind it turned out good than
 * bad: those flagged while it was open, and the last ones before it was raised.
 */
import { ALL_LINES, type Alert } from '../events/event.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Decided } from './decided.ts'
import { TrialLedger } from './trial-ledger.ts'

export interface TrialCriteria {
  readonly leastDays: number
  readonly leastParts: number
  /** False alarms a day. */
  readonly mostFalseAlarms: number
  /** Of the flagged parts that were judged, the share that was bad. */
  readonly leastPrecision: number
  /** Of the bad parts that were judged, the share that did not pass: flagged, or left to a person. */
  readonly leastRecall: number
}

export interface TrialReport {
  readonly id: string
  readonly began: number
  readonly criteria: TrialCriteria
  readonly days: number
  readonly parts: number
  readonly alerts: { readonly raised: number; readonly judged: number; readonly false: number; readonly falseADay: number }
  /** Null where nothing was judged. */
  readonly precision: number | null
  readonly recall: number | null
  /** What is not met yet, in words; none: it may be left. */
  readonly open: readonly string[]
  readonly left: { readonly by: string | null; readonly at: number } | null
}

const DAY = 86_400_000
export const TRIAL = 'trial'

interface Head {
  readonly began: number
  readonly criteria: TrialCriteria
  readonly left: { readonly by: string | null; readonly at: number } | null
}

export class Trial {
  #head: Head | null = null
  #now = Number.NEGATIVE_INFINITY
  readonly #ledger = new TrialLedger()
  #changed = false

  /** Whether sinks stay silent. */
  get on(): boolean {
    return this.#head !== null && this.#head.left === null
  }

  /** Whether there was one, left or not: criteria that come later change nothing. */
  get begun(): boolean {
    return this.#head !== null
  }

  get criteria(): TrialCriteria | null {
    return this.#head?.criteria ?? null
  }

  /** Begins it; the event tells what it must show. */
  begin(criteria: TrialCriteria, now: number): Alert {
    this.#head = { began: now, criteria, left: null }
    this.#now = now
    this.#changed = true
    const about = { observation: null, task: null, class: null, station: null, value: null, cause: JSON.stringify([TRIAL]) }
    const message = `a trial has begun, no sink is told of alerts until it has shown ${wordsOf(criteria)}`
    const told = { time: now, line: ALL_LINES, kind: 'raised', severity: 'information', rule: TRIAL, message } as const
    return { ...about, ...told, id: `${TRIAL}-${now}`, by: null, count: 0, trial: true }
  }

  /** Ends it, where all is met: whether it did. */
  leave(by: string | null, now: number): boolean {
    const head = this.#head
    if (head === null || !this.on || this.report(now)!.open.length > 0) return false
    this.#head = { ...head, left: { by, at: now } }
    this.#changed = true
    return true
  }

  /** It is `now`. */
  tick(now: number): void {
    if (this.on) this.#now = Math.max(this.#now, now)
  }

  part(): void {
    if (this.on) this.#ledger.part()
  }

  /** A part did not pass: it was flagged, or left to a person. */
  stopped({ observation, line, task, action }: Pick<Decided, 'observation' | 'line' | 'task' | 'action'>): void {
    if (this.on) this.#ledger.stopped(observation, line, task, action === 'abstain')
  }

  /** The label of a part that was predicted at `predicted` came, and tells whether it was bad. */
  judged(observation: string, task: string, bad: boolean, predicted: number): void {
    if (this.on && predicted >= this.#head!.began) this.#ledger.judged(observation, task, bad)
  }

  alerted(alert: Alert): void {
    if (this.on && alert.task !== null && alert.line !== ALL_LINES) this.#ledger.alerted(alert)
  }

  report(now: number = this.#now): TrialReport | null {
    if (this.#head === null) return null
    const { began, criteria, left } = this.#head
    const days = ((left?.at ?? now) - began) / DAY
    const { parts, hits, falseHits, missed, found } = this.#ledger
    const alerts = this.#ledger.verdicts()
    // A trial of an hour is not reckoned up to a day: one false alarm in it is one a day.
    const falseADay = alerts.false / Math.max(1, days)
    const share = (of: number, all: number): number | null => (all === 0 ? null : of / all)
    const precision = share(hits, hits + falseHits)
    const recall = share(hits + found, hits + found + missed)
    const { leastDays, leastParts, mostFalseAlarms, leastPrecision, leastRecall } = criteria
    const open = [
      ...(days >= leastDays ? [] : [`${round(days)} of at least ${leastDays} days`]),
      ...(parts >= leastParts ? [] : [`${parts} of at least ${leastParts} parts`]),
      ...(falseADay <= mostFalseAlarms ? [] : [`${round(falseADay)} false alarms a day, at most ${mostFalseAlarms}`]),
      ...notMet('precision', precision, leastPrecision),
      ...notMet('recall', recall, leastRecall)
    ]
    return { id: `${TRIAL}-${began}`, began, criteria, days, parts, alerts: { ...alerts, falseADay }, precision, recall, open, left }
  }

  changes(): readonly (readonly [string, Saved | null])[] {
    const head = this.#changed ? [['head', this.#head as unknown as Saved] as const] : []
    this.#changed = false
    return [...head, ...this.#ledger.changes()]
  }

  load(key: string, saved: Saved): void {
    if (key === 'head') {
      this.#head = saved as unknown as Head
      this.#now = this.#head.began
    } else this.#ledger.load(key, saved)
  }
}

function notMet(what: string, came: number | null, least: number): readonly string[] {
  if (came !== null && came >= least) return []
  return least === 0 ? [] : [`${what} ${came === null ? 'not known yet' : round(came)}, at least ${least}`]
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

function wordsOf({ leastDays, leastParts, mostFalseAlarms, leastPrecision, leastRecall }: TrialCriteria): string {
  return `at least ${leastDays} days and ${leastParts} parts, at most ${mostFalseAlarms} false alarms a day, a precision of at least ${leastPrecision} and a recall of at least ${leastRecall}`
}
