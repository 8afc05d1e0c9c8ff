/**
 * How much may still be written. lmdb-js knows no map limit (it maps anew and grows), so the limit is held here, and
 * a full disk is seen before LMDB meets it: a refused transaction has then written nothing at all.
 *
 * Room is the limit less the pages in use, where the limit is the smaller of `maxBytes` and what the file can still
 * grow to on its disk. So removing records makes room at once although the file never shrinks.
 */
import { statfsSync } from 'node:fs'
import { Fault } from '../../fault/fault.ts'
import type { Tables } from './tables.ts'

const PAGE = 4096
/** Kept free for what removes records: deleting copies pages before it frees any. */
const RESERVE = 64 * PAGE
/** The part of the limit for gaps between values of many pages and for pages that wait to be used again. */
const SLACK = 1 / 16
/** Beyond this a value gets pages of its own. */
const OWN_PAGES = 1900

/** The errors by which a disk says that it is full: ENOSPC, EDQUOT, EFBIG, MDB_MAP_FULL. */
const FULL: readonly unknown[] = [28, 122, 27, -30792]
const EIO = 5

/** Bytes that an entry with a value of `length` bytes takes in a table, pages half filled by splits not counted. */
export function entryBytes(length: number): number {
  return length > OWN_PAGES ? Math.ceil((length + 16) / PAGE) * PAGE + 64 : length + 64
}

/** Throws `LOG_FULL` where `bytes` more would not fit. Call it inside the transaction that writes them. */
export function expectRoom(tables: Tables, bytes: number, maxBytes: number): void {
  let pages = 0
  for (const table of [tables.about, tables.records, tables.heads, tables.index, tables.groups, tables.notes])
    pages += pagesOf(table.getStats() as Stats)
  const stats = tables.about.getStats() as Stats & { root: Stats; free: Stats; lastPageNumber: number }
  pages += pagesOf(stats.root) + pagesOf(stats.free) + 2
  const disk = statfsSync(tables.directory)
  const growable = (stats.lastPageNumber + 1) * PAGE + disk.bavail * disk.bsize
  const room = Math.min(maxBytes * (1 - SLACK), growable) - pages * PAGE - RESERVE
  if (bytes <= room) return
  const limit =
    growable < maxBytes ? 'the disk is full: free some space' : `the log has reached its ${maxBytes} bytes: raise its limit or keep less`
  throw new Fault('LOG_FULL', `expected room for ${bytes} bytes in ${tables.directory}, came ${Math.max(0, room)}: ${limit}`)
}

/** What an error thrown by LMDB means to the caller. */
export function translate(error: unknown, directory: string): Fault {
  if (error instanceof Fault) return error
  const code = (error as { code?: unknown }).code
  if (FULL.includes(code) || (code === EIO && diskIsFull(directory)))
    return new Fault('LOG_FULL', `expected room in ${directory}, came ${String(error)}: free some space`, error)
  return new Fault('LOG_DAMAGED', `expected to write the log in ${directory}, came ${String(error)}: check the disk, then restore`, error)
}

/** LMDB takes a write cut short, which is how a disk fills up, for EIO. */
function diskIsFull(directory: string): boolean {
  const disk = statfsSync(directory)
  return disk.bavail * disk.bsize < RESERVE
}

interface Stats {
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
}

function pagesOf(stats: Stats): number {
  return stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages
}
