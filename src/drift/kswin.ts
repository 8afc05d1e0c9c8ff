/**
 * KSWIN: the last r values against r drawn from those before them in a window of n, by the test of Kolmogorov and Smirnov. It
 * sees any change of the distribution, not of the mean alone.
 *
 * Source: Raab, Heusinger & Schleif, "Reactive soft prototype computing for concept drift streams", Neurocomputing 2020; as
 * River 0.26 does it, D ≤ .1 never fires. Disagreements of ours: the draw is from our own seeded generator, so that only the
 * statistic and its chance are River's, and a run of it is the same on every machine; one value in `clock` is tested (River:
 * each); NaN is not taken.
 *
 * Stated run length: a test errs with a chance of at most α, one value in `clock` is tested, and by the union bound the mean of
 * the first false alarm is at least n + clock/(2α) values.
 */
import { Random } from '../numeric/random.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Change, Detector } from './detector.ts'
import { leastSteps, steps } from './kolmogorov-smirnov.ts'
import { loadChange, type SavedChange, saveChange } from './saved-change.ts'

export interface KswinOptions {
  /** α: chance that a test errs. */
  readonly alpha: number
  /** n: values in the window. */
  readonly window: number
  /** r: values on either side of the test. */
  readonly sample: number
  readonly clock: number
  readonly seed: number
}

/** As River's. */
export const defaultKswin: KswinOptions = { alpha: 0.005, window: 100, sample: 30, clock: 1, seed: 1 }
/** A distance no greater never fires, however sure it is. */
const LEAST_DISTANCE = 0.1

/**
 * @example
 * ```ts
 * import { Kswin } from '../src/drift/kswin.ts'
 * const kswin = new Kswin()
 * Array.from({ length: 400 }, (_, i) => kswin.update(i < 200 ? i % 7 : 3 + (i % 7))).indexOf(true) < 230 // => true
 * ```
 */
export class Kswin implements Detector {
  readonly averageRunLength: number
  readonly #options: KswinOptions
  readonly #leastSteps: number
  #random: Random
  #values: Float64Array
  #marks: Float64Array
  /** Values in the window, and updates since the start. */
  #n = 0
  #tick = 0
  #change: Change | null = null

  /** Throws a RangeError where the sample is not at most half of the window. */
  constructor(options: Partial<KswinOptions> = {}) {
    this.#options = { ...defaultKswin, ...options }
    const { alpha, window, sample, clock, seed } = this.#options
    if (!(sample >= 1 && 2 * sample <= window))
      throw new RangeError(`expected a sample of at most half the window, got ${sample} of ${window}: choose another`)
    this.#leastSteps = Math.max(leastSteps(alpha, sample), Math.floor(LEAST_DISTANCE * sample) + 1)
    this.#random = new Random(seed)
    this.#values = new Float64Array(window)
    this.#marks = new Float64Array(window)
    this.averageRunLength = window + clock / (2 * alpha)
  }

  get change(): Change | null {
    return this.#change
  }

  update(value: number, mark = 0): boolean {
    const { window, sample, clock } = this.#options
    if (this.#change !== null) this.#keepLast(sample)
    this.#change = null
    if (this.#n === window) this.#keepLast(window - 1)
    this.#values[this.#n] = value
    this.#marks[this.#n] = mark
    this.#n++
    if (this.#n < window || ++this.#tick % clock !== 0) return false
    const last = this.#values.slice(window - sample).sort()
    if (steps(this.#draw().sort(), last) < this.#leastSteps) return false
    const seen = this.#firstOff()
    this.#change = {
      seen: window - seen,
      before: mean(this.#values, 0, seen),
      after: mean(this.#values, seen, window),
      since: this.#marks[seen]!
    }
    return true
  }

  reset(): void {
    this.#n = 0
    this.#tick = 0
    this.#change = null
    this.#random = new Random(this.#options.seed)
  }

  save(): Saved {
    return {
      random: this.#random.save(),
      tick: this.#tick,
      values: this.#values.slice(0, this.#n),
      marks: this.#marks.slice(0, this.#n),
      change: saveChange(this.#change)
    }
  }

  load(saved: Saved): void {
    const { random, tick, values, marks, change } = saved as {
      random: Saved
      tick: number
      values: Float64Array
      marks: Float64Array
      change: SavedChange
    }
    this.#random = Random.load(random)
    this.#tick = tick
    this.#n = values.length
    this.#values.set(values)
    this.#marks.set(marks)
    this.#change = loadChange(change)
  }

  #keepLast(count: number): void {
    this.#values.copyWithin(0, this.#n - count, this.#n)
    this.#marks.copyWithin(0, this.#n - count, this.#n)
    this.#n = count
  }

  /** `sample` of the values before the last `sample`, none twice. */
  #draw(): Float64Array {
    const { window, sample } = this.#options
    const before = this.#values.slice(0, window - sample)
    for (let i = 0; i < sample; i++) {
      const j = i + this.#random.below(before.length - i)
      const drawn = before[j]!
      before[j] = before[i]!
      before[i] = drawn
    }
    return before.subarray(0, sample)
  }

  /** Where the change is thought to begin: the cut at which the means differ the most, of those that leave `sample`/2 on either side. */
  #firstOff(): number {
    const { window, sample } = this.#options
    const least = Math.ceil(sample / 2)
    const whole = sum(this.#values, 0, window)
    let before = sum(this.#values, 0, least)
    let [best, at] = [-1, window - sample]
    for (let n = least; n <= window - least; n++) {
      const apart = before / n - (whole - before) / (window - n)
      const score = (apart * apart * n * (window - n)) / window
      if (score > best) {
        best = score
        at = n
      }
      before += this.#values[n]!
    }
    return at
  }
}

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0
  for (let i = from; i < to; i++) total += values[i]!
  return total
}

function mean(values: Float64Array, from: number, to: number): number {
  return sum(values, from, to) / (to - from)
}
