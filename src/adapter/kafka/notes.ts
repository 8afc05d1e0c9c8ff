/**
 * The notes of a group as a changelog: each commit appends its changes, and the oldest records that still count are
 * carried to the end, a few with each commit, so that everything before them can go. The topic stays within a few times
 * what is live, without compaction, and no commit has much to carry.
 *
 *     key null   what a claim has done: its identity, the number of its commit, and the positions that it moved
 *     key text   a note; value null removes it
 */
import type { Note, Position } from '../../pipeline/log.ts'
import { listOffsets } from './edges.ts'
import type { Link } from './link.ts'
import { bufferOf, type Placed } from './produce.ts'
import { EARLIEST, LATEST } from './protocol.ts'
import { type Place, scan } from './scan.ts'

/** Records looked at for each one appended: at two, what is dead leaves twice as fast as it comes. */
const LOOKED_AT = 2
/** Fewer dead records than this are not worth the work. */
const SLACK = 2000
/** How much is read ahead of carrying, bytes. */
const CARRY_BYTES = 1 << 18

/** Records looked at first for the newest mark: most commits change fewer notes. */
const TAIL = 64

/** What a claim leaves of each commit. */
export interface Mark {
  readonly claim: string
  readonly number: number
  /** Those of the commit; those found by a claim, of its first record. */
  readonly positions: readonly Position[]
}

interface Old {
  readonly offset: number
  readonly key: string | null
  readonly value: Buffer | null
}

export class Notes {
  readonly #link: Link
  readonly #place: Place
  /** Offset of the record that counts, by key. */
  readonly #live = new Map<string, number>()
  /** The oldest record not yet looked at, and those read after it. */
  #head = 0
  #read: Old[] = []
  #end = 0
  #loaded = false

  constructor(link: Link, topic: string) {
    this.#link = link
    this.#place = { topic, partition: 0 }
  }

  get topic(): string {
    return this.#place.topic
  }

  /** The oldest record that is still of use. */
  get head(): number {
    return this.#head
  }

  /** Whether it has been read: only then is known what of it counts. */
  get loaded(): boolean {
    return this.#loaded
  }

  /** The mark of the newest claim's newest commit, found from the end; null where there is none. */
  async newest(): Promise<Mark | null> {
    const [start, end] = await this.#bounds()
    for (let window = TAIL, to = end; to > start; window *= 16) {
      const from = Math.max(start, to - window)
      let newest: Buffer | null = null
      for await (const { seen } of scan(this.#link, this.#place, from, to))
        for (const { key, value } of seen) if (key === null) newest = value
      if (newest !== null) return { positions: [], ...JSON.parse(newest.toString()) }
      to = from
    }
    return null
  }

  /** Reads the whole changelog. The values are given away, only their places are kept. */
  async load(): Promise<Map<string, Buffer>> {
    const [start, end] = await this.#bounds()
    this.#head = start
    this.#end = end
    this.#read = []
    this.#live.clear()
    const values = new Map<string, Buffer>()
    for await (const { seen } of scan(this.#link, this.#place, start, end))
      for (const { key, value, offset } of seen) {
        if (key === null) continue
        if (value === null) {
          values.delete(key.toString())
          this.#live.delete(key.toString())
        } else {
          values.set(key.toString(), Buffer.from(value))
          this.#live.set(key.toString(), Number(offset))
        }
      }
    this.#loaded = true
    return values
  }

  /** What a commit appends: its mark, its changes, and what it carries on. `head` is where the topic may begin afterwards. */
  async changes(mark: Mark, notes: readonly Note[]): Promise<{ readonly records: Placed[]; readonly head: number }> {
    const records: Placed[] = [this.#placed(null, Buffer.from(JSON.stringify(mark)))]
    for (const { key, value } of notes) records.push(this.#placed(key, value === null ? null : bufferOf(value)))
    const changed = new Set(notes.map(({ key }) => key))
    let head = this.#head
    const dead = this.#end - this.#head - this.#live.size
    for (let budget = dead > this.#live.size + SLACK ? LOOKED_AT * records.length : 0; budget > 0; budget--) {
      const old = await this.#next(head)
      if (old === null) break
      head = old.offset + 1
      if (old.key !== null && !changed.has(old.key) && this.#live.get(old.key) === old.offset)
        records.push(this.#placed(old.key, old.value))
    }
    return { records, head }
  }

  /** The records of `changes` are committed. */
  committed({ records, head }: { readonly records: readonly Placed[]; readonly head: number }): void {
    for (const { key, value, offset } of records) {
      this.#end = Math.max(this.#end, offset! + 1)
      if (key === null) continue
      if (value === null) this.#live.delete(key)
      else this.#live.set(key, offset!)
    }
    this.#head = head
    this.#read = this.#read.filter(({ offset }) => offset >= head)
  }

  async #bounds(): Promise<readonly [start: number, end: number]> {
    const [[start], [end]] = await Promise.all([
      listOffsets(this.#link, [this.#place], () => EARLIEST),
      listOffsets(this.#link, [this.#place], () => LATEST)
    ])
    return [start!, end!]
  }

  /** The record at or after an offset, out of what was read ahead. */
  async #next(from: number): Promise<Old | null> {
    const found = this.#read.find(({ offset }) => offset >= from)
    if (found !== undefined) return found
    for await (const { seen } of scan(this.#link, this.#place, from, this.#end, CARRY_BYTES)) {
      this.#read = seen.map(({ offset, key, value }) => ({ offset: Number(offset), key: key === null ? null : key.toString(), value }))
      if (this.#read.length > 0) return this.#read[0]!
    }
    return null
  }

  #placed(key: string | null, value: Buffer | null): Placed {
    return { topic: this.topic, partition: this.#place.partition, key, value, offset: null }
  }
}
