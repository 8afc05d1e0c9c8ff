/**
 * ADWIN: a window that grows while its mean stands and is cut where two parts of it differ by more than chance explains.
 *
 *     cut where |μ₀ − μ₁| > √(2/m σ² L) + 2/(3m) L,   1/m = 1/n₀ + 1/n₁,   L = ln(2 ln n / δ)
 *
 * or, by `bound`, where the likelihood ratio of two rates against one is above L (cut.ts), over every way to cut the window
 * between two buckets of an exponential histogram: at most M of each size 2ⁱ, so that n values take O(M ln n) numbers, and the
 * oldest are known the most coarsely.
 *
 * Sources: Bifet & Gavaldà, "Learning from time-changing data with adaptive windowing", SDM 2007; values as River 0.26 gives
 * them. Disagreements of River with the paper, which we share: δ is divided by ln n, not by n, and the shortest part allowed is
 * taken off n₀ and n₁ in m. A disagreement of ours with River: `keep` keeps the window since the change, as the paper does,
 * where River starts with none.
 *
 * Stated run length: a check errs with a chance of at most δ, one value in `clock` is checked, and by the union bound the mean
 * of the first false alarm is at least clock/(2δ) values. In simulation it is far longer: the bound is not tight.
 */
import { log } from '../numeric/exp-log.ts'
import type { Saved } from '../numeric/saved.ts'
import { beyondLikelihood, beyondVariance, likelihoodSlack, varianceSlack } from './cut.ts'
import type { Change, Detector } from './detector.ts'
import { loadChange, type SavedChange, saveChange } from './saved-change.ts'

export interface AdwinOptions {
  /** δ: chance that a check errs. */
  readonly delta: number
  /** One value in this many is followed by a check. */
  readonly clock: number
  /** M: buckets of a size. */
  readonly buckets: number
  /** Fewest values on either side of a cut. */
  readonly least: number
  /** No check before the window is longer than this. */
  readonly grace: number
  /** Whether the window since a change is kept. */
  readonly keep: boolean
  /** What chance explains: the paper's bound by the variance, of any values, or one by the likelihood, of hits and misses alone. */
  readonly bound: 'variance' | 'likelihood'
}

/** As River's. */
export const defaultAdwin: AdwinOptions = { delta: 0.002, clock: 32, buckets: 5, least: 5, grace: 10, keep: false, bound: 'variance' }

/** Numbers of a bucket: its total, n·variance, and the mark of its oldest value. */
const TOTAL = 0
const VARIANCE = 1
const MARK = 2
const FIELDS = 3

/** Means of what came before a mark and since. */
export interface Halves {
  readonly n0: number
  readonly mean0: number
  readonly n1: number
  readonly mean1: number
}

/**
 * @example
 * ```ts
 * import { Adwin } from '../src/drift/adwin.ts'
 * const adwin = new Adwin()
 * const fired = Array.from({ length: 400 }, (_, i) => adwin.update(i < 200 ? 0 : 1)).indexOf(true)
 * fired // => 223
 * ```
 */
export class Adwin implements Detector {
  /** δ: whoever watches many values at once lowers it as they become more. No part of what is saved. */
  delta: number
  readonly #options: AdwinOptions
  /** Buckets a size has room for: one more than M until two are merged. */
  readonly #room: number
  #change: Change | null = null
  #tick = 0
  #width = 0
  #total = 0
  /** n·variance of the window. */
  #variance = 0
  /** Buckets in use by size, and their numbers, oldest first, size by size. */
  #counts: number[] = [0]
  #numbers: Float64Array

  constructor(options: Partial<AdwinOptions> = {}) {
    this.#options = { ...defaultAdwin, ...options }
    this.#room = this.#options.buckets + 1
    this.#numbers = new Float64Array(this.#room * FIELDS)
    this.delta = this.#options.delta
  }

  get averageRunLength(): number {
    return this.#options.clock / (2 * this.delta)
  }

  get change(): Change | null {
    return this.#change
  }

  /** Values in the window. */
  get width(): number {
    return this.#width
  }

  /** Mean of the window; 0 of none. */
  get mean(): number {
    return this.#width > 0 ? this.#total / this.#width : 0
  }

  update(value: number, mark = 0): boolean {
    if (this.#change !== null && !this.#options.keep) this.reset()
    this.#change = null
    this.#insert(value, mark)
    this.#tick++
    const { clock, grace } = this.#options
    if (this.#tick % clock !== 0 || this.#width <= grace || !this.#cuts()) return false
    this.#change = this.#evidence()
    if (this.#options.keep) this.#keepLast(this.#change.seen)
    else while (this.#cuts()) this.#drop()
    return true
  }

  /** The window on either side of a mark, as far as the buckets tell: one that straddles it counts as before. */
  halves(mark: number): Halves {
    let [n0, u0] = [0, 0]
    this.#each((n, at) => {
      if (this.#numbers[at + MARK]! >= mark) return true
      n0 += n
      u0 += this.#numbers[at + TOTAL]!
      return false
    })
    const n1 = this.#width - n0
    return { n0, mean0: n0 > 0 ? u0 / n0 : 0, n1, mean1: n1 > 0 ? (this.#total - u0) / n1 : 0 }
  }

  /** Forgets what came before a mark, and what shares a bucket with it. */
  forgetBefore(mark: number): void {
    while (this.#width > 0 && this.#numbers[this.#at(this.#counts.length - 1, 0) + MARK]! < mark) this.#drop()
    if (this.#variance < 0) this.#variance = 0
  }

  reset(): void {
    this.#change = null
    this.#tick = 0
    this.#width = 0
    this.#total = 0
    this.#variance = 0
    this.#counts = [0]
    this.#numbers = new Float64Array(this.#room * FIELDS)
  }

  save(): Saved {
    return {
      sums: Float64Array.of(this.#tick, this.#width, this.#total, this.#variance),
      counts: Int32Array.from(this.#counts),
      numbers: this.#used(),
      change: saveChange(this.#change)
    }
  }

  load(saved: Saved): void {
    const { sums, counts, numbers, change } = saved as {
      sums: Float64Array
      counts: Int32Array
      numbers: Float64Array
      change: SavedChange
    }
    const [tick, width, total, variance] = sums
    this.#tick = tick!
    this.#width = width!
    this.#total = total!
    this.#variance = variance!
    this.#counts = Array.from(counts)
    this.#numbers = numbers.slice()
    this.#change = loadChange(change)
  }

  /** The numbers of buckets in use: what lies in empty places is of the past, and no part of the state. */
  #used(): Float64Array {
    const used = new Float64Array(this.#counts.length * this.#room * FIELDS)
    this.#counts.forEach((count, size) => {
      const first = this.#at(size, 0)
      used.set(this.#numbers.subarray(first, first + count * FIELDS), first)
    })
    return used
  }

  #insert(value: number, mark: number): void {
    const n = this.#width
    this.#push(0, value, 0, mark)
    if (n > 0) {
      const apart = value - this.#total / n
      this.#variance += (n * apart * apart) / (n + 1)
    }
    this.#width++
    this.#total += value
    for (let size = 0; this.#counts[size]! > this.#options.buckets; size++) this.#merge(size)
  }

  #push(size: number, total: number, variance: number, mark: number): void {
    if (size === this.#counts.length) {
      this.#counts.push(0)
      const wider = new Float64Array(Math.max(this.#numbers.length, this.#counts.length * this.#room * FIELDS))
      wider.set(this.#numbers)
      this.#numbers = wider
    }
    const at = this.#at(size, this.#counts[size]!++)
    this.#numbers[at + TOTAL] = total
    this.#numbers[at + VARIANCE] = variance
    this.#numbers[at + MARK] = mark
  }

  /** The two oldest of a size become one of the next. */
  #merge(size: number): void {
    const n = 1 << size
    const numbers = this.#numbers
    const a = this.#at(size, 0)
    const b = this.#at(size, 1)
    const apart = numbers[a + TOTAL]! / n - numbers[b + TOTAL]! / n
    const variance = numbers[a + VARIANCE]! + numbers[b + VARIANCE]! + (n * n * apart * apart) / (n + n)
    const total = numbers[a + TOTAL]! + numbers[b + TOTAL]!
    const mark = numbers[a + MARK]!
    this.#shift(size, 2)
    this.#push(size + 1, total, variance, mark)
  }

  /** Drops the oldest bucket. */
  #drop(): void {
    const size = this.#counts.length - 1
    const n = 1 << size
    const at = this.#at(size, 0)
    const [total, variance] = [this.#numbers[at + TOTAL]!, this.#numbers[at + VARIANCE]!]
    this.#width -= n
    this.#total -= total
    const apart = this.#width > 0 ? total / n - this.#total / this.#width : 0
    this.#variance -= variance + (n * this.#width * apart * apart) / (n + this.#width)
    this.#shift(size, 1)
    while (this.#counts.length > 1 && this.#counts.at(-1) === 0) this.#counts.pop()
  }

  /** Keeps the last values, as nearly so many as the buckets allow. */
  #keepLast(seen: number): void {
    while (this.#width > seen) this.#drop()
    if (this.#variance < 0) this.#variance = 0
  }

  #shift(size: number, by: number): void {
    const numbers = this.#numbers
    this.#counts[size]! -= by
    const [first, end] = [this.#at(size, 0), this.#at(size, this.#counts[size]!)]
    for (let at = first; at < end; at++) numbers[at] = numbers[at + by * FIELDS]!
  }

  #at(size: number, k: number): number {
    return (size * this.#room + k) * FIELDS
  }

  /** Every bucket from the oldest on: how many values it has and where its numbers are. Ends where `visit` says so. */
  #each(visit: (n: number, at: number) => boolean): void {
    for (let size = this.#counts.length - 1; size >= 0; size--) {
      const n = 1 << size
      for (let k = 0; k < this.#counts[size]!; k++) if (visit(n, this.#at(size, k))) return
    }
  }

  /** Whether the window can be cut anywhere. */
  #cuts(): boolean {
    return this.#cut(true) !== null
  }

  /**
   * Where the means differ the most more than chance explains, or at `any` cut where they do, the first: how many values
   * lie before it and their sum. Null where nothing can be cut.
   */
  #cut(any: boolean): { readonly n0: number; readonly u0: number } | null {
    const { least, bound } = this.#options
    // In variables: this runs after every value, for every bucket.
    const [width, total, numbers, counts] = [this.#width, this.#total, this.#numbers, this.#counts]
    const L = log((2 * log(width)) / this.delta)
    const variance = this.#variance / width
    const likely = bound === 'likelihood'
    const slack = likely ? likelihoodSlack(width, total, L) : varianceSlack(width, variance, L)
    let found: { readonly n0: number; readonly u0: number } | null = null
    let [n0, u0, most] = [0, 0, 0]
    for (let size = counts.length - 1; size >= 0; size--) {
      const n = 1 << size
      const first = this.#at(size, 0)
      const end = first + counts[size]! * FIELDS
      for (let at = first; at < end; at += FIELDS) {
        n0 += n
        u0 += numbers[at]!
        const n1 = width - n0
        if (n1 < least) return found
        const apart = u0 * width - total * n0
        if (n0 < least || apart * apart <= slack * n0 * n1) continue
        const u1 = total - u0
        const excess = likely ? beyondLikelihood(n0, u0, n1, u1, L) : beyondVariance(n0, u0, n1, u1, variance, L, least)
        if (!(excess > most)) continue
        most = excess
        found = { n0, u0 }
        if (any) return found
      }
    }
    return found
  }

  /** The cut where the excess is greatest. */
  #evidence(): Change {
    const { n0, u0 } = this.#cut(false)!
    const seen = this.#width - n0
    let [passed, since] = [0, 0]
    this.#each((n, at) => {
      since = this.#numbers[at + MARK]!
      if (passed >= n0) return true
      passed += n
      return false
    })
    return { seen, before: u0 / n0, after: (this.#total - u0) / seen, since }
  }
}
