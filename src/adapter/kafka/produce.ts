/**
 * Batches on their way to the partitions. Each partition has one batch under way at a time, numbered, so that a batch
 * sent again is written once however often an answer was lost.
 */
import { Fault } from '../../fault/fault.ts'
import type { Outgoing } from '../../pipeline/log.ts'
import { partitionOf } from '../../pipeline/partition.ts'
import type { Link } from './link.ts'
import type { Message, Producer } from './protocol.ts'
import type { Place } from './scan.ts'

/** A batch stays below the 1 MiB that brokers and topics take unless told otherwise; a longer record goes alone. */
const BATCH_BYTES = 900_000
const BATCH_RECORDS = 5000
/** A request stays far below the 100 MiB that brokers take. */
const REQUEST_BYTES = 8_000_000
/** What a record weighs beside key and value, at most. */
const RECORD_BYTES = 40
const TIMEOUT_MS = 10_000

/** A record with its partition, and its offset once it is written. */
export interface Placed extends Place, Message {
  offset: number | null
}

/** Who writes: the producer of the cluster and how many records it has written to each partition. */
export interface Author {
  readonly producer: Producer
  readonly transactionalId?: string
  readonly sequences: Map<string, number>
}

/** The same bytes as the client takes them. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Gives records their partitions: by their key, or by turns. */
export class Placing {
  readonly #partitions: Readonly<Record<string, number>>
  readonly #prefix: string
  readonly #turns = new Map<string, number>()

  constructor(partitions: Readonly<Record<string, number>>, prefix: string) {
    this.#partitions = partitions
    this.#prefix = prefix
  }

  /** Throws `INPUT_INVALID` for a topic that the log does not have. */
  place(records: readonly Outgoing[]): Placed[] {
    for (const { topic } of records)
      if (this.#partitions[topic] === undefined)
        throw new Fault('INPUT_INVALID', `expected one of the topics ${Object.keys(this.#partitions).join(', ')}, came ${topic}`)
    return records.map(({ topic, key, value }) => ({
      topic: this.#prefix + topic,
      partition: key === null ? this.#turn(topic) : partitionOf(key, this.#partitions[topic]!),
      key,
      value: bufferOf(value),
      offset: null
    }))
  }

  #turn(topic: string): number {
    const turn = this.#turns.get(topic) ?? 0
    this.#turns.set(topic, turn + 1)
    return turn % this.#partitions[topic]!
  }
}

/** Records by their partition, in their order; the key tells the partition. */
export function byPlace<R extends Place>(records: readonly R[]): Map<string, Place & { readonly records: readonly R[] }> {
  const topics = new Map<string, Map<number, R[]>>()
  for (const record of records) {
    const partitions = topics.get(record.topic) ?? new Map<number, R[]>()
    if (partitions.size === 0) topics.set(record.topic, partitions)
    const there = partitions.get(record.partition)
    if (there === undefined) partitions.set(record.partition, [record])
    else there.push(record)
  }
  const places = new Map<string, Place & { readonly records: readonly R[] }>()
  for (const [topic, partitions] of topics)
    for (const [partition, there] of partitions) places.set(`${partition} ${topic}`, { topic, partition, records: there })
  return places
}

/** Records of one partition that go together, and their key and value bytes. */
interface Batch {
  readonly key: string
  readonly records: readonly Placed[]
  readonly bytes: number
}

/**
 * Writes every record that has no offset yet and gives it one. Throws once every partition has ended or failed. What one
 * broker leads goes to it together.
 */
export async function produce(link: Link, author: Author, records: readonly Placed[]): Promise<void> {
  const unwritten = byPlace(records.filter(({ offset }) => offset === null))
  const waiting = new Map([...unwritten].map(([key, { records }]) => [key, batches(key, records)]))
  const failures: unknown[] = []
  while (waiting.size > 0) {
    const next: Batch[] = []
    for (const [key, rest] of waiting) {
      const { value, done } = rest.next()
      if (done) waiting.delete(key)
      else next.push(value)
    }
    const failed = (batch: Batch, error: unknown): void => {
      waiting.delete(batch.key)
      failures.push(error)
    }
    await Promise.all(together(link, next).map(batches => produceTogether(link, author, batches, failed)))
  }
  if (failures.length > 0) throw failures[0]
}

/** Batches by the broker that leads their partitions, at most so many bytes of each; each alone where that is not known. */
function together(link: Link, batches: readonly Batch[]): Batch[][] {
  const open = new Map<string, { readonly batches: Batch[]; bytes: number }>()
  const requests: Batch[][] = []
  for (const batch of batches) {
    const { topic, partition } = batch.records[0]!
    const node = link.leaderKnown(topic, partition)
    const group = node === null ? undefined : open.get(node)
    if (group !== undefined && group.bytes + batch.bytes <= REQUEST_BYTES) {
      group.batches.push(batch)
      group.bytes += batch.bytes
    } else {
      const alone = [batch]
      requests.push(alone)
      if (node !== null) open.set(node, { batches: alone, bytes: batch.bytes })
    }
  }
  return requests
}

async function produceTogether(
  link: Link,
  author: Author,
  batches: readonly Batch[],
  failed: (batch: Batch, error: unknown) => void
): Promise<void> {
  if (batches.length > 1)
    try {
      return await send(link, author, batches)
    } catch {
      // The answer tells of one that failed and nothing of the others. Sent again, what was written is known by its numbers.
    }
  const alone = (batch: Batch): Promise<void> =>
    link.use(`write to the topic ${batch.records[0]!.topic}`, () => send(link, author, [batch])).catch(error => failed(batch, error))
  await Promise.all(batches.map(alone))
}

/** One request to the leader of them all. */
async function send(link: Link, { producer, transactionalId, sequences }: Author, batches: readonly Batch[]): Promise<void> {
  const leader = await link.leaderOf(batches[0]!.records[0]!.topic, batches[0]!.records[0]!.partition)
  const data = batches.map(({ key, records }) => ({
    topic: records[0]!.topic,
    partition: records[0]!.partition,
    firstSequence: sequences.get(key) ?? 0,
    messages: records.map(({ key, value }) => ({ key, value }))
  }))
  const topicData = [...new Set(data.map(({ topic }) => topic))].map(topic => ({
    topic,
    partitions: data
      .filter(each => each.topic === topic)
      .map(({ partition, firstSequence, messages }) => ({ partition, firstSequence, messages }))
  }))
  const { topics } = await leader.produce({ topicData, transactionalId, ...producer, acks: -1, timeout: TIMEOUT_MS })
  for (const [i, { key, records }] of batches.entries()) {
    const { topic, partition, firstSequence } = data[i]!
    const answers = topics.find(({ topicName }) => topicName === topic)!.partitions
    const base = Number(answers.find(answer => answer.partition === partition)!.baseOffset)
    // Kafka's own count goes on at 0 behind 2³¹ − 1.
    sequences.set(key, (firstSequence + records.length) % 2 ** 31)
    for (const [j, record] of records.entries()) record.offset = base + j
  }
}

function* batches(key: string, records: readonly Placed[]): Generator<Batch, undefined> {
  let batch: Placed[] = []
  let bytes = 0
  for (const record of records) {
    const size = RECORD_BYTES + (record.key === null ? 0 : Buffer.byteLength(record.key)) + (record.value?.length ?? 0)
    if (batch.length > 0 && (bytes + size > BATCH_BYTES || batch.length === BATCH_RECORDS)) {
      yield { key, records: batch, bytes }
      batch = []
      bytes = 0
    }
    batch.push(record)
    bytes += size
  }
  if (batch.length > 0) yield { key, records: batch, bytes }
}
