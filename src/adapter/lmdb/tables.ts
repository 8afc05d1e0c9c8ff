/**
 * The tables of the log in one LMDB environment, and what it was made with. All of a commit goes through one
 * transaction over these tables.
 *
 *     about    'log' → {format, topics: [{name, partitions}]} · 'next' → the next sequence number
 *     records  sequence → record (see record.ts)
 *     heads    [topic, partition] → where the partition starts and ends (see Head)
 *     index    [topic, partition, offset] → sequence, for about one record in 128 of a partition
 *     groups   ['epoch', group] → epoch · ['position', group, topic, partition] → offset
 *     notes    group length (u8), group, key (UTF-8) → bytes
 *
 * `overlappingSync` is off: with it a transaction is seen by readers before it is flushed, and a predictor would act
 * on records that a power cut takes back. Without it LMDB writes the pages, fsyncs, and only then moves the root, so
 * what can be read is durable. Transactions run through `transactionSync`, which returns after that fsync; the
 * asynchronous path of lmdb-js hangs without overlappingSync and reports a failed commit apart from its promise.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { Fault } from '../../fault/fault.ts'

const FORMAT = 1
/** lmdb-js maps anew, and keeps the old map, when a file outgrows its map: half as much again leaves it one. */
const MAP_SLACK = 1.5

/** [oldest offset kept, next offset, a sequence before which none of it is kept, sequence last indexed, last timestamp, bytes kept] */
export type Head = [start: number, end: number, floor: number, indexed: number, timestamp: number, bytes: number]

export interface TopicSpec {
  readonly name: string
  readonly partitions: number
}

export interface Tables {
  readonly directory: string
  readonly root: RootDatabase<unknown, string>
  readonly about: Database<unknown, string>
  readonly records: Database<Buffer, number>
  readonly heads: Database<Head, number[]>
  readonly index: Database<number, number[]>
  readonly groups: Database<number, (string | number)[]>
  readonly notes: Database<Buffer, Buffer>
  readonly topics: readonly TopicSpec[]
}

/** A head of a partition without records. */
export const emptyHead = (next: number): Head => [0, 0, next, -1, 0, 0]

/**
 * Opens the tables in `directory`, making them where there are none. Throws `CONFIG_INVALID` where the partition
 * counts differ from those stored, `FILE_UNREADABLE` where there is nothing to open, `LOG_DAMAGED` where it is no log.
 */
export function openTables(
  directory: string,
  partitions: Readonly<Record<string, number>> | undefined,
  maxBytes: number,
  readOnly: boolean
): Tables {
  const exists = existsSync(join(directory, 'data.mdb'))
  if (!exists && (readOnly || partitions === undefined))
    throw new Fault(
      'FILE_UNREADABLE',
      `expected a log in ${directory}, came no data.mdb: start the pipeline once, or name another directory`
    )
  if (!exists && existsSync(directory) && readdirSync(directory).length > 0)
    throw new Fault('FILE_UNREADABLE', `expected an empty directory or a log in ${directory}, came other files: name another directory`)
  let root: RootDatabase<unknown, string> | null = null
  try {
    root = open({
      path: directory,
      noSubdir: false,
      overlappingSync: false,
      readOnly,
      maxDbs: 8,
      mapSize: Math.ceil((maxBytes * MAP_SLACK) / 0x40000) * 0x40000,
      encoding: 'msgpack'
    }) as RootDatabase<unknown, string>
    const table = <V, K extends number | (string | number)[] | Buffer | string>(name: string, options: object): Database<V, K> => {
      const opened = (root as RootDatabase).openDB<V, K>({ name, ...options })
      if (!opened) throw new Fault('LOG_DAMAGED', `expected the table ${name} in ${directory}, came none: restore the log from a backup`)
      return opened
    }
    const about = table<unknown, string>('about', { encoding: 'json' })
    const tables = {
      directory,
      root,
      about,
      records: table<Buffer, number>('records', { encoding: 'binary' }),
      heads: table<Head, number[]>('heads', { encoding: 'msgpack' }),
      index: table<number, number[]>('index', { encoding: 'ordered-binary' }),
      groups: table<number, (string | number)[]>('groups', { encoding: 'ordered-binary' }),
      notes: table<Buffer, Buffer>('notes', { encoding: 'binary', keyEncoding: 'binary' })
    }
    return { ...tables, topics: agree(tables, partitions, readOnly) }
  } catch (error) {
    void root?.close()
    throw error instanceof Fault
      ? error
      : new Fault('LOG_DAMAGED', `expected a log in ${directory}, came: ${String(error)}: restore it from a backup`, error)
  }
}

/** The topics stored, with those of `partitions` that are new added. */
function agree(tables: Omit<Tables, 'topics'>, partitions: Readonly<Record<string, number>> | undefined, readOnly: boolean): TopicSpec[] {
  const settle = (): TopicSpec[] => {
    const stored = tables.about.get('log') as { format: number; topics: TopicSpec[] } | undefined
    if (stored && stored.format !== FORMAT)
      throw new Fault('LOG_DAMAGED', `expected a log of format ${FORMAT}, came ${stored.format}: open it with the version that made it`)
    if (!stored && readOnly) throw new Fault('LOG_DAMAGED', `expected a log in ${tables.directory}, came an LMDB file without one`)
    const topics = [...(stored?.topics ?? [])]
    for (const [name, count] of Object.entries(partitions ?? {})) {
      const known = topics.find(topic => topic.name === name)
      if (known && known.partitions !== count)
        throw new Fault(
          'CONFIG_INVALID',
          `expected ${known.partitions} partitions of ${name}, as the log in ${tables.directory} was made with, came ${count}: set it back, or move the log with andon migrate`
        )
      if (known) continue
      if (!Number.isInteger(count) || count < 1 || count > 65_535 || topics.length === 255)
        throw new Fault('CONFIG_INVALID', `expected 1 to 65535 partitions of ${name} and at most 255 topics, came ${count}`)
      if (readOnly) throw new Fault('CONFIG_INVALID', `expected the topics of the log in ${tables.directory}, came ${name} as well`)
      topics.push({ name, partitions: count })
    }
    if (!readOnly && topics.length !== stored?.topics.length) void tables.about.put('log', { format: FORMAT, topics })
    return topics
  }
  tables.root.resetReadTxn()
  return readOnly ? settle() : tables.root.transactionSync(settle)
}
