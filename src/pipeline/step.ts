/**
 * One step of the pipeline: what the stages made of a batch, until all of it is committed together with the positions.
 * Nothing leaves a step before its commit: what others wait for is handed out by `after`.
 */
import type { EventName, Events, Topic } from '../events/event.ts'
import type { Codec, Undecodable } from './codec.ts'
import type { Incoming, Note, Outgoing } from './log.ts'
import { rejectionOf } from './rejection.ts'

export class Step {
  readonly outputs: Outgoing[] = []
  readonly notes: Note[] = []
  readonly #codec: Codec
  readonly #tell: (topic: string, outcome: string) => void
  readonly #after: (() => void)[] = []

  constructor(codec: Codec, tell: (topic: string, outcome: string) => void) {
    this.#codec = codec
    this.#tell = tell
  }

  /** Adds an event to be written to its topic. Returns its bytes. */
  emit<N extends EventName>(topic: Topic, key: string | null, name: N, event: Events[N]): Uint8Array {
    const value = this.#codec.encode(name, event)
    this.outputs.push({ topic, key, value })
    return value
  }

  /** Sends a record whole to `rejects`. */
  reject(record: Pick<Incoming, 'topic' | 'partition' | 'offset' | 'timestamp' | 'value'>, { code, reason }: Undecodable): void {
    const { topic, partition, offset, timestamp, value } = record
    this.emit('rejects', topic, 'rejection', rejectionOf({ code, reason, topic, partition, offset, time: timestamp, bytes: value }))
    this.count(topic, 'rejected')
  }

  /** Counts what became of a record, once the step is committed. */
  count(topic: string, outcome: string): void {
    this.#after.push(() => this.#tell(topic, outcome))
  }

  /** Runs once the step is durable. */
  after(run: () => void): void {
    this.#after.push(run)
  }

  committed(): void {
    for (const run of this.#after) run()
  }
}
