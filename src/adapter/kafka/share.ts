/**
 * Partitions shared out among the members of a group. In each generation a member reads what it was given from where the
 * group stands on, and moves the group's positions behind each portion that is done.
 *
 * The group refuses positions of a generation that it has left behind, so that none ever goes back. In transactions each
 * partition has a transactional id: whoever is given the partition begins anew under it, which ends what the member before has
 * left open and refuses everything that it still sends.
 */
import type { Outgoing, Portion, Position } from '../../pipeline/log.ts'
import type { Link } from './link.ts'
import type { Generation, Member } from './member.ts'
import { settledOf } from './positions.ts'
import { isFenced, isRegrouped, isSequenceLost } from './problem.ts'
import type { Placed, Placing } from './produce.ts'
import { GROUP_COORDINATOR } from './protocol.ts'
import type { Batch } from './reader.ts'
import { type ReadingOptions, reading } from './reading.ts'
import { offsetsOf, Transacting } from './transaction.ts'
import { aborted, orAborted } from './waiting.ts'

export interface ShareOptions extends Pick<ReadingOptions, 'open' | 'edges' | 'stallMs' | 'tell'> {
  readonly member: Member
  /** For everything but membership and reading. */
  readonly link: Link
  readonly placing: Placing
  readonly write: (records: readonly Placed[]) => Promise<void>
  readonly partitions: Readonly<Record<string, number>>
  readonly prefix: string
  /** The group as the cluster knows it. */
  readonly group: string
  readonly topics: readonly string[]
  readonly limit: number
  /** Outputs and positions in one transaction. */
  readonly transactional: boolean
  readonly signal: AbortSignal
}

/** How long the others wait for a member that is to join anew, and first finishes what it has begun. */
export const HAND_OVER_MS = 30_000

/** Portions until the signal aborts; then the member leaves. */
export async function* share(options: ShareOptions): AsyncGenerator<Portion> {
  const { member, signal } = options
  try {
    while (!signal.aborted) {
      const generation = await orAborted(signal, member.join())
      if (generation === null) return
      if (generation.mine.length > 0) yield* work(options, generation)
      else await orAborted(signal, aborted(generation.over))
    }
  } finally {
    await member.leave()
  }
}

async function* work(options: ShareOptions, generation: Generation): AsyncGenerator<Portion> {
  const { topics, prefix, edges, signal } = options
  const halt = AbortSignal.any([signal, generation.over])
  const { mine } = generation
  const places = topics.flatMap(name => mine.map(partition => ({ topic: prefix + name, name, partition })))
  const commits = await commitsOf(options, generation)
  // Behind `commitsOf`, which has ended what others had open. In transactions that shows a moment late, and is waited for.
  const from = await settledOf(options.link, options.group, topics, mine, prefix)
  for await (const batch of reading({ ...options, edges, places, from, signal: halt })) {
    const waiting = slicesOf(batch, options)
    const busy = new Map<number, Promise<void>>()
    while (!halt.aborted && waiting.length > 0) {
      const next = waiting.findIndex(({ lane }) => !busy.has(lane))
      if (next < 0) await orAborted(halt, Promise.race(busy.values()))
      else yield begin(waiting.splice(next, 1)[0]!, commits, busy)
    }
    // What is under way is finished before more is read, and before we join anew; what has not begun is left.
    if (busy.size > 0) await orAborted(AbortSignal.any([signal, generation.gone]), Promise.all(busy.values()))
  }
}

function begin(slice: Slice, commits: Commits, busy: Map<number, Promise<void>>): Portion {
  let finish = (): void => undefined
  const finished = new Promise<void>(resolve => {
    finish = resolve
  })
  busy.set(slice.lane, finished)
  return {
    records: slice.records,
    done: async outputs => {
      await commits.done(slice, outputs)
      busy.delete(slice.lane)
      finish()
    }
  }
}

/** Records that go together, and where the group stands when they are done. */
interface Slice {
  /** Of one lane one slice is under way at a time: that of its partition number, or `ALL`. */
  readonly lane: number
  readonly records: Portion['records']
  readonly positions: readonly Position[]
}

const ALL = -1

/**
 * A batch by partition numbers, at most so many records a slice. A small one of all partitions together shares one commit,
 * except in transactions, of which each partition has its own. Behind the last records of a partition that were sent stand but
 * markers: its position passes them.
 */
function slicesOf({ records, courses }: Batch, { limit, transactional }: Pick<ShareOptions, 'limit' | 'transactional'>): Slice[] {
  const whole = !transactional && records.length <= limit
  const lanes = new Map<number, Portion['records'][number][]>()
  for (const record of records) {
    const lane = whole ? ALL : record.partition
    const list = lanes.get(lane)
    if (list) list.push(record)
    else lanes.set(lane, [record])
  }
  return [...lanes].flatMap(([lane, list]) =>
    Array.from({ length: Math.ceil(list.length / limit) }, (_, i) => {
      const slice = list.slice(i * limit, (i + 1) * limit)
      const positions = new Map(
        slice.map(({ topic, partition, offset }) => [`${partition} ${topic}`, { topic, partition, offset: offset + 1 }])
      )
      if ((i + 1) * limit >= list.length)
        for (const { name: topic, partition, offset } of courses)
          if (lane === ALL || partition === lane) positions.set(`${partition} ${topic}`, { topic, partition, offset })
      return { lane, records: slice, positions: [...positions.values()] }
    })
  )
}

interface Commits {
  /** Resolves without having moved anything where the partition may be another member's. */
  done(slice: Slice, outputs: readonly Outgoing[]): Promise<void>
}

async function commitsOf(options: ShareOptions, generation: Generation): Promise<Commits> {
  return options.transactional ? inTransactions(options, generation) : apart(options, generation)
}

/** Outputs first: who dies in between leaves the records to another. */
function apart({ link, placing, write, edges, group, prefix }: ShareOptions, generation: Generation): Commits {
  return {
    async done({ positions }, outputs) {
      const placed = placing.place(outputs)
      if (generation.gone.aborted) return
      await write(placed)
      for (const record of placed) edges.wrote(record, record.offset!)
      if (generation.gone.aborted) return
      const request = {
        groupId: group,
        groupGenerationId: generation.id,
        memberId: generation.member,
        topics: offsetsOf(positions, prefix)
      }
      try {
        await link.use(`move the positions of the group ${group}`, async () =>
          (await link.coordinatorOf(group, GROUP_COORDINATOR)).offsetCommit(request)
        )
      } catch (error) {
        if (!isRegrouped(error)) throw error
        generation.expel()
      }
    }
  }
}

async function inTransactions(options: ShareOptions, generation: Generation): Promise<Commits> {
  const { placing, edges, group } = options
  const byNumber = new Map<number, Transacting>()
  for (const number of generation.mine) {
    const transacting = new Transacting({ ...options, transactionalId: `${group}.${number}`, numbers: [number] })
    await transacting.begin()
    byNumber.set(number, transacting)
  }
  return {
    async done({ lane, positions }, outputs) {
      const placed = placing.place(outputs)
      if (generation.gone.aborted) return
      const transacting = byNumber.get(lane)!
      try {
        await transacting.transact(placed, positions)
        for (const record of placed) edges.wrote(record, record.offset!)
        await transacting.shown(positions)
      } catch (error) {
        // Another member's, or given up by the cluster, and perhaps made: where the group stands is looked up anew.
        if (isFenced(error) || isSequenceLost(error)) return generation.expel()
        await transacting.end(false).catch(() => generation.expel())
        throw error
      }
    }
  }
}
