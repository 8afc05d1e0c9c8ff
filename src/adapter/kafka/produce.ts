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

/** Gives records their partitions: by their key, or by turns. */
export class Placing {
  readonly #partitions: Readonly<Record<string, number>>
  readonly #prefix: string
  readonly #turns = new Map<string, number>()

  constructor(partitions: Readonly<Record<string, number>>, prefix: string) {
    this.#partitions = partitions
    this.#prefix = prefix
  }

  /** Throws `INPUT_INVALID` for a topic that the log does not have. Copies what it is given. */
  place(records: readonly Outgoing[]): Placed[] {
    for (const { topic } of records)
      if (this.#partitions[topic] === undefined)
        throw new Fault('INPUT_INVALID', `expected one of the topics ${Object.keys(this.#partitions).join(', ')}, came ${topic}`)
    return records.map(({ topic, key, value }) => ({
      topic: this.#prefix + topic,
      partition: key === null ? this.#turn(topic) : partitionOf(key, this.#partitions[topic]!),
      key: key === null ? null : Buffer.from(key),
      value: Buffer.from(value),
      offset: null
    }))
  }

  #turn(topic: string): number {
    const turn = this.#turns.get(topic) ?? 0
    this.#turns.set(topic, turn + 1)
    return turn % this.#partitions[topic]!
  }
}

/** Writes every record that has no offset yet and gives it one. Throws as soon as every partition has ended or failed. */
export async function produce(link: Link, author: Author, records: readonly Placed[]): Promise<void> {
  const byPlace = new Map<string, Placed[]>()
  for (const record of records) {
    if (record.offset !== null) continue
    const key = `${record.partition} ${record.topic}`
    const list = byPlace.get(key)
    if (list) list.push(record)
    else byPlace.set(key, [record])
  }
  const outcomes = await Promise.allSettled([...byPlace].map(([key, list]) => producePartition(link, author, key, list)))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

async function producePartition(
  link: Link,
  { producer, transactionalId, sequences }: Author,
  key: string,
  records: Placed[]
): Promise<void> {
  const { topic, partition } = records[0]!
  for (const batch of batches(records)) {
    const firstSequence = sequences.get(key) ?? 0
    const messages = batch.map(record => ({ key: record.key, value: record.value }))
    const base = await link.use(`write to the topic ${topic}`, async () => {
      const leader = await link.leaderOf(topic, partition)
      const topicData = [{ topic, partitions: [{ partition, firstSequence, messages }] }]
      const { topics } = await leader.produce({ topicData, transactionalId, ...producer, acks: -1, timeout: TIMEOUT_MS })
      return Number(topics[0]!.partitions[0]!.baseOffset)
    })
    // Kafka's own count goes on at 0 behind 2³¹ − 1.
    sequences.set(key, (firstSequence + batch.length) % 2 ** 31)
    for (const [i, record] of batch.entries()) record.offset = base + i
  }
}

function* batches(records: readonly Placed[]): Generator<readonly Placed[]> {
  let batch: Placed[] = []
  let bytes = 0
  for (const record of records) {
    const size = RECORD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0)
    if (batch.length > 0 && (bytes + size > BATCH_BYTES || batch.length === BATCH_RECORDS)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(record)
    bytes += size
  }
  if (batch.length > 0) yield batch
}
