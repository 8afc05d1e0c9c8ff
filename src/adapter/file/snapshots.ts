/**
 * Snapshots as files, one each: written under another name, fsynced, then renamed, so that one is whole or absent.
 *
 *     file   = "andon-snapshot " version " " sum LF header LF state
 *     version = "1"
 *     sum    = hexadecimal SHA-256 of the header
 *     header = JSON {fold, positions, learned, sha256, bytes}: checksum and length of the state
 *
 * Names count up, so that they sort by age whatever the clock says.
 */
import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../fault/fault.ts'
import type { DamagedSnapshot, SnapshotHeader, SnapshotStore, StoredSnapshot } from '../../pipeline/snapshot-store.ts'

const MAGIC = 'andon-snapshot 1 '
const NAME = /^\d{12}\.snapshot$/
const PARTIAL = '.partial'
/** Where a header must have ended: room for the positions of some ten thousand partitions. */
const HEADER_BYTES = 1024 * 1024
const LF = 10

/** The snapshots in a directory, which is made by the first one written. One process writes, any number may read. */
export function openFileSnapshots(directory: string): SnapshotStore {
  const names = async (): Promise<string[]> => {
    try {
      return (await readdir(directory)).filter(name => NAME.test(name)).sort()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw unreadable(directory, error)
    }
  }

  const list = async (): Promise<(StoredSnapshot | DamagedSnapshot)[]> => {
    const listed: (StoredSnapshot | DamagedSnapshot)[] = []
    for (const name of (await names()).reverse()) {
      const found = await look(directory, name)
      if (found) listed.push(found)
    }
    return listed
  }

  return {
    list,

    async write(header, state) {
      const last = (await names()).at(-1)
      const name = `${String(last === undefined ? 1 : Number.parseInt(last, 10) + 1).padStart(12, '0')}.snapshot`
      const { fold, positions, learned } = header
      const full: SnapshotHeader = { fold, positions, learned, sha256: sha256(state), bytes: state.length }
      const json = JSON.stringify(full)
      const partial = join(directory, `${name}.${process.pid}${PARTIAL}`)
      try {
        await mkdir(directory, { recursive: true })
        for (const left of await readdir(directory)) if (left.endsWith(PARTIAL)) await rm(join(directory, left), { force: true })
        await withFile(partial, 'wx', async file => {
          await file.writeFile(`${MAGIC}${sha256(Buffer.from(json))}\n${json}\n`)
          await file.writeFile(state)
          await file.sync()
        })
        await rename(partial, join(directory, name))
        await withFile(directory, 'r', file => file.sync())
      } catch (error) {
        await rm(partial, { force: true })
        throw refused(directory, state.length, error)
      }
      return { name, ...full }
    },

    async read(name) {
      if (!NAME.test(name)) throw new Fault('FILE_UNREADABLE', `expected a snapshot's name as list() gives it, came '${name}'`)
      let bytes: Buffer
      try {
        bytes = await readFile(join(directory, name))
      } catch (error) {
        throw unreadable(join(directory, name), error)
      }
      const parsed = parse(bytes, bytes.length)
      if (typeof parsed === 'string') throw damaged(name, parsed)
      const state = bytes.subarray(parsed.start)
      const sum = sha256(state)
      if (sum !== parsed.header.sha256) throw damaged(name, `a state with checksum ${sum} instead of ${parsed.header.sha256}`)
      return { header: { name, ...parsed.header }, state }
    },

    async keep(count) {
      const removed: string[] = []
      let good = 0
      for (const snapshot of await list()) {
        if (good < count) {
          if (!('damage' in snapshot)) good++
          continue
        }
        await rm(join(directory, snapshot.name), { force: true })
        removed.push(snapshot.name)
      }
      return removed
    }
  }
}

/** What a file says of itself, or null where it has gone meanwhile. */
async function look(directory: string, name: string): Promise<StoredSnapshot | DamagedSnapshot | null> {
  try {
    return await withFile(join(directory, name), 'r', async file => {
      const { size } = await file.stat()
      const head = Buffer.alloc(Math.min(size, HEADER_BYTES))
      await file.read(head, 0, head.length, 0)
      const parsed = parse(head, size)
      return typeof parsed === 'string' ? { name, damage: parsed } : { name, ...parsed.header }
    })
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : { name, damage: String(error) }
  }
}

/** The header at the beginning of `bytes` and where the state starts, or what came instead. `size` is the whole file's. */
function parse(bytes: Buffer, size: number): { readonly header: SnapshotHeader; readonly start: number } | string {
  const first = bytes.indexOf(LF)
  const second = first < 0 ? -1 : bytes.indexOf(LF, first + 1)
  const magic = bytes.toString('latin1', 0, MAGIC.length)
  if (magic !== MAGIC)
    return bytes.length < MAGIC.length ? `a file of ${size} bytes` : `a file that begins '${magic.replace(/[^ -~]/g, '?')}'`
  if (second < 0) return `a header cut off after ${size} bytes`
  const json = bytes.subarray(first + 1, second)
  if (bytes.toString('latin1', MAGIC.length, first) !== sha256(json)) return 'a header that differs from its checksum'
  const header = JSON.parse(json.toString()) as SnapshotHeader
  const start = second + 1
  return size - start === header.bytes ? { header, start } : `${size - start} bytes of state instead of ${header.bytes}`
}

async function withFile<T>(path: string, flags: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, flags)
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function damaged(name: string, came: string): Fault {
  return new Fault('SNAPSHOT_DAMAGED', `expected a whole snapshot in ${name}, came ${came}: use an older one`)
}

function unreadable(path: string, error: unknown): Fault {
  return new Fault('FILE_UNREADABLE', `expected to read ${path}, came ${String(error)}: check the path and its permissions`, error)
}

function refused(directory: string, bytes: number, error: unknown): Fault {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG')
    return new Fault('LOG_FULL', `expected room for a snapshot of ${bytes} bytes in ${directory}, came ${code}: free some space`, error)
  return new Fault('FILE_UNREADABLE', `expected to write a snapshot in ${directory}, came ${String(error)}: check its permissions`, error)
}
