/**
 * Forgets the oldest records of a topic. A partition always keeps one unbroken run up to its end, and never loses a
 * record at or after its floor.
 */
import type { Position, Retention } from '../../pipeline/log.ts'
import { offsetOf, partitionAt, timestampOf, topicOf } from './record.ts'
import type { Head, Tables } from './tables.ts'

/** Records looked at in a transaction: short ones let writers in between, and need little of the reserve. */
const CHUNK = 2000

/** One step of forgetting, to be run inside a write transaction. `done` when nothing more is to go. */
export function retainChunk(
  tables: Tables,
  topic: number,
  { keepMs, keepBytes }: Retention,
  floors: readonly Position[],
  now: number
): { readonly removed: number; readonly done: boolean } {
  const { name, partitions } = tables.topics[topic]!
  const heads = new Map<number, Head>()
  let kept = 0
  for (let p = 0; p < partitions; p++) {
    const head = tables.heads.get([topic, p])
    if (!head) continue
    kept += head[5]
    if (head[0] < Math.min(head[1], floorOf(floors, name, p))) heads.set(p, head)
  }
  const goes = (timestamp: number): boolean =>
    (keepMs !== undefined && timestamp < now - keepMs) || (keepBytes !== undefined && kept > keepBytes)
  const oldest = new Map([...heads].map(([p, head]) => [p, head[0]]))
  const changed = new Map(heads)
  const gone: number[] = []
  let looked = 0
  let ended = true
  let next = 0
  let start = Number.POSITIVE_INFINITY
  for (const head of heads.values()) start = Math.min(start, head[2])
  if (heads.size > 0)
    for (const { key: sequence, value } of tables.records.getRange({ start })) {
      if (heads.size === 0) break
      if (looked++ === CHUNK) {
        ended = false
        break
      }
      next = sequence + 1
      const p = partitionAt(value)
      const head = topicOf(value) === topic ? heads.get(p) : undefined
      if (!head) continue
      if (offsetOf(value) >= floorOf(floors, name, p) || !goes(timestampOf(value))) {
        heads.delete(p)
        head[2] = sequence
        continue
      }
      gone.push(sequence)
      head[0] = offsetOf(value) + 1
      head[5] -= value.length
      kept -= value.length
    }
  for (const head of heads.values()) head[2] = Math.max(head[2], next)
  for (const sequence of gone) tables.records.removeSync(sequence)
  for (const [p, head] of changed) {
    tables.heads.putSync([topic, p], head)
    const keys = [...tables.index.getKeys({ start: [topic, p, oldest.get(p)!], end: [topic, p, head[0]] })]
    for (const key of keys) tables.index.removeSync(key)
  }
  return { removed: gone.length, done: ended }
}

function floorOf(floors: readonly Position[], topic: string, partition: number): number {
  let floor = Number.POSITIVE_INFINITY
  for (const position of floors) if (position.topic === topic && position.partition === partition) floor = Math.min(floor, position.offset)
  return floor
}
