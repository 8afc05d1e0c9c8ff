/** Writes that wait for each other: those that came while one was under way go together in the next. */
import { isPassing } from '../../fault/fault.ts'
import type { Link } from './link.ts'
import { isSequenceLost } from './problem.ts'
import { type Author, type Placed, produce } from './produce.ts'

/** Records of one round, so that a long queue is written piece by piece. */
const ROUND_RECORDS = 20_000
/** Without a transaction the time counts for nothing, but is asked for. */
const NO_TRANSACTION_MS = 60_000

interface Waiting {
  readonly records: readonly Placed[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class Writer {
  readonly #link: Link
  #queue: Waiting[] = []
  #author: Author | null = null
  #running = false

  constructor(link: Link) {
    this.#link = link
  }

  /** Resolves once every record is durable and has its offset. */
  write(records: readonly Placed[]): Promise<void> {
    if (records.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#queue.push({ records, resolve, reject })
      if (!this.#running) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#queue.length > 0) {
      let records = 0
      let n = 0
      while (n < this.#queue.length && (n === 0 || records + this.#queue[n]!.records.length <= ROUND_RECORDS))
        records += this.#queue[n++]!.records.length
      await this.#round(this.#queue.splice(0, n))
    }
    this.#running = false
  }

  async #round(round: readonly Waiting[]): Promise<void> {
    try {
      await this.#produce(round.flatMap(each => each.records))
      for (const { resolve } of round) resolve()
    } catch (error) {
      if (round.length === 1) round[0]!.reject(error)
      // One of them is to blame: each for itself, so that the others get through.
      else for (const each of round) await this.#round([each])
    }
  }

  async #produce(records: readonly Placed[]): Promise<void> {
    for (;;) {
      this.#author ??= await this.#newAuthor()
      try {
        return await produce(this.#link, this.#author, records)
      } catch (error) {
        this.#author = null // after an error nobody knows which numbers the broker has seen
        if (!isSequenceLost(error) && !isPassing(error)) throw error
      }
    }
  }

  async #newAuthor(): Promise<Author> {
    const producer = await this.#link.use('begin to write', async () =>
      (await this.#link.anyBroker()).initProducerId({ transactionTimeout: NO_TRANSACTION_MS })
    )
    return { producer, sequences: new Map() }
  }
}
