/** What is told of the experts of a bank. Shares are forgetting means over about the last 1,000 examples. */
import type { Way } from './needs.ts'
import type { ExpertState } from './state.ts'

/** What an expert does. */
export interface ExpertActivity {
  readonly expert: number
  /** Mean gate share, 0 to 1. */
  readonly utilisation: number
  /** Mean responsibility for the labels that came, 0 to 1. */
  readonly responsibility: number
  /** Examples it has learned from since it began: Σ r of its responsibilities. */
  readonly examples: number
  /** (Σ r)² / Σ r² of its responsibilities, per class: how many examples it has learned that class from. */
  readonly effectiveSampleSize: Readonly<Record<string, number>>
  /** Its part of the responsibility for each class, 0 to 1, of the last examples of that class. */
  readonly perClass: Readonly<Record<string, number>>
  /** Hellinger distance, 0 to 1, between its opinions now and 1,000 examples ago on the same inputs, where it speaks; null before. */
  readonly change: number | null
}

/** The same with what its function is like and what follows from it. */
export interface ExpertReport extends ExpertActivity {
  /** Its mean gate share on each line or other domain, of the last examples there. */
  readonly perDomain: Readonly<Record<string, number>>
  /** How much the parts it is asked about changed, 0 to 1, in 1,000 examples; null before. */
  readonly shift: number | null
  /** By how much its change changes per 1,000 examples, over the last few probes; null before two of them. */
  readonly trend: number | null
  /** How much its opinion varies over the inputs where it speaks, as a Hellinger distance from its mean; null before the first probe. */
  readonly variation: number | null
  /** The expert that says most nearly the same; null where there is none. */
  readonly nearest: number | null
  /** Mean Hellinger distance to the nearest, where either speaks. */
  readonly distance: number | null
  /** What its bank would lose by each way to do without it, nats an example where it speaks; below 0 gain, null before it is known. */
  readonly without: Readonly<Record<Way, number | null>>
  readonly state: ExpertState
  /** Examples of its task learned when it came into its state. */
  readonly since: number
  /** False where its weights mean nothing by themselves: it is constant or says what another says, and nobody needs it. */
  readonly interpretable: boolean
  /** Whether its bank is little more than this expert. */
  readonly dominating: boolean
  /** One sentence: why it is in its state, and what would help. */
  readonly cure: string
}

export interface BankActivity {
  readonly bank: string
  /** Mean entropy of the gate, nats, 0 to ln K. */
  readonly gateEntropy: number
  readonly experts: readonly ExpertActivity[]
}

export interface BankReport extends BankActivity {
  /** The domain that it is the own bank of; null where it is that of all. */
  readonly domain: string | null
  readonly experts: readonly ExpertReport[]
}
