/** What the decider keeps of one task: its policy, its classes in the order in which they came up, a book for each. */

import { exp, log } from '../numeric/exp-log.ts'
import type { Saved } from '../numeric/saved.ts'
import { ClassBook } from './book.ts'
import type { Threshold } from './conformal.ts'
import type { Chosen } from './corrected.ts'
import { type DecideOptions, policyOf, type TaskPolicy } from './options.ts'

/** About how many of the last parts tell what is usual. */
const HORIZON = 200
/** Classes of a task, as many as the learner has at most by default: what is labelled beyond them is judged by nobody. */
const MOST_CLASSES = 256
/** Equal records lie at no distance, which has no logarithm. */
const LEAST = 1e-6

type SavedBook = readonly [
  classes: readonly string[],
  pass: number,
  flag: number,
  abstain: number,
  inspected: number,
  labels: number,
  weight: number,
  usual: number,
  chosen?: readonly number[]
]

export class TaskBook {
  readonly policy: TaskPolicy
  readonly classes: string[] = []
  readonly books = new Map<string, ClassBook>()
  readonly decided = { pass: 0, flag: 0, abstain: 0 }
  inspected = 0
  /** Geometric mean of the last parts' distances to those in memory; 0 where none was told. */
  usual = 0
  /** Labels over all classes. */
  labels = 0
  /** Parts that they stand for. */
  weight = 0
  readonly #options: DecideOptions
  readonly #general: number | null
  readonly #numbers = new Map<string, number>()
  /** By class number. */
  #chosen: Chosen[] = []

  constructor(options: DecideOptions, task: string) {
    this.#options = options
    this.policy = policyOf(options, task)
    const own = Object.hasOwn(options.tasks, task) ? options.tasks[task]!.missRate : undefined
    this.#general = (own === undefined ? options.missRate : own) ?? null
    for (const name of this.policy.named) this.book(name)
  }

  /** Classes that were labelled or are named by a promise, in the order in which they came up. */
  get known(): readonly string[] {
    return this.classes.filter(name => this.books.has(name))
  }

  /** A class's number, a new one where it has none. */
  numberOf(name: string): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    this.#numbers.set(name, this.classes.length)
    return this.classes.push(name) - 1
  }

  /** Whether a class is known, or one more can be. */
  hasRoomFor(name: string): boolean {
    return this.#numbers.has(name) || this.classes.length < MOST_CLASSES
  }

  book(name: string): ClassBook {
    let book = this.books.get(name)
    if (book === undefined) {
      const { adapt, window } = this.#options
      const missRate = this.policy.promiseOf(name)
      book = new ClassBook(missRate === null ? null : { missRate, adapt, window })
      this.books.set(name, book)
      this.numberOf(name)
    }
    return book
  }

  /** Labelled parts for which a class was chosen. */
  chosen(name: string): Chosen {
    return this.#chosen[this.#numbers.get(name) ?? -1] ?? [0, 0]
  }

  /** A label came, the first of its task, of a part for which this class had been chosen; null where none had. */
  labelled(chosen: string | null, weight: number | null): void {
    this.labels++
    if (weight === null) return
    this.weight += weight
    if (chosen === null || !this.hasRoomFor(chosen)) return
    const [w, w2] = this.chosen(chosen)
    const number = this.numberOf(chosen)
    while (this.#chosen.length < number) this.#chosen.push([0, 0])
    this.#chosen[number] = [w + weight, w2 + weight * weight]
  }

  thresholdOf(name: string): Threshold | null {
    return this.policy.promiseOf(name) === null ? null : this.book(name).threshold
  }

  /** Whether every defect class is promised. */
  get general(): boolean {
    return this.#general !== null
  }

  /** As many labels as one class needs: before them a promise of all classes knows too little of which there are. */
  get missing(): number {
    return this.#general === null ? 0 : Math.max(0, Math.ceil(1 / this.#general - 1e-9) - 1 - this.labels)
  }

  /** A class's share of the labels, every class having been seen once before any came. */
  shareOf(name: string): number {
    const C = Math.max(1, this.books.size)
    const own = this.books.get(name)
    return (1 + (own?.sums.weight ?? 0)) / (C + this.weight)
  }

  /** A part came at this distance from those in memory. */
  passed(distance: number | null): void {
    if (distance === null) return
    const told = Math.max(LEAST, distance)
    this.usual = this.usual === 0 ? told : this.usual * exp(log(told / this.usual) / HORIZON)
  }

  save(): Saved {
    const { pass, flag, abstain } = this.decided
    return [this.classes.slice(), pass, flag, abstain, this.inspected, this.labels, this.weight, this.usual, this.#chosen.flat()]
  }

  load(saved: Saved): void {
    const [classes, pass, flag, abstain, inspected, labels, weight, usual, chosen = []] = saved as unknown as SavedBook
    this.classes.length = 0
    this.#numbers.clear()
    for (const name of [...classes, ...this.books.keys()]) this.numberOf(name)
    Object.assign(this.decided, { pass, flag, abstain })
    Object.assign(this, { inspected, labels, weight, usual })
    this.#chosen = Array.from({ length: chosen.length / 2 }, (_, i) => [chosen[2 * i]!, chosen[2 * i + 1]!])
  }
}
