/** What the server answers, as far as the page reads it. Parts that a version does not have yet are absent, and shown so. */
import type { AlertState } from '../alert/alert-state.ts'
import type { Inspection } from '../decide/work-list.ts'
import type { LearnerStatus, TaskStatus } from '../learner/status.ts'

export type { AlertState, Inspection }
export type Severity = AlertState['severity']

/** As `PipelineStatus`, whose module needs what a browser does not have. */
export interface Status {
  readonly ready: boolean
  readonly reasons: readonly string[]
  readonly startedAt: number
  readonly role: string
  readonly learner: (Omit<LearnerStatus, 'tasks'> & { readonly tasks: readonly Task[] }) | null
  readonly lag: Readonly<Record<string, number>>
  readonly events: readonly { readonly topic: string; readonly outcome: string; readonly count: number }[]
  readonly waiting: { readonly observations: number; readonly labels: number }
  readonly snapshot: { readonly learned: number; readonly at: number; readonly bytes: number } | null
  readonly costs: Readonly<Record<string, number>>
  readonly following?: readonly { readonly shard: string; readonly behind: number }[]
}

/** What can be asked for of a task beside its name. */
export type TaskField = Exclude<keyof TaskStatus, 'task'>
/** With what the view that is open has asked for, once that has come. */
export type Task = Pick<TaskStatus, 'task'> & Partial<Pick<TaskStatus, TaskField>>

export interface Alerts {
  readonly open: readonly AlertState[]
  readonly recent: readonly AlertState[]
}

/** Who asks, and what he may do here. */
export interface Me {
  readonly name: string | null
  readonly role: string | null
  readonly lines: 'any' | readonly string[]
  readonly may: readonly string[]
  readonly expires: number | null
}
