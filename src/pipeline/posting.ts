/**
 * Events posted by a gateway: checked as every record is, appended to the log, acknowledged when durable. An observation is
 * answered with its prediction once the pipeline has committed one.
 */
import { check, type Policy } from '../events/check.ts'
import type { Events, Prediction } from '../events/event.ts'
import { Fault } from '../fault/fault.ts'
import type { Codec, Undecodable } from './codec.ts'
import type { Receipt } from './gateway.ts'
import type { Intake } from './intake.ts'
import type { Log, Outgoing } from './log.ts'
import { rejectionOf } from './rejection.ts'
import type { Shards } from './shards.ts'

export type Postable = 'observation' | 'label' | 'example'

const topicOf = { observation: 'observations', label: 'labels', example: 'examples' } as const

export interface PostingOptions {
  readonly log: Log
  readonly codec: Codec
  readonly intake: Intake
  readonly policy: Policy
  readonly shards: Shards
  readonly clock: () => number
  /** Observations that may wait for a prediction at once. */
  readonly maxWaiting: number
  readonly predictWaitMs: number
  /** The prediction an observation has already, if any. */
  readonly predictionOf: (id: string) => Prediction | null
  readonly tell: (topic: string, outcome: string) => void
}

type Admitted<N extends Postable> =
  | { readonly event: Events[N]; readonly value: Uint8Array }
  | { readonly problem: Undecodable; readonly value: Uint8Array }

/** Posted bytes that are no event, and why. */
export interface Unusable extends Undecodable {
  readonly bytes: Uint8Array
}

export class Posting {
  readonly #options: PostingOptions
  readonly #waiters = new Map<string, Set<(prediction: Prediction | null) => void>>()
  #waiting = 0

  constructor(options: PostingOptions) {
    this.#options = options
  }

  /** A prediction is durable: whoever waits for it gets it. */
  served(prediction: Prediction): void {
    const waiters = this.#waiters.get(prediction.observation)
    if (waiters === undefined) return
    this.#waiters.delete(prediction.observation)
    for (const resolve of waiters) resolve(prediction)
  }

  async post<N extends Postable>(name: N, records: readonly (Uint8Array | Events[N])[], signal: AbortSignal): Promise<readonly Receipt[]> {
    const { log, clock, maxWaiting, tell } = this.#options
    const admitted: Admitted<N>[] = []
    for (const record of records)
      admitted.push(record instanceof Uint8Array ? await this.#decoded(name, record) : this.#checked(name, record))
    if (name === 'observation' && this.#waiting + records.length > maxWaiting) {
      throw new Fault(
        'OVERLOADED',
        `expected at most ${maxWaiting} observations waiting for a prediction, got ${records.length} more: send them again later`
      )
    }
    const topic = topicOf[name]
    const predictions = admitted.map(each =>
      'event' in each && name === 'observation' ? this.#await(each.event as Events['observation'], signal) : null
    )
    const positions = await log.write(admitted.map(each => this.#outgoing(name, each, clock())))
    return Promise.all(
      admitted.map(async (each, i): Promise<Receipt> => {
        if ('event' in each) return { accepted: true, position: positions[i]!, prediction: await predictions[i]! }
        tell(topic, 'rejected')
        return { accepted: false, rejection: each.problem }
      })
    )
  }

  /** Keeps what is no event in `rejects`. Resolves once it is durable; throws as `Log.write` does. */
  async reject(name: Postable, records: readonly Unusable[]): Promise<void> {
    const { log, clock, tell } = this.#options
    const topic = topicOf[name]
    const time = clock()
    await log.write(records.map(({ bytes, ...problem }) => this.#rejected(topic, problem, bytes, time)))
    for (const _ of records) tell(topic, 'rejected')
  }

  async #decoded<N extends Postable>(name: N, value: Uint8Array): Promise<Admitted<N>> {
    const read = await this.#options.intake.take(value, [name], this.#options.clock())
    return 'code' in read ? { problem: read, value } : { event: read.event as Events[N], value }
  }

  #checked<N extends Postable>(name: N, record: Events[N]): Admitted<N> {
    const { codec, policy, clock } = this.#options
    const problem = check(name, record, { ...policy, now: clock() })
    const asJson = (): Uint8Array => new TextEncoder().encode(JSON.stringify(record))
    if (problem !== null) return { problem, value: asJson() }
    try {
      return { event: record, value: codec.encode(name, record) }
    } catch (error) {
      // A checked event that is refused all the same is beyond its length.
      if (!(error instanceof Fault) || error.code !== 'INPUT_INVALID') throw error
      return { problem: { code: 'too-long', reason: error.message }, value: asJson() }
    }
  }

  #outgoing<N extends Postable>(name: N, each: Admitted<N>, time: number): Outgoing {
    const topic = topicOf[name]
    if ('problem' in each) return this.#rejected(topic, each.problem, each.value, time)
    return { topic, key: this.#keyOf(name, each.event), value: each.value }
  }

  #keyOf<N extends Postable>(name: N, event: Events[N]): string {
    return name === 'example'
      ? this.#options.shards.of((event as Events['example']).observation.line)
      : (event as Events['observation' | 'label']).line
  }

  #rejected(topic: string, problem: Undecodable, bytes: Uint8Array, time: number): Outgoing {
    const rejection = rejectionOf({ ...problem, topic, partition: -1, offset: -1, time, bytes })
    return { topic: 'rejects', key: topic, value: this.#options.codec.encode('rejection', rejection) }
  }

  /** What an id of another line is predicted is not for who posts for this one. */
  async #await({ id, line }: Events['observation'], signal: AbortSignal): Promise<Prediction | null> {
    const prediction = await this.#predicted(id, signal)
    return prediction?.line === line ? prediction : null
  }

  #predicted(id: string, signal: AbortSignal): Promise<Prediction | null> {
    const already = this.#options.predictionOf(id)
    if (already !== null || signal.aborted) return Promise.resolve(already)
    this.#waiting++
    return new Promise(resolve => {
      const waiters = this.#waiters.get(id) ?? new Set()
      this.#waiters.set(id, waiters)
      const done = (prediction: Prediction | null): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
        waiters.delete(done)
        if (waiters.size === 0 && this.#waiters.get(id) === waiters) this.#waiters.delete(id)
        this.#waiting--
        resolve(prediction)
      }
      const giveUp = (): void => done(null)
      const timer = setTimeout(giveUp, this.#options.predictWaitMs)
      signal.addEventListener('abort', giveUp)
      waiters.add(done)
    })
  }
}
