/**
 * A claim is a transactional producer: the cluster knows its newest holder and refuses every older one. Each commit is one
 * transaction of outputs, notes and positions.
 *
 *     add partitions → produce → add the group's positions → end
 *
 * Every request may be sent again when its answer was lost: batches are numbered, and to end what has ended is no error.
 * A cluster also refuses a producer whose transaction it has given up, and does not say which of the two it was. Hence each
 * claim and commit leaves its identity and number among the notes: they tell who came last and whether a commit was made.
 */
import { randomUUID } from 'node:crypto'
import { Fault } from '../../fault/fault.ts'
import type { Claim, Commit, Position } from '../../pipeline/log.ts'
import type { Edges } from './edges.ts'
import { type Link, pause } from './link.ts'
import { Notes } from './notes.ts'
import { committedOf } from './positions.ts'
import { isFenced, isSequenceLost } from './problem.ts'
import { type Author, type Placed, type Placing, produce } from './produce.ts'
import { type Broker, GROUP_COORDINATOR, TRANSACTION_COORDINATOR } from './protocol.ts'

/** After so long the cluster aborts a transaction whose producer has gone; until then readers wait behind it. */
const TRANSACTION_MS = 60_000
/** A group's positions show a moment after their transaction has ended. No longer than this is waited for them. */
const SHOWN_MS = 2000
/** How often what the notes no longer need is given back, records. */
const FORGET_EVERY = 1000
/** Between being refused and looking who is newest: a claim that is just being made has left its record by then. */
const SETTLE_MS = 250
const KEY_BYTES = 1900

export interface ClaimOptions {
  readonly link: Link
  readonly edges: Edges
  readonly placing: Placing
  readonly partitions: Readonly<Record<string, number>>
  readonly prefix: string
  readonly group: string
  /** The topic of the group's notes. */
  readonly notesTopic: string
  readonly expectOpen: () => void
}

/** Takes over a group. Transactions that an older claim has left open are aborted by the cluster. */
export async function claimGroup(options: ClaimOptions): Promise<Claim> {
  const claim = new KafkaClaim(options)
  await claim.take()
  return { positions: () => claim.positions(), notes: () => claim.notes(), commit: commit => claim.commit(commit) }
}

class KafkaClaim implements Claim {
  readonly #options: ClaimOptions
  readonly #transactionalId: string
  readonly #notes: Notes
  readonly #id = randomUUID()
  readonly #positions = new Map<string, Position>()
  #author: Author | null = null
  #number = 0
  #forgotten = 0
  /** What ended this claim, if anything has. */
  #ended: unknown = null
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: ClaimOptions) {
    this.#options = options
    this.#transactionalId = options.prefix + options.group
    this.#notes = new Notes(options.link, options.notesTopic)
  }

  /** Becomes the newest claim: from the moment its first record stands among the notes, every older one knows. */
  async take(): Promise<void> {
    const { link, partitions, prefix } = this.#options
    for (;;) {
      await this.#begin()
      try {
        await this.#transact((await this.#notes.changes(this.#id, this.#number, [])).records, [])
        break
      } catch (error) {
        // Another claim is being made at the same moment, or an older one took itself for given up before it could see us.
        if (!isFenced(error)) throw error
        if ((await this.#newest()).claim === this.#id) break
        await pause(SETTLE_MS * Math.random(), new AbortController().signal)
      }
    }
    for (const position of await committedOf(link, this.#transactionalId, partitions, prefix))
      this.#positions.set(`${position.partition} ${position.topic}`, position)
  }

  positions(): readonly Position[] {
    return [...this.#positions.values()]
  }

  async *notes(): AsyncGenerator<{ readonly key: string; readonly value: Uint8Array }> {
    this.#options.expectOpen()
    const values = await this.#notes.load()
    const keys = [...values.keys()].map(key => Buffer.from(key)).sort(Buffer.compare)
    for (const key of keys) yield { key: key.toString(), value: new Uint8Array(values.get(key.toString())!) }
  }

  commit(commit: Commit): Promise<readonly Position[]> {
    const turn = this.#turn.then(() => this.#commit(commit))
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #commit({ outputs, positions, notes }: Commit): Promise<readonly Position[]> {
    const { placing, prefix, edges, expectOpen } = this.#options
    expectOpen()
    if (this.#ended !== null) throw this.#ended
    const written = placing.place(outputs)
    for (const { key } of notes)
      if (Buffer.byteLength(key) > KEY_BYTES)
        throw new Fault(
          'INPUT_INVALID',
          `expected a note's key of at most ${KEY_BYTES} bytes, came ${Buffer.byteLength(key)}: shorten the identity`
        )
    if (!this.#notes.loaded) await this.#notes.load()
    const changes = await this.#notes.changes(this.#id, this.#number + 1, notes)
    await this.#untilEnded([...written, ...changes.records], positions)
    this.#number++
    this.#notes.committed(changes)
    for (const position of positions) this.#positions.set(`${position.partition} ${position.topic}`, { ...position })
    for (const record of written) edges.wrote(record, record.offset!)
    await this.#shown(positions)
    this.#forget()
    return written.map(({ topic, partition, offset }) => ({ topic: topic.slice(prefix.length), partition, offset: offset! }))
  }

  /** One transaction, begun anew as often as the cluster gave it up. */
  async #untilEnded(records: readonly Placed[], positions: readonly Position[]): Promise<void> {
    for (;;) {
      try {
        return await this.#transact(records, positions)
      } catch (error) {
        if (!isFenced(error) && !isSequenceLost(error)) {
          await this.#giveUp(error)
          throw error
        }
        await pause(SETTLE_MS, new AbortController().signal)
        const expectNewest = async (): Promise<number> => {
          const { claim, number } = await this.#newest()
          if (claim === this.#id) return number
          this.#ended = error
          throw error
        }
        await expectNewest()
        await this.#begin() // from here on nothing is on its way any more
        if ((await expectNewest()) === this.#number + 1) return
        for (const record of records) record.offset = null
      }
    }
  }

  /** A new epoch of our transactional id. The cluster first ends whatever transaction is open. */
  async #begin(): Promise<void> {
    const { link, group } = this.#options
    const transactionalId = this.#transactionalId
    const producer = await link.use(`claim the group ${group}`, async () =>
      (await link.coordinatorOf(transactionalId, TRANSACTION_COORDINATOR)).initProducerId({
        transactionalId,
        transactionTimeout: TRANSACTION_MS
      })
    )
    this.#author = { producer, transactionalId, sequences: new Map() }
  }

  /** Who committed last, and which of its commits it was. */
  async #newest(): Promise<{ readonly claim: string; readonly number: number }> {
    const look = new Notes(this.#options.link, this.#options.notesTopic)
    await look.load()
    return look.last ?? { claim: '', number: 0 }
  }

  async #transact(records: readonly Placed[], positions: readonly Position[]): Promise<void> {
    const { link, prefix } = this.#options
    const groupId = this.#transactionalId
    const transaction = { ...this.#author!.producer, transactionalId: groupId }
    await this.#coordinate('begin a transaction', broker => broker.addPartitionsToTxn({ ...transaction, topics: partitionsOf(records) }))
    await produce(link, this.#author!, records)
    if (positions.length > 0) {
      await this.#coordinate('add positions to a transaction', broker => broker.addOffsetsToTxn({ ...transaction, groupId }))
      const topics = offsetsOf(positions, prefix)
      await link.use(`move the positions of the group ${groupId}`, async () =>
        (await link.coordinatorOf(groupId, GROUP_COORDINATOR)).txnOffsetCommit({ ...transaction, groupId, topics })
      )
    }
    await this.#end(true)
  }

  #end(transactionResult: boolean): Promise<unknown> {
    const transaction = { ...this.#author!.producer, transactionalId: this.#transactionalId }
    return this.#coordinate('end a transaction', broker => broker.endTxn({ ...transaction, transactionResult }))
  }

  #coordinate<T>(what: string, act: (broker: Broker) => Promise<T>): Promise<T> {
    const { link } = this.#options
    return link.use(what, async () => act(await link.coordinatorOf(this.#transactionalId, TRANSACTION_COORDINATOR)))
  }

  /** What was refused leaves nothing behind. Any other error ends the claim: the next one finds what was committed. */
  async #giveUp(error: unknown): Promise<void> {
    const refused = error instanceof Fault && error.code === 'INPUT_INVALID'
    try {
      await this.#end(false)
      if (!refused) this.#ended = error
    } catch {
      this.#ended = error
    }
  }

  /** Waits until everyone sees the positions, so that whoever is told of the commit finds it. */
  async #shown(positions: readonly Position[]): Promise<void> {
    const { link, partitions, prefix } = this.#options
    if (positions.length === 0) return
    const wanted = Object.fromEntries(positions.map(({ topic }) => [topic, partitions[topic]!]))
    const until = performance.now() + SHOWN_MS
    while (performance.now() < until) {
      const found = await committedOf(link, this.#transactionalId, wanted, prefix)
      const shown = (position: Position): boolean =>
        found.some(
          ({ topic, partition, offset }) => topic === position.topic && partition === position.partition && offset === position.offset
        )
      if (positions.every(shown)) return
    }
  }

  /** Gives back what the notes no longer need. That it fails costs room, nothing else. */
  #forget(): void {
    const { link } = this.#options
    const { topic, head } = this.#notes
    if (head - this.#forgotten < FORGET_EVERY) return
    this.#forgotten = head
    const topics = [{ topic, partitions: [{ partition: 0, offset: `${head}` }] }]
    link.use(`forget old notes in ${topic}`, async () => (await link.leaderOf(topic, 0)).deleteRecords({ topics })).catch(() => undefined)
  }
}

function partitionsOf(records: readonly Placed[]): { readonly topic: string; readonly partitions: readonly number[] }[] {
  const topics = new Map<string, Set<number>>()
  for (const { topic, partition } of records) topics.set(topic, (topics.get(topic) ?? new Set()).add(partition))
  return [...topics].map(([topic, partitions]) => ({ topic, partitions: [...partitions] }))
}

function offsetsOf(positions: readonly Position[], prefix: string) {
  return [...new Set(positions.map(({ topic }) => topic))].map(topic => ({
    topic: prefix + topic,
    partitions: positions.filter(each => each.topic === topic).map(({ partition, offset }) => ({ partition, offset: `${offset}` }))
  }))
}
