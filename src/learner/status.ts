/** What the learner tells of itself: for `/status`, the metrics and the terminal. */
import type { ReadinessReport } from '../judge/readiness.ts'
import type { Report } from '../judge/report.ts'
import type { TransferReport } from '../pool/transfer.ts'
import type { BankReport } from '../stability/expert-report.ts'
import type { BlendReport } from './blend.ts'
import type { DriftReport } from './drift-report.ts'
import type { AffinityReport } from './line-affinity.ts'
import type { StartStatus } from './starts.ts'
import type { SyntheticReport } from './synthetic-replay.ts'

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
  /** Per domain and class: whether the class may be relied on there. */
  readonly readiness: readonly ReadinessReport[]
  /** Per domain: how the banks are weighed, and what sharing gained or cost. */
  readonly committee: Readonly<Record<string, BlendReport>>
  /** Per domain: what sharing gained or cost as it was served; none where examples came without a prediction. */
  readonly sharingAsServed: Readonly<Record<string, TransferReport>>
  /** What one domain's own bank would gain another, by pairs of domains: the first 64. */
  readonly affinity: readonly AffinityReport[]
  /** Where its mixtures started, and how much that mattered; none where there was no choice. */
  readonly starts: readonly StartStatus[]
  /** Per class that was rare so far: whether practising synthetic examples helps it; none where they are off. */
  readonly synthetic: readonly SyntheticReport[]
  /** Drifts found, newest first, at most 32; none where they are not looked for. */
  readonly drift: readonly DriftReport[]
  /** Bytes of the weights of its banks, of the single model's, and of what it remembers. */
  readonly bytes: { readonly model: number; readonly single: number; readonly memory: number }
}

export interface LearnerStatus {
  /** Version of the fold. */
  readonly fold: number
  /** What the inner loops run on: the bits are the same, `plain` is about ten times slower. */
  readonly kernel: 'simd' | 'plain'
  readonly learned: number
  readonly repeated: number
  readonly corrected: number
  readonly domains: readonly string[]
  readonly features: number
  /** Bytes of the numeric state. */
  readonly bytes: number
  readonly tasks: readonly TaskStatus[]
  /** What one task's choice would add to another's opinion, by pairs of tasks: the first 16, of at most 32 classes each. */
  readonly affinity: readonly AffinityReport[]
}
