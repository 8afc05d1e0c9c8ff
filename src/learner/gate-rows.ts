/** Which rows of an encoding a gate reads, by what its bank's options say. The bias is always among them. */
import type { Part, Selection } from '../bank/gate-input.ts'
import { BIAS_ROW, type Column, type Columns } from '../encode/columns.ts'
import { DOMAIN, inputName } from './inputs.ts'

/**
 * What a gate reads: `all` its bank reads; the `domain` alone, where the bank's encoding has it; `linear` terms, categories
 * and missing entries, no curves; the same with every number `bounded`; or all of the features named.
 */
export type GateInput = 'all' | 'domain' | 'linear' | 'bounded' | { readonly features: readonly string[] }

/** The rows that `reads` names; null where they are all. Columns and categories may appear later. */
export function gateRows(columns: Columns, reads: GateInput): Selection | null {
  if (reads === 'all') return null
  let parts: readonly Part[] = []
  return {
    part(row) {
      if (row >= parts.length) parts = partsOf(columns, reads)
      return parts[row]!
    }
  }
}

function partsOf(columns: Columns, reads: Exclude<GateInput, 'all'>): Part[] {
  const parts = new Array<Part>(columns.rows).fill('drop')
  parts[BIAS_ROW] = 'keep'
  for (let slot = 0; slot < columns.width; slot++) {
    const column = columns.at(slot)
    const { row, rows, kind } = column
    const end = kind === 'numeric' ? row + 2 + columns.intervals + 1 : row + 2
    for (let at = row; at < end; at++) parts[at] = partOf(column, at - row, reads)
    for (const [i, at] of rows.entries()) parts[at] = partOf(column, 2 + i, reads)
  }
  return parts
}

/** `place` counts the rows of a column: of a number linear, missing, then hats; of a category missing, overflow, then values. */
function partOf({ kind, name }: Column, place: number, reads: Exclude<GateInput, 'all'>): Part {
  if (typeof reads === 'object') return reads.features.includes(inputName(name)) ? 'keep' : 'drop'
  switch (reads) {
    case 'domain':
      return name === DOMAIN ? 'keep' : 'drop'
    case 'linear':
      return kind === 'category' || place < 2 ? 'keep' : 'drop'
    case 'bounded':
      return kind === 'category' || place === 1 ? 'keep' : place === 0 ? 'bound' : 'drop'
  }
}
