/**
 * What a task keeps of its examples, of all together and of each domain alone: how many there were, how frequent the classes
 * are, and which are remembered. Without domains all together is the only part.
 */
import type { RawTable } from '../encode/raw-table.ts'
import { ClassMemory, type Remembered } from '../memory/class-memory.ts'
import type { Saved } from '../numeric/saved.ts'
import { ClassFrequency } from './class-frequency.ts'
import type { LearnerOptions } from './options.ts'

export class Part {
  learned = 0
  readonly frequency: ClassFrequency
  readonly memory: ClassMemory

  constructor({ rare, memoryPerClass }: LearnerOptions) {
    this.frequency = new ClassFrequency(rare)
    this.memory = new ClassMemory(memoryPerClass)
  }

  save(raws: RawTable): Saved {
    return { learned: this.learned, frequency: this.frequency.save(), memory: this.memory.save(raw => raws.index(raw)) }
  }

  load(saved: Saved, raws: RawTable): void {
    const { learned, frequency, memory } = saved as { learned: number; frequency: Saved; memory: Saved }
    this.learned = learned
    this.frequency.load(frequency)
    this.memory.load(memory, index => raws.at(index))
  }
}

export class Parts {
  /** Of all domains. */
  readonly whole: Part
  readonly #options: LearnerOptions
  readonly #domains: (Part | undefined)[] = []
  #C = 0

  constructor(options: LearnerOptions) {
    this.#options = options
    this.whole = new Part(options)
  }

  /** Of one domain, by its place. */
  of(domain: number): Part {
    if (this.#options.domain.length === 0) return this.whole
    let part = this.#domains[domain]
    if (part === undefined) {
      part = new Part(this.#options)
      for (let c = 0; c < this.#C; c++) part.frequency.addClass()
      this.#domains[domain] = part
    }
    return part
  }

  addClass(): void {
    this.#C++
    for (const part of [this.whole, ...this.#domains]) part?.frequency.addClass()
  }

  add(example: Remembered): void {
    for (const part of this.#both(example.domain)) {
      part.learned++
      part.frequency.add(example.y)
      part.memory.add(example)
    }
  }

  /** The example `id` of a domain was of class `after` all along. */
  correct(id: string, domain: number, before: number, after: number): void {
    for (const { frequency, memory } of this.#both(domain)) {
      memory.correct(id, before, after)
      frequency.move(before, after)
    }
  }

  /** The parts that hold examples of a domain: of all, and its own. */
  holding(domain: number): ReadonlySet<Part> {
    return this.#both(domain)
  }

  save(raws: RawTable): Saved {
    return { C: this.#C, whole: this.whole.save(raws), domains: Array.from(this.#domains, part => part?.save(raws) ?? null) }
  }

  load(saved: Saved, raws: RawTable): void {
    const { C, whole, domains } = saved as { C: number; whole: Saved; domains: Saved[] }
    this.#C = C
    this.whole.load(whole, raws)
    domains.forEach((part, domain) => {
      if (part === null) return
      this.#domains[domain] = new Part(this.#options)
      this.#domains[domain].load(part, raws)
    })
  }

  #both(domain: number): ReadonlySet<Part> {
    return new Set([this.whole, this.of(domain)])
  }
}
