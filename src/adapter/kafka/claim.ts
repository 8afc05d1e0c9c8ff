/**
 * A claim is a transactional producer: the cluster knows its newest holder and refuses every older one. Each commit is one
 * transaction of outputs, notes and positions.
 *
 * A cluster also refuses a producer whose transaction it has given up, and does not say which of the two it was. Hence each
 * claim and commit leaves its identity and number among the notes: they tell who came last and whether a commit was made. The
 * positions of a commit stand there, too: brokers before 4.0 show those of a transaction that has just ended a moment late.
 */
import { randomUUID } from 'node:crypto'
import { Fault } from '../../fault/fault.ts'
import type { Claim, Commit, Position } from '../../pipeline/log.ts'
import type { Edges } from './edges.ts'
import { type Link, pause, type Tell } from './link.ts'
import { type Mark, Notes } from './notes.ts'
import { committedOf } from './positions.ts'
import { isFenced, isSequenceLost } from './problem.ts'
import type { Placed, Placing } from './produce.ts'
import { Transacting } from './transaction.ts'

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
  readonly tell?: Tell | undefined
}

/** Takes over a group. Transactions that an older claim has left open are aborted by the cluster. */
export async function claimGroup(options: ClaimOptions): Promise<Claim> {
  const claim = new KafkaClaim(options)
  await claim.take()
  return { positions: () => claim.positions(), notes: () => claim.notes(), commit: commit => claim.commit(commit) }
}

class KafkaClaim implements Claim {
  readonly #options: ClaimOptions
  /** The group as the cluster knows it, and the transactional id. */
  readonly #groupId: string
  readonly #transacting: Transacting
  readonly #notes: Notes
  readonly #id = randomUUID()
  readonly #positions = new Map<string, Position>()
  #number = 0
  #forgotten = 0
  /** What ended this claim, if anything has. */
  #ended: unknown = null
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: ClaimOptions) {
    this.#options = options
    const { link, partitions, prefix, group, notesTopic, tell } = options
    this.#groupId = prefix + group
    const besides = [{ topic: notesTopic, partition: 0 }]
    this.#transacting = new Transacting({ link, transactionalId: this.#groupId, group: this.#groupId, partitions, prefix, besides, tell })
    this.#notes = new Notes(link, notesTopic)
  }

  /** Becomes the newest claim: from the moment its first record stands among the notes, every older one knows. */
  async take(): Promise<void> {
    const { link, partitions, prefix } = this.#options
    let told: readonly Position[] = []
    for (;;) {
      await this.#transacting.begin() // from here on nothing of an older one is on its way
      try {
        told = (await this.#notes.newest())?.positions ?? []
        await this.#transacting.transact((await this.#notes.changes(this.#mark(told), [])).records, [])
        break
      } catch (error) {
        // Another claim is being made at the same moment, or an older one took itself for given up before it could see us.
        if (!isFenced(error)) throw error
        if ((await this.#notes.newest())?.claim === this.#id) break
        await pause(SETTLE_MS * Math.random(), new AbortController().signal)
      }
    }
    for (const position of [...(await committedOf(link, this.#groupId, partitions, prefix)), ...told]) {
      const key = `${position.partition} ${position.topic}`
      // They never go back, so that what came later is known by itself.
      if (position.offset >= (this.#positions.get(key)?.offset ?? 0)) this.#positions.set(key, position)
    }
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
    const changes = await this.#notes.changes({ ...this.#mark(positions), number: this.#number + 1 }, notes)
    await this.#untilEnded([...written, ...changes.records], positions)
    this.#number++
    this.#notes.committed(changes)
    for (const position of positions) this.#positions.set(`${position.partition} ${position.topic}`, { ...position })
    for (const record of written) edges.wrote(record, record.offset!)
    await this.#transacting.shown(positions)
    this.#forget()
    return written.map(({ topic, partition, offset }) => ({ topic: topic.slice(prefix.length), partition, offset: offset! }))
  }

  /** One transaction, begun anew as often as the cluster gave it up. */
  async #untilEnded(records: readonly Placed[], positions: readonly Position[]): Promise<void> {
    for (;;) {
      try {
        return await this.#transacting.transact(records, positions)
      } catch (error) {
        if (!isFenced(error) && !isSequenceLost(error)) {
          await this.#giveUp(error)
          throw error
        }
        await pause(SETTLE_MS, new AbortController().signal)
        const expectNewest = async (): Promise<number> => {
          const newest = await this.#notes.newest()
          if (newest?.claim === this.#id) return newest.number
          this.#ended = error
          throw error
        }
        await expectNewest()
        await this.#transacting.begin() // from here on nothing is on its way any more
        if ((await expectNewest()) === this.#number + 1) return
        for (const record of records) record.offset = null
      }
    }
  }

  #mark(positions: readonly Position[]): Mark {
    const plain = positions.map(({ topic, partition, offset }) => ({ topic, partition, offset }))
    return { claim: this.#id, number: this.#number, positions: plain }
  }

  /** What was refused leaves nothing behind. Any other error ends the claim: the next one finds what was committed. */
  async #giveUp(error: unknown): Promise<void> {
    const refused = error instanceof Fault && error.code === 'INPUT_INVALID'
    try {
      await this.#transacting.end(false)
      if (!refused) this.#ended = error
    } catch {
      this.#ended = error
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
