/**
 * Labelled rows from a file: the first row is the header, each row one observation with its labels. A label column is
 * never an input. Nothing is guessed per cell, so that the same file always gives the same rows.
 */
import { basename } from 'node:path'
import type { FeatureValue, Observation } from '../../events/event.ts'
import { nameProblem } from '../../events/names.ts'
import { shown } from '../../events/shown.ts'
import { parseTime, timeForms } from '../../events/time.ts'
import { Fault } from '../../fault/fault.ts'
import { type ColumnKind, featureOf, kindAfter } from './column.ts'
import { type CsvRecord, recordsOf } from './records.ts'

export interface CsvOptions {
  /** Columns with classes, one a task. */
  readonly labels: readonly string[]
  /** The column that becomes the observation's line; without it the line is the file's name. */
  readonly domain?: string | undefined
  readonly ignore?: readonly string[] | undefined
  /** At most so many rows. */
  readonly limit?: number | undefined
  /** The column with the time of a row; without it rows are a second apart from the start of 2026. */
  readonly timeColumn?: string | undefined
}

export interface LabelledRow {
  readonly observation: Observation
  /** Class by task; a task whose cell is empty is absent. */
  readonly labels: Readonly<Record<string, string>>
}

export interface CsvInput {
  readonly name: string
  readonly kind: ColumnKind
}

/** A file whose header has been read. Every iteration reads it from the start. */
export interface CsvFile extends AsyncIterable<LabelledRow> {
  /** The file's name without folder and ending: the first part of every id. */
  readonly name: string
  readonly inputs: readonly CsvInput[]
  readonly tasks: readonly string[]
}

interface Place {
  readonly name: string
  readonly index: number
}

interface Layout {
  readonly name: string
  readonly width: number
  readonly inputs: readonly Place[]
  readonly labels: readonly Place[]
  readonly domain: number
  readonly time: number
}

/** Rows looked at to decide what a column is. */
const SAMPLE_ROWS = 1000
/** 2026-01-01T00:00:00Z, where the clock of a file without times starts. */
const CLOCK_START = 1_767_225_600_000

/**
 * Opens a .csv or .csv.gz file and decides what its columns are by its first 1,000 rows. Ids are `NAME-ROW`, rows counted
 * from 1. Throws `FILE_UNREADABLE`, or `INPUT_INVALID` where a column named in the options is not there; iterating throws
 * `INPUT_INVALID` with line and column where a row does not fit.
 */
export async function openCsv(path: string, options: CsvOptions): Promise<CsvFile> {
  let layout: Layout | null = null
  let kinds: ColumnKind[] = []
  let rows = 0
  for await (const record of recordsOf(path)) {
    if (layout === null) {
      layout = layoutOf(path, record.cells, options)
      kinds = layout.inputs.map(() => 'empty')
      continue
    }
    requireWidth(record, layout)
    for (let i = 0; i < kinds.length; i++) kinds[i] = kindAfter(kinds[i]!, record.cells[layout.inputs[i]!.index]!)
    if (++rows === SAMPLE_ROWS) break
  }
  if (layout === null) throw new Fault('INPUT_INVALID', `expected a header in the first row of ${path}, the file is empty`)
  const found = layout
  const limit = options.limit ?? Number.POSITIVE_INFINITY
  return {
    name: found.name,
    inputs: found.inputs.map(({ name }, i) => ({ name, kind: kinds[i]! })),
    tasks: found.labels.map(({ name }) => name),
    [Symbol.asyncIterator]: () => labelledRows(path, found, [...kinds], limit)
  }
}

async function* labelledRows(path: string, layout: Layout, kinds: ColumnKind[], limit: number): AsyncGenerator<LabelledRow> {
  let row = -1
  for await (const record of recordsOf(path)) {
    if (++row === 0) continue
    if (row > limit) return
    requireWidth(record, layout)
    yield rowOf(record, row, layout, kinds)
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
    line: layout.domain < 0 ? layout.name : domainOf(cells[layout.domain]!, line),
    station: null,
    product: null,
    time: layout.time < 0 ? CLOCK_START + row * 1000 : timeOf(cells[layout.time]!, line),
    features
  }
  return { observation, labels }
}

function layoutOf(path: string, header: readonly string[], options: CsvOptions): Layout {
  const names = header.map(cell => cell.trim())
  const places = new Map<string, number>()
  for (const [index, name] of names.entries()) {
    const wrong = nameProblem(name)
    if (wrong !== null) throw new Fault('INPUT_INVALID', `header of ${path}, column ${index + 1}: ${wrong}: name the column`)
    if (places.has(name))
      throw new Fault('INPUT_INVALID', `header of ${path}: expected every name once, got ${shown(name)} twice: rename one`)
    places.set(name, index)
  }
  const roles = new Map<string, string>()
  const take = (name: string, role: string): Place => {
    const index = places.get(name)
    if (index === undefined)
      throw new Fault('INPUT_INVALID', `expected a column ${shown(name)} (${role}) in ${path}, there are ${names.join(', ')}`)
    const earlier = roles.get(name)
    if (earlier !== undefined && earlier !== role)
      throw new Fault('INPUT_INVALID', `expected one use of column ${shown(name)}, got two (${earlier} and ${role}): leave one out`)
    roles.set(name, role)
    return { name, index }
  }
  const labels = [...new Set(options.labels)].map(name => take(name, 'label'))
  const domain = options.domain === undefined ? -1 : take(options.domain, 'domain').index
  const time = options.timeColumn === undefined ? -1 : take(options.timeColumn, 'time').index
  for (const name of options.ignore ?? []) take(name, 'ignored')
  const inputs = names.map((name, index) => ({ name, index })).filter(({ name }) => !roles.has(name))
  return { name: nameOf(path), width: names.length, inputs, labels, domain, time }
}

function requireWidth({ cells, line }: CsvRecord, layout: Layout): void {
  if (cells.length !== layout.width)
    throw new Fault(
      'INPUT_INVALID',
      `line ${line}: expected ${layout.width} cells as in the header, got ${cells.length}: quote commas within cells`
    )
}

function domainOf(cell: string, line: number): string {
  const name = cell.trim()
  const wrong = nameProblem(name)
  if (wrong !== null) throw new Fault('INPUT_INVALID', `line ${line}, domain: ${wrong}: fill the cell or choose another column`)
  return name
}

function timeOf(cell: string, line: number): number {
  const text = cell.trim()
  const time = /^\d{1,15}$/.test(text) ? Number(text) : parseTime(text)
  if (time === null)
    throw new Fault('INPUT_INVALID', `line ${line}, time: expected ${timeForms}, got ${shown(cell)}: choose another column`)
  return time
}

function nameOf(path: string): string {
  return basename(path)
    .replace(/\.gz$/, '')
    .replace(/\.csv$/, '')
}
