/** Fetching: what of a broker's answer may be seen, and where to go on. */
import type { Link } from './link.ts'
import { type Broker, type FetchedPartition, READ_COMMITTED, type Received } from './protocol.ts'

/** What a broker may send of one partition and in all, bytes. A longer record comes all the same, alone. */
const PARTITION_BYTES = 1 << 20
const ANSWER_BYTES = 4 << 20

export interface Place {
  readonly topic: string
  readonly partition: number
}

/** A stretch of a partition: everything in `[from, to)` was looked at, and `seen` is what of it may be seen. */
export interface Stretch extends Place {
  readonly from: number
  readonly to: number
  readonly seen: readonly Received[]
}

/** Fetches from several partitions that one broker leads. Waits at most `waitMs` for there to be something. */
export async function fetchFrom(
  broker: Broker,
  wanted: readonly (Place & { readonly offset: number })[],
  waitMs: number,
  partitionBytes = PARTITION_BYTES
): Promise<Stretch[]> {
  const topics = wanted.map(({ topic, partition, offset }) => ({
    topic,
    partitions: [{ partition, fetchOffset: `${offset}`, maxBytes: partitionBytes }]
  }))
  const { responses } = await broker.fetch({
    isolationLevel: READ_COMMITTED,
    maxWaitTime: waitMs,
    minBytes: 1,
    maxBytes: ANSWER_BYTES,
    topics
  })
  return responses.flatMap(({ topicName, partitions }) =>
    partitions.map(fetched => {
      const from = wanted.find(({ topic, partition }) => topic === topicName && partition === fetched.partition)!.offset
      const last = fetched.messages.at(-1)
      const to = last === undefined ? from : Math.max(from, Number(last.offset) + 1)
      return { topic: topicName, partition: fetched.partition, from, to, seen: visible(fetched, from) }
    })
  )
}

/**
 * The records at or after `from` that are neither a transaction's markers nor of one that was aborted. The broker lists
 * the aborted ones with the offset of their first record; a marker ends each.
 */
export function visible({ messages, abortedTransactions }: FetchedPartition, from: number): Received[] {
  const ahead = [...abortedTransactions].sort((a, b) => Number(a.firstOffset) - Number(b.firstOffset))
  const aborted = new Set<string>()
  return messages.filter(message => {
    const offset = Number(message.offset)
    while (ahead.length > 0 && Number(ahead[0]!.firstOffset) <= offset) aborted.add(ahead.shift()!.producerId)
    const { producerId, inTransaction } = message.batchContext
    if (message.isControlRecord) {
      aborted.delete(producerId)
      return false
    }
    return offset >= from && !(inTransaction && aborted.has(producerId))
  })
}

/** Everything that may be seen of a partition from `from` up to `to`, stretch by stretch. Throws where retention has passed it. */
export async function* scan(link: Link, place: Place, from: number, to: number, partitionBytes?: number): AsyncGenerator<Stretch> {
  for (let at = from; at < to; ) {
    const offset = at
    const [stretch] = await link.use(`read the topic ${place.topic}`, async () =>
      fetchFrom(await link.leaderOf(place.topic, place.partition), [{ ...place, offset }], 100, partitionBytes)
    )
    if (stretch === undefined || stretch.to === at) continue
    at = stretch.to
    yield { ...stretch, seen: stretch.seen.filter(message => Number(message.offset) < to) }
  }
}
