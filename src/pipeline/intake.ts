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

  /** The event of a record of the log. Times are judged by when the log took it, so that a replay judges alike. Throws as `take`. */
  read(record: Incoming): Promise<AnyEvent | Undecodable> {
    return this.take(record.value, topics[record.topic as keyof typeof topics] ?? [], record.timestamp)
  }

  /**
   * The event in `value`, which must be one of `expected`, judged as of `now`. Throws `UNAVAILABLE` (retry) as
   * `Codec.prepare` does: no word on the record is given before its schema has been asked for.
   */
  async take(value: Uint8Array, expected: readonly EventName[], now: number): Promise<AnyEvent | Undecodable> {
    const decoded = await decoding(this.#codec, value)
    if ('code' in decoded) return decoded
    if (!expected.includes(decoded.name)) {
      return { code: 'wrong-event', reason: `expected ${expected.join(' or ')}, got ${decoded.name}: write it to its own topic` }
    }
    return check(decoded.name, decoded.event, { ...this.#policy, now }) ?? decoded
  }
}

/** The event in `bytes` or why there is none, once the codec has what it needs. Throws as `Codec.prepare` does. */
export async function decoding(codec: Codec, bytes: Uint8Array): Promise<AnyEvent | Undecodable> {
  // Looked at again after each wait: what was fetched may have been forgotten for others before this turn came.
  for (let wait = codec.prepare(bytes); wait !== null; wait = codec.prepare(bytes)) await wait
  return codec.decode(bytes)
}
