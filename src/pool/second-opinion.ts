/**
 * What the choice of one task would add to the opinion of another. With n[k][c] the forgetting counts of how often task u's
 * class was c when task t chose k, and E[k][c] = n[k][·] n[·][c] / n the same if the two had nothing to do with each other,
 *
 *     p'(c) ∝ p(c) (n[k][c] + 1) / (E[k][c] + 1)
 *
 * and kept is the forgetting mean of ln p'(y) − ln p(y). Above 0, t knows what u's committee does not; at 0 the two have
 * nothing to say to each other; below 0 they say the same thing twice.
 *
 * Invariant: an example is scored before it is counted. A choice or a class never met changes nothing, and so does a task
 * that always chooses the same.
 *
 * Shapes: n is (K, C), K classes of t, C of u, both growing; p is (C).
 *
 * Differs from naive Bayes, n(c|k)/n(c) with one added to each count, where that would speak of what it has not seen: there
 * a choice never met would turn the rates of the classes upside down. Adding one to both sides of n/E shrinks to 1, after
 * DuMouchel (1999).
 */
import { log } from '../numeric/exp-log.ts'
import type { Saved } from '../numeric/saved.ts'

/** Classes counted, of either task: a table is then at most 8 KB. A task of more is left out. */
export const COUNTED_CLASSES = 32
/** Counts remember about the last 2,000 examples, as the class frequencies do. */
const FORGETTING = 0.9995
/** The mean is of about the last 1,000, as what sharing gains of late. */
const RATE = 0.001
/** Counts fade by letting new ones grow; beyond this all are scaled back. */
const MOST_ONE = 1e6

export interface SecondOpinionReport {
  /** Examples compared. */
  readonly n: number
  /** Nats an example of late. */
  readonly gain: number
}

/**
 * @example
 * ```ts
 * import { SecondOpinion } from '../src/pool/second-opinion.ts'
 * const second = new SecondOpinion()
 * for (let i = 0; i < 100; i++) second.add(i % 2, [0.5, 0.5], i % 2)
 * second.report().gain > 0.5 // => true
 * ```
 */
export class SecondOpinion {
  #K = 0
  #C = 0
  #n = new Float64Array(0)
  /** Room of `#lifts`, (C). */
  #columns = new Float64Array(0)
  /** What an example counts: it grows by 1/FORGETTING, which is the same as if all before faded. */
  #one = 1
  #examples = 0
  #gain = 0
  #weight = 0

  /** An example of class `y` of u, of which t chose `k` and u's committee said `p`. */
  add(k: number, p: ArrayLike<number>, y: number): void {
    if (Math.max(k + 1, y + 1, p.length) > COUNTED_CLASSES) return
    this.#makeRoom(Math.max(this.#K, k + 1), Math.max(this.#C, p.length))
    const lift = this.#lifts(k)
    let sum = 0
    for (let c = 0; c < p.length; c++) sum += p[c]! * lift[c]!
    const gain = log(lift[y]! / sum)
    this.#examples++
    this.#gain += RATE * (gain - this.#gain)
    this.#weight += RATE * (1 - this.#weight)
    this.#one /= FORGETTING
    this.#n[k * this.#C + y]! += this.#one
    if (this.#one <= MOST_ONE) return
    for (let i = 0; i < this.#n.length; i++) this.#n[i]! /= this.#one
    this.#one = 1
  }

  report(): SecondOpinionReport {
    return { n: this.#examples, gain: this.#examples > 0 ? this.#gain / this.#weight : 0 }
  }

  save(): Saved {
    return { K: this.#K, C: this.#C, n: this.#n.slice(), told: Float64Array.of(this.#one, this.#examples, this.#gain, this.#weight) }
  }

  load(saved: Saved): void {
    const { K, C, n, told } = saved as { K: number; C: number; n: Float64Array; told: Float64Array }
    this.#K = K
    this.#C = C
    this.#n = n.slice()
    this.#columns = new Float64Array(C)
    const [one, examples, gain, weight] = told
    this.#one = one!
    this.#examples = examples!
    this.#gain = gain!
    this.#weight = weight!
  }

  /** How much likelier each class is where t chose `k`, (C). Valid until the next call. */
  #lifts(k: number): Float64Array {
    const C = this.#C
    const one = this.#one
    const columns = this.#columns.fill(0)
    let all = 0
    let row = 0
    for (let at = 0; at < this.#n.length; at++) {
      columns[at % C]! += this.#n[at]!
      all += this.#n[at]!
    }
    for (let c = 0; c < C; c++) row += this.#n[k * C + c]!
    const share = all > 0 ? row / all : 0
    for (let c = 0; c < C; c++) columns[c] = (this.#n[k * C + c]! + one) / (share * columns[c]! + one)
    return columns
  }

  #makeRoom(K: number, C: number): void {
    if (K === this.#K && C === this.#C) return
    const wider = new Float64Array(K * C)
    for (let k = 0; k < this.#K; k++) for (let c = 0; c < this.#C; c++) wider[k * C + c] = this.#n[k * this.#C + c]!
    this.#n = wider
    this.#columns = new Float64Array(C)
    this.#K = K
    this.#C = C
  }
}
