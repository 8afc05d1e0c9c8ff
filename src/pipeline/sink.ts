/**
 * Where alerts are told: what the pipeline needs of a receiver, and nothing more. The law-suite `test/pipeline/sink.laws.ts`
 * holds every adapter to what is written here.
 */
import type { Alert } from '../events/event.ts'
import type { AlertsNow } from './gateway.ts'

/** One step of an alert's life to be told. */
export interface Notice {
  /** The same whenever the same step is told again, so that a receiver can drop repeats. */
  readonly id: string
  readonly alert: Alert
}

export interface Sink {
  /** Names its group in the log and its metrics: lower-case letters, digits and dashes. */
  readonly name: string
  /**
   * Resolves once the receiver has it. Never waits without a bound. Throws the signal's reason when aborted; `UNAVAILABLE`
   * (retry) where the receiver does not take it now: it is told again later; `INPUT_INVALID` (reject) where it will never take
   * this one. No message of either holds a secret.
   */
  deliver(notice: Notice, signal: AbortSignal): Promise<void>
  /**
   * Shows the alerts as they stand, for receivers that hold a state. Called at the start, after what was delivered, and every
   * `everyMs`; where it throws, with the next call. Alerts of a trial are not in it.
   */
  readonly refresh?: { readonly everyMs: number; show(board: AlertsNow, signal: AbortSignal): Promise<void> }
  /** Idempotent. */
  close(): Promise<void>
}
