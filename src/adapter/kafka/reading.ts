/**
 * Reading with connections of its own, and a watch over it: records that are there and do not come, though the cluster
 * answers, are asked for anew on new connections, and in the end the process is given up, so that what supervises it starts
 * another.
 */
import { Fault } from '../../fault/fault.ts'
import type { Position } from '../../pipeline/log.ts'
import type { Edges } from './edges.ts'
import type { Link, Tell } from './link.ts'
import { type Batch, type Beginning, type Course, coursesFrom, readOn } from './reader.ts'
import type { Place } from './scan.ts'
import { orAborted } from './waiting.ts'

export interface ReadingOptions {
  /** A new link to the topics. */
  readonly open: () => Link
  readonly edges: Edges
  readonly places: readonly (Place & { readonly name: string })[]
  readonly from: readonly Position[]
  readonly signal: AbortSignal
  /** How long records that are there may not come, milliseconds. */
  readonly stallMs: number
  readonly tell?: Tell | undefined
}

/** New beginnings without a record coming, before it is given up. */
const TRIES = 3

/** Batches until the signal aborts, and then no longer, whatever is under way. Throws `LOG_STALLED`, and as `Link.use` does. */
export async function* reading(options: ReadingOptions): AsyncGenerator<Batch> {
  const { open, edges, places, signal, tell } = options
  let tries = 0
  let at: readonly Beginning[] = options.from
  while (!signal.aborted) {
    const link = open()
    try {
      // New ones each time: what an old connection still brings must not move them.
      const courses = await orAborted(signal, coursesFrom(link, places, at))
      if (courses === null) return
      const batches = readOn({ link, edges, courses, signal })
      for (;;) {
        const came = await nextOf(batches, courses, options)
        if (came === 'stalled') {
          at = courses.map(({ name, partition, offset, timestamp }) => ({ topic: name, partition, offset, timestamp }))
          break
        }
        if (came === null || came.done) return
        tries = 0
        yield came.value
      }
    } finally {
      await link.close()
    }
    const names = [...new Set(places.map(({ name }) => name))].join(', ')
    const said = `expected the records of ${names} that are in the log to come, none came in ${options.stallMs / 1000} s`
    if (++tries > TRIES)
      throw new Fault(
        'LOG_STALLED',
        `${said}, ${tries} times in a row: start the process again, and look at the brokers where that does not help`
      )
    tell?.('warn', `${said}: reading on new connections`)
  }
}

/** The next batch, null when the signal aborts before; 'stalled' where a partition with records ahead has not moved between two looks. */
async function nextOf(
  batches: AsyncGenerator<Batch>,
  courses: readonly Course[],
  { edges, stallMs, signal }: ReadingOptions
): Promise<IteratorResult<Batch> | null | 'stalled'> {
  const next = batches.next()
  for (let before: readonly string[] = []; ; ) {
    let timer: NodeJS.Timeout | undefined
    const tick = new Promise<'tick'>(resolve => {
      timer = setTimeout(resolve, stallMs, 'tick')
    })
    const came = await orAborted(signal, Promise.race([next, tick])).finally(() => clearTimeout(timer))
    if (came !== 'tick') return came
    // A cluster that does not answer is no stall: this waits for it, too.
    const looked = await orAborted(signal, Promise.race([next, halted(edges, courses)]))
    if (!Array.isArray(looked)) return looked
    if (looked.some(place => before.includes(place))) return 'stalled'
    before = looked
  }
}

/** Where courses stand behind which there is more. */
async function halted(edges: Edges, courses: readonly Course[]): Promise<string[]> {
  const ends = await edges.stable(courses)
  return courses.flatMap(({ topic, partition, offset }, i) => (ends[i]! > offset ? [`${topic}/${partition}@${offset}`] : []))
}
