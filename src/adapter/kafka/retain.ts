/**
 * Forgets the oldest records of a topic. Kafka removes whatever lies before an offset, exactly; by age that offset is known
 * exactly, too, by size it is estimated from samples, since no request tells what a record weighs.
 */
import type { Retention } from '../../pipeline/log.ts'
import { type Edges, listOffsets } from './edges.ts'
import type { Link } from './link.ts'
import { fetchFrom, type Place } from './scan.ts'

/** Places of a partition whose records are weighed. */
const SAMPLES = 5
const SAMPLE_BYTES = 1 << 16

/** Removes what a retention lets go of, never at or after a place's floor. Returns how many offsets went. */
export async function retainTopic(
  link: Link,
  edges: Edges,
  places: readonly Place[],
  { topic, keepMs, keepBytes }: Retention,
  floors: readonly number[],
  now: number
): Promise<number> {
  const [starts, ends] = await Promise.all([edges.starts(places), edges.ends(places)])
  const limits = ends.map((end, i) => Math.max(starts[i]!, Math.min(end, floors[i]!)))
  const cuts = [...starts]
  if (keepMs !== undefined) {
    const young = await listOffsets(link, places, () => Math.max(0, now - keepMs))
    for (const [i, at] of young.entries()) cuts[i] = Math.max(cuts[i]!, Math.min(limits[i]!, at < 0 ? ends[i]! : at))
  }
  if (keepBytes !== undefined) {
    const weights = await Promise.all(places.map((place, i) => weigh(link, place, cuts[i]!, ends[i]!)))
    const kept = weights.reduce((sum, weight, i) => sum + weight * (ends[i]! - cuts[i]!), 0)
    const free = weights.reduce((sum, weight, i) => sum + weight * (limits[i]! - cuts[i]!), 0)
    // The same part of every partition that may lose something: partitions fill alike, and the oldest of each go.
    const part = free === 0 ? 0 : Math.min(1, Math.max(0, kept - keepBytes) / free)
    for (const [i, cut] of cuts.entries()) cuts[i] = cut + Math.ceil(part * (limits[i]! - cut))
  }
  let removed = 0
  for (const [i, place] of places.entries()) {
    const cut = cuts[i]!
    if (cut <= starts[i]!) continue
    const topics = [{ topic: place.topic, partitions: [{ partition: place.partition, offset: `${cut}` }] }]
    await link.use(`forget old records of ${topic}`, async () =>
      (await link.leaderOf(place.topic, place.partition)).deleteRecords({ topics })
    )
    removed += cut - starts[i]!
  }
  return removed
}

/** Bytes of values per offset of a stretch, from a few places in it. */
async function weigh(link: Link, place: Place, from: number, to: number): Promise<number> {
  if (to <= from) return 0
  let bytes = 0
  let offsets = 0
  for (let i = 0; i < SAMPLES; i++) {
    const offset = from + Math.floor(((to - from) * i) / SAMPLES)
    const [stretch] = await link.use(`weigh records of ${place.topic}`, async () =>
      fetchFrom(await link.leaderOf(place.topic, place.partition), [{ ...place, offset }], 100, SAMPLE_BYTES)
    )
    if (stretch === undefined) continue
    offsets += stretch.to - stretch.from
    for (const { value } of stretch.seen) bytes += value?.length ?? 0
  }
  return offsets === 0 ? 0 : bytes / offsets
}
