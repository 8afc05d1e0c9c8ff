/** Reads partitions from positions on. The next fetch of a broker starts when what it sent has been taken, so that memory stays bounded. */
import type { Incoming, Position } from '../../pipeline/log.ts'
import { type Edges, listOffsets } from './edges.ts'
import { type Link, pause } from './link.ts'
import { isOutOfRange } from './problem.ts'
import { EARLIEST, LATEST } from './protocol.ts'
import { fetchFrom, type Place, type Stretch } from './scan.ts'

/** How long a broker may wait for records to come before it answers that there are none. */
const WAIT_MS = 500
/** How soon a partition is looked at again that has not reached its reader's position. */
const BEYOND_MS = 50

const NOTHING = new Uint8Array(0)

/** How far a partition has been read. */
export interface Course extends Place {
  /** The topic as the log names it. */
  readonly name: string
  /** Behind everything fetched, markers of transactions included. */
  offset: number
  /** When the last record came, so that time never goes back. */
  timestamp: number
}

export interface ReadOptions {
  /** The reader's alone, since a fetch that waits holds up what comes behind it. */
  readonly link: Link
  readonly edges: Edges
  readonly courses: readonly Course[]
  readonly signal: AbortSignal
}

/** What one broker has sent. */
export interface Batch {
  readonly records: readonly Incoming[]
  /** Of the partitions that it was asked for. They rest until the next batch is asked for. */
  readonly courses: readonly Course[]
}

/** Where to begin, and of a partition that was read before when its last record came. */
export interface Beginning extends Position {
  readonly timestamp?: number
}

/** Courses that begin at the positions, where they are given and retention has not passed them, else at the oldest record. */
export async function coursesFrom(
  link: Link,
  places: readonly (Place & { readonly name: string })[],
  from: readonly Beginning[]
): Promise<Course[]> {
  const starts = await listOffsets(link, places, () => EARLIEST)
  return places.map((place, i) => {
    const given = from.find(({ topic, partition }) => topic === place.name && partition === place.partition)
    return { ...place, offset: Math.max(given?.offset ?? 0, starts[i]!), timestamp: given?.timestamp ?? 0 }
  })
}

/** Batches until the signal aborts, none of them empty. */
export async function* readOn({ link, edges, courses, signal }: ReadOptions): AsyncGenerator<Batch> {
  const pending = new Map<string, { readonly courses: readonly Course[]; readonly next: Promise<readonly Incoming[]> }>()
  while (!signal.aborted && courses.length > 0) {
    const busy = new Set([...pending.values()].flatMap(each => each.courses))
    const idle = courses.filter(course => !busy.has(course))
    for (const node of new Set(idle.map(({ topic, partition }) => link.nodeOf(topic, partition)))) {
      if (pending.has(node)) continue
      const mine = idle.filter(({ topic, partition }) => link.nodeOf(topic, partition) === node)
      const next = fetchNext(link, edges, node, mine, signal)
      next.catch(() => undefined) // thrown where it is awaited
      pending.set(node, { courses: mine, next })
    }
    const [node, records] = await Promise.race([...pending].map(async ([node, { next }]) => [node, await next] as const))
    if (records.length > 0 && !signal.aborted) yield { records, courses: pending.get(node)!.courses }
    pending.delete(node)
  }
}

async function fetchNext(
  link: Link,
  edges: Edges,
  node: string,
  courses: readonly Course[],
  signal: AbortSignal
): Promise<readonly Incoming[]> {
  const led = (): boolean => courses.every(({ topic, partition }) => link.nodeOf(topic, partition) === node)
  try {
    const names = [...new Set(courses.map(({ topic }) => topic))].join(', ')
    // Whoever leads them by now is asked in the next round.
    const stretches = await link.use(`read the topics ${names}`, async () =>
      led() ? fetchFrom(await link.node(node), courses, WAIT_MS) : []
    )
    return merge(courses, stretches, edges)
  } catch (error) {
    if (!isOutOfRange(error)) throw error
    return await outOfRange(link, edges, node, courses, signal)
  }
}

/** Retention has passed a position, or it lies beyond the end: go on at the oldest record, or wait for the end to come. */
async function outOfRange(
  link: Link,
  edges: Edges,
  node: string,
  courses: readonly Course[],
  signal: AbortSignal
): Promise<readonly Incoming[]> {
  const [starts, ends] = await Promise.all([listOffsets(link, courses, () => EARLIEST), listOffsets(link, courses, () => LATEST)])
  for (const [i, course] of courses.entries()) course.offset = Math.max(course.offset, starts[i]!)
  const within = courses.filter((course, i) => course.offset <= ends[i]!)
  if (within.length < courses.length) await pause(BEYOND_MS, signal)
  if (within.length === 0 || within.length === courses.length) return []
  try {
    return merge(within, await link.use('read what is there', async () => fetchFrom(await link.node(node), within, BEYOND_MS)), edges)
  } catch (error) {
    if (isOutOfRange(error)) return []
    throw error
  }
}

/** The records of all partitions by their time, as far as each partition's own order allows. */
function merge(courses: readonly Course[], stretches: readonly Stretch[], edges: Edges): readonly Incoming[] {
  const records: Incoming[] = []
  for (const stretch of stretches) {
    const course = courses.find(({ topic, partition }) => topic === stretch.topic && partition === stretch.partition)!
    for (const { offset, key, value, timestamp } of stretch.seen) {
      course.timestamp = Math.max(course.timestamp, Number(timestamp))
      records.push({
        topic: course.name,
        partition: course.partition,
        offset: Number(offset),
        key: key === null ? null : key.toString(),
        value: value ?? NOTHING,
        timestamp: course.timestamp
      })
    }
    course.offset = stretch.to
    edges.seen(stretch)
  }
  return stretches.length > 1 ? records.sort((a, b) => a.timestamp - b.timestamp) : records
}
