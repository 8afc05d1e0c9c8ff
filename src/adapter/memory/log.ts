/**
 * The log in memory, for tests, replay and evaluation: the same promises as a durable log but for outliving the
 * process. One global sequence over all topics.
 */
import { Fault } from '../../fault/fault.ts'
import type { Claim, Commit, Forgetful, Incoming, Lease, Leasing, Log, Outgoing, Position, Retention } from '../../pipeline/log.ts'
import { partitionOf } from '../../pipeline/partition.ts'

const KEY_BYTES = 1900

export interface MemoryOptions {
  readonly partitions: Readonly<Record<string, number>>
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Records held before `LOG_FULL`. Absent: no bound. */
  readonly maxRecords?: number
}

/** Opens an empty log that lives as long as the object. */
export function openMemoryLog(options: MemoryOptions): Log & Forgetful & Leasing {
  return new MemoryLog(options)
}

interface Kept {
  readonly sequence: number
  readonly record: Incoming
}

interface Head {
  start: number
  end: number
  timestamp: number
}

interface Group {
  epoch: number
  readonly positions: Map<string, Position>
  readonly notes: Map<string, Uint8Array>
}

class MemoryLog implements Log, Forgetful, Leasing {
  readonly partitions: Readonly<Record<string, number>>
  readonly #clock: () => number
  readonly #maxRecords: number
  readonly #heads: ReadonlyMap<string, readonly Head[]>
  readonly #groups = new Map<string, Group>()
  readonly #waiting = new Set<() => void>()
  /** Leases held, and who waits for each in turn. */
  readonly #leases = new Map<string, Promise<void>>()
  #records: Kept[] = []
  #next = 0
  #closed = false

  constructor({ partitions, clock, maxRecords = Number.POSITIVE_INFINITY }: MemoryOptions) {
    this.partitions = partitions
    this.#clock = clock
    this.#maxRecords = maxRecords
    this.#heads = new Map(
      Object.entries(partitions).map(([topic, count]) => [topic, Array.from({ length: count }, () => ({ start: 0, end: 0, timestamp: 0 }))])
    )
  }

  async write(records: readonly Outgoing[]): Promise<readonly Position[]> {
    this.#expectOpen()
    return this.#append(records)
  }

  read(topics: readonly string[], from: readonly Position[], signal: AbortSignal, limit = 500): ReturnType<Log['read']> {
    this.#expectOpen()
    const wanted = new Map<string, number>()
    for (const topic of topics) {
      this.#headsOf(topic).forEach((_, partition) => {
        const offset = from.find(position => position.topic === topic && position.partition === partition)?.offset
        wanted.set(placeOf({ topic, partition }), offset ?? 0)
      })
    }
    return this.#batches(wanted, signal, limit)
  }

  async ends(topics: readonly string[]): Promise<readonly Position[]> {
    return this.#edges(topics, 'end')
  }

  async starts(topics: readonly string[]): Promise<readonly Position[]> {
    return this.#edges(topics, 'start')
  }

  async claim(name: string): Promise<Claim> {
    this.#expectOpen()
    const group = this.#groupOf(name)
    const epoch = ++group.epoch
    const positions = new Map(group.positions)
    return {
      positions: () => [...positions.values()],
      notes: () => this.#notes(group),
      commit: async commit => {
        this.#expectOpen()
        if (group.epoch !== epoch)
          throw new Fault('LOG_FENCED', `expected claim ${epoch} of ${name} to be the newest, came ${group.epoch}: another has taken over`)
        const places = this.#commit(group, commit)
        for (const position of commit.positions) positions.set(placeOf(position), position)
        return places
      }
    }
  }

  async committed(name: string): Promise<readonly Position[]> {
    this.#expectOpen()
    return [...(this.#groups.get(name)?.positions.values() ?? [])]
  }

  async lease(name: string, signal: AbortSignal, taken?: () => void): Promise<Lease> {
    this.#expectOpen()
    const before = this.#leases.get(name) ?? Promise.resolve()
    let leave = (): void => undefined
    const left = new Promise<void>(resolve => {
      leave = resolve
    })
    this.#leases.set(
      name,
      before.then(() => left)
    )
    signal.addEventListener('abort', leave)
    let free = false
    void before.then(() => {
      free = true
    })
    await Promise.resolve()
    if (!free) taken?.()
    await Promise.race([before, left])
    signal.throwIfAborted()
    signal.removeEventListener('abort', leave)
    const lost = new AbortController()
    const release = async (): Promise<void> => {
      lost.abort()
      leave()
    }
    return { lost: lost.signal, release }
  }

  async retain(retentions: readonly Retention[], floors: readonly Position[], now: number): Promise<Readonly<Record<string, number>>> {
    this.#expectOpen()
    const removed: Record<string, number> = {}
    for (const { topic, keepMs, keepBytes } of retentions) {
      const heads = this.#headsOf(topic)
      let bytes = 0
      for (const { record } of this.#records) if (record.topic === topic) bytes += record.value.length
      const stays = new Set<number>()
      const before = this.#records.length
      this.#records = this.#records.filter(({ record }) => {
        if (record.topic !== topic || stays.has(record.partition)) return true
        const floored = floors.some(floor => floor.topic === topic && floor.partition === record.partition && record.offset >= floor.offset)
        const goes = (keepMs !== undefined && record.timestamp < now - keepMs) || (keepBytes !== undefined && bytes > keepBytes)
        if (floored || !goes) {
          stays.add(record.partition)
          return true
        }
        bytes -= record.value.length
        heads[record.partition]!.start = record.offset + 1
        return false
      })
      removed[topic] = (removed[topic] ?? 0) + before - this.#records.length
    }
    return removed
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#wake()
  }

  #commit(group: Group, { outputs, positions, notes }: Commit): readonly Position[] {
    for (const { topic } of positions) this.#headsOf(topic)
    for (const { key } of notes)
      if (Buffer.byteLength(key) > KEY_BYTES)
        throw new Fault('INPUT_INVALID', `expected a note's key of at most ${KEY_BYTES} bytes, came ${Buffer.byteLength(key)}`)
    const places = this.#append(outputs)
    for (const position of positions) group.positions.set(placeOf(position), { ...position })
    for (const { key, value } of notes) {
      if (value === null) group.notes.delete(key)
      else group.notes.set(key, value.slice())
    }
    return places
  }

  #append(records: readonly Outgoing[]): readonly Position[] {
    for (const { topic } of records) this.#headsOf(topic)
    if (this.#records.length + records.length > this.#maxRecords)
      throw new Fault(
        'LOG_FULL',
        `expected room for ${records.length} records beside ${this.#records.length}, the limit is ${this.#maxRecords}`
      )
    const now = this.#clock()
    const positions = records.map(({ topic, key, value, timestamp = now }) => {
      const heads = this.#headsOf(topic)
      const partition = key === null ? heads.reduce((sum, { end }) => sum + end, 0) % heads.length : partitionOf(key, heads.length)
      const head = heads[partition]!
      head.timestamp = Math.max(head.timestamp, Math.min(timestamp, now))
      const position = { topic, partition, offset: head.end++ }
      this.#records.push({ sequence: this.#next++, record: { ...position, key, value: value.slice(), timestamp: head.timestamp } })
      return position
    })
    this.#wake()
    return positions
  }

  async *#batches(wanted: Map<string, number>, signal: AbortSignal, limit: number): AsyncGenerator<readonly Incoming[]> {
    let sequence = 0
    while (!signal.aborted && !this.#closed) {
      const batch: Incoming[] = []
      for (let i = this.#indexOf(sequence); i < this.#records.length && batch.length < limit; i++) {
        const { sequence: at, record } = this.#records[i]!
        sequence = at + 1
        const place = placeOf(record)
        const next = wanted.get(place)
        if (next === undefined || record.offset < next) continue
        wanted.set(place, record.offset + 1)
        batch.push({ ...record, value: record.value.slice() })
      }
      if (batch.length > 0) yield batch
      else await this.#wait(signal)
    }
  }

  /** The place in the list of the first record at or after `sequence`. */
  #indexOf(sequence: number): number {
    let low = 0
    let high = this.#records.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#records[middle]!.sequence < sequence) low = middle + 1
      else high = middle
    }
    return low
  }

  async *#notes(group: Group): AsyncGenerator<{ readonly key: string; readonly value: Uint8Array }> {
    const keys = [...group.notes.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    for (const key of keys) {
      const value = group.notes.get(key)
      if (value) yield { key, value: value.slice() }
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const done = (): void => {
        signal.removeEventListener('abort', done)
        this.#waiting.delete(done)
        resolve()
      }
      signal.addEventListener('abort', done)
      this.#waiting.add(done)
    })
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done()
  }

  #edges(topics: readonly string[], edge: 'start' | 'end'): Position[] {
    this.#expectOpen()
    return topics.flatMap(topic => this.#headsOf(topic).map((head, partition) => ({ topic, partition, offset: head[edge] })))
  }

  #headsOf(topic: string): readonly Head[] {
    const heads = this.#heads.get(topic)
    if (!heads) throw new Fault('INPUT_INVALID', `expected one of the topics ${[...this.#heads.keys()].join(', ')}, came ${topic}`)
    return heads
  }

  #groupOf(name: string): Group {
    const group = this.#groups.get(name) ?? { epoch: 0, positions: new Map(), notes: new Map() }
    this.#groups.set(name, group)
    return group
  }

  #expectOpen(): void {
    if (this.#closed) throw new Fault('LOG_CLOSED', 'expected an open log, came a call after close()')
  }
}

function placeOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${partition} ${topic}`
}
