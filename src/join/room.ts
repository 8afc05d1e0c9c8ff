/**
 * The waiting room: an observation, its prediction and its labels come in any order, late, twice, contradicting or never,
 * and leave as examples. Bounded in number and event time; what leaves is told.
 *
 * Whatever the order of arrival within the bounds, the label that stands for each (observation, task) is the same: of the
 * labels that name the observation's line the one of the latest time, and of equal times the greater class name.
 */
import type { Label } from '../events/event.ts'
import { confirm, decodePart, encodePart, type Origin, type Part, type PendingLabel, standing, tasksOf, withdraw } from './part.ts'

export interface RoomOptions {
  /** Parts in the room; the oldest leaves. */
  readonly maxWaiting: number
  /** Event time after which a part leaves, milliseconds. Looked after a hundred times in that span. */
  readonly maxAgeMs: number
  /** How long a labelled observation waits for its prediction, milliseconds. */
  readonly predictionWaitMs: number
  /** Ids of parts that have left, remembered so that a repeat is known as one. */
  readonly maxIds: number
}

/** An example to be made. */
export interface Ready {
  readonly observation: Uint8Array
  /** Null when it did not come in time. */
  readonly prediction: Uint8Array | null
  readonly label: Label
}

/** What became of a record. The first two are as hoped; the rest are told. */
export type RoomOutcome =
  | 'waiting'
  | 'joined'
  | 'repeated'
  | 'corrected'
  | 'superseded'
  | 'expired'
  | 'contradicting'
  | 'wrong-line'
  | 'overflowed'

/** A part or a label that left without becoming an example. */
export interface Left {
  readonly reason: 'unlabelled' | 'never-seen' | 'wrong-line' | 'overflowed'
  readonly id: string
  /** Whether the observation had come. */
  readonly observed: boolean
  /** Labels that nobody will learn. */
  readonly labels: readonly PendingLabel[]
}

/** A change of what the room keeps: `value` null removes the key. */
export interface RoomNote {
  readonly key: string
  readonly value: Uint8Array | null
}

/** Classes kept of one part, over all its tasks: a part of more is an error of its sender. */
export const MAX_TASKS = 1000
const SWEEPS = 100
const MARK = 'w'

export class Room {
  readonly #options: RoomOptions
  readonly #parts = new Map<string, Part>()
  /**
   * Stands before the oldest part and the oldest id that has left, since one made anew for each would pass by all that were
   * forgotten. Of parts null until there are too many: while they leave by their age, it would keep what has left.
   */
  #oldestPart: Iterator<Part> | null = null
  #oldestGone: Iterator<string>
  /** Ids whose observation was here and has left, oldest first, with their order. */
  readonly #gone = new Map<string, number>()
  /** Labelled observations that wait for a prediction, by when they stop; those since the last tick have no time yet. */
  readonly #awaiting = new Map<string, number>()
  readonly #lately = new Set<string>()
  /** Latest event time of any record, never ahead of the log's time: one clock that is wrong must not empty the room. */
  #mark = Number.NEGATIVE_INFINITY
  #order = 0
  /** Parts here whose observation has come, and labels that wait. */
  #observations = 0
  #labels = 0
  #ready: Ready[] = []
  #left: Left[] = []
  readonly #changed = new Map<string, Uint8Array | null>()

  constructor(options: RoomOptions) {
    this.#options = options
    this.#oldestGone = this.#gone.keys()
  }

  get size(): { readonly observations: number; readonly labels: number } {
    return { observations: this.#observations, labels: this.#labels }
  }

  /** The prediction kept for an observation that is in the room, else null. */
  predictionOf(id: string): Uint8Array | null {
    return this.#parts.get(id)?.prediction ?? null
  }

  /** Whether an observation would enter: it is not here, has not been, and is not too old to tell. */
  admits(id: string, time: number): boolean {
    if (this.#gone.has(id)) return false
    const known = this.#parts.get(id)
    return known === undefined ? time >= this.#mark - this.#options.maxAgeMs : known.observation === null
  }

  /** An observation came, with its bytes as they were written; `takenAt` is when the log took it. */
  observe(id: string, line: string, time: number, bytes: Uint8Array, takenAt: number): RoomOutcome {
    const known = this.#parts.get(id)
    if (!this.admits(id, time)) {
      if (this.#gone.has(id)) return 'repeated'
      if (known === undefined) return 'expired'
      return sameBytes(known.observation!, bytes) ? 'repeated' : 'contradicting'
    }
    const part = known ?? this.#enter(id, time)
    this.#observations++
    part.observation = bytes
    part.line = line
    part.time = time
    this.#changed.set(`o/${id}`, bytes)
    this.#turnAwayStrangers(part, line)
    this.#settle(part)
    this.#advance(Math.min(time, takenAt))
    return 'waiting'
  }

  /** A prediction came. The first one stands. */
  predict(id: string, time: number, bytes: Uint8Array): RoomOutcome {
    if (this.#gone.has(id)) return 'expired'
    const known = this.#parts.get(id)
    if (known !== undefined && known.prediction !== null) return 'repeated'
    const part = known ?? this.#enter(id, time)
    part.prediction = bytes
    this.#changed.set(`p/${id}`, bytes)
    this.#settle(part, known === undefined)
    return 'joined'
  }

  /** A label came. */
  label(label: Label, origin: Origin): RoomOutcome {
    const id = label.observation
    if (this.#gone.has(id)) return 'expired'
    const known = this.#parts.get(id)
    if (known !== undefined && known.line !== null && known.line !== label.line) return 'wrong-line'
    if ((known === undefined ? 0 : tasksOf(known)) + Object.keys(label.labels).length > MAX_TASKS) return 'overflowed'
    const part = known ?? this.#enter(id, label.time)
    this.#labels -= part.pending.length
    const outcome = admit(part, label, origin)
    this.#labels += part.pending.length
    this.#settle(part)
    this.#advance(Math.min(label.time, origin.timestamp))
    return outcome
  }

  /** It is `now`, and every prediction written before `heard` has been taken: who has waited long enough goes without. */
  tick(now: number, heard: number): void {
    for (const [id, due] of this.#awaiting) {
      if (due > heard) break
      this.#release(this.#parts.get(id)!)
    }
    for (const id of this.#lately) this.#awaiting.set(id, now + this.#options.predictionWaitMs)
    this.#lately.clear()
  }

  /** Examples made since the last call, in the order of the log. */
  ready(): readonly Ready[] {
    const ready = this.#ready
    this.#ready = []
    return ready
  }

  /** What left since the last call. */
  left(): readonly Left[] {
    const left = this.#left
    this.#left = []
    return left
  }

  /** What changed since the last call, to be kept together with the positions. */
  changes(): RoomNote[] {
    const notes = [...this.#changed].map(([key, value]) => ({ key, value }))
    this.#changed.clear()
    return notes
  }

  /** Puts a kept note back, in the order of the keys; after the last one call `restored`. */
  restore(key: string, value: Uint8Array): void {
    if (key === MARK) {
      this.#mark = numberOf(value)
      return
    }
    const id = key.slice(2)
    if (key.startsWith('g/')) this.#gone.set(id, numberOf(value))
    else if (key.startsWith('m/')) this.#parts.set(id, decodePart(id, value))
    else if (key.startsWith('o/')) this.#parts.get(id)!.observation = value
    else this.#parts.get(id)!.prediction = value
  }

  /** Brings what was put back into its order. Waiting for a prediction begins anew. */
  restored(): void {
    const parts = [...this.#parts.values()].sort((a, b) => a.order - b.order)
    this.#parts.clear()
    for (const part of parts) {
      this.#parts.set(part.id, part)
      if (part.observation !== null) this.#observations++
      this.#labels += part.pending.length
      if (isWaiting(part)) this.#lately.add(part.id)
      this.#order = Math.max(this.#order, part.order + 1)
    }
    const gone = [...this.#gone].sort((a, b) => a[1] - b[1])
    this.#gone.clear()
    this.#oldestGone = this.#gone.keys()
    for (const [id, order] of gone) {
      this.#gone.set(id, order)
      this.#order = Math.max(this.#order, order + 1)
    }
  }

  #enter(id: string, time: number): Part {
    const part: Part = { id, order: this.#order++, time, line: null, observation: null, prediction: null, labelled: new Map(), pending: [] }
    this.#parts.set(id, part)
    if (this.#parts.size > this.#options.maxWaiting) this.#leave(this.#oldest(), 'overflowed')
    return part
  }

  #oldest(): Part {
    this.#oldestPart ??= this.#parts.values()
    return this.#oldestPart.next().value!
  }

  /** Labels that came before the observation and name another line are not of this part. */
  #turnAwayStrangers(part: Part, line: string): void {
    const strangers = part.pending.filter(({ label }) => label.line !== line)
    if (strangers.length === 0) return
    part.pending = part.pending.filter(({ label }) => label.line === line)
    this.#labels -= strangers.length
    this.#left.push({ reason: 'wrong-line', id: part.id, observed: true, labels: strangers })
  }

  /** Makes examples of what is complete, and notes the part as it stands where that is `changed`. */
  #settle(part: Part, changed = true): void {
    if (part.observation !== null && part.prediction !== null && part.pending.length > 0) this.#release(part)
    else if (changed) this.#changed.set(`m/${part.id}`, encodePart(part))
    if (isWaiting(part) && !this.#awaiting.has(part.id)) this.#lately.add(part.id)
  }

  #release(part: Part): void {
    for (const { label, stands } of part.pending) {
      const labels = Object.fromEntries(Object.keys(stands).map(task => [task, label.labels[task]!]))
      this.#ready.push({ observation: part.observation!, prediction: part.prediction, label: { ...label, labels } })
      for (const task in stands) part.labelled.set(task, { class: labels[task]!, time: stands[task]! })
    }
    this.#labels -= part.pending.length
    part.pending = []
    this.#awaiting.delete(part.id)
    this.#lately.delete(part.id)
    this.#changed.set(`m/${part.id}`, encodePart(part))
  }

  #advance(time: number): void {
    if (time <= this.#mark) return
    const { maxAgeMs } = this.#options
    const sweep = (at: number): number => Math.floor((at * SWEEPS) / maxAgeMs)
    const due = sweep(time) > sweep(this.#mark)
    this.#mark = time
    this.#changed.set(MARK, new TextEncoder().encode(String(time)))
    if (!due) return
    this.#oldestPart = null
    for (const part of this.#parts.values())
      if (part.time < time - maxAgeMs) this.#leave(part, part.observation === null ? 'never-seen' : 'unlabelled')
  }

  #leave(part: Part, reason: Left['reason']): void {
    const { id } = part
    const observed = part.observation !== null
    if (observed && part.pending.length > 0) this.#release(part)
    this.#labels -= part.pending.length
    if (observed) this.#observations--
    this.#parts.delete(id)
    if (part.labelled.size === 0) this.#left.push({ reason, id, observed, labels: part.pending })
    if (part.prediction !== null) this.#changed.set(`p/${id}`, null)
    this.#changed.set(`m/${id}`, null)
    if (!observed) return
    this.#changed.set(`o/${id}`, null)
    const order = this.#order++
    this.#gone.set(id, order)
    this.#changed.set(`g/${id}`, new TextEncoder().encode(String(order)))
    if (this.#gone.size <= this.#options.maxIds) return
    const oldest = this.#oldestGone.next().value!
    this.#gone.delete(oldest)
    this.#changed.set(`g/${oldest}`, null)
  }
}

/** Takes what a label tells that is not known, and says what became of it. */
function admit(part: Part, label: Label, origin: Origin): RoomOutcome {
  const { line, time, labels } = label
  let outcome: RoomOutcome = 'repeated'
  const stands: Record<string, number> = {}
  for (const task in labels) {
    const value = labels[task]!
    const before = standing(part, line, task)
    if (before === undefined) {
      stands[task] = time
      if (outcome !== 'corrected') outcome = 'waiting'
    } else if (before.class === value) {
      if (time > before.time) confirm(part, line, task, time)
    } else if (time > before.time || (time === before.time && value > before.class)) {
      withdraw(part, line, task)
      stands[task] = time
      outcome = 'corrected'
    } else if (outcome === 'repeated') outcome = 'superseded'
  }
  if (Object.keys(stands).length > 0) part.pending.push({ label, origin, stands })
  return outcome
}

/** Complete but for its prediction. */
function isWaiting({ observation, prediction, pending }: Part): boolean {
  return observation !== null && prediction === null && pending.length > 0
}

function numberOf(bytes: Uint8Array): number {
  return Number(new TextDecoder().decode(bytes))
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
