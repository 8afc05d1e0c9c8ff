/**
 * All rules over what the log tells: decisions, parts, labels, signals, and time that passes. Gives the events of alerts.
 * What it knows is saved in small parts, of which only those that changed are given: outputs, parts and positions of a step
 * are committed together, so that no cause raises twice and none is forgotten.
 */
import { ALL_LINES, type Alert, type Signal } from '../events/event.ts'
import type { Saved } from '../numeric/saved.ts'
import type { AlertState } from './alert-state.ts'
import type { About, Cause, Moment, Naming } from './cause.ts'
import { Causes } from './causes.ts'
import type { Decided } from './decided.ts'
import type { Figure } from './gauge.ts'
import { type DecisionRule, isOfDecisions, type Rule, type SignalRule } from './rule.ts'
import { DataGauge, LabelsGauge } from './silence.ts'
import { type DriftGauge, ExpertGauge } from './told.ts'
import { covers, isHit, isWatched } from './watched.ts'
import { ofData, ofExperts, ofLabels, ofParts } from './words.ts'

export interface AlarmsOptions {
  readonly rules: readonly Rule[]
  /** Causes that are kept at once; beyond them those without news for longest are forgotten, never one with an alert. */
  readonly maxCauses: number
  /** Cleared alerts that are remembered to be shown. */
  readonly maxRecent: number
}

/** A cause without news for as long is forgotten and its alert ended: a line that is gone. Longer than any holidays. */
const FORGET_MS = 30 * 86_400_000
/** Clocks are looked at no oftener. */
const TICK_MS = 1000

export class Alarms {
  readonly #rules: readonly Rule[]
  readonly #causes: Causes
  readonly #naming: Naming
  #trial = false
  /** When this process began to look, and when it last did. */
  #since: number | null = null
  #ticked = Number.NEGATIVE_INFINITY

  constructor(options: AlarmsOptions) {
    this.#rules = options.rules
    this.#causes = new Causes(options)
    this.#naming = {
      next: () => this.#causes.next(),
      trial: () => this.#trial
    }
  }

  /** Alerts raised from now on are of the trial or not. */
  set trial(on: boolean) {
    this.#trial = on
  }

  get open(): readonly AlertState[] {
    return this.#causes.open
  }

  /** Cleared alerts, newest first. */
  get recent(): readonly AlertState[] {
    return this.#causes.recent
  }

  /** Lines of which anything was told, in the order in which they came. */
  get lines(): readonly string[] {
    return this.#causes.lines
  }

  /** Causes there was no room for, since the process started. */
  get overflowed(): number {
    return this.#causes.overflowed
  }

  /** A decision was made; the log took what it is about at `wall`. */
  take(decision: Decided, wall: number): Alert[] {
    const { line, task } = decision
    // A clock that is ahead would hold back whatever comes after it.
    const time = Math.min(decision.time, wall)
    const alerts: Alert[] = []
    const known = this.#causes.ofParts(line, task)
    for (const rule of this.#rules) {
      if (!isOfDecisions(rule) || !isWatched(rule, line, task)) continue
      const name = rule.per === 'class' ? decision.class : null
      if (rule.per === 'class' && (name === null || isHit(rule, { line, task, class: name, bank: null }, decision) !== true)) continue
      if (known.some(cause => cause.rule === rule && cause.about.class === name)) continue
      this.#causes.make(rule, { line, task, class: name, bank: null })
    }
    for (const cause of this.#causes.ofParts(line, task)) {
      const rule = cause.rule as DecisionRule
      const hit = isHit(rule, cause.about, decision)
      if (hit === null) continue
      // Whoever acknowledges that a line is worse lets it become what is usual there.
      const calm = cause.alert?.state !== 'raised'
      const figure = cause.gauge.take(hit, time, calm)
      const message = (): string => ofParts(rule, cause.about, cause.gauge.said(), decision)
      const part = rule.kind === 'rate' || !hit ? null : decision
      alerts.push(...this.#read(cause, figure, { at: time, wall, time, part, message }))
    }
    return alerts
  }

  /** A part of a line came. */
  part(line: string, time: number, wall: number): Alert[] {
    return this.#ofLine(line).flatMap(cause => {
      const { gauge } = cause
      if (gauge instanceof DataGauge)
        return this.#read(cause, gauge.came(wall), { at: wall, wall, time, part: null, message: () => ofData(line, null) })
      if (!(gauge instanceof LabelsGauge)) return []
      const figure = gauge.wait(wall)
      return this.#read(cause, figure, { at: wall, wall, time, part: null, message: () => ofLabels(line, figure.value) })
    })
  }

  /** A label of a line came. */
  label(line: string, time: number, wall: number): Alert[] {
    return this.#ofLine(line).flatMap(cause =>
      cause.gauge instanceof LabelsGauge
        ? this.#read(cause, cause.gauge.came(wall), { at: wall, wall, time, part: null, message: () => ofLabels(line, null) })
        : []
    )
  }

  /** The learner told something. */
  signal(signal: Signal, wall: number): Alert[] {
    return this.#rules.flatMap(rule => (rule.kind === 'drift' || rule.kind === 'expert' ? this.#told(rule, signal, wall) : []))
  }

  /** Somebody acknowledged an alert: whether there was one to be acknowledged. */
  acknowledge(id: string, by: string | null, time: number): boolean {
    const cause = this.#causes.byAlert(id)
    if (cause === undefined || !cause.acknowledge(by, time)) return false
    this.#causes.changed(cause)
    return true
  }

  /** It is `wall`, and everything that the log took before has been taken. */
  tick(wall: number): Alert[] {
    this.#since ??= wall
    if (wall - this.#ticked < TICK_MS) return []
    this.#ticked = wall
    const alerts: Alert[] = this.#causes.orphans().flatMap(orphan => this.#ended(orphan, wall, `the rule ${orphan.rule.name} is gone`))
    for (const cause of this.#causes.all()) {
      if (wall - cause.touched >= this.#forgetMs(cause.rule)) {
        alerts.push(...this.#ended(cause, wall, `${cause.about.line} is not looked at any more: nothing came for too long`))
        this.#causes.drop(cause)
      } else alerts.push(...this.#passed(cause, wall))
    }
    return alerts
  }

  /** Clears every alert, whatever the figures say: they are raised again where these still stand. */
  clearAll(time: number, message: string): Alert[] {
    return this.#causes.all().flatMap(cause => this.#ended(cause, time, message))
  }

  /** What changed since the last call, by key; null for what is gone. */
  changes(): readonly (readonly [string, Saved | null])[] {
    return this.#causes.changes()
  }

  /** Takes a part that was saved. */
  load(key: string, saved: Saved): void {
    this.#causes.load(key, saved, this.#rules)
  }

  #read(cause: Cause, figure: Figure, moment: Moment): Alert[] {
    const alerts = cause.read(figure, moment, this.#naming)
    this.#causes.changed(cause)
    return alerts
  }

  #ended(cause: Cause, time: number, message: string): Alert[] {
    const event = cause.end(time, message)
    this.#causes.changed(cause)
    return event === null ? [] : [event]
  }

  /** Time alone: silence, what waits to be acknowledged, drift of which no end is told. */
  #passed(cause: Cause, wall: number): Alert[] {
    const { rule, gauge, about } = cause
    if (gauge instanceof DataGauge) {
      const figure = gauge.wait(wall, this.#since ?? wall)
      // Nothing to save as long as nothing has become of it.
      if (figure.level !== 'high' && cause.alert === null) return []
      const message = (): string => ofData(about.line, figure.level === 'low' ? null : (figure.value ?? 0) * 1000)
      return this.#kept(cause, cause.wait(figure, { at: wall, wall, time: wall, part: null, message }, this.#naming))
    }
    if (rule.kind === 'drift' || rule.kind === 'expert') return this.#stands(cause, rule, wall)
    return cause.alert === null ? [] : this.#kept(cause, cause.tick(wall, this.#naming))
  }

  /** What signals told of goes on between them: holds and cooldowns end by the clock, and what a trial kept silent stands after it. */
  #stands(cause: Cause, rule: SignalRule, wall: number): Alert[] {
    const { gauge, about, figure, life } = cause
    if (cause.alert === null && figure.level !== 'high') return []
    const at = { at: wall, wall, time: wall, part: null }
    if (rule.kind === 'drift' && figure.level === 'high' && wall - cause.touched >= rule.endMs) {
      const text = `no drift of ${about.class ?? about.task ?? about.line} on ${about.line} was told of any more`
      return this.#read(cause, (gauge as DriftGauge).take(false, null, text), { ...at, message: () => text })
    }
    const message = (): string =>
      gauge instanceof ExpertGauge ? ofExperts(about, gauge.unstable) : (gauge as DriftGauge).message || (cause.alert?.message ?? '')
    const alerts = cause.wait(figure, { ...at, message }, this.#naming)
    if (alerts.length > 0 || cause.life.highSince !== life.highSince || cause.life.lowSince !== life.lowSince) this.#causes.changed(cause)
    return alerts
  }

  #kept(cause: Cause, alerts: Alert[]): Alert[] {
    if (alerts.length > 0) this.#causes.changed(cause)
    return alerts
  }

  #forgetMs(rule: Rule): number {
    return rule.kind === 'data' || rule.kind === 'labels' ? rule.forgetMs : FORGET_MS
  }

  #ofLine(line: string): readonly Cause[] {
    const known = this.#causes.ofLine(line)
    for (const rule of this.#rules) {
      if ((rule.kind !== 'data' && rule.kind !== 'labels') || !(rule.lines?.includes(line) ?? true)) continue
      if (!known.some(cause => cause.rule === rule)) this.#causes.make(rule, { line, task: null, class: null, bank: null })
    }
    return this.#causes.ofLine(line)
  }

  #told(rule: SignalRule, signal: Signal, wall: number): Alert[] {
    const line = signal.domain ?? ALL_LINES
    // Named by what they say: an older log has none of them.
    const kind: string = signal.kind
    const suspected = kind === 'drift-suspected'
    const began = kind === 'drift-detected' || suspected || kind === 'expert-unstable'
    if (!kind.startsWith(`${rule.kind}-`) || !(began || kind === 'drift-ended' || kind === 'expert-stable')) return []
    if (rule.kind === 'drift' && rule.evidence === (suspected ? 'labels' : 'inputs')) return []
    const about: About = { line, task: signal.task, class: rule.kind === 'drift' ? signal.class : null, bank: signal.bank }
    if (!covers(rule, about)) return []
    const cause = this.#causes.byAbout(rule, about) ?? (began ? this.#causes.make(rule, about) : null)
    if (cause === null) return []
    const { gauge } = cause
    const figure =
      gauge instanceof ExpertGauge ? gauge.take(signal.expert ?? 0, began) : (gauge as DriftGauge).take(began, signal.value, signal.message)
    const message = (): string => (gauge instanceof ExpertGauge ? ofExperts(about, gauge.unstable) : signal.message)
    return this.#read(cause, figure, { at: wall, wall, time: signal.time, part: null, message })
  }
}
