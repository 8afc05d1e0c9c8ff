/**
 * Appends records inside a write transaction: sequence and offsets are read there, so that processes that write at
 * once never give the same one twice.
 */
import type { Outgoing, Position } from '../../pipeline/log.ts'
import { partitionOf } from '../../pipeline/partition.ts'
import { encodeRecord } from './record.ts'
import { emptyHead, type Head, type Tables } from './tables.ts'

/** Records of a partition between two entries of its index: a seek passes over at most so many sequences and one commit. */
const INDEX_EVERY = 128

/** Writes the records and returns their positions, or does nothing but throw. `numbers` gives each topic's number. */
export function append(tables: Tables, numbers: ReadonlyMap<string, number>, records: readonly Outgoing[], now: number): Position[] {
  if (records.length === 0) return []
  let sequence = nextSequence(tables)
  const heads = new Map<number, { readonly key: number[]; readonly head: Head }>()
  const headOf = (topic: number, partition: number): Head => {
    const id = topic * 65_536 + partition
    const known = heads.get(id)
    if (known) return known.head
    const key = [topic, partition]
    const head = (tables.heads.get(key) ?? emptyHead(sequence)) as Head
    heads.set(id, { key, head })
    return head
  }
  const positions = records.map(({ topic: name, key, value, timestamp: taken = now }): Position => {
    const topic = numbers.get(name)!
    const count = tables.topics[topic]!.partitions
    let partition = 0
    if (key !== null) partition = partitionOf(key, count)
    else if (count > 1) {
      let written = 0
      for (let p = 0; p < count; p++) written += headOf(topic, p)[1]
      partition = written % count
    }
    const head = headOf(topic, partition)
    const offset = head[1]++
    const timestamp = Math.max(head[4], Math.min(taken, now))
    head[4] = timestamp
    const bytes = encodeRecord(topic, partition, offset, timestamp, key, value)
    head[5] += bytes.length
    tables.records.putSync(sequence, bytes, { append: true })
    if (head[3] < 0 || sequence - head[3] >= INDEX_EVERY) {
      tables.index.putSync([topic, partition, offset], sequence)
      head[3] = sequence
    }
    sequence++
    return { topic: name, partition, offset }
  })
  for (const { key, head } of heads.values()) if (head[1] > 0) tables.heads.putSync(key, head)
  tables.about.putSync('next', sequence)
  return positions
}

/** The sequence that the next record gets. */
export function nextSequence(tables: Tables): number {
  return (tables.about.get('next') as number | undefined) ?? 1
}

/** A sequence at or before the record at `offset`, with none of its partition at or after `offset` before it. */
export function sequenceOf(tables: Tables, topic: number, partition: number, offset: number): number {
  const head = tables.heads.get([topic, partition])
  if (!head || offset >= head[1]) return nextSequence(tables)
  if (offset <= head[0]) return head[2]
  for (const { value } of tables.index.getRange({
    start: [topic, partition, offset],
    end: [topic, partition, head[0]],
    reverse: true,
    limit: 1
  }))
    return Math.max(value, head[2])
  return head[2]
}
