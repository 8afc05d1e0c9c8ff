/** A part of the pipeline: takes the events of its topics in the order of the log and adds what it makes of them to the step. */
import type { AnyEvent, Topic } from '../events/event.ts'
import type { Incoming } from './log.ts'
import type { Step } from './step.ts'

export interface Stage {
  readonly topics: readonly Topic[]
  /** Never throws on data: what cannot be used is rejected through the step. */
  take(record: Incoming, event: AnyEvent, step: Step): void
  /** A record of its topics could not be used. */
  skip?(record: Incoming): void
  /** The batch is at its end, it is `now`, and every prediction written before `heard` has been taken. */
  settle(step: Step, now: number, heard: number): void
}
