/**
 * What the watch needs of whoever decides. A decision is policy applied to a prediction; the watch passes it on to the log and
 * to the alerts.
 */
import type { Decided } from '../alert/decided.ts'
import type { DecideReport } from '../decide/report.ts'
import type { Inspection } from '../decide/work-list.ts'
import type { Example, Prediction } from '../events/event.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Step } from './step.ts'

export interface Watching<D extends Decided = Decided> {
  /** Whether a part was decided before: of the newest, over restarts. */
  knows(observation: string): boolean
  /** One decision a task of the prediction, in the order of its tasks. Each prediction is asked of once. */
  decide(prediction: Prediction): readonly D[]
  /** A label has come. */
  learn(example: Example): void
  /** Writes what is worth keeping of a decision: called once each, in order. */
  tell?(decision: D, step: Step): void
  /** Whether a class of a task is a defect: what a flag promises. */
  isDefect(task: string, name: string): boolean
  /** What changed since the last call, by key of at most 1,800 bytes; null for what is gone. */
  changes(): readonly (readonly [string, Saved | null])[]
  /** Takes a part that was saved. */
  load(key: string, saved: Saved): void
  /** All of them are back. */
  restored?(): void
  /** The newest parts sent to inspection and not labelled yet. */
  inspections?(limit: number, line: string | null): readonly Inspection[]
  /** How promises are kept and the inspection budget is spent. */
  report?(): DecideReport
}
