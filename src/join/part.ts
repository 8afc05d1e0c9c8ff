/** One part in the waiting room: what has arrived of it, and what was already made into examples. */
import type { Label } from '../events/event.ts'

/** Where a record came from, so that a label nobody asks for can be rejected whole. */
export interface Origin {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
}

/** A label that waits for its observation or its prediction. */
export interface PendingLabel {
  readonly label: Label
  readonly origin: Origin
}

export interface Part {
  readonly id: string
  /** Order of arrival in the room: the oldest leaves first. */
  readonly order: number
  /** Of the observation, or of the first label while that has not come. */
  time: number
  /** Null until the observation has come. */
  line: string | null
  /** The observation and the prediction as they were written, undecoded. */
  observation: Uint8Array | null
  prediction: Uint8Array | null
  /** Task → class and time of the label that stands. */
  readonly labelled: Map<string, { readonly class: string; readonly time: number }>
  pending: PendingLabel[]
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** What is kept of a part beside its observation and prediction. */
export function encodePart(part: Part): Uint8Array {
  const { order, time, line, labelled, pending } = part
  return encoder.encode(JSON.stringify({ order, time, line, labelled: [...labelled], pending }))
}

/** Back from `encodePart`; observation and prediction are still to be put in. */
export function decodePart(id: string, bytes: Uint8Array): Part {
  const { order, time, line, labelled, pending } = JSON.parse(decoder.decode(bytes)) as Pick<
    Part,
    'order' | 'time' | 'line' | 'pending'
  > & {
    labelled: [string, { class: string; time: number }][]
  }
  return { id, order, time, line, observation: null, prediction: null, labelled: new Map(labelled), pending }
}
