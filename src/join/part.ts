/** One part in the waiting room: what has arrived of it, and what was already made into examples. */
import type { Label } from '../events/event.ts'

/** Where a record came from, so that a label nobody asks for can be rejected with its place. */
export interface Origin {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** When the log took it. */
  readonly timestamp: number
}

/** A label that waits for its observation or its prediction, whole as it came. */
export interface PendingLabel {
  readonly label: Label
  readonly origin: Origin
  /** The tasks for which it stands, each with the latest time at which its class was told. Never empty. */
  readonly stands: Readonly<Record<string, number>>
}

/** A class that was told of a task, and when last. */
export interface Told {
  readonly class: string
  readonly time: number
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
  /** Task → what was made into an example last. */
  readonly labelled: Map<string, Told>
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
  > & { labelled: [string, Told][] }
  return { id, order, time, line, observation: null, prediction: null, labelled: new Map(labelled), pending }
}

/** The class that stands for a task by the labels of a line: of those that wait, else of those made into examples. */
export function standing(part: Part, line: string, task: string): Told | undefined {
  const waiting = waitingFor(part, line, task)
  return waiting === undefined ? part.labelled.get(task) : { class: waiting.label.labels[task]!, time: waiting.stands[task]! }
}

/** The same class was told again at a later time: from then on only a still later label corrects it. */
export function confirm(part: Part, line: string, task: string, time: number): void {
  const waiting = waitingFor(part, line, task)
  if (waiting === undefined) part.labelled.set(task, { class: part.labelled.get(task)!.class, time })
  else part.pending[part.pending.indexOf(waiting)] = { ...waiting, stands: { ...waiting.stands, [task]: time } }
}

/** Takes a task from the label that waits for it; a label that stands for nothing any more goes. */
export function withdraw(part: Part, line: string, task: string): void {
  const waiting = waitingFor(part, line, task)
  if (waiting === undefined) return
  const { [task]: _, ...stands } = waiting.stands
  const rest = Object.keys(stands).length === 0 ? [] : [{ ...waiting, stands }]
  part.pending.splice(part.pending.indexOf(waiting), 1, ...rest)
}

/** Tasks that the part keeps a class of. */
export function tasksOf(part: Part): number {
  return part.pending.reduce((sum, { stands }) => sum + Object.keys(stands).length, part.labelled.size)
}

function waitingFor(part: Part, line: string, task: string): PendingLabel | undefined {
  return part.pending.find(({ label, stands }) => label.line === line && Object.hasOwn(stands, task))
}
