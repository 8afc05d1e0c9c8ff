/**
 * One transaction of records and of a group's positions, and when its positions show. Every request may be sent again when its
 * answer was lost: batches are numbered, and to end what has ended is no error.
 *
 *     add partitions → produce, and meanwhile add and move the group's positions → end
 *
 * Of one that hangs (see `unseen.ts`) whoever transacts under the same id writes the end once more, by an empty transaction on the
 * partitions where it hangs: when it begins, as the cluster says that it has ended, and for what it has committed itself until
 * that is seen.
 */
import { Fault } from '../../fault/fault.ts'
import type { Position } from '../../pipeline/log.ts'
import { type Held, heldBy } from './edges.ts'
import { type Link, pause, type Tell } from './link.ts'
import { type Ended, lastOf, UNKNOWN } from './outcome.ts'
import { committedOf, settledOf } from './positions.ts'
import { type Author, byPlace, type Placed, produce } from './produce.ts'
import { type Broker, GROUP_COORDINATOR, TRANSACTION_COORDINATOR } from './protocol.ts'
import type { Place } from './scan.ts'
import { Unseen } from './unseen.ts'

/** After so long the cluster aborts a transaction whose producer has gone; until then readers wait behind it. */
const TRANSACTION_MS = 60_000
/** A group's positions show a moment after their transaction has ended. No longer than this is waited for them. */
const SHOWN_MS = 2000
/** Between two looks at them: mostly the first one finds them, and a busy broker is not to be asked without a pause. */
const FIRST_LOOK_MS = 2
const LAST_LOOK_MS = 10
/** What has ended is seen everywhere within milliseconds: what is not after so long hangs. */
const GRACE_MS = 1000
const GRACE_LOOK_MS = 50

export interface TransactingOptions {
  readonly link: Link
  readonly transactionalId: string
  /** The group as the cluster knows it. */
  readonly group: string
  readonly partitions: Readonly<Record<string, number>>
  readonly prefix: string
  /** Partitions whose positions are moved under the id; all of them unless told. */
  readonly numbers?: readonly number[]
  /** Where it writes beside `partitions`, as the cluster knows it. */
  readonly besides?: readonly Place[]
  readonly tell?: Tell | undefined
}

/** Who transacts under an id: whoever began last, everyone before is refused. */
export class Transacting {
  readonly #options: TransactingOptions
  #author: Author | null = null
  /** Where the transaction under way writes, or one that failed and is not ended yet; null while there is none. */
  #open: readonly Place[] | null = null
  readonly #unseen: Unseen
  /** The last transaction of whoever was before. */
  #last: Ended = UNKNOWN
  /** One transaction at a time. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: TransactingOptions) {
    this.#options = options
    this.#unseen = new Unseen({
      ...options,
      held: places => heldBy(options.link, places, this.#author!.producer.producerId),
      end: (places, before) =>
        this.#inTurn(async () => {
          // What was given up half-way is ended when it begins anew.
          if (this.#open !== null) return
          if (places.length > 0) await this.#endAt(places, true)
          if (before.length > 0) await this.#endAsBefore(before)
        })
    })
  }

  /** A new epoch of our transactional id. The cluster first ends whatever transaction is open. */
  begin(): Promise<void> {
    return this.#inTurn(async () => {
      const { link, transactionalId, group } = this.#options
      // Asked first: to begin makes the cluster forget it.
      const last = await lastOf(link, transactionalId)
      if (last.outcome !== 'unknown') this.#last = last
      const producer = await link.use(`claim the group ${group}`, async () =>
        (await link.coordinatorOf(transactionalId, TRANSACTION_COORDINATOR)).initProducerId({
          transactionalId,
          transactionTimeout: TRANSACTION_MS
        })
      )
      this.#author = { producer, transactionalId, sequences: new Map() }
      if (this.#open !== null) await this.#endAt(this.#open, this.#last.outcome === 'committed')
      await this.#release()
    })
  }

  /** Throws what `isFenced` knows where another has begun, or the cluster has given this transaction up. */
  transact(records: readonly Placed[], positions: readonly Position[]): Promise<void> {
    return this.#inTurn(async () => {
      const { link } = this.#options
      this.#open = records
      if (records.length > 0) {
        const transaction = { ...this.#transaction(), topics: partitionsOf(records) }
        await this.#coordinate('begin a transaction', broker => broker.addPartitionsToTxn(transaction))
      }
      const works = [produce(link, this.#author!, records), this.#move(positions)]
      for (const outcome of await Promise.allSettled(works)) if (outcome.status === 'rejected') throw outcome.reason
      await this.end(true)
      this.#unseen.committed(records)
    })
  }

  async #move(positions: readonly Position[]): Promise<void> {
    if (positions.length === 0) return
    const { link, prefix, group } = this.#options
    const transaction = { ...this.#transaction(), groupId: group }
    await this.#coordinate('add positions to a transaction', broker => broker.addOffsetsToTxn(transaction))
    const topics = offsetsOf(positions, prefix)
    await link.use(`move the positions of the group ${group}`, async () =>
      (await link.coordinatorOf(group, GROUP_COORDINATOR)).txnOffsetCommit({ ...transaction, topics })
    )
  }

  async end(transactionResult: boolean): Promise<void> {
    await this.#coordinate('end a transaction', broker => broker.endTxn({ ...this.#transaction(), transactionResult }))
    this.#open = null
  }

  /** Waits until everyone sees the positions, so that whoever is told of the commit finds it. */
  async shown(positions: readonly Position[]): Promise<void> {
    const { link, partitions, prefix, group } = this.#options
    if (positions.length === 0) return
    const wanted = Object.fromEntries(positions.map(({ topic }) => [topic, partitions[topic]!]))
    const until = performance.now() + SHOWN_MS
    for (let wait = FIRST_LOOK_MS; performance.now() < until; wait = Math.min(LAST_LOOK_MS, 2 * wait)) {
      const found = await committedOf(link, group, wanted, prefix)
      const shown = (position: Position): boolean =>
        found.some(
          ({ topic, partition, offset }) => topic === position.topic && partition === position.partition && offset === position.offset
        )
      if (positions.every(shown)) return
      await pause(wait, new AbortController().signal)
    }
  }

  /** Ends what a transaction under this id, by now ended, has left hanging. Of what others have open it does nothing but leave a marker. */
  async #release(): Promise<void> {
    const { link, partitions, prefix, besides = [] } = this.#options
    const places = Object.entries(partitions).flatMap(([topic, count]) =>
      Array.from({ length: count }, (_, partition) => ({ topic: prefix + topic, partition }))
    )
    const { producerId } = this.#author!.producer
    let held: readonly Held[] = []
    for (const until = performance.now() + GRACE_MS; ; await pause(GRACE_LOOK_MS, new AbortController().signal)) {
      held = await heldBy(link, [...places, ...besides], producerId)
      if (held.length === 0 || performance.now() >= until) break
    }
    if (held.length > 0 || (await this.#heldPositions())) await this.#endAsBefore(held)
  }

  /**
   * Ends what hangs from before as the last transaction has ended, where it is of that one. Where it is older, or nothing is
   * known, what was written is given and no position is moved: rather twice than never, since who reads knows a record by its
   * identity.
   */
  async #endAsBefore(held: readonly Held[]): Promise<void> {
    const { outcome, places, startedAt } = this.#last
    if (outcome === 'committed') return await this.#endAt(held, true)
    const isOfLast = ({ topic, partition, timestamp }: Held): boolean =>
      outcome === 'aborted' &&
      (places.length > 0
        ? places.some(place => place.topic === topic && place.partition === partition)
        : startedAt >= 0 && timestamp >= startedAt)
    const given = held.filter(place => !isOfLast(place))
    if (given.length > 0) await this.#endAt(given, true, false)
    await this.#endAt(held.filter(isOfLast), false)
  }

  /** Whether a transaction that moves positions of the group does not end. */
  async #heldPositions(): Promise<boolean> {
    const { link, group, partitions, prefix, numbers = [...Array(Math.max(...Object.values(partitions))).keys()] } = this.#options
    return settledOf(link, group, Object.keys(partitions), numbers, prefix, GRACE_MS).then(
      () => false,
      (error: unknown) => {
        if (error instanceof Fault && error.code === 'UNAVAILABLE') return true
        throw error
      }
    )
  }

  /** A transaction that writes nothing but its end, at these places and at the group's positions or without those. */
  async #endAt(places: readonly Place[], committed: boolean, positions = true): Promise<void> {
    const { group } = this.#options
    const topics = partitionsOf(places)
    if (topics.length > 0)
      await this.#coordinate('begin a transaction', broker => broker.addPartitionsToTxn({ ...this.#transaction(), topics }))
    if (positions)
      await this.#coordinate('add positions to a transaction', broker => broker.addOffsetsToTxn({ ...this.#transaction(), groupId: group }))
    await this.end(committed)
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act)
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  #transaction() {
    return { ...this.#author!.producer, transactionalId: this.#options.transactionalId }
  }

  #coordinate<T>(what: string, act: (broker: Broker) => Promise<T>): Promise<T> {
    const { link, transactionalId } = this.#options
    return link.use(what, async () => act(await link.coordinatorOf(transactionalId, TRANSACTION_COORDINATOR)))
  }
}

function partitionsOf(places: readonly Place[]): { readonly topic: string; readonly partitions: readonly number[] }[] {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of byPlace(places).values()) topics.set(topic, [...(topics.get(topic) ?? []), partition])
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}

/** Positions as the requests take them. */
export function offsetsOf(positions: readonly Position[], prefix: string) {
  return [...new Set(positions.map(({ topic }) => topic))].map(topic => ({
    topic: prefix + topic,
    partitions: positions.filter(each => each.topic === topic).map(({ partition, offset }) => ({ partition, offset: `${offset}` }))
  }))
}
