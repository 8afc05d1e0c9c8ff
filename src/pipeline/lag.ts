/** How many records nobody has taken yet. */
import type { Log, Position } from './log.ts'
import { placeOf } from './range.ts'

/** Records of a partition not yet taken. */
export interface Lag {
  readonly topic: string
  readonly partition: number
  readonly records: number
}

/** Of each partition of the topics, behind `taken`. Of one never taken from, what retention has removed is not behind. */
export async function lagOf(log: Log, topics: readonly string[], taken: readonly Position[]): Promise<readonly Lag[]> {
  const ends = await log.ends(topics)
  const from = new Map(taken.map(each => [placeOf(each), each.offset]))
  if (ends.some(end => !from.has(placeOf(end))))
    for (const start of await log.starts(topics)) if (!from.has(placeOf(start))) from.set(placeOf(start), start.offset)
  return ends.map(end => ({ topic: end.topic, partition: end.partition, records: end.offset - from.get(placeOf(end))! }))
}
