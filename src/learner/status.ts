/** What the learner tells of itself: for `/status`, the metrics and the terminal. */
import type { Report } from '../judge/report.ts'
import type { BankReport } from '../stability/expert-report.ts'

export interface TaskStatus {
  readonly task: string
  readonly classes: readonly string[]
  readonly learned: number
  /** Scores of the opinion computed on arrival, before learning. */
  readonly testThenTrain: Report
  /** The same over the sliding window of the last examples. */
  readonly window: Report
  /** The same with forgetting. */
  readonly forgetting: Report
  /** Scores of the predictions as they were served; n is 0 where examples came without. */
  readonly asServed: Report
  /** Of the single model (one expert on the same encoding), test-then-train; null when switched off. */
  readonly single: Report | null
  readonly perDomain: Readonly<Record<string, Report>>
  readonly banks: readonly BankReport[]
  /** Bytes of the weights of its banks, of the single model's, and of what it remembers. */
  readonly bytes: { readonly model: number; readonly single: number; readonly memory: number }
}

export interface LearnerStatus {
  /** Version of the fold. */
  readonly fold: number
  readonly learned: number
  readonly repeated: number
  readonly corrected: number
  readonly domains: readonly string[]
  readonly features: number
  /** Bytes of the numeric state. */
  readonly bytes: number
  readonly tasks: readonly TaskStatus[]
}
