/** A stretch of the log that ends by itself. */
import { Fault } from '../fault/fault.ts'
import type { Incoming, Log, Position } from './log.ts'

/**
 * Records of a topic from `from` up to `to`, in the order of the log, read in batches of at most `limit`. Partitions that
 * `from` does not name begin at the oldest record kept, those that `to` does not name are left out. Throws the signal's
 * reason when aborted before the end, `LOG_CLOSED` when the log is closed before.
 */
export function range(
  log: Log,
  topic: string,
  from: readonly Position[],
  to: readonly Position[],
  signal: AbortSignal,
  limit?: number
): AsyncIterable<Incoming> {
  return ranges(log, [topic], from, to, signal, limit)
}

/** As `range`, of several topics: a log with one sequence gives them in that sequence. */
export async function* ranges(
  log: Log,
  topics: readonly string[],
  from: readonly Position[],
  to: readonly Position[],
  signal: AbortSignal,
  limit?: number
): AsyncIterable<Incoming> {
  const begin = (await log.starts(topics)).map(start => ({ ...start, offset: Math.max(start.offset, offsetIn(from, start) ?? 0) }))
  const left = new Map<string, number>()
  for (const start of begin) {
    const end = offsetIn(to, start)
    if (end !== undefined && end > start.offset) left.set(placeOf(start), end)
  }
  if (left.size === 0) return
  const stop = new AbortController()
  const wanted = topics.filter(topic => begin.some(each => each.topic === topic && left.has(placeOf(each))))
  try {
    for await (const batch of log.read(wanted, begin, AbortSignal.any([signal, stop.signal]), limit)) {
      for (const record of batch) {
        const place = placeOf(record)
        const end = left.get(place)
        if (end === undefined) continue
        if (record.offset < end) yield record
        // Retention may have taken the last ones meanwhile: a later record ends the stretch as well.
        if (record.offset + 1 >= end) left.delete(place)
      }
      if (left.size === 0) return
    }
    signal.throwIfAborted()
    throw new Fault('LOG_CLOSED', `expected to read ${topics.join(', ')} to the end that was asked for, the log was closed before`)
  } finally {
    stop.abort()
  }
}

/** Where a list of positions stands in the partition of another, if it names it. */
export function offsetIn(positions: readonly Position[], { topic, partition }: Omit<Position, 'offset'>): number | undefined {
  return positions.find(each => each.topic === topic && each.partition === partition)?.offset
}

/** A name for a partition of a topic. */
export function placeOf({ topic, partition }: Omit<Position, 'offset'>): string {
  return `${partition} ${topic}`
}
