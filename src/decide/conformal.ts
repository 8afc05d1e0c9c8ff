/**
 * The threshold of one class of one task (Mondrian: each class has its own), online: a part is in the set of class c where
 * its reported probability p_c ≥ θ, so that of the parts of class c at most a share α is outside.
 *
 *     θ   the ⌊a·(n+1)⌋-th smallest of the last n probabilities that parts of class c had, as served     (split conformal)
 *     a   ← min(2α, a + γ (α − err))     err = 1 where a labelled part of class c was outside when it was decided (ACI)
 *
 * Below n + 1 = 1/α labels nothing can be ruled out: θ = 0. Between there and a = −2γ it falls towards 0 from the smallest
 * probability seen. Invariant, for parts in any order an adversary likes, of which D are not labelled yet at most: of T labels
 * at most α T + (α + 2γ)/γ + D + 1 were outside, as long as γ (D + 2) ≤ 1. (a never goes below −1: of more misses on
 * the way than that, the class would be paid for by flagging every part for years.)
 *
 * Sources: Gibbs & Candès (2021), "Adaptive conformal inference under distribution shift"; Vovk et al. (2003), Mondrian
 * confidence machines. Disagreements: ACI lets a rise above α without end and so spends all it has saved on one drift,
 * and at a < 0 rules out nothing at once, which on a line of 1,000 parts an hour flags every one of them for one miss.
 */

/** Room between 1 and what 1/α promises, for rounding: 0.05 · 20 is 1. */
const ROUNDING = 1e-9

export interface ThresholdOptions {
  /** Promised miss rate, α. */
  readonly missRate: number
  /** γ; 0 keeps a at α. */
  readonly adapt: number
  /** n at most; null for all. */
  readonly window: number | null
}

/** What is kept: a, and the last n probabilities with their weights, oldest first; weights null where all are 1. */
export type SavedThreshold = readonly [a: number, p: Float32Array, w: Float64Array | null]

export class Threshold {
  readonly #options: ThresholdOptions
  #a: number
  #p: number[] = []
  #w: number[] = []
  /** The same by rising probability. */
  #sorted: [p: number, w: number][] = []
  #theta: number | null = null

  constructor(options: ThresholdOptions) {
    this.#options = options
    this.#a = options.missRate
  }

  /** α. */
  get missRate(): number {
    return this.#options.missRate
  }

  /** a. */
  get working(): number {
    return this.#a
  }

  /** Labels it is taken from. */
  get labels(): number {
    return this.#p.length
  }

  /** Labels below which nothing can be ruled out: ⌈1/α⌉ − 1. */
  get needed(): number {
    return Math.ceil(1 / this.#options.missRate - ROUNDING) - 1
  }

  get ready(): boolean {
    return this.#p.length >= this.needed
  }

  /** θ. */
  get value(): number {
    this.#theta ??= this.#reckon()
    return this.#theta
  }

  /** Whether a part with this probability is in the set. */
  holds(p: number): boolean {
    return Math.fround(p) >= this.value
  }

  /**
   * A part of this class was labelled: the probability it had, and whether it was in the set when it was decided, by the
   * threshold of that time; null where it had none. `weight` is one over the propensity with which it came to be labelled; it counts for as many.
   */
  learn(p: number | null, held: boolean, weight = 1): void {
    const { missRate, adapt, window } = this.#options
    // A part that stands for many moves a as far as they would, though never by more than ten: one label stays one label.
    const step = adapt * Math.min(weight, 10)
    this.#a = Math.max(-1, Math.min(2 * missRate, this.#a + step * (missRate - (held ? 0 : 1))))
    this.#theta = null
    if (p === null) return
    // As the log carries it, so that what is kept is what was compared.
    const served = Math.fround(p)
    this.#p.push(served)
    this.#w.push(weight)
    this.#insert(served, weight)
    if (window !== null && this.#p.length > Math.max(window, 2 * this.needed)) {
      this.#remove(this.#p.shift()!, this.#w.shift()!)
    }
  }

  /** A part that was learned was of another class: it is as if it had not been, but for what a has been kept within. */
  takeBack(p: number | null, held: boolean, weight = 1): void {
    const { missRate, adapt } = this.#options
    const step = adapt * Math.min(weight, 10)
    this.#a = Math.max(-1, Math.min(2 * missRate, this.#a - step * (missRate - (held ? 0 : 1))))
    this.#theta = null
    if (p === null) return
    const served = Math.fround(p)
    for (let i = this.#p.length - 1; i >= 0; i--) {
      if (this.#p[i] !== served || this.#w[i] !== weight) continue
      this.#p.splice(i, 1)
      this.#w.splice(i, 1)
      this.#remove(served, weight)
      return
    }
  }

  save(): SavedThreshold {
    return [this.#a, Float32Array.from(this.#p), this.#w.every(w => w === 1) ? null : Float64Array.from(this.#w)]
  }

  load([a, p, w]: SavedThreshold): void {
    this.#a = a
    this.#p = [...p]
    this.#w = w === null ? this.#p.map(() => 1) : [...w]
    this.#sorted = this.#p.map((each, i): [number, number] => [each, this.#w[i]!]).sort((x, y) => x[0] - y[0] || x[1] - y[1])
    this.#theta = null
  }

  #reckon(): number {
    if (!this.ready) return 0
    const all = this.#w.reduce((sum, w) => sum + w, 0)
    // The part to come weighs as the labelled ones do on average: of equal weights this is a·(n + 1).
    const whole = all + all / this.#p.length
    const share = this.#a * whole + ROUNDING
    let below = 0
    let theta: number | null = null
    for (const [p, w] of this.#sorted) {
      below += w
      if (below > share) break
      theta = p
    }
    if (theta !== null) return theta
    const { adapt } = this.#options
    if (adapt === 0) return 0
    const [least, weight] = this.#sorted[0]!
    const rest = Math.max(0, (this.#a + 2 * adapt) / (weight / whole + 2 * adapt))
    return least * rest * rest
  }

  #insert(p: number, w: number): void {
    this.#sorted.splice(this.#place(p, w), 0, [p, w])
  }

  #remove(p: number, w: number): void {
    this.#sorted.splice(this.#place(p, w), 1)
  }

  /** Where a pair stands among the sorted, or would. */
  #place(p: number, w: number): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const [q, v] = this.#sorted[middle]!
      if (q < p || (q === p && v < w)) low = middle + 1
      else high = middle
    }
    return low
  }
}
