/**
 * Parts sent to inspection that nobody has labelled yet, oldest first, one entry a task. Bounded: the oldest leave, and it
 * is counted how many.
 */
import type { Saved } from '../numeric/saved.ts'

/** What an inspector is shown. */
export interface Inspection {
  readonly observation: string
  readonly line: string
  /** Null where the part's station is not known. */
  readonly station: string | null
  readonly time: number
  readonly task: string
  readonly classes: readonly string[]
  /** The chosen class; null where none is known. */
  readonly chosen: string | null
  readonly probability: number
  readonly reason: string
  readonly propensity: number
}

const LAST = 'last'

export class WorkList {
  readonly #capacity: number
  readonly #entries = new Map<number, Inspection>()
  readonly #numbers = new Map<string, number>()
  readonly #changed = new Set<number>()
  #last = -1

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#entries.size
  }

  add(entry: Inspection): void {
    const key = keyOf(entry.observation, entry.task)
    if (this.#numbers.has(key)) return
    this.#entries.set(++this.#last, entry)
    this.#numbers.set(key, this.#last)
    this.#changed.add(this.#last)
    for (const [number, oldest] of this.#entries) {
      if (this.#entries.size <= this.#capacity) break
      this.#drop(number, oldest)
    }
  }

  /** The task of a part was labelled. */
  done(observation: string, task: string): void {
    const number = this.#numbers.get(keyOf(observation, task))
    if (number !== undefined) this.#drop(number, this.#entries.get(number)!)
  }

  /** The newest `limit` entries, newest first, of one line or all. */
  newest(limit: number, line: string | null): readonly Inspection[] {
    const all = [...this.#entries.values()].filter(entry => line === null || entry.line === line)
    return all.slice(Math.max(0, all.length - limit)).reverse()
  }

  /** Entries changed since the last call; null of one that left. */
  changes(): [number: string, saved: Saved | null][] {
    const told = [...this.#changed].map((number): [string, Saved | null] => [String(number), this.#save(number)])
    // The next number goes on where it stood, even where the newest entry has left.
    if (told.length > 0) told.push([LAST, this.#last])
    this.#changed.clear()
    return told
  }

  restore(number: string, saved: Saved): void {
    if (number === LAST) {
      this.#last = saved as number
      return
    }
    const [observation, line, station, time, task, classes, chosen, probability, reason, propensity] = saved as unknown as [
      string,
      string,
      string | null,
      number,
      string,
      string[],
      string | null,
      number,
      string,
      number
    ]
    this.#entries.set(Number(number), { observation, line, station, time, task, classes, chosen, probability, reason, propensity })
    this.#numbers.set(keyOf(observation, task), Number(number))
  }

  restored(): void {
    const entries = [...this.#entries].sort(([a], [b]) => a - b)
    this.#entries.clear()
    for (const [number, entry] of entries) this.#entries.set(number, entry)
  }

  #drop(number: number, { observation, task }: Inspection): void {
    this.#entries.delete(number)
    this.#numbers.delete(keyOf(observation, task))
    this.#changed.add(number)
  }

  #save(number: number): Saved | null {
    const entry = this.#entries.get(number)
    if (entry === undefined) return null
    const { observation, line, station, time, task, classes, chosen, probability, reason, propensity } = entry
    return [observation, line, station, time, task, classes, chosen, probability, reason, propensity]
  }
}

/** No name holds a control character. */
function keyOf(observation: string, task: string): string {
  return `${task}\u0001${observation}`
}
