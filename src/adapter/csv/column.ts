/**
 * What the cells of an input column are. The column decides, never the cell: one number among categories is a category,
 * and text among numbers is an error that names its place.
 */
import type { FeatureValue } from '../../events/event.ts'
import { shown } from '../../events/shown.ts'
import { Fault } from '../../fault/fault.ts'

/** `empty`: no value seen yet; the first one decides. */
export type ColumnKind = 'number' | 'category' | 'empty'

/** The customs of R, pandas, WEKA and databases. */
const missing = new Set(['', 'NA', 'NaN', 'nan', '?', 'null', 'NULL'])

export function isMissing(cell: string): boolean {
  return missing.has(cell.trim())
}

/** The kind of a column by one more of its cells. Infinity counts as a number here, so that it is told as one that is not finite. */
export function kindAfter(kind: ColumnKind, cell: string): ColumnKind {
  if (kind === 'category' || isMissing(cell)) return kind
  return Number.isNaN(numberOf(cell)) && !/^\s*[+-]?inf(inity)?\s*$/i.test(cell) ? 'category' : 'number'
}

/** The value of a cell in a column of a known kind. Throws `INPUT_INVALID` naming line and column. */
export function featureOf(cell: string, kind: ColumnKind, column: string, line: number): FeatureValue {
  if (kind === 'number') {
    const value = numberOf(cell)
    if (Number.isFinite(value)) return value
  }
  if (isMissing(cell)) return null
  if (kind === 'category') return cell.trim()
  throw new Fault(
    'INPUT_INVALID',
    `line ${line}, column ${shown(column)}: expected a finite number as in the rows before, got ${shown(cell)}: correct the cell, empty it, or ignore the column`
  )
}

/** NaN where the cell is no decimal number; an empty one is none, nor is one of another base. */
function numberOf(cell: string): number {
  const value = Number(cell)
  if (value === 0 && cell.trim() === '') return Number.NaN
  return /[xob]/i.test(cell) ? Number.NaN : value
}
