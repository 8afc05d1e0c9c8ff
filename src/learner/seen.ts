/**
 * The identities learned of late, so that each (observation, task) is learned once. Bounded by number: the oldest leaves,
 * and since then an example not newer than what left can no longer be told from a repeat, so it counts as expired.
 */
import type { Saved } from '../numeric/saved.ts'

/** What was learned of one task of an observation, by indices of the task's classes. */
export interface SeenLabel {
  readonly task: number
  readonly y: number
  /** The class chosen on arrival, −1 where there was no opinion yet. */
  readonly chosen: number
  /** Index of the domain it was learned in. */
  readonly domain: number
  /** Number of the example it was learned with. */
  readonly serial: number
}

export interface SeenObservation {
  readonly time: number
  labels: readonly SeenLabel[]
}

export class Seen {
  /** Newest time of an observation that has left. */
  floor = Number.NEGATIVE_INFINITY
  readonly #capacity: number
  readonly #entries = new Map<string, SeenObservation>()
  /** Stands before the oldest: one made anew for every id that leaves would pass by all that left before. */
  readonly #oldest = this.#entries.entries()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get(id: string): SeenObservation | undefined {
    return this.#entries.get(id)
  }

  /** Labels learned of an observation, in place of those of the same tasks. */
  remember(id: string, time: number, labels: readonly SeenLabel[]): void {
    const entry = this.#entries.get(id)
    if (entry !== undefined) {
      entry.labels = [...entry.labels.filter(label => !labels.some(other => other.task === label.task)), ...labels]
      return
    }
    this.#entries.set(id, { time, labels })
    if (this.#entries.size <= this.#capacity) return
    const [oldest, left] = this.#oldest.next().value!
    this.#entries.delete(oldest)
    if (left.time > this.floor) this.floor = left.time
  }

  get size(): number {
    return this.#entries.size
  }

  save(): Saved {
    const labels: number[] = []
    for (const entry of this.#entries.values()) {
      labels.push(entry.labels.length)
      for (const { task, y, chosen, domain, serial } of entry.labels) labels.push(task, y, chosen, domain, serial)
    }
    return {
      floor: this.floor,
      ids: [...this.#entries.keys()],
      times: Float64Array.from(this.#entries.values(), entry => entry.time),
      labels: Int32Array.from(labels)
    }
  }

  load(saved: Saved): void {
    const { floor, ids, times, labels } = saved as { floor: number; ids: string[]; times: Float64Array; labels: Int32Array }
    this.floor = floor
    let at = 0
    ids.forEach((id, i) => {
      const n = labels[at++]!
      const each: SeenLabel[] = []
      for (let j = 0; j < n; j++, at += 5)
        each.push({ task: labels[at]!, y: labels[at + 1]!, chosen: labels[at + 2]!, domain: labels[at + 3]!, serial: labels[at + 4]! })
      this.#entries.set(id, { time: times[i]!, labels: each })
    })
  }
}
