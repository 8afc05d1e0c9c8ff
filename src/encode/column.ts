/** One feature as the encoder sees it: what it has learned of the feature's values, and which rows speak for it. */
import type { Saved } from '../numeric/saved.ts'

/**
 * A numeric column holds rows `row` (linear), `row + 1` (missing), and `row + 2 …` (one a knot).
 * Knots are strictly increasing; none before the first fit.
 */
export interface NumericColumn {
  readonly kind: 'numeric'
  readonly name: string
  readonly row: number
  /** Values counted, at most the horizon: a forgetting mean and variance. */
  n: number
  mean: number
  variance: number
  knots: Float64Array
}

/** A category column holds rows `row` (missing), `row + 1` (overflow), and `rows[i]` for the i-th value seen. */
export interface CategoryColumn {
  readonly kind: 'category'
  readonly name: string
  readonly row: number
  readonly values: Map<string, number>
  readonly rows: number[]
}

export type Column = NumericColumn | CategoryColumn

/** Adds a value to a numeric column's moments (Welford 1962, with the count capped so that the past is forgotten). */
export function addToMoments(column: NumericColumn, value: number, horizon: number): void {
  column.n = Math.min(column.n + 1, horizon)
  const difference = value - column.mean
  column.mean += difference / column.n
  column.variance += (difference * (value - column.mean) - column.variance) / column.n
}

export function saveColumn(column: Column): Saved {
  return column.kind === 'numeric'
    ? { ...column, knots: column.knots.slice() }
    : { kind: column.kind, name: column.name, row: column.row, values: [...column.values.keys()], rows: [...column.rows] }
}

export function loadColumn(saved: Saved): Column {
  const column = saved as { kind: 'numeric' | 'category' } & Record<string, unknown>
  if (column.kind === 'numeric') return { ...(column as unknown as NumericColumn) }
  const { kind, name, row, values, rows } = column as unknown as {
    kind: 'category'
    name: string
    row: number
    values: string[]
    rows: number[]
  }
  return { kind, name, row, values: new Map(values.map((value, i) => [value, i])), rows: [...rows] }
}
