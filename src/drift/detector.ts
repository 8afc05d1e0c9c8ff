/**
 * What every drift detector is: a stream of numbers goes in, one at a time, and it says when their mean, or their distribution,
 * is no longer what it was. The law-suite `test/drift/detector.laws.ts` holds every one to what is written here.
 *
 * Invariant: it fires once per change. At the update after the one at which it fired it starts anew, knowing nothing of what
 * was before, or only what came since the change.
 */
import type { Saved } from '../numeric/saved.ts'

/** What it fired for: the evidence. */
export interface Change {
  /** Values seen since the change, those by which it was found. */
  readonly seen: number
  /** Means before it and since. */
  readonly before: number
  readonly after: number
  /** The mark of the first value since the change. */
  readonly since: number
}

export interface Detector {
  /**
   * Takes the next value and says whether a change is found at it. `mark` is whatever the caller wants to have back of the
   * value at which the change began: a time, a number.
   */
  update(value: number, mark?: number): boolean
  /** Of the last update, where it fired; else null. */
  readonly change: Change | null
  /**
   * The promise: values between two false alarms, on average and at least, of independent values with one distribution.
   * Each detector says where it comes from.
   */
  readonly averageRunLength: number
  /** Forgets everything. */
  reset(): void
  save(): Saved
  /** Goes on bit for bit where `save` stood, with the same options. */
  load(saved: Saved): void
}
