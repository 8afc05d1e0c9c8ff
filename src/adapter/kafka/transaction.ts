/**
 * One transaction of records and of a group's positions, and when its positions show. Every request may be sent again when its
 * answer was lost: batches are numbered, and to end what has ended is no error.
 *
 *     add partitions → produce → add the group's positions → end
 */
import type { Position } from '../../pipeline/log.ts'
import { type Link, pause } from './link.ts'
import { committedOf } from './positions.ts'
import { type Author, type Placed, produce } from './produce.ts'
import { type Broker, GROUP_COORDINATOR, TRANSACTION_COORDINATOR } from './protocol.ts'

/** After so long the cluster aborts a transaction whose producer has gone; until then readers wait behind it. */
const TRANSACTION_MS = 60_000
/** A group's positions show a moment after their transaction has ended. No longer than this is waited for them. */
const SHOWN_MS = 2000
/** Between two looks at them: mostly the first one finds them, and a busy broker is not to be asked without a pause. */
const FIRST_LOOK_MS = 2
const LAST_LOOK_MS = 10

export interface TransactingOptions {
  readonly link: Link
  readonly transactionalId: string
  /** The group as the cluster knows it. */
  readonly group: string
  readonly partitions: Readonly<Record<string, number>>
  readonly prefix: string
}

/** Who transacts under an id: whoever began last, everyone before is refused. */
export class Transacting {
  readonly #options: TransactingOptions
  #author: Author | null = null

  constructor(options: TransactingOptions) {
    this.#options = options
  }

  /** A new epoch of our transactional id. The cluster first ends whatever transaction is open. */
  async begin(): Promise<void> {
    const { link, transactionalId, group } = this.#options
    const producer = await link.use(`claim the group ${group}`, async () =>
      (await link.coordinatorOf(transactionalId, TRANSACTION_COORDINATOR)).initProducerId({
        transactionalId,
        transactionTimeout: TRANSACTION_MS
      })
    )
    this.#author = { producer, transactionalId, sequences: new Map() }
  }

  /** Throws what `isFenced` knows where another has begun, or the cluster has given this transaction up. */
  async transact(records: readonly Placed[], positions: readonly Position[]): Promise<void> {
    const { link, prefix, group } = this.#options
    if (records.length > 0) {
      const transaction = { ...this.#transaction(), topics: partitionsOf(records) }
      await this.#coordinate('begin a transaction', broker => broker.addPartitionsToTxn(transaction))
      await produce(link, this.#author!, records)
    }
    if (positions.length > 0) {
      const transaction = { ...this.#transaction(), groupId: group }
      await this.#coordinate('add positions to a transaction', broker => broker.addOffsetsToTxn(transaction))
      const topics = offsetsOf(positions, prefix)
      await link.use(`move the positions of the group ${group}`, async () =>
        (await link.coordinatorOf(group, GROUP_COORDINATOR)).txnOffsetCommit({ ...transaction, topics })
      )
    }
    await this.end(true)
  }

  end(transactionResult: boolean): Promise<unknown> {
    return this.#coordinate('end a transaction', broker => broker.endTxn({ ...this.#transaction(), transactionResult }))
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

  #transaction() {
    return { ...this.#author!.producer, transactionalId: this.#options.transactionalId }
  }

  #coordinate<T>(what: string, act: (broker: Broker) => Promise<T>): Promise<T> {
    const { link, transactionalId } = this.#options
    return link.use(what, async () => act(await link.coordinatorOf(transactionalId, TRANSACTION_COORDINATOR)))
  }
}

function partitionsOf(records: readonly Placed[]): { readonly topic: string; readonly partitions: readonly number[] }[] {
  const topics = new Map<string, Set<number>>()
  for (const { topic, partition } of records) topics.set(topic, (topics.get(topic) ?? new Set()).add(partition))
  return [...topics].map(([topic, partitions]) => ({ topic, partitions: [...partitions] }))
}

/** Positions as the requests take them. */
export function offsetsOf(positions: readonly Position[], prefix: string) {
  return [...new Set(positions.map(({ topic }) => topic))].map(topic => ({
    topic: prefix + topic,
    partitions: positions.filter(each => each.topic === topic).map(({ partition, offset }) => ({ partition, offset: `${offset}` }))
  }))
}
