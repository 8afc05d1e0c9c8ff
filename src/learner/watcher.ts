/**
 * Who looks at what a committee said, when it predicts and just before its pools and banks learn a label: evaluation and its
 * controls. A watcher never gives anything back; what it is shown is valid until it returns.
 */

import type { Input } from '../bank/bank.ts'
import type { DomainBank } from '../bank/domain-bank.ts'

/** What a committee says of a task of a record. */
export interface Said {
  readonly task: string
  readonly classes: readonly string[]
  /** What decides, and what is reported of it, (C). */
  readonly p: Float64Array
  readonly reported: Float64Array
  readonly chosen: number
  /** Forgetting counts of the classes, (C). */
  readonly counts: Float64Array
}

/** The same on arrival of a label, with all that stands behind it. */
export interface Judged extends Said {
  readonly domain: string
  /** Index of the label's class, −1 where it had not occurred. */
  readonly y: number
  readonly input: Input
  /** The names of the M banks, what they said (M, C) and which of them spoke (M): as served, or else on arrival. */
  readonly banks: readonly string[]
  readonly Q: Float32Array
  readonly spoke: Uint8Array
  /** What the single model says, (C), and chooses; null where it does not run. Of classes it knows as the committee does. */
  readonly single: { readonly probabilities: ArrayLike<number>; readonly chosen: number } | null
  /** The bank of every domain's own, where there is one. */
  readonly solo: DomainBank | null
}

export interface Watcher {
  judged(judged: Judged): void
  predicted?(said: Said): void
}
