/**
 * The durable log on an Apache Kafka cluster. Each partition has its own sequence; commits are transactions, and readers
 * see nothing that a transaction could still take back.
 *
 * Where it differs from a log in one place: a write to several partitions is made whole however long that takes, but a
 * process killed in the middle of it leaves a part. Commits are all or nothing.
 */
import { Fault } from '../../fault/fault.ts'
import type {
  Claim,
  Forgetful,
  Incoming,
  Lease,
  Leasing,
  Log,
  Outgoing,
  Portion,
  Position,
  Reachable,
  Retention,
  Settling,
  Shared
} from '../../pipeline/log.ts'
import { claimGroup } from './claim.ts'
import type { Connection } from './connection.ts'
import { Edges } from './edges.ts'
import { COUNT, leaseOf, REJOIN } from './lease.ts'
import { Link, type LinkOptions, Outage, type Tell } from './link.ts'
import { Member } from './member.ts'
import { committedOf } from './positions.ts'
import { Placing } from './produce.ts'
import { type ReadingOptions, reading } from './reading.ts'
import { retainTopic } from './retain.ts'
import type { Place } from './scan.ts'
import { HAND_OVER_MS, share } from './share.ts'
import { ensureTopics, missingTopics } from './topics.ts'
import { orTold } from './waiting.ts'
import { Writer } from './writer.ts'

/** How long the cluster may take to answer when the log is opened. */
const OPEN_MS = 30_000
/** The shortest that brokers accept unless told otherwise (`group.min.session.timeout.ms`). */
const SESSION_MS = 6000
const STALL_MS = 30_000
/** How long transactions under way are waited for without a word. */
const TOLD_AFTER_MS = 5000
/** As long as a batch may be that a topic made here takes: a rejected record travels whole. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

export interface KafkaOptions extends Connection {
  readonly partitions: Readonly<Record<string, number>>
  /** Stands before the name of every topic, group and transactional id. */
  readonly prefix?: string
  /** Make topics that are missing; otherwise they must be there. */
  readonly create?: boolean
  /** Copies of each partition of a topic made here; absent: the cluster's default. */
  readonly replication?: number
  /** How long the cluster may take to answer when the log is opened, milliseconds. Later it may take any time. */
  readonly openMs?: number
  /** A process not heard of for so long is taken for gone: its lease and its partitions go to others. Absent: 6,000. */
  readonly sessionMs?: number
  /** Whether members of a group make outputs and positions in one transaction: exactly once, for some milliseconds more. */
  readonly transactional?: boolean
  /** How long records that are there may not come before they are asked for anew, milliseconds. Absent: 30,000. */
  readonly stallMs?: number
  /** Told when the cluster stops answering and when it answers again. */
  readonly tell?: Tell
}

/**
 * Opens a log on a cluster. Any number of processes may.
 *
 * Throws `CONFIG_INVALID` where the cluster refuses us or its topics are not as expected, and `UNAVAILABLE` where it does
 * not answer. An open log outlives its brokers: what was asked of it goes on when they are back.
 */
export async function openKafkaLog(options: KafkaOptions): Promise<Log & Forgetful & Leasing & Settling & Shared & Reachable> {
  const linked = { ...options, outage: new Outage(options.tell ?? (() => undefined)) }
  const wanted = wantedOf(options)
  await visit(linked, link => ensureTopics(link, wanted, topicOptions(options)))
  return new KafkaLog(linked, Object.keys(wanted))
}

/** The topics of a log that its cluster does not have yet. Changes nothing, throws as `openKafkaLog` does. */
export function missingOf(options: KafkaOptions): Promise<string[]> {
  return visit(options, link => missingTopics(link, wantedOf(options)))
}

function wantedOf({ partitions, prefix = '' }: KafkaOptions): Record<string, number> {
  if (!/^[A-Za-z0-9._-]*$/.test(prefix))
    throw new Fault('CONFIG_INVALID', `expected a prefix of letters, digits, dot, dash and underscore, got "${prefix}"`)
  return Object.fromEntries(Object.entries(partitions).map(([topic, count]) => [prefix + topic, count]))
}

async function visit<T>(options: Linked, look: (link: Link) => Promise<T>): Promise<T> {
  const link = new Link(options, [])
  try {
    await link.use('reach the cluster', async () => void (await link.anyBroker()), options.openMs ?? OPEN_MS)
    return await look(link)
  } finally {
    await link.close()
  }
}

function topicOptions({ create = false, replication = -1 }: KafkaOptions) {
  return { create, replication, maxMessageBytes: MAX_MESSAGE_BYTES }
}

type Linked = KafkaOptions & LinkOptions

class KafkaLog implements Log, Forgetful, Leasing, Settling, Shared, Reachable {
  readonly partitions: Readonly<Record<string, number>>
  readonly #options: Linked
  readonly #prefix: string
  readonly #sessionMs: number
  readonly #topics: readonly string[]
  readonly #link: Link
  readonly #edges: Edges
  readonly #placing: Placing
  readonly #writer: Writer
  readonly #claims = new Set<Link>()
  readonly #members = new Set<Member>()
  /** Members that have lost their lease, and its name: the group may still know them. */
  readonly #lapsed = new Map<Member, string>()
  readonly #closing = new AbortController()
  #closed: Promise<void> | null = null

  constructor(options: Linked, topics: readonly string[]) {
    this.partitions = options.partitions
    this.#options = options
    this.#prefix = options.prefix ?? ''
    this.#sessionMs = options.sessionMs ?? SESSION_MS
    this.#topics = topics
    this.#link = new Link(options, topics)
    this.#edges = new Edges(this.#link)
    this.#placing = new Placing(options.partitions, this.#prefix)
    this.#writer = new Writer(this.#link)
  }

  get unreachable(): string | null {
    return this.#options.outage?.said ?? null
  }

  async write(records: readonly Outgoing[]): Promise<readonly Position[]> {
    this.#expectOpen()
    const placed = this.#placing.place(records)
    if (placed.length === 0) return []
    await this.#writer.write(placed)
    return placed.map(({ topic, partition, offset }) => {
      this.#edges.wrote({ topic, partition }, offset!)
      return { topic: topic.slice(this.#prefix.length), partition, offset: offset! }
    })
  }

  read(topics: readonly string[], from: readonly Position[], signal: AbortSignal, limit = 500): ReturnType<Log['read']> {
    this.#expectOpen()
    const places = topics.flatMap(name => this.#placesOf(name))
    return this.#batches({ ...this.#readingOf(topics), places, from, signal: AbortSignal.any([signal, this.#closing.signal]) }, limit)
  }

  async ends(topics: readonly string[]): Promise<readonly Position[]> {
    return this.#edgesOf(topics, places => this.#edges.ends(places))
  }

  async settled(topics: readonly string[], signal: AbortSignal): Promise<readonly Position[]> {
    const settled = this.#edgesOf(topics, places => this.#edges.settled(places, AbortSignal.any([signal, this.#closing.signal])))
    // Whoever has left a transaction open may be gone: nobody is to wonder what is waited for.
    const said = `waiting for transactions on ${topics.join(', ')} that have not ended: the cluster ends those of who is gone`
    return orTold(settled, TOLD_AFTER_MS, () => this.#options.tell?.('info', said))
  }

  async starts(topics: readonly string[]): Promise<readonly Position[]> {
    return this.#edgesOf(topics, places => this.#edges.starts(places))
  }

  async claim(group: string): Promise<Claim> {
    this.#expectOpen()
    expectName(group)
    const notesTopic = `${this.#prefix}${group}.notes`
    await ensureTopics(this.#link, { [notesTopic]: 1 }, topicOptions(this.#options))
    const link = new Link(this.#options, [...this.#topics, notesTopic])
    this.#claims.add(link)
    return claimGroup({
      link,
      edges: this.#edges,
      placing: this.#placing,
      partitions: this.partitions,
      prefix: this.#prefix,
      group,
      notesTopic,
      expectOpen: () => this.#expectOpen(),
      tell: this.#options.tell
    })
  }

  async committed(group: string): Promise<readonly Position[]> {
    this.#expectOpen()
    return committedOf(this.#link, this.#prefix + group, this.partitions, this.#prefix)
  }

  async retain(retentions: readonly Retention[], floors: readonly Position[], now: number): Promise<Readonly<Record<string, number>>> {
    this.#expectOpen()
    const removed: Record<string, number> = {}
    for (const retention of retentions) {
      const { topic } = retention
      const places = this.#placesOf(topic)
      const held = places.map(({ partition }) => {
        const mine = floors.filter(floor => floor.topic === topic && floor.partition === partition)
        return Math.min(...mine.map(({ offset }) => offset))
      })
      removed[topic] = (removed[topic] ?? 0) + (await retainTopic(this.#link, this.#edges, places, retention, held, now))
    }
    return removed
  }

  async *share(group: string, topics: readonly string[], signal: AbortSignal, limit = 500): AsyncGenerator<Portion> {
    this.#expectOpen()
    expectName(group)
    const counts = new Set(topics.map(topic => this.#count(topic)))
    if (counts.size !== 1)
      throw new Fault(
        'INPUT_INVALID',
        `expected topics with the same number of partitions, ${topics.join(', ')} have ${[...counts].join(' and ')}`
      )
    const groupId = this.#prefix + group
    yield* share({
      ...this.#readingOf(topics),
      member: this.#memberOf(groupId, topics, [...counts][0]!, HAND_OVER_MS),
      link: this.#link,
      placing: this.#placing,
      write: records => this.#writer.write(records),
      partitions: this.partitions,
      prefix: this.#prefix,
      group: groupId,
      topics,
      limit,
      transactional: this.#options.transactional ?? false,
      signal: AbortSignal.any([signal, this.#closing.signal])
    })
  }

  async lease(name: string, signal: AbortSignal, taken?: () => void): Promise<Lease> {
    this.#expectOpen()
    expectName(name)
    const sessionMs = this.#sessionMs
    const [before] = [...this.#lapsed].find(([, lost]) => lost === name) ?? []
    if (before !== undefined) this.#lapsed.delete(before)
    const member = before ?? this.#memberOf(`${this.#prefix}${name}.lease`, [], COUNT, Math.round(REJOIN * sessionMs))
    const lease = await leaseOf(member, sessionMs, AbortSignal.any([signal, this.#closing.signal]), taken)
    lease.lost.addEventListener('abort', () => this.#lapse(member, name))
    return lease
  }

  /** Whoever has lost a lease has a session to ask again as the one that the group knows. */
  #lapse(member: Member, name: string): void {
    if (member.left.aborted) return
    this.#lapsed.set(member, name)
    const give = setTimeout(() => {
      if (this.#lapsed.delete(member)) void member.leave()
    }, this.#sessionMs)
    give.unref()
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      this.#closing.abort(new Fault('LOG_CLOSED', 'expected an open log, it was closed'))
      await Promise.all([...this.#members].map(member => member.leave()))
      await Promise.all([this.#link, ...this.#claims].map(link => link.close()))
    })()
    return this.#closed
  }

  async *#batches(options: ReadingOptions, limit: number): AsyncGenerator<readonly Incoming[]> {
    for await (const { records } of reading(options))
      for (let i = 0; i < records.length && !options.signal.aborted; i += limit) yield records.slice(i, i + limit)
  }

  #memberOf(group: string, names: readonly string[], count: number, rejoinMs: number): Member {
    const topics = names.map(name => this.#prefix + name)
    const link = new Link(this.#options, [])
    const member = new Member({ link, aside: this.#link, group, topics, count, sessionMs: this.#sessionMs, rejoinMs })
    this.#members.add(member)
    member.left.addEventListener('abort', () => this.#members.delete(member))
    return member
  }

  #readingOf(topics: readonly string[]) {
    const open = (): Link =>
      new Link(
        this.#options,
        topics.map(topic => this.#prefix + topic)
      )
    return { open, edges: this.#edges, stallMs: this.#options.stallMs ?? STALL_MS, tell: this.#options.tell }
  }

  #placesOf(name: string): (Place & { readonly name: string })[] {
    return Array.from({ length: this.#count(name) }, (_, partition) => ({ topic: this.#prefix + name, name, partition }))
  }

  async #edgesOf(topics: readonly string[], look: (places: readonly Place[]) => Promise<readonly number[]>): Promise<readonly Position[]> {
    this.#expectOpen()
    const positions = topics.flatMap(topic => Array.from({ length: this.#count(topic) }, (_, partition) => ({ topic, partition })))
    const offsets = await look(positions.map(({ topic, partition }) => ({ topic: this.#prefix + topic, partition })))
    return positions.map((position, i) => ({ ...position, offset: offsets[i]! }))
  }

  #count(topic: string): number {
    const count = this.partitions[topic]
    if (count === undefined)
      throw new Fault('INPUT_INVALID', `expected one of the topics ${Object.keys(this.partitions).join(', ')}, came ${topic}`)
    return count
  }

  #expectOpen(): void {
    if (this.#closed !== null) throw new Fault('LOG_CLOSED', 'expected an open log, came a call after close()')
  }
}

function expectName(group: string): void {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(group))
    throw new Fault('INPUT_INVALID', `expected a group's name of 1 to 64 letters, digits, dots, dashes and underscores, came '${group}'`)
}
