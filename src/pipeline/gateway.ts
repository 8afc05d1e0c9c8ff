/** What a running pipeline offers to whoever feeds or watches it: the HTTP interface and the terminal. */
import type { AlertState } from '../alert/alert-state.ts'
import type { TrialReport } from '../alert/trial.ts'
import type { DecideReport } from '../decide/report.ts'
import type { Inspection } from '../decide/work-list.ts'
import type { EventName, Events, Prediction, Rejection, RejectionCode } from '../events/event.ts'
import type { LearnerStatus } from '../learner/status.ts'
import type { Following } from './follower.ts'
import type { Position } from './log.ts'
import type { Role } from './roles.ts'

/** What became of one posted event: durable (with its place), or rejected (the rejection is durable too). */
export type Receipt =
  | { readonly accepted: true; readonly position: Position; readonly prediction: Prediction | null }
  | { readonly accepted: false; readonly rejection: Pick<Rejection, 'code' | 'reason'> }

export interface PipelineStatus {
  readonly ready: boolean
  /** Why not ready, in words; empty when ready. */
  readonly reasons: readonly string[]
  readonly startedAt: number
  /** What of the work this process does. */
  readonly role: Role
  /** Null of who only joins or only predicts. */
  readonly learner: LearnerStatus | null
  /** The published states that it predicts by, one a shard, and how many examples behind the log each is; absent of who follows none. */
  readonly following?: readonly (Following & { readonly shard: string; readonly behind: number })[]
  /** Records not yet taken, by topic. */
  readonly lag: Readonly<Record<string, number>>
  readonly positions: readonly Position[]
  /** Events by topic and outcome, since the process started. */
  readonly events: readonly { readonly topic: string; readonly outcome: string; readonly count: number }[]
  readonly waiting: { readonly observations: number; readonly labels: number }
  /** How promises are kept and the inspection budget is spent; absent of who does not decide. */
  readonly decisions?: DecideReport
  readonly snapshot: { readonly learned: number; readonly at: number; readonly bytes: number } | null
  /** What learning and predicting cost: microseconds of the loop’s time per event, by the clock, by part (`predict`, `learn`, `single`). */
  readonly costs: Readonly<Record<string, number>>
}

/** Durations and delays as they happen, for histograms. */
export interface Timings {
  /** Milliseconds between an observation's time and its label's. */
  labelDelay(ms: number): void
  predictMs(ms: number): void
  learnMs(ms: number): void
}

/** The alerts as they stand after the last commit. */
export interface AlertsNow {
  readonly open: readonly AlertState[]
  /** The newest that were cleared, newest first. */
  readonly recent: readonly AlertState[]
  /** Lines that the watch has seen parts or signals of. */
  readonly lines: readonly string[]
  /** How the trial stands; null where there never was one. */
  readonly trial: TrialReport | null
}

export interface AlertsBoard extends AlertsNow {
  readonly sinks: readonly SinkStatus[]
}

/** What a sink was told, since the process started. */
export interface SinkStatus {
  readonly name: string
  readonly delivered: number
  /** Attempts that are to be made again. */
  readonly failed: number
  /** Not taken by the receiver, too old, forgotten by the log before they were told, and not told as of a trial. */
  readonly refused: number
  readonly expired: number
  readonly forgotten: number
  readonly silent: number
  /** Steps of alerts in the log that it was not told yet, as of the last look. */
  readonly behind: number
  /** Why it is not told now; null where it is. */
  readonly failing: string | null
}

/** What the HTTP interface has answered since the process started, and who is there now. */
export interface HttpStatus {
  /** By address as it is declared, and code. */
  readonly answers: readonly { readonly route: string; readonly code: number; readonly count: number }[]
  readonly wrongTokens: number
  readonly sessions: number
  readonly streams: number
  readonly connections: number
  readonly maxStreams: number
  readonly maxConnections: number
}

/** What metrics tell beside the status; `alerts` is null of who does not watch. */
export interface Beside {
  readonly http: HttpStatus
  readonly alerts: AlertsBoard | null
}

export interface Gateway {
  /** The newest parts sent to inspection and not labelled yet, newest first, of one line or all. Null of who does not decide. */
  inspections?(limit: number, line: string | null): readonly Inspection[] | null
  /** How promises are kept and the inspection budget is spent. Null of who does not decide. */
  decisions?(): DecideReport | null
  /** Throws `UNAVAILABLE` (retry) as long as there is no state to tell of. */
  status(): PipelineStatus
  /**
   * Appends posted events (JSON text or one Avro record) to their topic and resolves when they are durable; for
   * observations, when predicted as well, or after `waitMs` with `prediction: null`. Throws `OVERLOADED` (retry) when
   * too many wait, `LOG_FULL` (retry) when there is no room.
   */
  post<N extends EventName & ('observation' | 'label' | 'example')>(
    name: N,
    records: readonly (Uint8Array | Events[N])[],
    signal: AbortSignal
  ): Promise<readonly Receipt[]>
  /**
   * Keeps posted bytes that are no event in `rejects`; resolves when they are durable. Without it the sender is told and
   * nothing is kept. Throws as `post` does.
   */
  reject?(
    name: EventName & ('observation' | 'label' | 'example'),
    records: readonly { readonly bytes: Uint8Array; readonly code: RejectionCode; readonly reason: string }[],
    signal: AbortSignal
  ): Promise<void>
  /** The alerts. Throws `UNAVAILABLE` (retry) where this process does not watch. */
  alerts?(): AlertsBoard
  /** Acknowledges an open alert; resolves once that is durable. Throws as `alerts`, and as `post` does. */
  acknowledge?(id: string, by: string | null): Promise<'acknowledged' | 'unknown' | 'already'>
  /**
   * Leaves the trial, after which sinks are told; resolves once that is durable. `open` is what stands against it. Throws as
   * `acknowledge` does.
   */
  leaveTrial?(by: string | null): Promise<{ readonly left: boolean; readonly open: readonly string[] }>
}
