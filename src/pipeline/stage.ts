/** A part of the pipeline: takes the events of its topics in the order of the log and adds what it makes of them to the step. */
import type { AnyEvent, Topic } from '../events/event.ts'
import type { Incoming } from './log.ts'
import type { Step } from './step.ts'

export interface Stage {
  readonly topics: readonly Topic[]
  /** Never throws on data: what cannot be used is rejected through the step. */
  take(record: Incoming, event: AnyEvent, step: Step): void
  /** The batch is at its end and the log's time at `now`. */
  settle(step: Step, now: number): void
}
