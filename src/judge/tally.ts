/**
 * The sums that scores are made of. Invariant: what a tally holds depends on the judgements and their weights alone,
 * not on when it grew, so that a saved one goes on bit for bit.
 *
 * Three groups of sums are kept apart because a label correction may know one and not another: the choice (confusion
 * counts), the probabilities (loss, Brier, calibration) and the baselines' guesses.
 *
 * Shapes: `counts` is (capacity, capacity + 1), truth × (chosen + 1), column 0 for "nothing chosen"; guesses are
 * (capacity + 1), place 0 for "no label known".
 */
import type { Saved } from '../numeric/saved.ts'
import { BINS, binOf } from './calibration.ts'
import type { Judgement } from './judgement.ts'

const LOSS = 0
const BRIER = 1
const NO_CHANGE_HITS = 2
const MAJORITY_HITS = 3

type SavedTally = {
  readonly classes: number
  readonly counts: Float64Array
  readonly met: Float64Array
  readonly noChange: Float64Array
  readonly majority: Float64Array
  readonly sums: Float64Array
  readonly hits: Float64Array
  readonly confidences: Float64Array
}

export class Tally {
  #classes = 0
  #capacity = 0
  #counts = new Float64Array(0)
  /** Truths as the baselines were judged against them. */
  #met = new Float64Array(0)
  #noChange = new Float64Array(1)
  #majority = new Float64Array(1)
  #sums = new Float64Array(4)
  #hits = new Float64Array(BINS)
  #confidences = new Float64Array(BINS)

  /** One more than the greatest class index met. */
  get classes(): number {
    return this.#classes
  }
  get loss(): number {
    return this.#sums[LOSS]!
  }
  get brier(): number {
    return this.#sums[BRIER]!
  }
  get noChangeHits(): number {
    return this.#sums[NO_CHANGE_HITS]!
  }
  get majorityHits(): number {
    return this.#sums[MAJORITY_HITS]!
  }
  /** Correct choices per bin of confidence. */
  get hits(): ArrayLike<number> {
    return this.#hits
  }
  /** Sum of confidence per bin. */
  get confidences(): ArrayLike<number> {
    return this.#confidences
  }

  /** Judgements of `truth` for which `chosen` (−1 for nothing) was chosen. */
  count(truth: number, chosen: number): number {
    return truth < this.#classes && chosen < this.#classes ? this.#counts[truth * (this.#capacity + 1) + chosen + 1]! : 0
  }
  /** Judgements of `truth` as the baselines met it. */
  metBy(truth: number): number {
    return this.#met[truth] ?? 0
  }
  noChangeGuesses(guess: number): number {
    return this.#noChange[guess + 1] ?? 0
  }
  majorityGuesses(guess: number): number {
    return this.#majority[guess + 1] ?? 0
  }

  /** Counts a judgement with weight `w`. */
  add(j: Judgement, w: number): void {
    this.addChoice(j.truth, j.chosen, w)
    this.addProbabilities(j, w)
    this.addGuesses(j, w)
  }

  /** The choice alone; a negative weight withdraws it. */
  addChoice(truth: number, chosen: number, w: number): void {
    if (truth >= this.#classes || chosen >= this.#classes) this.#grow(Math.max(truth, chosen) + 1)
    const i = truth * (this.#capacity + 1) + chosen + 1
    this.#counts[i] = Math.max(0, this.#counts[i]! + w) // withdrawing a faded weight may overshoot by a rounding
  }

  /** Loss, Brier and calibration alone. */
  addProbabilities(j: Judgement, w: number): void {
    this.#sums[LOSS]! += w * j.loss
    this.#sums[BRIER]! += w * j.brier
    const b = binOf(j.confidence, BINS)
    this.#confidences[b]! += w * j.confidence
    if (j.chosen === j.truth) this.#hits[b]! += w
  }

  /** The baselines alone. */
  addGuesses(j: Judgement, w: number): void {
    const { truth, noChange, majority } = j
    const greatest = Math.max(truth, noChange, majority)
    if (greatest >= this.#classes) this.#grow(greatest + 1)
    this.#met[truth]! += w
    this.#noChange[noChange + 1]! += w
    this.#majority[majority + 1]! += w
    if (noChange === truth) this.#sums[NO_CHANGE_HITS]! += w
    if (majority === truth) this.#sums[MAJORITY_HITS]! += w
  }

  /** Multiplies everything by `factor`: scores stay as they are. */
  scale(factor: number): void {
    const all = [this.#counts, this.#met, this.#noChange, this.#majority, this.#sums, this.#hits, this.#confidences]
    for (const array of all) for (let i = 0; i < array.length; i++) array[i]! *= factor
  }

  save(): Saved {
    const C = this.#classes
    return {
      classes: C,
      counts: reshape(this.#counts, this.#capacity, C, C),
      met: this.#met.slice(0, C),
      noChange: this.#noChange.slice(0, C + 1),
      majority: this.#majority.slice(0, C + 1),
      sums: this.#sums.slice(),
      hits: this.#hits.slice(),
      confidences: this.#confidences.slice()
    }
  }

  static load(saved: Saved): Tally {
    const from = saved as SavedTally
    const tally = new Tally()
    tally.#classes = from.classes
    tally.#capacity = from.classes
    tally.#counts = Float64Array.from(from.counts)
    tally.#met = Float64Array.from(from.met)
    tally.#noChange = Float64Array.from(from.noChange)
    tally.#majority = Float64Array.from(from.majority)
    tally.#sums = Float64Array.from(from.sums)
    tally.#hits = Float64Array.from(from.hits)
    tally.#confidences = Float64Array.from(from.confidences)
    return tally
  }

  #grow(classes: number): void {
    if (classes > this.#capacity) {
      const capacity = Math.max(4, 2 * this.#capacity, classes)
      this.#counts = reshape(this.#counts, this.#capacity, capacity, this.#classes)
      this.#met = longer(this.#met, capacity)
      this.#noChange = longer(this.#noChange, capacity + 1)
      this.#majority = longer(this.#majority, capacity + 1)
      this.#capacity = capacity
    }
    this.#classes = classes
  }
}

/** Confusion counts of the first `rows` classes, moved from one capacity to another. */
function reshape(counts: Float64Array, from: number, to: number, rows: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(to * (to + 1))
  for (let y = 0; y < rows; y++) {
    for (let c = 0; c <= rows; c++) out[y * (to + 1) + c] = counts[y * (from + 1) + c]!
  }
  return out
}

function longer(array: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(length)
  out.set(array)
  return out
}
