/**
 * Which features there are, and which rows speak for them: shared by all encoders, so that weights stand on the same rows
 * whoever encodes. A numeric column holds rows `row` (linear), `row + 1` (missing) and `row + 2 …` (one a knot); a category
 * column `row` (missing), `row + 1` (overflow) and `rows[i]` for the i-th value seen. Row 0 is the bias, always on.
 */
import type { Saved } from '../numeric/saved.ts'

/**
 * Features by column slot: a number, a category's index, NaN for missing, `OVERFLOW` for a category that has no entry. Shorter
 * than the columns where those came later. An array of numbers and not a typed one, which takes ten times as long to make.
 */
export type Raw = readonly number[]

export type Feature = number | string | null

/** What a record says, in its order. No name occurs twice. */
export interface Features {
  readonly names: readonly string[]
  readonly values: readonly Feature[]
}

export interface ColumnsOptions {
  /** Intervals between knots: 16 keep a curve's shape and still see 30 values an interval in 500. */
  readonly intervals: number
  readonly maxFeatures: number
  /** Values of a category column with an entry of their own, by the column's name. */
  readonly maxCategories: (name: string) => number
}

export interface Column {
  readonly kind: 'numeric' | 'category'
  readonly name: string
  readonly row: number
  /** Of a category: value → index, and the row of each. */
  readonly values: Map<string, number>
  readonly rows: number[]
}

/** What `declare` found: names of features and categories that had to go without an entry. */
export interface Declared {
  readonly features: readonly string[]
  readonly overflowed: readonly string[]
}

const NOTHING: Declared = { features: [], overflowed: [] }
export const BIAS_ROW = 0
/** A category beyond the limit, in a raw record. */
export const OVERFLOW = -1
/** Values beyond this count as this: far from any sensor, and no difference or square of two such numbers overflows. */
const FARTHEST = 1e100

export class Columns {
  /** Rows in use; the bias is row 0. */
  rows = 1
  /** Per slot: 0 a number, 1 a category. */
  kinds = new Int32Array(0)
  readonly #options: ColumnsOptions
  readonly #columns: Column[] = []
  /** A name that brings numbers and words has a column for each. */
  readonly #numeric = new Map<string, number>()
  readonly #category = new Map<string, number>()

  constructor(options: ColumnsOptions) {
    this.#options = options
  }

  get intervals(): number {
    return this.#options.intervals
  }

  /** Number of columns. */
  get width(): number {
    return this.#columns.length
  }

  at(slot: number): Column {
    return this.#columns[slot]!
  }

  /** Inputs active for a record with every column present and knots fitted: D at the start. */
  get active(): number {
    let n = 1
    for (const column of this.#columns) n += column.kind === 'numeric' ? 3 : 1
    return n
  }

  /** Gives columns and entries to the features and categories not seen before, in the order of the record. */
  declare({ names, values }: Features): Declared {
    let found: { features: string[]; overflowed: string[] } | null = null
    for (let i = 0; i < names.length; i++) {
      const [name, value] = [names[i]!, values[i]!]
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
  observe({ names, values }: Features): Raw {
    const raw = new Array<number>(this.#columns.length).fill(Number.NaN)
    for (let i = 0; i < names.length; i++) {
      const value = values[i]!
      if (typeof value === 'number') {
        const slot = this.#numeric.get(names[i]!)
        if (slot !== undefined) raw[slot] = value > FARTHEST ? FARTHEST : value < -FARTHEST ? -FARTHEST : value
      } else if (typeof value === 'string') {
        const slot = this.#category.get(names[i]!)
        if (slot !== undefined) raw[slot] = this.#columns[slot]!.values.get(value) ?? OVERFLOW
      }
    }
    return raw
  }

  save(): Saved {
    return {
      rows: this.rows,
      columns: this.#columns.map(({ kind, name, row, values, rows }) => ({ kind, name, row, values: [...values.keys()], rows: [...rows] }))
    }
  }

  load(saved: Saved): void {
    const { rows, columns } = saved as {
      rows: number
      columns: { kind: Column['kind']; name: string; row: number; values: string[]; rows: number[] }[]
    }
    this.rows = rows
    for (const { kind, name, row, values, rows: own } of columns)
      this.#add({ kind, name, row, values: new Map(values.map((value, i) => [value, i])), rows: [...own] })
  }

  #addColumn(name: string, kind: Column['kind']): void {
    this.#add({ kind, name, row: this.rows, values: new Map(), rows: [] })
    this.rows += kind === 'numeric' ? 2 + this.#options.intervals + 1 : 2
  }

  #add(column: Column): void {
    const slot = this.#columns.push(column) - 1
    ;(column.kind === 'numeric' ? this.#numeric : this.#category).set(column.name, slot)
    const kinds = new Int32Array(slot + 1)
    kinds.set(this.kinds)
    kinds[slot] = column.kind === 'numeric' ? 0 : 1
    this.kinds = kinds
  }

  #addCategory(name: string, value: string): boolean {
    const column = this.#columns[this.#category.get(name)!]!
    if (column.values.has(value)) return true
    if (column.values.size >= this.#options.maxCategories(name)) return false
    column.values.set(value, column.rows.length)
    column.rows.push(this.rows++)
    return true
  }
}
