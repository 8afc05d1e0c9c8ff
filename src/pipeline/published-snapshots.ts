/**
 * Snapshots in the log itself, so that a learner on another machine begins where the last one saved. See
 * `snapshot-record.ts` for their form. Any number of processes may write and read: a snapshot is whole or absent, and
 * none that another still lists is taken from it but by `keep`, which counts by what was learned, not by who wrote last.
 */
import { randomUUID } from 'node:crypto'
import { Fault } from '../fault/fault.ts'
import type { Forgetful, Incoming, Log, Position } from './log.ts'
import { range } from './range.ts'
import { REST } from './shards.ts'
import { decodeSnapshotRecord, encodeChunk, encodeHeader, type PublishedHeader, sha256 } from './snapshot-record.ts'
import { type DamagedSnapshot, examplesIn, type SnapshotStore, type StoredSnapshot } from './snapshot-store.ts'

/** The topic of the snapshots. It has one partition. */
export const SNAPSHOTS = 'snapshots'

/** The topic of a shard's snapshots: each has its own, so that none forgets another's. */
export function snapshotsOf(shard: string): string {
  return shard === REST ? SNAPSHOTS : `${SNAPSHOTS}.${shard}`
}
/** Half of what a Kafka broker takes as one message unless told otherwise. */
const CHUNK_BYTES = 512 * 1024
/** Records read at once: with the chunk's size what stands in memory beside a state. */
const BATCH = 16
const NAME = /^\d{12}-\d{12}\.published$/

interface Entry {
  readonly listed: StoredSnapshot | DamagedSnapshot
  /** Null where damaged. */
  readonly header: PublishedHeader | null
  /** Offset of the first record it needs. */
  readonly first: number
}

/**
 * The snapshots in a topic of a log, `snapshots` unless told otherwise. Throws `CONFIG_INVALID` where that is not a topic of one partition.
 *
 * `write` throws what the log throws, and `UNAVAILABLE` (retry) where another writer's `keep` passed it meanwhile.
 *
 * @example
 * ```ts
 * import { openMemoryLog } from '../src/adapter/memory/log.ts'
 * import { openPublishedSnapshots } from '../src/pipeline/published-snapshots.ts'
 * const log = openMemoryLog({ partitions: { examples: 1, snapshots: 1 }, clock: () => 0 })
 * const positions = [{ topic: 'examples', partition: 0, offset: 7 }]
 * const { name } = await openPublishedSnapshots(log).write({ fold: 1, positions, learned: 7 }, Uint8Array.of(1, 2))
 * const { state } = await openPublishedSnapshots(log).read(name) // another machine
 * [name, ...state] // => ['000000000007-000000000001.published', 1, 2]
 * ```
 */
export function openPublishedSnapshots(log: Log & Forgetful, topic: string = SNAPSHOTS): SnapshotStore {
  const partitions = log.partitions[topic]
  if (partitions !== 1)
    throw new Fault(
      'CONFIG_INVALID',
      `expected a topic ${topic} of one partition, came ${partitions ?? 'none'}: open the log with ${topic}: 1`
    )
  return new PublishedSnapshots(log, topic)
}

class PublishedSnapshots implements SnapshotStore {
  readonly #log: Log & Forgetful
  readonly #topic: string
  readonly #known = new Map<string, Entry>()
  /** Chunks written here, which nobody need read to list. */
  readonly #own = new Set<number>()
  /** All before it has been looked at. */
  #next = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(log: Log & Forgetful, topic: string) {
    this.#log = log
    this.#topic = topic
  }

  async list(): Promise<readonly (StoredSnapshot | DamagedSnapshot)[]> {
    const turn = this.#turn.then(() => this.#catchUp())
    this.#turn = turn.catch(() => undefined)
    await turn
    return [...this.#known].sort(([a], [b]) => (a < b ? 1 : -1)).map(([, { listed }]) => listed)
  }

  async write(header: Parameters<SnapshotStore['write']>[0], state: Uint8Array): Promise<StoredSnapshot> {
    const { fold, positions, learned } = header
    const id = randomUUID()
    const chunks: number[] = []
    for (let at = 0; at < state.length; at += CHUNK_BYTES) {
      const offset = await this.#append(id, encodeChunk(id, chunks.length, state.subarray(at, at + CHUNK_BYTES)))
      this.#own.add(offset)
      chunks.push(offset)
    }
    const full = { fold, positions, learned, sha256: sha256(state), bytes: state.length }
    const offset = await this.#append(id, encodeHeader({ ...full, id, chunks }))
    const first = chunks[0] ?? offset
    const start = await this.#start()
    if (first < start)
      throw new Fault(
        'UNAVAILABLE',
        `expected the chunks of a snapshot from ${first} on to be kept until its header stood, came ${start}: another learner saves, too; try again`
      )
    return { name: nameOf(positions, offset), ...full }
  }

  async read(name: string): ReturnType<SnapshotStore['read']> {
    if (!this.#known.has(name)) await this.list()
    const entry = this.#known.get(name)
    if (!isPublished(name) || entry === undefined)
      throw new Fault('FILE_UNREADABLE', `expected the name of a published snapshot as list() gives it, came '${name}'`)
    const { listed, header } = entry
    if ('damage' in listed || header === null) throw damaged(name, 'damage' in listed ? listed.damage : 'no header')
    const state = await this.#stateOf(header)
    if (typeof state === 'string') throw damaged(name, state)
    return { header: listed, state }
  }

  async keep(count: number): Promise<readonly string[]> {
    const before = (await this.list()).map(({ name }) => name)
    const good = before.map(name => this.#known.get(name)!).filter(({ header }) => header !== null)
    const kept = good.slice(0, count)
    if (kept.length === 0 && count > 0) return []
    const offset = kept.length === 0 ? this.#next : Math.min(...kept.map(({ first }) => first))
    await this.#log.retain([{ topic: this.#topic, keepBytes: 0 }], [this.#at(offset)], 0)
    await this.list()
    return before.filter(name => !this.#known.has(name))
  }

  /** Looks at what was written since the last time, and no longer knows what was forgotten. */
  async #catchUp(): Promise<void> {
    while (this.#own.delete(this.#next)) this.#next++
    const ends = await this.#log.ends([this.#topic])
    for await (const record of range(this.#log, this.#topic, [this.#at(this.#next)], ends, new AbortController().signal, BATCH))
      this.#take(record)
    this.#next = Math.max(this.#next, ends[0]!.offset)
    const start = await this.#start()
    for (const [name, { first }] of this.#known) if (first < start) this.#known.delete(name)
    for (const offset of this.#own) if (offset < this.#next) this.#own.delete(offset)
  }

  #take({ offset, value }: Incoming): void {
    const record = decodeSnapshotRecord(value)
    if (record.kind === 'chunk') return
    if (record.kind === 'damaged') {
      const name = nameOf([], offset)
      this.#known.set(name, { listed: { name, damage: record.damage }, header: null, first: offset })
      return
    }
    const { id: _, chunks, ...header } = record.header
    const name = nameOf(header.positions, offset)
    this.#known.set(name, { listed: { name, ...header }, header: record.header, first: chunks[0] ?? offset })
  }

  /** The verified state, or what came instead of it. */
  async #stateOf({ id, chunks, sha256: sum, bytes }: PublishedHeader): Promise<Uint8Array | string> {
    const found = new Map<number, Uint8Array>()
    const [first, last] = [chunks[0], chunks.at(-1)]
    if (first !== undefined && last !== undefined) {
      const wanted = new Map(chunks.map((offset, index) => [offset, index]))
      for await (const { offset, value } of range(
        this.#log,
        this.#topic,
        [this.#at(first)],
        [this.#at(last + 1)],
        new AbortController().signal,
        BATCH
      )) {
        const index = wanted.get(offset)
        if (index === undefined) continue
        const record = decodeSnapshotRecord(value)
        if (record.kind !== 'chunk' || record.id !== id || record.index !== index)
          return `something else at offset ${offset}, where chunk ${index + 1} of ${chunks.length} was written`
        found.set(index, record.bytes)
      }
    }
    for (const [index, offset] of chunks.entries())
      if (!found.has(index)) return `no chunk ${index + 1} of ${chunks.length}: offset ${offset} is no longer in the log`
    const state = Buffer.concat(chunks.map((_, index) => found.get(index)!))
    if (state.length !== bytes) return `${state.length} bytes of state instead of ${bytes}`
    const came = sha256(state)
    return came === sum ? state : `a state with checksum ${came} instead of ${sum}`
  }

  async #append(key: string, value: Uint8Array): Promise<number> {
    const [place] = await this.#log.write([{ topic: this.#topic, key, value }])
    return place!.offset
  }

  async #start(): Promise<number> {
    const [start] = await this.#log.starts([this.#topic])
    return start!.offset
  }

  #at(offset: number): Position {
    return { topic: this.#topic, partition: 0, offset }
  }
}

/** Whether a name is of a snapshot in a log. */
export function isPublished(name: string): boolean {
  return NAME.test(name)
}

/** What was learned comes first: a learner that has been passed by and saves once more is not the newest for that. */
function nameOf(positions: readonly Position[], offset: number): string {
  const digits = (n: number): string => String(n).padStart(12, '0')
  return `${digits(examplesIn(positions))}-${digits(offset)}.published`
}

function damaged(name: string, came: string): Fault {
  return new Fault('SNAPSHOT_DAMAGED', `expected a whole snapshot in ${name}, came ${came}: use an older one`)
}
