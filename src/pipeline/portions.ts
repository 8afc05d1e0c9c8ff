/** What a member of a group is given to do, of a log that shares out partitions, and of one that does not. */
import type { Log, Portion, Position, Shared } from './log.ts'

/** Of a log that does not share, one member does everything, exactly once: the newest, by a claim that fences those before. */
export function portionsOf(
  log: Log & Partial<Shared>,
  group: string,
  topics: readonly string[],
  signal: AbortSignal,
  limit: number
): AsyncIterable<Portion> {
  return log.share === undefined ? claimed(log, group, topics, signal, limit) : log.share(group, topics, signal, limit)
}

async function* claimed(log: Log, group: string, topics: readonly string[], signal: AbortSignal, limit: number): AsyncGenerator<Portion> {
  const claim = await log.claim(group)
  for await (const records of log.read(topics, claim.positions(), signal, limit)) {
    const positions = new Map<string, Position>()
    for (const { topic, partition, offset } of records) positions.set(`${partition} ${topic}`, { topic, partition, offset: offset + 1 })
    yield {
      records,
      async done(outputs) {
        await claim.commit({ outputs, positions: [...positions.values()], notes: [] })
      }
    }
  }
}
