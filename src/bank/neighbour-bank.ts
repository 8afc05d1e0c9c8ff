/**
 * A bank that remembers: the nearest of the last examples vote for their classes, each with the root of its weight over its
 * distance, so that a rare class is weighed here as in every other bank. Strong while data are few and where classes are
 * clumps. It keeps points as they were standardised when they came, so that a distance is a sum of squares of standard
 * deviations, of columns that tell the classes apart more than of others.
 *
 * Shapes: D columns, n points; points lie as (D, capacity), a column contiguous.
 */
import type { Carry } from '../numeric/carry.ts'
import type { Kernel } from '../numeric/kernel.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Bank, Encoding, Input } from './bank.ts'
import { Relevance } from './relevance.ts'

export interface NeighbourOptions {
  /** Examples remembered, the last ones. */
  readonly capacity: number
  /** Neighbours that vote. */
  readonly neighbours: number
}

/** How a record becomes a point: standardised numbers, category codes, NaN for missing. */
export interface Metric {
  readonly width: number
  /** Per column: 0 a number, 1 a category. */
  readonly kinds: Int32Array
  standardise(input: Pick<Input, 'raw' | 'domain'>, point: Float32Array): void
}

/** Kinds of columns, as the kernel names them. */
const NUMBER = 0
const LACKING = 2
/** Vote every class has before anyone is asked: no class is ever ruled out. */
const BASE_VOTE = 0.02
/** What is left of the vote of an example of a concept that has drifted. */
const OLD = 0.1
/** Keeps the vote of an equal record finite. */
const LEAST_DISTANCE = 1e-6

export class NeighbourBank implements Bank {
  readonly name: string
  readonly #kernel: Kernel
  readonly #options: NeighbourOptions
  readonly #metric: Metric
  readonly #relevance: Relevance
  readonly #room: Float32Array
  readonly #squares: Float32Array
  readonly #one = Float32Array.of(1)
  readonly #nearest: Int32Array
  #C = 0
  /** Classes of the points. */
  readonly #y: Int32Array
  /** Their numbers among the examples. */
  readonly #serials: Int32Array
  readonly #domains: Int32Array
  /** The roots of their weights when they came: of a handful of neighbours one that is rare must not outvote all others. */
  readonly #votes: Float32Array
  /** Points remembered, and the place of the next. */
  #n = 0
  #next = 0
  /** Columns of the matrix. */
  #D = 0
  #matrix: Float32Array = new Float32Array(0)
  #point: Float32Array = new Float32Array(0)
  /** As the kernel wants them: a number that some point lacks is of kind 2. */
  #kinds: Int32Array = new Int32Array(0)

  constructor(name: string, kernel: Kernel, metric: Metric, options: NeighbourOptions) {
    this.name = name
    this.#kernel = kernel
    this.#metric = metric
    this.#options = options
    this.#relevance = new Relevance(kernel)
    this.#y = new Int32Array(options.capacity)
    this.#votes = new Float32Array(options.capacity)
    this.#serials = new Int32Array(options.capacity)
    this.#domains = new Int32Array(options.capacity)
    this.#room = kernel.floats(options.capacity)
    this.#squares = kernel.floats(options.neighbours)
    this.#nearest = kernel.ints(options.neighbours)
  }

  opinion(input: Input, q: Float32Array): boolean {
    const C = this.#C
    if (this.#n === 0) return false
    const { capacity, neighbours } = this.#options
    this.#metric.standardise(input, this.#point)
    // biome-ignore format: one call
    const near = this.#kernel.nearest(this.#matrix, capacity, this.#n, this.#D, this.#kinds, this.#relevance.scale, this.#point, this.#room, neighbours, this.#nearest, this.#squares)
    q.fill(BASE_VOTE, 0, C)
    let sum = C * BASE_VOTE
    for (let j = 0; j < near; j++) {
      const vote = this.#votes[this.#nearest[j]!]! / (LEAST_DISTANCE + Math.sqrt(this.#squares[j]!))
      q[this.#y[this.#nearest[j]!]!]! += vote
      sum += vote
    }
    for (let c = 0; c < C; c++) q[c] = q[c]! / sum
    return true
  }

  shares(): Float32Array {
    return this.#one
  }

  /** Takes a fresh example in; a replayed one is there already. */
  learn(input: Input, y: number, w: number, fresh: boolean): void {
    if (!fresh) return
    const { capacity } = this.#options
    this.#widen(this.#metric.width)
    this.#metric.standardise(input, this.#point)
    for (let d = 0; d < this.#D; d++) {
      const value = this.#point[d]!
      this.#matrix[d * capacity + this.#next] = value
      if (Number.isNaN(value) && this.#kinds[d] === NUMBER) this.#kinds[d] = LACKING
    }
    this.#y[this.#next] = y
    this.#votes[this.#next] = Math.sqrt(w)
    this.#serials[this.#next] = input.serial
    this.#domains[this.#next] = input.domain
    this.#relevance.learn(this.#point, this.#metric.kinds, y)
    this.#n = Math.max(this.#n, this.#next + 1)
    this.#next = (this.#next + 1) % capacity
  }

  correct(serial: number, after: number, w: number): void {
    const place = this.#serials.subarray(0, this.#n).indexOf(serial)
    if (place < 0) return
    this.#y[place] = after
    this.#votes[place] = Math.sqrt(w)
  }

  /** Older points of the domain vote for a tenth. */
  renew(domain: number, seen: number): void {
    const { capacity } = this.#options
    for (let back = 1, left = seen; back <= this.#n; back++) {
      const place = (this.#next - back + capacity) % capacity
      if (this.#domains[place] === domain && left-- <= 0) this.#votes[place] = this.#votes[place]! * OLD
    }
  }

  addClass(): void {
    this.#C++
  }

  /** It keeps what it was shown and sums nothing up that could run away. */
  sound(): boolean {
    return true
  }

  admit(): void {}

  carry(_encoding: Encoding, _moves: readonly Carry[]): void {}

  cost(): number {
    return this.#n * this.#D
  }

  get bytes(): number {
    return this.#n * (this.#D + 2) * 4
  }

  release(): void {
    const arrays = [this.#matrix, this.#point, this.#kinds, this.#room, this.#squares, this.#nearest, this.#relevance.scale]
    for (const array of arrays) if (array.length > 0) this.#kernel.release(array)
  }

  save(): Saved {
    const { capacity } = this.#options
    const points = new Float32Array(this.#n * this.#D)
    for (let d = 0; d < this.#D; d++) points.set(this.#matrix.subarray(d * capacity, d * capacity + this.#n), d * this.#n)
    return {
      C: this.#C,
      D: this.#D,
      next: this.#next,
      y: this.#y.slice(0, this.#n),
      votes: this.#votes.slice(0, this.#n),
      serials: this.#serials.slice(0, this.#n),
      domains: this.#domains.slice(0, this.#n),
      points,
      relevance: this.#relevance.save()
    }
  }

  load(saved: Saved): void {
    const { C, D, next, y, votes, serials, domains, points, relevance } = saved as Readonly<Record<'C' | 'D' | 'next', number>> & {
      y: Int32Array
      votes: Float32Array
      serials: Int32Array
      domains: Int32Array
      points: Float32Array
      relevance: Saved
    }
    this.#widen(D)
    this.#relevance.load(relevance)
    this.#C = C
    this.#next = next
    this.#n = y.length
    this.#y.set(y)
    this.#votes.set(votes)
    this.#serials.set(serials)
    this.#domains.set(domains)
    for (let d = 0; d < D; d++) this.#matrix.set(points.subarray(d * this.#n, (d + 1) * this.#n), d * this.#options.capacity)
    this.#look()
  }

  /** Tells numbers that some point lacks from those that none does. */
  #look(): void {
    const { capacity } = this.#options
    for (let d = 0; d < this.#D; d++) {
      const lacking = this.#matrix.subarray(d * capacity, d * capacity + this.#n).some(Number.isNaN)
      this.#kinds[d] = this.#metric.kinds[d] === NUMBER && lacking ? LACKING : this.#metric.kinds[d]!
    }
  }

  /** Columns that appear are missing in the points there are. */
  #widen(width: number): void {
    if (width <= this.#D) return
    this.#relevance.widen(width)
    const { capacity } = this.#options
    if (width * capacity > this.#matrix.length) {
      const wider = this.#kernel.floats(Math.max(width, 2 * this.#D) * capacity)
      wider.set(this.#matrix)
      for (const outgrown of [this.#matrix, this.#point, this.#kinds]) if (outgrown.length > 0) this.#kernel.release(outgrown)
      this.#matrix = wider
      this.#point = this.#kernel.floats(wider.length / capacity)
      this.#kinds = this.#kernel.ints(wider.length / capacity)
    }
    this.#matrix.fill(Number.NaN, this.#D * capacity, width * capacity)
    this.#D = width
    this.#look()
  }
}
