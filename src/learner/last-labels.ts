/**
 * The last known label of every task on a line, and its age, as inputs. Invariant: what is told of a line at a version of the
 * state is what was known to that version, whenever it is asked, so that an example whose labels came late is learned as it
 * was predicted. Bounded: of a version older than all that is kept, the oldest that is known is told.
 *
 * A version is the number of examples learned. A label's age is the number of the line's examples learned after it. A
 * correction changes nothing here: what was an input stays what it was.
 */
import type { Saved } from '../numeric/saved.ts'

/** What a line knows of a task: the class of its last label, and how many of the line's examples were learned since. */
export interface LastLabel {
  readonly task: number
  readonly y: number
  readonly age: number
}

/** Labels a line keeps: as many may come in while an example waits for its own. */
export const KEPT = 4096

/** A label, known from version `at`: that of the line's `n`-th example. `previous` is the number of the task's label before it, −1 without. */
interface Entry {
  readonly at: number
  readonly n: number
  readonly task: number
  readonly y: number
  readonly previous: number
}

interface Line {
  /** Examples learned. */
  n: number
  /** Labels ever; the i-th of them stands at i mod capacity for as long as it is kept. */
  count: number
  readonly entries: Entry[]
  /** Last label of each task, and its number. */
  readonly latest: Map<number, Entry & { readonly number: number }>
}

/**
 * @example
 * ```ts
 * import { LastLabels } from '../src/learner/last-labels.ts'
 * const last = new LastLabels()
 * last.add(0, 1, [{ task: 0, y: 2 }])
 * last.add(0, 2, [{ task: 1, y: 0 }])
 * last.known(0, 2) // => [{ task: 0, y: 2, age: 1 }, { task: 1, y: 0, age: 0 }]
 * last.known(0, 1) // => [{ task: 0, y: 2, age: 0 }]
 * ```
 */
export class LastLabels {
  readonly #capacity: number
  readonly #lines: (Line | undefined)[] = []

  constructor(capacity = KEPT) {
    this.#capacity = capacity
  }

  /** An example of a line was learned: its labels are known from version `at`, not before that of the last. */
  add(line: number, at: number, labels: readonly { readonly task: number; readonly y: number }[]): void {
    this.#lines[line] ??= { n: 0, count: 0, entries: [], latest: new Map() }
    const it = this.#lines[line]
    it.n++
    for (const { task, y } of labels) {
      const entry = { at, n: it.n, task, y, previous: it.latest.get(task)?.number ?? -1 }
      it.latest.set(task, { ...entry, number: it.count })
      it.entries[it.count++ % this.#capacity] = entry
    }
  }

  /** What was known of a line at a version, by task; of a line that is not known, nothing. */
  known(line: number, version: number): LastLabel[] {
    const it = this.#lines[line]
    if (it === undefined) return []
    const n = this.#learned(it, version)
    const found: LastLabel[] = []
    for (const latest of it.latest.values()) {
      const entry = this.#at(it, latest, version)
      if (entry !== null) found.push({ task: entry.task, y: entry.y, age: Math.max(0, n - entry.n) })
    }
    return found.sort((a, b) => a.task - b.task)
  }

  get bytes(): number {
    return this.#lines.reduce((sum, line) => sum + (line === undefined ? 0 : 40 * line.entries.length + 48 * line.latest.size), 0)
  }

  save(): Saved {
    return Array.from(this.#lines, line => {
      if (line === undefined) return null
      const kept = Array.from({ length: line.count - this.#first(line) }, (_, i) => this.#entry(line, this.#first(line) + i))
      return {
        n: line.n,
        count: line.count,
        entries: Float64Array.from(kept.flatMap(({ at, n, task, y, previous }) => [at, n, task, y, previous])),
        latest: Float64Array.from(
          [...line.latest.values()].flatMap(({ at, n, task, y, previous, number }) => [at, n, task, y, previous, number])
        )
      }
    })
  }

  load(saved: Saved): void {
    for (const [place, from] of (
      saved as ((Record<'entries' | 'latest', Float64Array> & { n: number; count: number }) | null)[]
    ).entries()) {
      if (from === null) continue
      const { n, count, entries, latest } = from
      const line: Line = { n, count, entries: [], latest: new Map() }
      const first = this.#first(line)
      for (let i = 0; i < entries.length; i += 5) line.entries[(first + i / 5) % this.#capacity] = entryAt(entries, i)
      for (let i = 0; i < latest.length; i += 6) line.latest.set(latest[i + 2]!, { ...entryAt(latest, i), number: latest[i + 5]! })
      this.#lines[place] = line
    }
  }

  /** The last label of a task that was known at a version: back from its latest, as many steps as came since. */
  #at(line: Line, latest: Entry, version: number): Entry | null {
    let entry = latest
    while (entry.at > version) {
      if (entry.previous < 0) return null
      if (entry.previous < this.#first(line)) return entry
      entry = this.#entry(line, entry.previous)
    }
    return entry
  }

  /** Examples of a line learned up to a version. */
  #learned(line: Line, version: number): number {
    const first = this.#first(line)
    let low = first
    let high = line.count
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#entry(line, middle).at <= version) low = middle + 1
      else high = middle
    }
    return low > first ? this.#entry(line, low - 1).n : this.#entry(line, first).n - 1
  }

  #first({ count }: Line): number {
    return Math.max(0, count - this.#capacity)
  }

  #entry({ entries }: Line, number: number): Entry {
    return entries[number % this.#capacity]!
  }
}

function entryAt(flat: Float64Array, i: number): Entry {
  return { at: flat[i]!, n: flat[i + 1]!, task: flat[i + 2]!, y: flat[i + 3]!, previous: flat[i + 4]! }
}
