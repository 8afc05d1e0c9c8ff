/**
 * Labelled rows from a file: the first row is the header, each row one observation with its labels. A label column is
 * never an input. Nothing is guessed per cell, so that the same file always gives the same rows.
 */
import type { FeatureValue, Observation } from '../../events/event.ts'
import { nameProblem } from '../../events/names.ts'
import { shown } from '../../events/shown.ts'
import { parseTime, timeForms } from '../../events/time.ts'
import { Fault } from '../../fault/fault.ts'
import { type ColumnKind, featureOf, kindAfter } from './column.ts'
import { type CsvOptions, type Layout, layoutOf, nameOf, type Place, requireWidth } from './layout.ts'
import { type CsvRecord, recordsOf } from './records.ts'

export type { CsvOptions } from './layout.ts'

export interface LabelledRow {
  readonly observation: Observation
  /** Class by task; a task whose cell is empty is absent. */
  readonly labels: Readonly<Record<string, string>>
}

export interface CsvInput {
  readonly name: string
  readonly kind: ColumnKind
}

/** A file to be read. Every iteration reads it from the start. */
export interface CsvFile extends AsyncIterable<LabelledRow> {
  /** The file's name without folder and ending: the first part of every id. */
  readonly name: string
  /** The columns that are inputs, as the first rows decide them. */
  inputs(): Promise<readonly CsvInput[]>
}

/** Rows looked at to decide what a column is. */
const SAMPLE_ROWS = 1000
/** 2026-01-01T00:00:00Z, where the clock of a file without times starts. */
const CLOCK_START = 1_767_225_600_000

/** A file as far as its columns are decided. */
interface Opened {
  readonly layout: Layout
  readonly kinds: ColumnKind[]
  /** The rows that decided, to be given out first. */
  readonly sample: readonly CsvRecord[]
  /** The rows after them. */
  readonly rest: AsyncGenerator<CsvRecord, void, undefined>
}

/**
 * The rows of a .csv or .csv.gz file. What its columns are is decided by the first 1,000 rows. Ids are `NAME-ROW`, rows
 * counted from 1. Iterating throws `FILE_UNREADABLE`, `INPUT_INVALID` where a column named in the options is not there,
 * and `INPUT_INVALID` with line and column where a row does not fit.
 */
export function openCsv(path: string, options: CsvOptions): CsvFile {
  return {
    name: nameOf(path),
    inputs: async () => {
      const { layout, kinds, rest } = await opened(path, options)
      await rest.return()
      return layout.inputs.map(({ name }, i) => ({ name, kind: kinds[i]! }))
    },
    [Symbol.asyncIterator]: () => labelledRows(path, options)
  }
}

async function* labelledRows(path: string, options: CsvOptions): AsyncGenerator<LabelledRow> {
  const limit = options.limit ?? Number.POSITIVE_INFINITY
  const { layout, kinds, sample, rest } = await opened(path, options)
  try {
    let row = 0
    for (const record of sample) {
      if (++row > limit) return
      yield rowOf(record, row, layout, kinds)
    }
    for await (const record of rest) {
      if (++row > limit) return
      requireWidth(record, layout)
      yield rowOf(record, row, layout, kinds)
    }
  } finally {
    await rest.return()
  }
}

/** Reads header and first rows. The caller closes `rest`. */
async function opened(path: string, options: CsvOptions): Promise<Opened> {
  const rest = recordsOf(path)
  try {
    const header = await rest.next()
    if (header.done) throw new Fault('INPUT_INVALID', `expected a header in the first row of ${path}, the file is empty`)
    const layout = layoutOf(path, header.value.cells, options)
    const kinds: ColumnKind[] = layout.inputs.map(() => 'empty')
    const sample: CsvRecord[] = []
    while (sample.length < SAMPLE_ROWS) {
      const next = await rest.next()
      if (next.done) break
      requireWidth(next.value, layout)
      for (let i = 0; i < kinds.length; i++) kinds[i] = kindAfter(kinds[i]!, next.value.cells[layout.inputs[i]!.index]!)
      sample.push(next.value)
    }
    return { layout, kinds, sample, rest }
  } catch (error) {
    await rest.return()
    throw error
  }
}

function rowOf({ cells, line }: CsvRecord, row: number, layout: Layout, kinds: ColumnKind[]): LabelledRow {
  const features: Record<string, FeatureValue> = {}
  for (let i = 0; i < layout.inputs.length; i++) {
    const { name, index } = layout.inputs[i]!
    const cell = cells[index]!
    if (kinds[i] === 'empty') kinds[i] = kindAfter('empty', cell)
    features[name] = featureOf(cell, kinds[i]!, name, line)
  }
  const labels: Record<string, string> = {}
  for (const { name, index } of layout.labels) {
    const cell = cells[index]!.trim()
    if (cell !== '') labels[name] = cell
  }
  const observation: Observation = {
    id: `${layout.name}-${row}`,
    line: layout.domain.length === 0 ? layout.name : domainOf(cells, layout.domain, line),
    station: null,
    product: null,
    time: layout.time < 0 ? CLOCK_START + row * 1000 : timeOf(cells[layout.time]!, line),
    features
  }
  return { observation, labels }
}

function domainOf(cells: readonly string[], places: readonly Place[], line: number): string {
  const parts = places.map(({ index }) => cells[index]!.trim())
  const wrong = parts.includes('') ? 'expected a value in every domain column, got an empty cell' : nameProblem(parts.join('/'))
  if (wrong !== null) throw new Fault('INPUT_INVALID', `line ${line}, domain: ${wrong}: fill the cell or choose another column`)
  return parts.join('/')
}

function timeOf(cell: string, line: number): number {
  const text = cell.trim()
  const time = /^\d{1,15}$/.test(text) ? Number(text) : parseTime(text)
  if (time === null)
    throw new Fault('INPUT_INVALID', `line ${line}, time: expected ${timeForms}, got ${shown(cell)}: choose another column`)
  return time
}
