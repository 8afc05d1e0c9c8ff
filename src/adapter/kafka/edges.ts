/**
 * Where partitions begin and end. Kafka counts the markers of transactions like records, so that the position after the
 * last record is not what it calls the end: what is known of the stretch between the two is kept, the rest looked at.
 */
import { type Link, pause } from './link.ts'
import { EARLIEST, LATEST, type Long, READ_COMMITTED, READ_UNCOMMITTED } from './protocol.ts'
import { type Place, type Stretch, scan } from './scan.ts'

/** How far back from the end the last record is looked for first: most often one marker stands behind it. */
const FIRST_WINDOW = 8
/** Between two looks whether a transaction under way has ended. Most take a few milliseconds. */
const LOOK_MS = 20
/** Enough to see whose the first record is. */
const HELD_BYTES = 1 << 16

interface Known {
  /** The position after the last record that was ever seen. */
  end: number
  /** No record stands in `[end, checked)`. */
  checked: number
}

export class Edges {
  readonly #link: Link
  readonly #known = new Map<string, Known>()

  constructor(link: Link) {
    this.#link = link
  }

  /** A reader went over a stretch. */
  seen({ topic, partition, from, to, seen }: Stretch): void {
    const known = this.#of({ topic, partition })
    const last = seen.at(-1)
    const end = last === undefined ? null : Number(last.offset) + 1
    if (end !== null && end > known.end) {
      known.end = end
      known.checked = to
    } else if (from <= known.checked) known.checked = Math.max(known.checked, to)
  }

  /** We have written a record here: it is there, even before the broker's answers show it. */
  wrote({ topic, partition }: Place, offset: number): void {
    const known = this.#of({ topic, partition })
    if (offset < known.end) return
    known.end = offset + 1
    known.checked = Math.max(known.checked, known.end)
  }

  /** The offset of the oldest record kept, of each place. */
  starts(places: readonly Place[]): Promise<number[]> {
    return listOffsets(this.#link, places, () => EARLIEST)
  }

  /** Up to where a reader of what is committed is given anything, markers included, of each place. */
  stable(places: readonly Place[]): Promise<number[]> {
    return listOffsets(this.#link, places, () => LATEST)
  }

  /** The offset after the last record, of each place. */
  async ends(places: readonly Place[]): Promise<number[]> {
    const [starts, stable] = await Promise.all([this.starts(places), this.stable(places)])
    return Promise.all(places.map((place, i) => this.#end(place, starts[i]!, stable[i]!)))
  }

  /** The same, once every transaction that was under way has ended, or the cluster has given it up. */
  async settled(places: readonly Place[], signal: AbortSignal): Promise<number[]> {
    await heldUp(this.#link, places, Number.POSITIVE_INFINITY, signal)
    return this.ends(places)
  }

  async #end(place: Place, start: number, stable: number): Promise<number> {
    const known = this.#of(place)
    let low = Math.max(start, known.checked)
    for (let window = FIRST_WINDOW, high = stable; high > low; window *= 16) {
      const from = Math.max(low, high - window)
      let last: number | null = null
      for await (const { seen } of scan(this.#link, place, from, high)) if (seen.length > 0) last = Number(seen.at(-1)!.offset)
      if (last !== null) {
        this.wrote(place, last)
        break
      }
      high = from
    }
    // What was checked stays checked, whoever else looked meanwhile.
    low = Math.max(known.end, start)
    known.end = low
    known.checked = Math.max(known.checked, stable, low)
    return low
  }

  #of({ topic, partition }: Place): Known {
    const key = `${partition} ${topic}`
    const known = this.#known.get(key) ?? { end: 0, checked: 0 }
    this.#known.set(key, known)
    return known
  }
}

/**
 * Of these places those where a reader of what is committed is not given, within `graceMs`, what is written there now: a
 * transaction that wrote there has not ended. Throws the signal's reason when aborted before.
 */
export async function heldUp(link: Link, places: readonly Place[], graceMs: number, signal: AbortSignal): Promise<Place[]> {
  const written = await listOffsets(link, places, () => LATEST, READ_UNCOMMITTED)
  for (const until = performance.now() + graceMs; ; ) {
    const stable = await listOffsets(link, places, () => LATEST)
    const held = places.filter((_, i) => stable[i]! < written[i]!)
    if (held.length === 0 || performance.now() >= until) return held
    await pause(LOOK_MS, signal)
    signal.throwIfAborted()
  }
}

/** What holds a place back: the first record of a transaction of which the marker is missing, or that is open. */
export interface Held extends Place {
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
}

/** Of these places those that hold back their readers because of what `producerId` has written. */
export async function heldBy(link: Link, places: readonly Place[], producerId: Long): Promise<Held[]> {
  if (places.length === 0) return []
  const written = await listOffsets(link, places, () => LATEST, READ_UNCOMMITTED)
  const stable = await listOffsets(link, places, () => LATEST)
  const held: Held[] = []
  for (const [i, { topic, partition }] of places.entries()) {
    if (stable[i]! >= written[i]!) continue
    const { responses } = await link.use(`read the topic ${topic}`, async () =>
      (await link.leaderOf(topic, partition)).fetch({
        isolationLevel: READ_UNCOMMITTED,
        maxWaitTime: 0,
        minBytes: 0,
        maxBytes: HELD_BYTES,
        topics: [{ topic, partitions: [{ partition, fetchOffset: `${stable[i]}`, maxBytes: HELD_BYTES }] }]
      })
    )
    const first = responses[0]?.partitions[0]?.messages.find(({ offset }) => Number(offset) >= stable[i]!)
    if (first?.batchContext.producerId !== producerId) continue
    held.push({ topic, partition, offset: Number(first.offset), timestamp: Number(first.timestamp) })
  }
  return held
}

/** The first offset at or after a time, or at one of Kafka's marks, of each place; −1 where there is none. */
export async function listOffsets(
  link: Link,
  places: readonly Place[],
  timeOf: (place: Place) => number,
  isolationLevel: typeof READ_COMMITTED | typeof READ_UNCOMMITTED = READ_COMMITTED
): Promise<number[]> {
  return link.use(`ask for the ends of ${[...new Set(places.map(({ topic }) => topic))].join(', ')}`, async () => {
    const byNode = new Map<string, Place[]>()
    for (const place of places) {
      const node = link.nodeOf(place.topic, place.partition)
      byNode.set(node, [...(byNode.get(node) ?? []), place])
    }
    const found = new Map<string, number>()
    await Promise.all(
      [...byNode].map(async ([node, mine]) => {
        const broker = await link.node(node)
        const topics = [...new Set(mine.map(({ topic }) => topic))].map(topic => ({
          topic,
          partitions: mine
            .filter(place => place.topic === topic)
            .map(place => ({ partition: place.partition, timestamp: timeOf(place) as number | Long }))
        }))
        const { responses } = await broker.listOffsets({ isolationLevel, topics })
        for (const { topic, partitions } of responses)
          for (const { partition, offset } of partitions) found.set(`${partition} ${topic}`, Number(offset))
      })
    )
    return places.map(({ topic, partition }) => found.get(`${partition} ${topic}`)!)
  })
}
