/**
 * What was decided of the last parts, so that a promise is measured by the decision that was made and not by the one that
 * would be made now. Bounded: of more parts than it holds the oldest are forgotten, a page at a time. A part keeps its place
 * after its label, so that its prediction, come twice, is known as a repeat, and another label as a correction.
 */
import type { Saved } from '../numeric/saved.ts'

/** What was decided of one task of a part: classes by their number in the task's list. */
export interface Remembered {
  readonly action: 'pass' | 'flag' | 'abstain'
  /** Classes in the set; null where none could be ruled out. */
  readonly set: readonly number[] | null
  readonly inspect: boolean
  readonly propensity: number
  /** The class it was labelled as; null before. */
  readonly labelled: number | null
}

/** A page is rewritten as a whole whenever a part of it changes: small enough for one a part, large enough that few are kept. */
const PAGE = 64
const actions = ['pass', 'flag', 'abstain'] as const

type Part = Map<string, Remembered>

export class Memory {
  readonly #capacity: number
  readonly #forgotten: (id: string, tasks: Iterable<string>) => void
  /** Page → part → task. */
  readonly #pages = new Map<number, Map<string, Part>>()
  readonly #pageOf = new Map<string, number>()
  readonly #changed = new Set<number>()
  #last = -1

  /** `forgotten` is told of parts that there is no room for any more. */
  constructor(capacity: number, forgotten: (id: string, tasks: Iterable<string>) => void = () => {}) {
    this.#capacity = capacity
    this.#forgotten = forgotten
  }

  get size(): number {
    return this.#pageOf.size
  }

  has(id: string): boolean {
    return this.#pageOf.has(id)
  }

  add(id: string, tasks: Part): void {
    let page = this.#pages.get(this.#last)
    if (page === undefined || page.size >= PAGE) {
      page = new Map()
      this.#pages.set(++this.#last, page)
      if (this.#pageOf.size + PAGE > this.#capacity) this.#forgetOldest()
    }
    page.set(id, tasks)
    this.#pageOf.set(id, this.#last)
    this.#changed.add(this.#last)
  }

  /** What was decided, and how it was labelled before, as its task is labelled `y`; null where that is not known, or no news. */
  label(id: string, task: string, y: number): Remembered | null {
    const page = this.#pageOf.get(id)
    const part = page === undefined ? undefined : this.#pages.get(page)?.get(id)
    const decided = part?.get(task)
    if (decided === undefined || decided.labelled === y) return null
    part!.set(task, { ...decided, labelled: y })
    this.#changed.add(page!)
    return decided
  }

  /** Pages changed since the last call; null of one forgotten. */
  changes(): [page: string, saved: Saved | null][] {
    const told = [...this.#changed].map((page): [string, Saved | null] => [String(page), this.#save(page)])
    this.#changed.clear()
    return told
  }

  /** Pages in any order. */
  restore(page: string, saved: Saved): void {
    const number = Number(page)
    const parts = new Map<string, Part>()
    for (const [id, ...tasks] of saved as [string, ...[string, number, number[] | null, boolean, number, (number | null)?][]][]) {
      const part: Part = new Map()
      for (const [task, action, set, inspect, propensity, labelled = null] of tasks)
        part.set(task, { action: actions[action]!, set, inspect, propensity, labelled })
      parts.set(id, part)
      this.#pageOf.set(id, number)
    }
    this.#pages.set(number, parts)
    this.#last = Math.max(this.#last, number)
  }

  /** All pages are back: their order is that of their numbers. */
  restored(): void {
    const pages = [...this.#pages].sort(([a], [b]) => a - b)
    this.#pages.clear()
    for (const [number, page] of pages) this.#pages.set(number, page)
  }

  #forgetOldest(): void {
    for (const [number, page] of this.#pages) {
      if (number === this.#last) return
      for (const [id, tasks] of page) {
        this.#pageOf.delete(id)
        this.#forgotten(id, tasks.keys())
      }
      this.#pages.delete(number)
      this.#changed.add(number)
      return
    }
  }

  #save(number: number): Saved | null {
    const page = this.#pages.get(number)
    if (page === undefined) return null
    return [...page].map(
      ([id, part]): Saved => [
        id,
        ...[...part].map(
          ([task, { action, set, inspect, propensity, labelled }]): Saved => [
            task,
            actions.indexOf(action),
            set,
            inspect,
            propensity,
            labelled
          ]
        )
      ]
    )
  }
}
