/**
 * What each column of a file is for, by its header and the options. Every column has one use, and one that was named and
 * is not there is told with those that are.
 */
import { basename } from 'node:path'
import { nameProblem } from '../../events/names.ts'
import { shown } from '../../events/shown.ts'
import { Fault } from '../../fault/fault.ts'
import type { CsvRecord } from './records.ts'

export interface CsvOptions {
  /** Columns with classes, one a task. */
  readonly labels: readonly string[]
  /** The column that becomes the observation's line, or several joined by `/`; without any the line is the file's name. */
  readonly domain?: string | readonly string[] | undefined
  readonly ignore?: readonly string[] | undefined
  /** At most so many rows. */
  readonly limit?: number | undefined
  /** The column with the time of a row; without it rows are a second apart from the start of 2026. */
  readonly timeColumn?: string | undefined
}

export interface Place {
  readonly name: string
  readonly index: number
}

export interface Layout {
  readonly name: string
  readonly width: number
  readonly inputs: readonly Place[]
  readonly labels: readonly Place[]
  readonly domain: readonly Place[]
  readonly time: number
}

/** Throws `INPUT_INVALID` where header and options do not fit. */
export function layoutOf(path: string, header: readonly string[], options: CsvOptions): Layout {
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
  const domain = [options.domain ?? []].flat().map(name => take(name, 'domain'))
  const time = options.timeColumn === undefined ? -1 : take(options.timeColumn, 'time').index
  for (const name of options.ignore ?? []) take(name, 'ignored')
  const inputs = names.map((name, index) => ({ name, index })).filter(({ name }) => !roles.has(name))
  return { name: nameOf(path), width: names.length, inputs, labels, domain, time }
}

/** Throws `INPUT_INVALID` where a row is wider or narrower than the header. */
export function requireWidth({ cells, line }: CsvRecord, layout: Layout): void {
  if (cells.length !== layout.width)
    throw new Fault(
      'INPUT_INVALID',
      `line ${line}: expected ${layout.width} cells as in the header, got ${cells.length}: quote commas within cells`
    )
}

/** A file's name without folder and ending. */
export function nameOf(path: string): string {
  return basename(path)
    .replace(/\.gz$/, '')
    .replace(/\.csv$/, '')
}
