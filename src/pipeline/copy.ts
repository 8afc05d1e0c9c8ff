/**
 * Records from one log to another, cut by cut. A *cut* is a set of positions up to which the source was taken: by a
 * snapshot, by a group. Of each topic all before a cut is copied before anything after it; so where the target ends after a
 * cut is where the cut stands there, whatever offsets and partitions the target has. Records of a key keep their order.
 */
import { Digest } from './digest.ts'
import type { Forgetful, Log, Outgoing, Position } from './log.ts'
import { partitionOf } from './partition.ts'
import { offsetIn, placeOf, ranges } from './range.ts'

/** Records of a write: what a Kafka client groups well, and an LMDB transaction shares its flush over. */
const BATCH = 500
/** Bytes after which a write is made all the same. */
const BATCH_BYTES = 4 * 1024 * 1024

export interface CopyOptions {
  readonly from: Log
  readonly to: Log & Forgetful
  readonly topics: readonly string[]
  readonly signal: AbortSignal
  /** Called after every write with the records copied so far. */
  readonly progress: (records: number) => void
}

/** Where a cut stands in the target, by topic. */
export type Placed = ReadonlyMap<string, readonly Position[] | null>

export class Copy {
  readonly digests: ReadonlyMap<string, Digest>
  readonly #options: CopyOptions
  /** Of each partition of the source: where it began and where copying has come to. */
  readonly #starts: readonly Position[]
  #at: readonly Position[]
  #copied = 0

  private constructor(options: CopyOptions, starts: readonly Position[]) {
    this.#options = options
    this.#starts = starts
    this.#at = starts
    this.digests = new Map(options.topics.map(topic => [topic, new Digest()]))
  }

  /** A copy not begun. What the source has forgotten, the target will have forgotten, too: its offsets begin above 0. */
  static async begin(options: CopyOptions): Promise<Copy> {
    const copy = new Copy(options, await options.from.starts(options.topics))
    for (const topic of options.topics) {
      const forgotten = copy.#starts.filter(each => each.topic === topic && each.offset > 0)
      if (forgotten.length > 0) await forget(options.to, topic, copy.#same(topic) ? forgotten.map(({ partition }) => partition) : null)
    }
    return copy
  }

  /**
   * Copies up to each cut. Returns where it stands in the target, by topic: null where it lies across another one, ahead of
   * it in one partition and behind it in another, so that no place in the target is both after all before it and before all
   * after it.
   */
  async upTo(cuts: readonly (readonly Position[])[]): Promise<readonly Placed[]> {
    const placed = cuts.map(() => new Map<string, readonly Position[] | null>())
    for (const topic of this.#options.topics) {
      const starts = this.#starts.filter(start => start.topic === topic)
      const here = cuts.flatMap((cut, i) => {
        if (!cut.some(each => each.topic === topic)) return []
        const whole = starts.map(start => ({ ...start, offset: offsetIn(cut, start) ?? start.offset }))
        return [{ i, whole, sum: whole.reduce((sum, { offset }) => sum + offset, 0) }]
      })
      for (const { i, whole } of here.sort((a, b) => a.sum - b.sum)) placed[i]!.set(topic, await this.#place(topic, whole))
    }
    return placed
  }

  /** Copies one topic up to where a cut names every partition of it. */
  async #place(topic: string, cut: readonly Position[]): Promise<readonly Position[] | null> {
    if (cut.some(each => each.offset < offsetIn(this.#at, each)! && !this.#forgotten(each))) return null
    await this.#copy(cut)
    return (await this.#options.to.ends([topic])).map(end => {
      const mine = this.#same(topic) ? cut.filter(({ partition }) => partition === end.partition) : cut
      return mine.some(each => this.#forgotten(each)) ? { ...end, offset: 0 } : end
    })
  }

  /** Copies what is left, and what comes meanwhile. */
  async rest(): Promise<void> {
    const { from, topics } = this.#options
    for (;;) {
      const ends = await from.ends(topics)
      if (ends.every(end => end.offset <= (offsetIn(this.#at, end) ?? 0))) return
      await this.#copy(ends)
    }
  }

  async #copy(to: readonly Position[]): Promise<void> {
    const { from, to: target, topics, signal, progress } = this.#options
    let batch: Outgoing[] = []
    let bytes = 0
    const flush = async (): Promise<void> => {
      await target.write(batch)
      this.#copied += batch.length
      progress(this.#copied)
      batch = []
      bytes = 0
    }
    for await (const { topic, key, value, timestamp } of ranges(from, topics, this.#at, to, signal, BATCH)) {
      this.digests.get(topic)!.add({ key, value })
      batch.push({ topic, key, value, timestamp })
      bytes += value.length
      if (batch.length >= BATCH || bytes >= BATCH_BYTES) await flush()
    }
    if (batch.length > 0) await flush()
    this.#at = this.#at.map(each => ({ ...each, offset: Math.max(each.offset, offsetIn(to, each) ?? 0) }))
  }

  /** Whether the source no longer holds what stood at a position. */
  #forgotten(position: Position): boolean {
    return position.offset < (offsetIn(this.#starts, position) ?? 0)
  }

  #same(topic: string): boolean {
    return this.#options.from.partitions[topic] === this.#options.to.partitions[topic]
  }
}

/** Has partitions, or all, begin at offset 1: whoever needs what stood before learns that it has gone. */
async function forget(log: Log & Forgetful, topic: string, partitions: readonly number[] | null): Promise<void> {
  const count = log.partitions[topic]!
  const wanted = new Set(partitions ?? Array.from({ length: count }, (_, partition) => partition))
  const marks: Outgoing[] = []
  for (let i = 0; wanted.size > 0; i++)
    if (wanted.delete(partitionOf(`${i}`, count))) marks.push({ topic, key: `${i}`, value: Uint8Array.of(0), timestamp: 0 })
  const floors = (await log.write(marks)).map(place => ({ ...place, offset: place.offset + 1 }))
  await log.retain([{ topic, keepBytes: 0 }], floors, 0)
}

/** The digests of what a log holds. */
export async function digestsOf(log: Log, topics: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Digest>> {
  const digests = new Map(topics.map(topic => [topic, new Digest()]))
  for await (const record of ranges(log, topics, [], await log.ends(topics), signal, BATCH)) digests.get(record.topic)!.add(record)
  return digests
}

/** Partitions that hold a record or have held one. */
export async function used(log: Log, topics: readonly string[]): Promise<readonly string[]> {
  return (await log.ends(topics)).filter(({ offset }) => offset > 0).map(placeOf)
}
