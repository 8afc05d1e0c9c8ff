/**
 * How events become bytes and bytes become events. No call throws on data. Decoding is a plain function; what may have to
 * be fetched before, a schema that was never seen, is fetched by `prepare`, so that only those who take bytes in ever wait.
 */
import type { AnyEvent, EventName, Events, RejectionCode } from '../events/event.ts'

/** Why bytes are no event: what was expected, what came. */
export interface Undecodable {
  readonly code: RejectionCode
  readonly reason: string
}

export interface Codec {
  /** The bytes of an event that has passed its checks. Throws `INPUT_INVALID` where the value does not fit the schema. */
  encode<N extends EventName>(name: N, event: Events[N]): Uint8Array
  /** The event in `bytes`, of whichever version it was written with, or why there is none. */
  decode(bytes: Uint8Array): AnyEvent | Undecodable
  /**
   * What `decode` has to wait for: null where it can answer for these bytes now, in this turn. Else a promise that
   * resolves once there is something new to answer with, or throws `UNAVAILABLE` (retry) where whoever knows their schema
   * does not answer: nothing is known of the bytes then, and they must not be given up.
   */
  prepare(bytes: Uint8Array): Promise<void> | null
  /** A copy of the bytes of an event decoded from `bytes`, to be kept: any process can decode them later without asking anyone. */
  keep<N extends EventName>(name: N, event: Events[N], bytes: Uint8Array): Uint8Array
}
