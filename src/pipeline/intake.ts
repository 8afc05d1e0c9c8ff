/** The one way in: bytes of a record become an event that has passed every check, or the reason why not. */
import { check, type Policy } from '../events/check.ts'
import { type AnyEvent, type EventName, topics } from '../events/event.ts'
import type { Codec, Undecodable } from './codec.ts'
import type { Incoming } from './log.ts'

export class Intake {
  readonly #codec: Codec
  readonly #policy: Policy

  constructor(codec: Codec, policy: Policy) {
    this.#codec = codec
    this.#policy = policy
  }

  /** The event of a record of the log. Times are judged by when the log took it, so that a replay judges alike. */
  read(record: Incoming): AnyEvent | Undecodable {
    return this.take(record.value, topics[record.topic as keyof typeof topics] ?? [], record.timestamp)
  }

  /** The event in `value`, which must be one of `expected`, judged as of `now`. */
  take(value: Uint8Array, expected: readonly EventName[], now: number): AnyEvent | Undecodable {
    const decoded = this.#codec.decode(value)
    if ('code' in decoded) return decoded
    if (!expected.includes(decoded.name)) {
      return { code: 'wrong-event', reason: `expected ${expected.join(' or ')}, got ${decoded.name}: write it to its own topic` }
    }
    return check(decoded.name, decoded.event, { ...this.#policy, now }) ?? decoded
  }
}
