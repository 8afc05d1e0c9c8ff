/**
 * One cause: a rule on a line, task and class, with what it measures and the life of its alert. Everything it knows is saved
 * and comes back as it was.
 */
import type { Alert } from '../events/event.ts'
import type { Saved } from '../numeric/saved.ts'
import { type AlertState, eventOf } from './alert-state.ts'
import type { Figure } from './gauge.ts'
import { acknowledge, type Change, type Life, read, unborn } from './life.ts'
import type { Rule } from './rule.ts'

/** What it is about. */
export interface About {
  readonly line: string
  readonly task: string | null
  readonly class: string | null
  /** Of experts. */
  readonly bank: string | null
}

/** What the cause is told with a figure. */
export interface Moment {
  /** Milliseconds on the cause's clock: event time of decisions, the log's of everything else. */
  readonly at: number
  /** How far the log was. */
  readonly wall: number
  /** What stands in the event. */
  readonly time: number
  /** The part that made the figure, where it was a single one. */
  readonly part: { readonly observation: string | null; readonly station: string | null } | null
  /** One sentence, asked for only when there is something to tell. */
  readonly message: () => string
}

/** What gives an alert its name. */
export interface Naming {
  /** A number no alert has had. */
  readonly next: () => number
  readonly trial: () => boolean
}

export interface Measures {
  save(): Saved
  load(saved: Saved): void
}

export function causeKey(rule: string, { line, task, class: name, bank }: About): string {
  return JSON.stringify([rule, line, task, name ?? bank])
}

export class Cause<G extends Measures = Measures> {
  readonly key: string
  readonly rule: Rule
  readonly about: About
  readonly gauge: G
  /** Where it is saved. */
  readonly slot: number
  #life: Life = unborn
  #alert: AlertState | null = null
  #figure: Figure = { level: 'between', grave: 'between', value: null }
  #at = Number.NEGATIVE_INFINITY
  #touched = Number.NEGATIVE_INFINITY
  #closed: AlertState | null = null

  constructor(rule: Rule, about: About, gauge: G, slot: number) {
    this.key = causeKey(rule.name, about)
    this.rule = rule
    this.about = about
    this.gauge = gauge
    this.slot = slot
  }

  /** The open alert; null where there is none. */
  get alert(): AlertState | null {
    return this.#alert
  }

  /** The last it had. */
  get figure(): Figure {
    return this.#figure
  }

  get life(): Life {
    return this.#life
  }

  /** When it last had a figure, by the log's clock. */
  get touched(): number {
    return this.#touched
  }

  /** What the last `read` or `tick` cleared; null where it cleared nothing. */
  get closed(): AlertState | null {
    return this.#closed
  }

  /** Takes a figure and tells what became of the alert. */
  read(figure: Figure, moment: Moment, naming: Naming): Alert[] {
    this.#touched = Math.max(this.#touched, moment.wall)
    if (this.#alert !== null && figure.level === 'high') this.#alert = { ...this.#alert, count: this.#alert.count + 1, value: figure.value }
    return this.wait(figure, moment, naming)
  }

  /** As `read`, of a figure that nothing but time has made. */
  wait(figure: Figure, moment: Moment, naming: Naming): Alert[] {
    this.#figure = figure
    // Late parts do not turn the clock back.
    this.#at = Math.max(this.#at, moment.at)
    return this.#step(moment, naming)
  }

  /** Time has passed and nothing was told. */
  tick(wall: number, naming: Naming): Alert[] {
    if (this.#alert === null) return []
    const { at, message } = this.#alert
    return this.#step({ at: this.#at, wall, time: Math.max(at, wall), part: this.#alert, message: () => message }, naming)
  }

  acknowledge(by: string | null, time: number): boolean {
    const done = acknowledge(this.#life, by, time)
    if (done === null || this.#alert === null) return false
    this.#life = done.life
    this.#alert = { ...this.#alert, state: 'acknowledged', by, acknowledgedAt: time, at: time }
    return true
  }

  /** Clears whatever the figures say, and with no cooldown after it; null where there is no alert. */
  end(time: number, message: string): Alert | null {
    this.#life = unborn
    this.#closed = this.#alert === null ? null : { ...this.#alert, state: 'cleared', at: time, clearedAt: time, message }
    this.#alert = null
    return this.#closed === null ? null : eventOf(this.#closed, 'cleared', time)
  }

  save(): Saved {
    const { line, task, class: name, bank } = this.about
    return {
      rule: this.rule.name,
      kind: this.rule.kind,
      about: [line, task, name, bank],
      gauge: this.gauge.save(),
      life: this.#life as unknown as Saved,
      alert: this.#alert as unknown as Saved,
      figure: this.#figure as unknown as Saved,
      at: this.#at,
      touched: this.#touched
    }
  }

  load(saved: Saved): void {
    const state = saved as unknown as SavedCause
    this.gauge.load(state.gauge)
    this.#life = state.life
    this.#alert = state.alert
    this.#figure = state.figure
    this.#at = state.at
    this.#touched = state.touched
  }

  #step(moment: Moment, naming: Naming): Alert[] {
    const { level, grave } = this.#figure
    const { life, changes } = read(this.#life, this.rule, { at: this.#at, level, grave }, moment.wall)
    this.#life = life
    this.#closed = null
    return changes.map(change => this.#tell(change, moment, naming))
  }

  #tell({ kind, severity }: Change, moment: Moment, naming: Naming): Alert {
    const { time } = moment
    const before = this.#alert ?? this.#born(moment, naming)
    const open = this.#life.open
    const acknowledged = open?.acknowledged ?? null
    const now: AlertState = {
      ...before,
      severity,
      state: kind === 'cleared' ? 'cleared' : acknowledged === null ? 'raised' : 'acknowledged',
      at: time,
      clearedAt: kind === 'cleared' ? time : null,
      by: kind === 'cleared' ? before.by : (acknowledged?.by ?? null),
      acknowledgedAt: kind === 'cleared' ? before.acknowledgedAt : (acknowledged?.at ?? null),
      value: this.#figure.value,
      message: moment.message()
    }
    this.#alert = kind === 'cleared' ? null : now
    if (kind === 'cleared') this.#closed = now
    return eventOf(now, kind, time)
  }

  #born({ time, part }: Moment, { next, trial }: Naming): AlertState {
    const { observation, station } = part ?? { observation: null, station: null }
    const { line, task, class: name } = this.about
    const { rule, key: cause } = this
    const id = `${rule.name}-${next()}`
    const about = { id, rule: rule.name, cause, line, station, task, class: name, severity: rule.severity, observation }
    const times = { since: time, at: time, clearedAt: null, by: null, acknowledgedAt: null }
    return { ...about, ...times, state: 'raised', value: null, count: 1, message: '', trial: trial() }
  }
}

/** A cause as it was saved. */
export interface SavedCause {
  readonly rule: string
  readonly kind: Rule['kind']
  readonly about: readonly [string, string | null, string | null, string | null]
  readonly gauge: Saved
  readonly life: Life
  readonly alert: AlertState | null
  readonly figure: Figure
  readonly at: number
  readonly touched: number
}
