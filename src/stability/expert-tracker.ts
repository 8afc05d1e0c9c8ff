/**
 * What each expert of one mixture bank does: how much it is used, what it is responsible for, from how many examples it
 * knows each class, and whether its function still moves. Invariant: every figure forgets, so that an expert is told as
 * it is, not as it was; and the tracker only watches, nothing the bank learns depends on it.
 *
 * With gate g and responsibilities r of an example of class y and ρ = 1 − rate, per expert k:
 *   utilisation     Σ w gₖ / Σ w       both sums fading by ρ at every example
 *   responsibility  Σ w rₖ / Σ w       so
 *   sample size     (Σ w rₖ)² / Σ (w rₖ)²   of class y's examples, both sums fading by ρ at every example *of that class*:
 *                   a class seen once an hour is not forgotten by the minute. It is at most 1/rate, and sinks to 0 for an
 *                   expert that the class no longer asks (Kish, 1965).
 *   part of a class Σ w rₖ / Σₖ Σ w rₖ of class y's examples
 */
import { log } from '../numeric/exp-log.ts'
import type { Saved } from '../numeric/saved.ts'
import type { BankActivity } from './expert-report.ts'

const UNKNOWN = -1
/** Examples of a class from which it tells who answers for it. */
const FEW = 10
/** A smaller share adds less than a thousandth of a nat to the entropy, and a logarithm is the dearest part of a step. */
const LEAST_SHARE = 1e-4

type SavedTracker = {
  readonly K: number
  readonly rate: number
  readonly classes: number
  readonly weights: Float64Array
  readonly used: Float64Array
  readonly answered: Float64Array
  readonly whole: Float64Array
  readonly entropy: Float64Array
  readonly sums: Float64Array
  readonly squares: Float64Array
  readonly change: Float64Array
  readonly renewed: Uint8Array
}

/**
 * @example
 * ```ts
 * import { ExpertTracker } from '../src/stability/expert-tracker.ts'
 * const tracker = new ExpertTracker(2)
 * tracker.observe(Float32Array.of(0.5, 0.5), Float32Array.of(1, 0), 0)
 * const { experts } = tracker.report('shared', ['good'])
 * const [first] = experts
 * first // => { expert: 0, utilisation: 0.5, responsibility: 1, examples: 1, effectiveSampleSize: { good: 1 }, perClass: { good: 1 }, change: null }
 * ```
 */
export class ExpertTracker {
  readonly experts: number
  #rate: number
  #classes = 0
  /** Fading Σ w per expert, each with its own so that one can be reset. */
  #weights: Float64Array
  #used: Float64Array
  #answered: Float64Array
  /** Σ w r, of which nothing fades. */
  #whole: Float64Array
  /** Fading Σ w and Σ w·H(g). */
  #entropy = new Float64Array(2)
  /** (classes, K): fading Σ w r and Σ (w r)². */
  #sums = new Float64Array(0)
  #squares = new Float64Array(0)
  /** Per expert, or `UNKNOWN`. */
  #change: Float64Array
  /** 1 for an expert reset since the change was last set. */
  #renewed: Uint8Array

  /** @param rate what is forgotten at each example; .001 remembers about the last 1,000 */
  constructor(K: number, rate = 0.001) {
    if (!Number.isInteger(K) || K < 1) throw new RangeError(`expected 1 expert or more, got ${K}: give the bank's K`)
    if (!(rate > 0 && rate < 1)) throw new RangeError(`expected a rate between 0 and 1, got ${rate}: give what is forgotten, as .001`)
    this.experts = K
    this.#rate = rate
    this.#weights = new Float64Array(K)
    this.#used = new Float64Array(K)
    this.#answered = new Float64Array(K)
    this.#whole = new Float64Array(K)
    this.#change = new Float64Array(K).fill(UNKNOWN)
    this.#renewed = new Uint8Array(K)
  }

  /**
   * An example was learned. `g` and `r` (K) are the gate and the responsibilities before that, `truth` its class index,
   * `w` how much it counts (0 not at all). The entropy is the mean of those with `entropy`, as its logarithms cost as much as
   * all the rest. Allocates only when a class is new.
   */
  observe(g: Float32Array, r: Float32Array, truth: number, w = 1, entropy = true): void {
    const K = this.experts
    if (g.length !== K || r.length !== K)
      throw new RangeError(`expected ${K} gate shares and responsibilities, got ${g.length} and ${r.length}: give the bank's own`)
    if (!Number.isInteger(truth) || truth < 0)
      throw new RangeError(`expected the truth as a class index from 0 on, got ${truth}: give the index in the list of classes`)
    if (!(w >= 0)) throw new RangeError(`expected a weight of 0 or more, got ${w}: give what the example counts`)
    this.#growTo(truth + 1)
    const keep = 1 - this.#rate
    const [weights, used, answered, whole, sums, squares] = [
      this.#weights,
      this.#used,
      this.#answered,
      this.#whole,
      this.#sums,
      this.#squares
    ]
    let H = 0
    for (let k = 0, at = truth * K; k < K; k++, at++) {
      const gk = g[k]!
      const share = w * r[k]!
      weights[k] = keep * weights[k]! + w
      used[k] = keep * used[k]! + w * gk
      answered[k] = keep * answered[k]! + share
      whole[k]! += share
      sums[at] = keep * sums[at]! + share
      squares[at] = keep * squares[at]! + share * share
      if (entropy && gk > LEAST_SHARE) H -= gk * log(gk)
    }
    if (!entropy) return
    this.#entropy[0] = keep * this.#entropy[0]! + w
    this.#entropy[1] = keep * this.#entropy[1]! + w * H
  }

  /**
   * Sets the change of every expert's function (K), each from 0 to 1, as `meanHellinger` tells it between two probes. An
   * expert that was reset since the last time stays unknown: what was measured spans its reset.
   */
  setChange(perExpert: ArrayLike<number>): void {
    const K = this.experts
    if (perExpert.length !== K) throw new RangeError(`expected the change of ${K} experts, got ${perExpert.length}: give one for each`)
    for (let k = 0; k < K; k++) this.#change[k] = this.#renewed[k] === 1 ? UNKNOWN : Math.min(1, Math.max(0, perExpert[k]!))
    this.#renewed.fill(0)
  }

  /** Expert `k` starts anew: its figures do too, and its change is unknown until it has been set twice. */
  reset(k: number): void {
    if (!Number.isInteger(k) || k < 0 || k >= this.experts)
      throw new RangeError(`expected an expert from 0 to ${this.experts - 1}, got ${k}`)
    for (const array of [this.#weights, this.#used, this.#answered, this.#whole]) array[k] = 0
    for (let at = k; at < this.#sums.length; at += this.experts) this.#sums[at] = this.#squares[at] = 0
    this.#change[k] = UNKNOWN
    this.#renewed[k] = 1
  }

  /** The larger of an expert's gate share and its responsibility. */
  work(k: number): number {
    return share(Math.max(this.#used[k]!, this.#answered[k]!), this.#weights[k]!)
  }

  /** The larger of an expert's work and its part of any class that has come a few times. */
  share(k: number): number {
    let most = this.work(k)
    for (let c = 0; c < this.#classes; c++) if (this.#met(c) >= FEW) most = Math.max(most, this.#part(c, k))
    return most
  }

  /** Σ w r of an expert since it began: how many examples it has learned from. */
  learnedBy(k: number): number {
    return this.#whole[k]!
  }

  /** Before any example shares and entropy are 0. Throws `RangeError` when a class was met that is not named. */
  report(bank: string, classNames: readonly string[]): BankActivity {
    if (classNames.length < this.#classes)
      throw new RangeError(`expected the names of ${this.#classes} classes, got ${classNames.length}: give every class met so far`)
    const experts = Array.from({ length: this.experts }, (_, k) => ({
      expert: k,
      utilisation: share(this.#used[k]!, this.#weights[k]!),
      responsibility: share(this.#answered[k]!, this.#weights[k]!),
      examples: this.learnedBy(k),
      effectiveSampleSize: Object.fromEntries(classNames.map((name, c) => [name, this.#sampleSize(c, k)])),
      perClass: Object.fromEntries(classNames.map((name, c) => [name, this.#part(c, k)])),
      change: this.#change[k] === UNKNOWN ? null : this.#change[k]!
    }))
    return { bank, gateEntropy: share(this.#entropy[1]!, this.#entropy[0]!), experts }
  }

  save(): Saved {
    return {
      K: this.experts,
      rate: this.#rate,
      classes: this.#classes,
      weights: this.#weights.slice(),
      used: this.#used.slice(),
      answered: this.#answered.slice(),
      whole: this.#whole.slice(),
      entropy: this.#entropy.slice(),
      sums: this.#sums.slice(0, this.#classes * this.experts),
      squares: this.#squares.slice(0, this.#classes * this.experts),
      change: this.#change.slice(),
      renewed: this.#renewed.slice()
    }
  }

  static load(saved: Saved): ExpertTracker {
    const from = saved as SavedTracker
    const tracker = new ExpertTracker(from.K, from.rate)
    tracker.#classes = from.classes
    tracker.#weights = Float64Array.from(from.weights)
    tracker.#used = Float64Array.from(from.used)
    tracker.#answered = Float64Array.from(from.answered)
    tracker.#whole = Float64Array.from(from.whole)
    tracker.#entropy = Float64Array.from(from.entropy)
    tracker.#sums = Float64Array.from(from.sums)
    tracker.#squares = Float64Array.from(from.squares)
    tracker.#change = Float64Array.from(from.change)
    tracker.#renewed = Uint8Array.from(from.renewed)
    return tracker
  }

  #sampleSize(c: number, k: number): number {
    const at = c * this.experts + k
    return c < this.#classes ? share(this.#sums[at]! * this.#sums[at]!, this.#squares[at]!) : 0
  }

  #part(c: number, k: number): number {
    return c >= this.#classes ? 0 : share(this.#sums[c * this.experts + k]!, this.#met(c))
  }

  /** Examples of a class that all experts together remember. */
  #met(c: number): number {
    let whole = 0
    for (let at = c * this.experts; at < (c + 1) * this.experts; at++) whole += this.#sums[at]!
    return whole
  }

  #growTo(classes: number): void {
    if (classes <= this.#classes) return
    this.#classes = classes
    const length = classes * this.experts
    if (length <= this.#sums.length) return
    const room = Math.max(length, 2 * this.#sums.length)
    const sums = new Float64Array(room)
    const squares = new Float64Array(room)
    sums.set(this.#sums)
    squares.set(this.#squares)
    this.#sums = sums
    this.#squares = squares
  }
}

function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0
}
