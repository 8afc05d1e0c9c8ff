/**
 * What is kept of one class of one task: its threshold, how its promise was kept so far, and sums that tell its rate and
 * recall from labels that were not picked evenly. Invariant: a part is counted by the decision made of it, never by a
 * later one.
 */
import type { Saved } from '../numeric/saved.ts'
import { type SavedThreshold, Threshold, type ThresholdOptions } from './conformal.ts'
import { type SavedSums, WeightedSums } from './corrected.ts'

/** Labels of the sliding window in which coverage is told beside that since the start. */
export const RECENT = 200

/** How a label of the class found the part. */
export interface Outcome {
  /** The probability it had been given; null where the class was not known, or not what was said. */
  readonly probability: number | null
  /** Whether the class was in the set. */
  readonly held: boolean
  readonly passed: boolean
  readonly right: boolean
  /** One over the propensity with which it came to be labelled; null where its label was no part of the sample. */
  readonly weight: number | null
}

export class ClassBook {
  /** Null where nothing is promised. */
  readonly threshold: Threshold | null
  readonly sums = new WeightedSums()
  #labels = 0
  #outside = 0
  #passed = 0
  /** Of the last labels: 1 where the class was outside its set. */
  #recent: number[] = []

  constructor(promise: ThresholdOptions | null) {
    this.threshold = promise === null ? null : new Threshold(promise)
  }

  get counts(): { readonly labels: number; readonly outside: number; readonly passed: number; readonly recent: readonly number[] } {
    return { labels: this.#labels, outside: this.#outside, passed: this.#passed, recent: this.#recent }
  }

  learn({ probability, held, passed, right, weight }: Outcome): void {
    this.#labels++
    if (!held) this.#outside++
    if (passed) this.#passed++
    this.#recent.push(held ? 0 : 1)
    if (this.#recent.length > RECENT) this.#recent.shift()
    if (weight === null) return
    this.sums.add(weight, { right, passed, outside: !held })
    this.threshold?.learn(probability, held, weight)
  }

  /** A label was no label of this class: what it taught is taken back, the newest of what is the same. */
  takeBack({ probability, held, passed, right, weight }: Outcome): void {
    this.#labels--
    if (!held) this.#outside--
    if (passed) this.#passed--
    const at = this.#recent.lastIndexOf(held ? 0 : 1)
    if (at >= 0) this.#recent.splice(at, 1)
    if (weight === null) return
    this.sums.add(weight, { right, passed, outside: !held }, -1)
    this.threshold?.takeBack(probability, held, weight)
  }

  save(): Saved {
    const { threshold, sums } = this
    return [this.#labels, this.#outside, this.#passed, this.#recent.join(''), sums.save(), threshold === null ? null : threshold.save()]
  }

  load(saved: Saved): void {
    const [labels, outside, passed, recent, sums, threshold] = saved as unknown as [
      number,
      number,
      number,
      string,
      SavedSums,
      SavedThreshold | null
    ]
    this.#labels = labels
    this.#outside = outside
    this.#passed = passed
    this.#recent = [...recent].map(Number)
    this.sums.load(sums)
    // A promise that has been made or withdrawn since begins, or ends, here.
    if (threshold !== null) this.threshold?.load(threshold)
  }
}
