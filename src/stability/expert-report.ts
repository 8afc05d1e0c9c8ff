/** What is told of the experts of a bank. Shares are forgetting means over about the last 1,000 examples. */

export interface ExpertReport {
  readonly expert: number
  /** Mean gate share, 0 to 1. */
  readonly utilisation: number
  /** Mean responsibility for the labels that came, 0 to 1. */
  readonly responsibility: number
  /** (Σ r)² / Σ r² of its responsibilities, per class: how many examples it has learned that class from. */
  readonly effectiveSampleSize: Readonly<Record<string, number>>
  /** Mean Hellinger distance, 0 to 1, between its opinions now and 1,000 examples ago on the same inputs; null before. */
  readonly change: number | null
}

export interface BankReport {
  readonly bank: string
  /** Mean entropy of the gate, nats, 0 to ln K. */
  readonly gateEntropy: number
  readonly experts: readonly ExpertReport[]
}
