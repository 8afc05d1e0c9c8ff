/**
 * Predictions become decisions, decisions, labels and signals become alerts. What it knows is kept as notes of the claim, so
 * that a decision, its alert and the position behind them are one commit: no cause is raised twice, wherever it is killed.
 *
 * Nothing is folded again: where time alone decides (no parts, nobody acknowledges) the clock is the shell's, and what it
 * decided is an event in the log and a note beside the positions.
 */
import { Alarms, type AlarmsOptions } from '../alert/alarms.ts'
import type { Alert, AnyEvent, Prediction } from '../events/event.ts'
import type { AlertsBoard } from './gateway.ts'
import type { Incoming } from './log.ts'
import type { StateCodec } from './recover.ts'
import type { Stage } from './stage.ts'
import type { Step } from './step.ts'
import type { Watching } from './watching.ts'

export interface WatchOptions extends AlarmsOptions {
  readonly decider: Watching
  readonly state: StateCodec
  /** An acknowledgement is durable, and what became of it shows. */
  readonly acknowledged: (id: string) => void
}

/** Observations remembered to tell a prediction that was written twice: several batches of a predictor that was killed. */
const MAX_IDS = 5000

export class WatchStage implements Stage {
  readonly topics = ['predictions', 'examples', 'signals', 'alerts'] as const
  readonly #options: WatchOptions
  readonly #alarms: Alarms
  readonly #seen = new Set<string>()
  #shown: AlertsBoard = { open: [], recent: [] }

  constructor(options: WatchOptions) {
    this.#options = options
    this.#alarms = new Alarms(options)
  }

  /** Alerts as they stand after the last commit: the open ones, and the newest that were cleared. */
  get alerts(): AlertsBoard {
    return this.#shown
  }

  restore(key: string, value: Uint8Array): void {
    const saved = this.#options.state.decode(value)
    const [whose] = key.split('/', 1) as [string]
    const part = key.slice(whose.length + 1)
    if (whose === 'alert') this.#alarms.load(part, saved)
    else if (whose === 'decide') this.#options.decider.load(part, saved)
  }

  restored(): void {
    this.#show()
  }

  take(record: Incoming, { name, event }: AnyEvent, step: Step): void {
    const wall = record.timestamp
    if (name === 'prediction') this.#predicted(event, wall, step)
    else if (name === 'example') {
      this.#options.decider.learn(event)
      this.#emit(this.#alarms.label(event.observation.line, event.labelTime, wall), step)
    } else if (name === 'signal') this.#emit(this.#alarms.signal(event, wall), step)
    // Its own alerts come back to it: only what others say of them is new.
    else if (name === 'alert' && event.kind === 'acknowledged') {
      const known = this.#alarms.acknowledge(event.id, event.by, event.time)
      step.count('alerts', known ? 'acknowledged' : 'unknown')
      step.after(() => {
        this.#show()
        this.#options.acknowledged(event.id)
      })
    }
  }

  settle(step: Step, now: number, heard: number): void {
    // Silence is judged by what was taken: a line is not silent because its predictions wait in the log.
    const until = Math.min(now, heard)
    if (Number.isFinite(until)) this.#emit(this.#alarms.tick(until), step)
    const { state, decider } = this.#options
    const noted = step.notes.length
    for (const [whose, changes] of [
      ['alert', this.#alarms.changes()],
      ['decide', decider.changes()]
    ] as const)
      for (const [key, saved] of changes)
        step.notes.push({ key: `watch/${whose}/${key}`, value: saved === null ? null : state.encode(saved) })
    if (step.notes.length > noted) step.after(() => this.#show())
  }

  #predicted(prediction: Prediction, wall: number, step: Step): void {
    if (this.#seen.has(prediction.observation)) return
    this.#seen.add(prediction.observation)
    if (this.#seen.size > MAX_IDS) this.#seen.delete(this.#seen.values().next().value!)
    const { decider } = this.#options
    this.#emit(this.#alarms.part(prediction.line, prediction.time, wall), step)
    for (const decision of decider.decide(prediction)) {
      decider.tell?.(decision, step)
      step.count('decisions', decision.action)
      this.#emit(this.#alarms.take(decision, wall), step)
    }
  }

  #emit(alerts: readonly Alert[], step: Step): void {
    for (const alert of alerts) {
      step.emit('alerts', alert.line, 'alert', alert)
      step.count('alerts', alert.kind)
    }
  }

  #show(): void {
    this.#shown = { open: this.#alarms.open, recent: this.#alarms.recent }
  }
}
