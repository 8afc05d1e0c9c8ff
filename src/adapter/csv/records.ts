/**
 * The records of a .csv or .csv.gz file, one after the other with the line where each ends. Memory stays bounded by what
 * the parser holds, and leaving the loop closes the file.
 */
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { CsvError, parse } from 'csv-parse'
import { Fault } from '../../fault/fault.ts'

export interface CsvRecord {
  /** Counted from 1; the header is line 1 unless it holds line breaks itself. */
  readonly line: number
  readonly cells: readonly string[]
}

interface Parsed {
  readonly info: { readonly lines: number }
  readonly record: readonly string[]
}

/** Yields the header first. Throws `FILE_UNREADABLE` for the file, `INPUT_INVALID` for what stands in it. */
export async function* recordsOf(path: string): AsyncGenerator<CsvRecord, void, undefined> {
  // Rows of another width are told by the reader, which knows what to say of them.
  const parser = parse({ bom: true, skip_empty_lines: true, relax_column_count: true, info: true })
  const source = createReadStream(path)
  // Errors reach the loop below through the parser, which the pipeline destroys with them.
  if (path.endsWith('.gz')) pipeline(source, createGunzip(), parser, () => {})
  else pipeline(source, parser, () => {})
  try {
    for await (const { info, record } of parser as AsyncIterable<Parsed>) yield { line: info.lines, cells: record }
  } catch (error) {
    throw translated(path, error)
  } finally {
    parser.destroy()
    source.destroy()
  }
}

function translated(path: string, error: unknown): unknown {
  if (error instanceof CsvError) return new Fault('INPUT_INVALID', `expected comma-separated values in ${path}: ${error.message}`, error)
  const code = (error as NodeJS.ErrnoException).code
  if (code === undefined) return error
  if (code.startsWith('Z_'))
    return new Fault('FILE_UNREADABLE', `expected gzip in ${path}, it is damaged or none: ${(error as Error).message}`, error)
  return new Fault('FILE_UNREADABLE', `expected a readable file at ${path}, got ${code}: check the path and its permissions`, error)
}
