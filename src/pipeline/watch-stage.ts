/**
 * Predictions become decisions, decisions, labels and signals become alerts. What it knows is kept as notes of the claim, so
 * that a decision, its alert and the position behind them are one commit: no cause is raised twice, wherever it is killed.
 *
 * Nothing is folded again: where time alone decides (no parts, nobody acknowledges) the clock is the shell's, and what it
 * decided is an event in the log and a note beside the positions.
 */
import { Alarms, type AlarmsOptions } from '../alert/alarms.ts'
import { isOfDecisions } from '../alert/rule.ts'
import { TRIAL, Trial, type TrialCriteria } from '../alert/trial.ts'
import type { Alert, AnyEvent, Example, Prediction } from '../events/event.ts'
import { EarlyExamples } from './early-examples.ts'
import type { AlertsNow } from './gateway.ts'
import type { Incoming } from './log.ts'
import type { StateCodec } from './recover.ts'
import type { Stage } from './stage.ts'
import type { Step } from './step.ts'
import type { Watching } from './watching.ts'

export interface WatchOptions extends AlarmsOptions {
  readonly decider: Watching
  /** What a trial must show; null for none. One that has begun goes on, whatever stands here. */
  readonly trial: TrialCriteria | null
  readonly state: StateCodec
  /** An acknowledgement is durable, and what became of it shows. */
  readonly acknowledged: (id: string) => void
}

export class WatchStage implements Stage {
  readonly topics = ['predictions', 'examples', 'signals', 'alerts'] as const
  readonly #options: WatchOptions
  readonly #alarms: Alarms
  readonly #trial = new Trial()
  /** Names of rules whose alerts stand on flagged parts, and are right where these are defects. */
  readonly #ofFlags: ReadonlySet<string>
  readonly #early = new EarlyExamples()
  #shown: Omit<AlertsNow, 'trial'> = { open: [], recent: [], lines: [] }

  constructor(options: WatchOptions) {
    this.#options = options
    this.#alarms = new Alarms(options)
    const ofFlags = options.rules.filter(rule => isOfDecisions(rule) && !(rule.kind === 'rate' && rule.of === 'abstain'))
    this.#ofFlags = new Set(ofFlags.map(({ name }) => name))
  }

  /** Alerts as they stand after the last commit: the open ones, and the newest that were cleared. */
  get alerts(): AlertsNow {
    return { ...this.#shown, trial: this.#trial.report() }
  }

  restore(key: string, value: Uint8Array): void {
    const saved = this.#options.state.decode(value)
    const [whose] = key.split('/', 1) as [string]
    const part = key.slice(whose.length + 1)
    if (whose === 'alert') this.#alarms.load(part, saved)
    else if (whose === 'trial') this.#trial.load(part, saved)
    else if (whose === 'decide') this.#options.decider.load(part, saved)
    else if (whose === 'early') this.#early.load(part, saved)
  }

  restored(): void {
    this.#options.decider.restored?.()
    this.#alarms.trial = this.#trial.on
    this.#show()
  }

  take(record: Incoming, { name, event }: AnyEvent, step: Step): void {
    const wall = record.timestamp
    if (name === 'prediction') this.#predicted(event, wall, step)
    else if (name === 'example') {
      // Or one whose decision was forgotten: that is not known, and such an example waits for nothing.
      if (event.prediction !== null && !this.#options.decider.knows(event.observation.id)) this.#early.add(event)
      this.#learn(event)
      this.#emit(this.#alarms.label(event.observation.line, event.labelTime, wall), step)
    } else if (name === 'signal') this.#emit(this.#alarms.signal(event, wall), step)
    // Its own alerts come back to it: only what others say of them is new.
    else if (name === 'alert') this.#said(event, step)
  }

  settle(step: Step, now: number, heard: number): void {
    // Silence is judged by what was taken: a line is not silent because its predictions wait in the log.
    const until = Math.min(now, heard)
    if (Number.isFinite(until)) this.#emit(this.#alarms.tick(until), step)
    const { state, decider, trial } = this.#options
    if (trial !== null && !this.#trial.begun) {
      this.#emit([this.#trial.begin(trial, now)], step)
      this.#alarms.trial = true
    }
    this.#trial.tick(now)
    const noted = step.notes.length
    for (const [whose, changes] of [
      ['alert', this.#alarms.changes()],
      ['trial', this.#trial.changes()],
      ['decide', decider.changes()],
      ['early', this.#early.changes()]
    ] as const)
      for (const [key, saved] of changes)
        step.notes.push({ key: `watch/${whose}/${key}`, value: saved === null ? null : state.encode(saved) })
    if (step.notes.length > noted) step.after(() => this.#show())
  }

  #predicted(prediction: Prediction, wall: number, step: Step): void {
    const { decider } = this.#options
    // A predictor that was killed writes some again.
    if (decider.knows(prediction.observation)) return
    this.#trial.part()
    this.#emit(this.#alarms.part(prediction.line, prediction.time, wall), step)
    for (const decision of decider.decide(prediction)) {
      decider.tell?.(decision, step)
      if (decision.action !== 'pass') this.#trial.stopped(decision)
      step.count('decisions', decision.action)
      this.#emit(this.#alarms.take(decision, wall), step)
    }
    for (const example of this.#early.take(prediction.observation)) this.#learn(example)
  }

  #learn(example: Example): void {
    this.#options.decider.learn(example)
    this.#judge(example)
  }

  /** Somebody else wrote of an alert: acknowledged it, or left the trial. */
  #said({ id, kind, rule, by, time }: Alert, step: Step): void {
    if (kind === 'acknowledged') {
      const known = this.#alarms.acknowledge(id, by, time)
      step.count('alerts', known ? 'acknowledged' : 'unknown')
      step.after(() => {
        this.#show()
        this.#options.acknowledged(id)
      })
    } else if (kind === 'cleared' && rule === TRIAL && this.#trial.on) {
      if (!this.#trial.leave(by, time)) return
      // What still stands is raised again, and told.
      this.#emit(this.#alarms.clearAll(time, 'the trial was left'), step)
      this.#alarms.trial = false
      step.after(() => this.#show())
    }
  }

  #judge({ observation, labels, prediction }: Example): void {
    if (prediction === null) return
    for (const [task, name] of Object.entries(labels))
      this.#trial.judged(observation.id, task, this.#options.decider.isDefect(task, name), prediction.time)
  }

  #emit(alerts: readonly Alert[], step: Step): void {
    for (const alert of alerts) {
      step.emit('alerts', alert.line, 'alert', alert)
      step.count('alerts', alert.kind)
      if (this.#ofFlags.has(alert.rule)) this.#trial.alerted(alert)
    }
  }

  #show(): void {
    const { open, recent, lines } = this.#alarms
    this.#shown = { open, recent, lines }
  }
}
