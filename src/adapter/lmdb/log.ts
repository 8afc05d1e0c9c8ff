/**
 * The durable log in one LMDB environment: all topics in one global sequence, so that a fold over several topics is
 * determined. Several processes may write and read at once.
 */
import { Fault } from '../../fault/fault.ts'
import type { Claim, Commit, Forgetful, Log, Note, Outgoing, Position, Retention } from '../../pipeline/log.ts'
import { append } from './append.ts'
import { readTables, Wake } from './reader.ts'
import { retainChunk } from './retain.ts'
import { entryBytes, expectRoom } from './room.ts'
import { openTables, type Tables } from './tables.ts'
import { Turns } from './turns.ts'

const PAGE = 4096
/** What a transaction writes beside its records: the roots and paths of six tables. */
const TRANSACTION_BYTES = 24 * PAGE
/** LMDB's keys end at 1978 bytes; the group's name takes its part. */
const KEY_BYTES = 1900
/** Notes read at once. */
const NOTES = 500

export interface LmdbOptions {
  readonly directory: string
  /** Partitions of each topic. They are stored with the log and may be left out where it exists; new topics may be added. */
  readonly partitions?: Readonly<Record<string, number>>
  /** The most that the file may hold. */
  readonly maxBytes: number
  /** Milliseconds since 1970. */
  readonly clock?: () => number
  /** Never writes, neither records nor claims. */
  readonly readOnly?: boolean
}

/**
 * Opens the log in a directory, making it where there is none. Any number of processes may hold it open.
 *
 * Throws `CONFIG_INVALID` where partition counts differ from those stored, `FILE_UNREADABLE` where `readOnly` finds
 * none or the directory holds other files, `LOG_DAMAGED` where it is no log.
 */
export async function openLmdbLog(options: LmdbOptions): Promise<Log & Forgetful> {
  const { directory, partitions, maxBytes, clock = Date.now, readOnly = false } = options
  return new LmdbLog(openTables(directory, partitions, maxBytes, readOnly), maxBytes, clock, readOnly)
}

class LmdbLog implements Log, Forgetful {
  readonly partitions: Readonly<Record<string, number>>
  readonly #tables: Tables
  readonly #turns: Turns
  readonly #clock: () => number
  readonly #readOnly: boolean
  readonly #wake = new Wake()
  readonly #numbers: ReadonlyMap<string, number>
  #closing: Promise<void> | null = null

  constructor(tables: Tables, maxBytes: number, clock: () => number, readOnly: boolean) {
    this.partitions = Object.fromEntries(tables.topics.map(({ name, partitions }) => [name, partitions]))
    this.#tables = tables
    this.#clock = clock
    this.#readOnly = readOnly
    this.#numbers = new Map(tables.topics.map(({ name }, number) => [name, number]))
    this.#turns = new Turns(
      tables,
      bytes => expectRoom(tables, bytes, maxBytes),
      () => this.#wake.all()
    )
  }

  async write(records: readonly Outgoing[]): Promise<readonly Position[]> {
    this.#expectWritable()
    for (const { topic } of records) this.#number(topic)
    if (records.length === 0) return []
    return this.#turns.take(recordBytes(records), () => append(this.#tables, this.#numbers, records, this.#clock()))
  }

  read(topics: readonly string[], from: readonly Position[], signal: AbortSignal, limit = 500): ReturnType<Log['read']> {
    this.#expectOpen()
    const numbers = topics.map(topic => this.#number(topic))
    return readTables(this.#tables, numbers, from, signal, limit, this.#wake, () => this.#closing !== null)
  }

  async ends(topics: readonly string[]): Promise<readonly Position[]> {
    return this.#edges(topics, 1)
  }

  async starts(topics: readonly string[]): Promise<readonly Position[]> {
    return this.#edges(topics, 0)
  }

  async claim(group: string): Promise<Claim> {
    this.#expectWritable()
    if (group === '' || group.includes('\0') || Buffer.byteLength(group) > 64)
      throw new Fault('INPUT_INVALID', `expected a group's name of 1 to 64 bytes without NUL, came '${group}'`)
    const { groups } = this.#tables
    const made = await this.#turns.take(TRANSACTION_BYTES, () => {
      const epoch = (groups.get(['epoch', group]) ?? 0) + 1
      groups.putSync(['epoch', group], epoch)
      return { epoch, positions: this.#positionsOf(group) }
    })
    const positions = new Map(made.positions.map(position => [`${position.partition} ${position.topic}`, position]))
    return {
      positions: () => [...positions.values()],
      notes: () => this.#notes(group),
      commit: async commit => {
        const places = await this.#commit(group, made.epoch, commit)
        for (const position of commit.positions) positions.set(`${position.partition} ${position.topic}`, position)
        return places
      }
    }
  }

  async committed(group: string): Promise<readonly Position[]> {
    this.#expectOpen()
    this.#tables.root.resetReadTxn()
    return this.#positionsOf(group)
  }

  async retain(retentions: readonly Retention[], floors: readonly Position[], now: number): Promise<Readonly<Record<string, number>>> {
    this.#expectWritable()
    const removed: Record<string, number> = {}
    for (const retention of retentions) {
      const number = this.#number(retention.topic)
      for (let done = false; !done; ) {
        const step = await this.#turns.take(0, () => retainChunk(this.#tables, number, retention, floors, now))
        removed[retention.topic] = (removed[retention.topic] ?? 0) + step.removed
        done = step.done || this.#closing !== null
      }
    }
    return removed
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#turns.finish()
      this.#wake.all()
      await this.#tables.root.close()
    })()
    return this.#closing
  }

  async #commit(group: string, epoch: number, { outputs, positions, notes }: Commit): Promise<readonly Position[]> {
    this.#expectWritable()
    for (const { topic } of outputs) this.#number(topic)
    const places = positions.map(({ topic, partition, offset }) => ({ key: ['position', group, this.#number(topic), partition], offset }))
    const changes = notes.map(({ key, value }) => ({ key: noteKey(group, key), value }))
    const { groups, notes: table } = this.#tables
    return this.#turns.take(recordBytes(outputs) + noteBytes(notes), () => {
      const newest = groups.get(['epoch', group])
      if (newest !== epoch)
        throw new Fault(
          'LOG_FENCED',
          `expected claim ${epoch} of ${group} to be the newest, came ${newest}: another process has taken over`
        )
      for (const { key, offset } of places) groups.putSync(key, offset)
      for (const { key, value } of changes) {
        if (value === null) table.removeSync(key)
        else table.putSync(key, Buffer.from(value.buffer, value.byteOffset, value.length))
      }
      return append(this.#tables, this.#numbers, outputs, this.#clock())
    })
  }

  async *#notes(group: string): AsyncGenerator<{ readonly key: string; readonly value: Uint8Array }> {
    const prefix = noteKey(group, '')
    let start = prefix
    for (let more = true; more; ) {
      this.#expectOpen()
      this.#tables.root.resetReadTxn()
      const batch = [...this.#tables.notes.getRange({ start, end: Buffer.concat([prefix, Buffer.from([255])]), limit: NOTES })]
      for (const { key, value } of batch) yield { key: key.toString('utf8', prefix.length), value: new Uint8Array(value) }
      more = batch.length === NOTES
      if (more) start = Buffer.concat([batch[NOTES - 1]!.key, Buffer.from([0])])
    }
  }

  #positionsOf(group: string): Position[] {
    const positions: Position[] = []
    const start = ['position', group]
    for (const { key, value } of this.#tables.groups.getRange({ start, end: ['position', `${group}\u0001`] }))
      if (key[1] === group)
        positions.push({ topic: this.#tables.topics[key[2] as number]!.name, partition: key[3] as number, offset: value })
    return positions
  }

  #edges(topics: readonly string[], edge: 0 | 1): Position[] {
    this.#expectOpen()
    this.#tables.root.resetReadTxn()
    return topics.flatMap(topic => {
      const number = this.#number(topic)
      return Array.from({ length: this.partitions[topic]! }, (_, partition) => ({
        topic,
        partition,
        offset: this.#tables.heads.get([number, partition])?.[edge] ?? 0
      }))
    })
  }

  #number(topic: string): number {
    const number = this.#numbers.get(topic)
    if (number === undefined)
      throw new Fault('INPUT_INVALID', `expected one of the topics ${Object.keys(this.partitions).join(', ')}, came ${topic}`)
    return number
  }

  #expectOpen(): void {
    if (this.#closing) throw new Fault('LOG_CLOSED', 'expected an open log, came a call after close()')
  }

  #expectWritable(): void {
    this.#expectOpen()
    if (this.#readOnly) throw new Fault('INPUT_INVALID', 'expected a log opened for writing, came one opened with readOnly')
  }
}

function noteKey(group: string, key: string): Buffer {
  const name = Buffer.from(group)
  const text = Buffer.from(key)
  if (text.length > KEY_BYTES)
    throw new Fault('INPUT_INVALID', `expected a note's key of at most ${KEY_BYTES} bytes, came ${text.length}: shorten the identity`)
  return Buffer.concat([Buffer.from([name.length]), name, text])
}

function recordBytes(records: readonly Outgoing[]): number {
  let bytes = TRANSACTION_BYTES
  for (const { key, value } of records) bytes += entryBytes(24 + (key === null ? 0 : Buffer.byteLength(key)) + value.length)
  return bytes
}

/** Each note may copy a page of its own. */
function noteBytes(notes: readonly Note[]): number {
  let bytes = 0
  for (const { value } of notes) bytes += PAGE + (value === null ? 0 : entryBytes(value.length))
  return bytes
}
