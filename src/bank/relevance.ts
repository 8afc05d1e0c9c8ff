/**
 * How much each column tells the classes apart, for a distance that listens to what matters: the variance of the class means
 * of a standardised column, every class counting the same however rare. Columns count `(φ B̄ + B_d) / ((φ + 1) B̄)` times in a
 * squared distance, where B_d is that variance and B̄ its mean over the columns: 1 on average, never 0.
 *
 * Shapes: D columns, C classes. Source: the between-class part of Fisher's (1936) ratio; as the columns are standardised,
 * within and between add up to 1.
 */
import type { Kernel } from '../numeric/kernel.ts'
import type { Saved } from '../numeric/saved.ts'

/** φ: a column that tells nothing still counts half, as two of them together may tell much. */
const EVEN = 1
/** Examples of a class that its means remember: the world drifts. */
const HORIZON = 200
/** A class with fewer examples has no mean worth the name. */
const LEAST = 3
/** Examples between two looks: relevance moves slowly. */
const EVERY = 16

export class Relevance {
  /** How many times a column counts, (at least D). */
  scale: Float32Array = new Float32Array(0)
  readonly #kernel: Kernel
  #D = 0
  #learned = 0
  /** Per class: examples counted, and means, (D). */
  readonly #counts: number[] = []
  readonly #means: Float64Array[] = []

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  widen(D: number): void {
    if (D <= this.#D) return
    const scale = this.#kernel.floats(Math.max(D, 2 * this.#D)).fill(1)
    scale.set(this.scale.subarray(0, this.#D))
    if (this.scale.length > 0) this.#kernel.release(this.scale)
    this.scale = scale
    this.#D = D
    for (let c = 0; c < this.#means.length; c++) this.#means[c] = wider(this.#means[c]!, D)
  }

  /** An example of class `y`, standardised; `kinds` tells numbers (0) from categories, which count once. */
  learn(point: Float32Array, kinds: Int32Array, y: number): void {
    while (this.#means.length <= y) {
      this.#means.push(new Float64Array(this.#D))
      this.#counts.push(0)
    }
    const n = Math.min(this.#counts[y]! + 1, HORIZON)
    this.#counts[y] = n
    const means = this.#means[y]!
    for (let d = 0; d < this.#D; d++) {
      const value = point[d]!
      if (kinds[d] === 0 && !Number.isNaN(value)) means[d]! += (value - means[d]!) / n
    }
    if (++this.#learned % EVERY === 0) this.#look(kinds)
  }

  save(): Saved {
    const means = new Float64Array(this.#means.length * this.#D)
    this.#means.forEach((each, c) => {
      means.set(each, c * this.#D)
    })
    return { learned: this.#learned, counts: Float64Array.from(this.#counts), means, scale: this.scale.slice(0, this.#D) }
  }

  /** After `widen` to the width that was saved. */
  load(saved: Saved): void {
    const { learned, counts, means, scale } = saved as { learned: number } & Record<'counts' | 'means', Float64Array> & {
        scale: Float32Array
      }
    this.#learned = learned
    this.scale.set(scale)
    counts.forEach((count, c) => {
      this.#counts.push(count)
      this.#means.push(means.slice(c * this.#D, (c + 1) * this.#D))
    })
  }

  #look(kinds: Int32Array): void {
    const B = new Float64Array(this.#D)
    let sum = 0
    let numbers = 0
    for (let d = 0; d < this.#D; d++) {
      if (kinds[d] !== 0) continue
      let [n, first, second] = [0, 0, 0]
      for (let c = 0; c < this.#means.length; c++) {
        if (this.#counts[c]! < LEAST) continue
        const mean = this.#means[c]![d]!
        n++
        first += mean
        second += mean * mean
      }
      B[d] = n === 0 ? 0 : Math.max(0, second / n - (first / n) * (first / n))
      sum += B[d]!
      numbers++
    }
    if (!(sum > 0)) return
    const mean = sum / numbers
    for (let d = 0; d < this.#D; d++) if (kinds[d] === 0) this.scale[d] = (EVEN * mean + B[d]!) / ((EVEN + 1) * mean)
  }
}

function wider(means: Float64Array, D: number): Float64Array {
  const all = new Float64Array(D)
  all.set(means)
  return all
}
