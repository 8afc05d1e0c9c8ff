/**
 * A record becomes a short sparse vector. A number gives a standardised linear term and the hats of the two knots around
 * it; a category one entry per value; a missing value an entry of its own; and a bias is always on.
 *
 * Encoding state belongs to the learner and learns from examples only: `observe` and `encode` change nothing, so that an
 * observation is encoded by what was known before it.
 */

import type { Carry } from '../numeric/carry.ts'
import type { Random } from '../numeric/random.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Sparse } from '../numeric/sparse.ts'
import { addToMoments, type CategoryColumn, type Column, loadColumn, type NumericColumn, saveColumn } from './column.ts'
import { carryOf, fraction, interval, quantileKnots } from './spline.ts'

export interface EncoderOptions {
  /** Intervals between knots: 12 keeps a curve's shape and still sees 40 values an interval in 500. */
  readonly intervals: number
  /** Examples after which knots are fitted again. */
  readonly refitAt: readonly number[]
  /** Values kept for the quantiles. */
  readonly reservoir: number
  /** About how many of the last examples moments and quantiles describe. */
  readonly horizon: number
  readonly maxFeatures: number
  /** Values of a category column with an entry of their own, by the column's name. */
  readonly maxCategories: (name: string) => number
}

/** Features by column slot: a number, a category's index, NaN for missing, `OVERFLOW` for a category that has no entry. Shorter than the columns where those came later. */
export type Raw = Float64Array

const OVERFLOW = -1
/** Standardised values beyond this are as extreme as one can be. */
const CLIP = 4
/** Values beyond this count as this: far from any sensor, and no difference or square of two such numbers overflows. */
const FARTHEST = 1e100
/** Too few values to place a curve. */
const LEAST_FOR_KNOTS = 8
const BIAS_ROW = 0

export type Feature = number | string | null

/** What `declare` found: names of features and categories that had to go without an entry. */
export interface Declared {
  readonly features: readonly string[]
  readonly overflowed: readonly string[]
}

const NOTHING: Declared = { features: [], overflowed: [] }

export class Encoder {
  /** Rows in use; the bias is row 0. */
  rows = 1
  /** Examples learned from. */
  learned = 0
  readonly #options: EncoderOptions
  readonly #columns: Column[] = []
  /** A name that brings numbers and words has a column for each. */
  readonly #numeric = new Map<string, number>()
  readonly #category = new Map<string, number>()
  readonly #reservoir: Raw[] = []

  constructor(options: EncoderOptions) {
    this.#options = options
  }

  /** Number of columns. */
  get width(): number {
    return this.#columns.length
  }

  /** Inputs active for a record with every column present and knots fitted: D at the start. */
  get active(): number {
    let n = 1
    for (const column of this.#columns) n += column.kind === 'numeric' ? 3 : 1
    return n
  }

  /** Gives columns and entries to the features and categories not seen before, in the order of the record. */
  declare(features: ReadonlyMap<string, Feature>): Declared {
    let found: { features: string[]; overflowed: string[] } | null = null
    for (const [name, value] of features) {
      if (value === null) continue
      const known = typeof value === 'number' ? this.#numeric.get(name) : this.#category.get(name)
      if (known === undefined) {
        found ??= { features: [], overflowed: [] }
        if (this.#columns.length >= this.#options.maxFeatures) {
          found.overflowed.push(name)
          continue
        }
        found.features.push(name)
        this.#addColumn(name, typeof value === 'number' ? 'numeric' : 'category')
      }
      if (typeof value === 'string' && !this.#addCategory(name, value)) {
        found ??= { features: [], overflowed: [] }
        found.overflowed.push(`${name}=${value}`)
      }
    }
    return found ?? NOTHING
  }

  /** The record's features in column slots. Unknown features are left out, unknown categories overflow. */
  observe(features: ReadonlyMap<string, Feature>): Raw {
    const raw = new Float64Array(this.#columns.length).fill(Number.NaN)
    for (const [name, value] of features) {
      if (typeof value === 'number') {
        const slot = this.#numeric.get(name)
        if (slot !== undefined) raw[slot] = Math.max(-FARTHEST, Math.min(value, FARTHEST))
      } else if (typeof value === 'string') {
        const slot = this.#category.get(name)
        if (slot !== undefined) raw[slot] = (this.#columns[slot] as CategoryColumn).values.get(value) ?? OVERFLOW
      }
    }
    return raw
  }

  /** Writes the active inputs of a record into `x`, bias first. */
  encode(raw: Raw, x: Sparse): void {
    x.clear()
    x.push(BIAS_ROW, 1)
    const columns = this.#columns
    for (let slot = 0; slot < columns.length; slot++) {
      const column = columns[slot]!
      const value = slot < raw.length ? raw[slot]! : Number.NaN
      if (column.kind === 'numeric') encodeNumber(column, value, x)
      else x.push(Number.isNaN(value) ? column.row : value === OVERFLOW ? column.row + 1 : column.rows[value]!, 1)
    }
  }

  /** Learns moments and quantiles from an example. Returns how weights must move when knots did, else null. */
  learn(raw: Raw, random: Random): readonly Carry[] | null {
    const { horizon, reservoir, refitAt } = this.#options
    for (let slot = 0; slot < this.#columns.length; slot++) {
      const column = this.#columns[slot]!
      const value = raw[slot]!
      if (column.kind === 'numeric' && !Number.isNaN(value)) addToMoments(column, value, horizon)
    }
    this.learned++
    if (this.#reservoir.length < reservoir) this.#reservoir.push(raw)
    else if (random.next() * Math.min(this.learned, horizon) < reservoir) this.#reservoir[random.below(reservoir)] = raw
    return refitAt.includes(this.learned) ? this.#refit() : null
  }

  get bytes(): number {
    return this.#reservoir.length * this.#columns.length * 8 + this.#columns.length * (this.#options.intervals + 1) * 8
  }

  save(): Saved {
    return {
      rows: this.rows,
      learned: this.learned,
      columns: this.#columns.map(saveColumn),
      reservoir: flatten(this.#reservoir, this.#columns.length)
    }
  }

  load(saved: Saved): void {
    const { rows, learned, columns, reservoir } = saved as { rows: number; learned: number; columns: Saved[]; reservoir: Float64Array }
    this.rows = rows
    this.learned = learned
    for (const each of columns) {
      const column = loadColumn(each)
      ;(column.kind === 'numeric' ? this.#numeric : this.#category).set(column.name, this.#columns.length)
      this.#columns.push(column)
    }
    this.#reservoir.push(...unflatten(reservoir, columns.length))
  }

  #addColumn(name: string, kind: Column['kind']): void {
    const row = this.rows
    if (kind === 'numeric') {
      this.#numeric.set(name, this.#columns.length)
      this.#columns.push({ kind, name, row, n: 0, mean: 0, variance: 0, knots: new Float64Array(0) })
      this.rows += 2 + this.#options.intervals + 1
    } else {
      this.#category.set(name, this.#columns.length)
      this.#columns.push({ kind, name, row, values: new Map(), rows: [] })
      this.rows += 2
    }
  }

  #addCategory(name: string, value: string): boolean {
    const column = this.#columns[this.#category.get(name)!] as CategoryColumn
    if (column.values.has(value)) return true
    if (column.values.size >= this.#options.maxCategories(name)) return false
    column.values.set(value, column.rows.length)
    column.rows.push(this.rows++)
    return true
  }

  #refit(): readonly Carry[] {
    const moves: Carry[] = []
    for (let slot = 0; slot < this.#columns.length; slot++) {
      const column = this.#columns[slot]!
      if (column.kind !== 'numeric') continue
      const values = Float64Array.from(
        this.#reservoir.map(raw => (slot < raw.length ? raw[slot]! : Number.NaN)).filter(v => !Number.isNaN(v))
      )
      if (values.length < LEAST_FOR_KNOTS) continue
      const knots = quantileKnots(values, this.#options.intervals)
      if (knots.length < 2) continue
      if (column.knots.length > 0) moves.push(carryOf(column.row + 2, column.knots, knots))
      column.knots = knots
    }
    return moves
  }
}

function encodeNumber(column: NumericColumn, value: number, x: Sparse): void {
  if (Number.isNaN(value)) {
    x.push(column.row + 1, 1)
    return
  }
  const z = column.variance > 0 ? (value - column.mean) / Math.sqrt(column.variance) : 0
  x.push(column.row, z > CLIP ? CLIP : Math.max(z, -CLIP))
  const knots = column.knots
  if (knots.length === 0) return
  const i = interval(knots, value)
  const t = fraction(knots, i, value)
  x.push(column.row + 2 + i, 1 - t)
  x.push(column.row + 3 + i, t)
}

/** Records as one matrix, (records, width or at least 1); a slot that a record lacks is missing. */
export function flatten(raws: readonly Raw[], width: number): Float64Array {
  const stride = Math.max(width, 1) // without columns the number of records must still be told
  const all = new Float64Array(raws.length * stride).fill(Number.NaN)
  raws.forEach((raw, i) => {
    all.set(raw, i * stride)
  })
  return all
}

/** Back from `flatten`. */
export function unflatten(all: Float64Array, width: number): Raw[] {
  const stride = Math.max(width, 1)
  return Array.from({ length: all.length / stride }, (_, i) => all.slice(i * stride, i * stride + width))
}
