/** How events become bytes and bytes become events. No call throws on data. */
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
}
