/**
 * The waiting room: an observation, its prediction and its labels come in any order, late, twice, contradicting or never,
 * and leave as examples. Bounded in number and event time; what leaves is told.
 *
 * Whatever the order of arrival within the bounds, the label that stands for each (observation, task) is the same: the one
 * of the latest time, and of equal times the greater class name.
 */
import type { Label } from '../events/event.ts'
import { decodePart, encodePart, type Origin, type Part, type PendingLabel } from './part.ts'

export interface RoomOptions {
  /** Parts in the room; the oldest leaves. */
  readonly maxWaiting: number
  /** Event time after which a part leaves, milliseconds. */
  readonly maxAgeMs: number
  /** How long a label waits for the prediction of its observation, milliseconds of the log's time. */
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

/** What became of a record. The first three are as hoped; the rest are told. */
export type RoomOutcome = 'waiting' | 'joined' | 'repeated' | 'corrected' | 'superseded' | 'expired' | 'contradicting' | 'wrong-line'

/** A part or a label that left without becoming an example. */
export interface Left {
  readonly reason: 'unlabelled' | 'never-seen' | 'wrong-line' | 'overflowed'
  readonly id: string
  /** Labels that nobody will learn. */
  readonly labels: readonly PendingLabel[]
}

/** A change of what the room keeps: `value` null removes the key. */
export interface RoomNote {
  readonly key: string
  readonly value: Uint8Array | null
}

const MARK = 'w'

export class Room {
  readonly #options: RoomOptions
  readonly #parts = new Map<string, Part>()
  /** Ids that have left, oldest first, with their order. */
  readonly #gone = new Map<string, number>()
  /** Parts whose labels wait for a prediction, by when they stop waiting. */
  readonly #awaiting = new Map<string, number>()
  /** Latest event time of any record. */
  #mark = Number.NEGATIVE_INFINITY
  #order = 0
  #ready: Ready[] = []
  #left: Left[] = []
  readonly #changed = new Map<string, Uint8Array | null>()

  constructor(options: RoomOptions) {
    this.#options = options
  }

  get size(): { readonly observations: number; readonly labels: number } {
    let observations = 0
    let labels = 0
    for (const part of this.#parts.values()) {
      if (part.observation !== null) observations++
      labels += part.pending.length
    }
    return { observations, labels }
  }

  /** The prediction kept for an observation that is in the room, else null. */
  predictionOf(id: string): Uint8Array | null {
    return this.#parts.get(id)?.prediction ?? null
  }

  /** True when the observation is in the room or has been. */
  knows(id: string): boolean {
    return this.#gone.has(id) || (this.#parts.get(id)?.observation ?? null) !== null
  }

  /** An observation came, with its bytes as they were written. */
  observe(id: string, line: string, time: number, bytes: Uint8Array): RoomOutcome {
    if (this.#gone.has(id)) return 'repeated'
    const known = this.#parts.get(id)
    if (known !== undefined && known.observation !== null) return sameBytes(known.observation, bytes) ? 'repeated' : 'contradicting'
    if (known === undefined && time < this.#mark - this.#options.maxAgeMs) return 'expired'
    const part = known ?? this.#enter(id, time)
    part.observation = bytes
    part.line = line
    part.time = time
    this.#changed.set(`o/${id}`, bytes)
    this.#turnAwayStrangers(part, line)
    this.#settle(part)
    this.#advance(time)
    return 'waiting'
  }

  /** A prediction came. The first one stands. */
  predict(id: string, time: number, bytes: Uint8Array): RoomOutcome {
    if (this.#gone.has(id)) return 'repeated'
    const known = this.#parts.get(id)
    if (known !== undefined && known.prediction !== null) return 'repeated'
    const part = known ?? this.#enter(id, time)
    part.prediction = bytes
    this.#changed.set(`p/${id}`, bytes)
    this.#settle(part)
    return 'joined'
  }

  /** A label came. `origin.timestamp` starts the wait for the prediction. */
  label(label: Label, origin: Origin): RoomOutcome {
    const id = label.observation
    if (this.#gone.has(id)) return 'expired'
    const part = this.#parts.get(id) ?? this.#enter(id, label.time)
    if (part.line !== null && part.line !== label.line) return 'wrong-line'
    const outcome = this.#admit(part, label, origin)
    if (!this.#awaiting.has(id)) this.#awaiting.set(id, origin.timestamp + this.#options.predictionWaitMs)
    this.#settle(part)
    this.#advance(label.time)
    return outcome
  }

  /** The log's time has come to `now`: labels that have waited long enough for a prediction go without. */
  tick(now: number): void {
    for (const [id, due] of this.#awaiting) {
      if (due > now) return
      this.#awaiting.delete(id)
      const part = this.#parts.get(id)
      if (part !== undefined && part.observation !== null && part.pending.length > 0) this.#release(part)
    }
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

  /** Puts a kept note back; after the last one call `restored`. */
  restore(key: string, value: Uint8Array): void {
    if (key === MARK) {
      this.#mark = Number(new TextDecoder().decode(value))
      return
    }
    const id = key.slice(2)
    if (key.startsWith('g/')) this.#gone.set(id, Number(new TextDecoder().decode(value)))
    else if (key.startsWith('m/')) this.#parts.set(id, decodePart(id, value))
    else if (key.startsWith('o/')) this.#parts.get(id)!.observation = value
    else this.#parts.get(id)!.prediction = value
  }

  /** Brings what was put back into its order. */
  restored(now: number): void {
    const parts = [...this.#parts.values()].sort((a, b) => a.order - b.order)
    this.#parts.clear()
    for (const part of parts) {
      this.#parts.set(part.id, part)
      if (part.pending.length > 0) this.#awaiting.set(part.id, now + this.#options.predictionWaitMs)
      this.#order = Math.max(this.#order, part.order + 1)
    }
    const gone = [...this.#gone].sort((a, b) => a[1] - b[1])
    this.#gone.clear()
    for (const [id, order] of gone) {
      this.#gone.set(id, order)
      this.#order = Math.max(this.#order, order + 1)
    }
  }

  #enter(id: string, time: number): Part {
    const part: Part = { id, order: this.#order++, time, line: null, observation: null, prediction: null, labelled: new Map(), pending: [] }
    this.#parts.set(id, part)
    if (this.#parts.size > this.#options.maxWaiting) this.#leave(this.#parts.values().next().value!, 'overflowed')
    return part
  }

  /** Labels that came before the observation and name another line are not of this part. */
  #turnAwayStrangers(part: Part, line: string): void {
    const strangers = part.pending.filter(({ label }) => label.line !== line)
    if (strangers.length === 0) return
    const own = part.pending.filter(({ label }) => label.line === line)
    part.pending = []
    part.labelled.clear()
    for (const { label, origin } of own) this.#admit(part, label, origin)
    this.#left.push({ reason: 'wrong-line', id: part.id, labels: strangers })
  }

  /** Takes what a label tells that is not known, and says what became of it. */
  #admit(part: Part, label: Label, origin: Origin): RoomOutcome {
    const { news, outcome } = judge(part, label)
    if (news.length === 0) return outcome
    part.pending.push({ label: { ...label, labels: Object.fromEntries(news.map(task => [task, label.labels[task]!])) }, origin })
    for (const task of news) part.labelled.set(task, { class: label.labels[task]!, time: label.time })
    return outcome
  }

  /** Makes examples of what is complete, and notes the part as it stands. */
  #settle(part: Part): void {
    if (part.observation !== null && part.prediction !== null && part.pending.length > 0) this.#release(part)
    else this.#changed.set(`m/${part.id}`, encodePart(part))
  }

  #release(part: Part): void {
    for (const { label } of part.pending) this.#ready.push({ observation: part.observation!, prediction: part.prediction, label })
    part.pending = []
    this.#awaiting.delete(part.id)
    this.#changed.set(`m/${part.id}`, encodePart(part))
  }

  #advance(time: number): void {
    if (time <= this.#mark) return
    this.#mark = time
    this.#changed.set(MARK, new TextEncoder().encode(String(time)))
    for (const oldest of this.#parts.values()) {
      if (oldest.time >= time - this.#options.maxAgeMs) break
      this.#leave(oldest, oldest.observation === null ? 'never-seen' : 'unlabelled')
    }
  }

  #leave(part: Part, reason: Left['reason']): void {
    const { id } = part
    if (part.observation !== null && part.pending.length > 0) this.#release(part)
    this.#parts.delete(id)
    if (part.pending.length > 0 || part.labelled.size === 0) this.#left.push({ reason, id, labels: part.pending })
    if (part.observation !== null) this.#changed.set(`o/${id}`, null)
    if (part.prediction !== null) this.#changed.set(`p/${id}`, null)
    this.#changed.set(`m/${id}`, null)
    const order = this.#order++
    this.#gone.set(id, order)
    this.#changed.set(`g/${id}`, new TextEncoder().encode(String(order)))
    if (this.#gone.size <= this.#options.maxIds) return
    for (const oldest of this.#gone.keys()) {
      this.#gone.delete(oldest)
      this.#changed.set(`g/${oldest}`, null)
      return
    }
  }
}

/** Which tasks of a label are news, and what to call it. */
function judge(part: Part, label: Label): { news: string[]; outcome: RoomOutcome } {
  let outcome: RoomOutcome = 'repeated'
  const news: string[] = []
  for (const task in label.labels) {
    const value = label.labels[task]!
    const before = part.labelled.get(task)
    if (before === undefined) {
      news.push(task)
      if (outcome !== 'corrected') outcome = 'waiting'
    } else if (before.class !== value) {
      const later = label.time > before.time || (label.time === before.time && value > before.class)
      if (later) news.push(task)
      if (later) outcome = 'corrected'
      else if (outcome === 'repeated') outcome = 'superseded'
    }
  }
  return { news, outcome }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
