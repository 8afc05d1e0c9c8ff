/**
 * The last examples of every class, so that what is rare is not forgotten because it is rare: each class has a ring of its
 * own. A draw takes a class by the counts it is given, then one of that class's examples, all alike.
 */
import type { Random } from '../numeric/random.ts'
import type { Saved } from '../numeric/saved.ts'
import { loadOthers, saveOthers } from './saved-others.ts'

/** An example as it is remembered. `raw` is in the encoder's column slots and is never changed. */
export interface Remembered {
  readonly id: string
  readonly raw: readonly number[]
  readonly y: number
  /** Place of its domain. */
  readonly domain: number
  /** What other tasks said of it before it was learned, where any task hears them. Never changed. */
  readonly others: Float32Array | null
}

interface Ring {
  readonly items: Remembered[]
  /** The slot the next item takes once the ring is full: the oldest. */
  next: number
}

export class ClassMemory {
  readonly #perClass: number
  readonly #rings: Ring[] = []

  constructor(perClass: number) {
    this.#perClass = perClass
  }

  /** Number of examples remembered of a class. */
  count(y: number): number {
    return this.#rings[y]?.items.length ?? 0
  }

  add(item: Remembered): void {
    while (this.#rings.length <= item.y) this.#rings.push({ items: [], next: 0 })
    const ring = this.#rings[item.y]!
    if (ring.items.length < this.#perClass) ring.items.push(item)
    else {
      ring.items[ring.next] = item
      ring.next = (ring.next + 1) % this.#perClass
    }
  }

  /** Moves an example whose label was corrected. False when it is no longer remembered. */
  correct(id: string, before: number, after: number): boolean {
    const ring = this.#rings[before]
    const item = ring?.items.find(each => each.id === id)
    if (ring === undefined || item === undefined) return false
    const rest = inOrder(ring).filter(other => other !== item)
    ring.items.splice(0, ring.items.length, ...rest)
    ring.next = 0
    this.add({ ...item, y: after })
    return true
  }

  /** Forgets a domain's examples but the last of each class, as many as `last` says of it. */
  forget(domain: number, last: (y: number) => number): void {
    this.#rings.forEach((ring, y) => {
      let left = last(y)
      const kept = inOrder(ring)
        .reverse()
        .filter(item => item.domain !== domain || left-- > 0)
        .reverse()
      if (kept.length === ring.items.length) return
      ring.items.splice(0, ring.items.length, ...kept)
      ring.next = 0
    })
  }

  /** An example of a class drawn with chance proportional to `counts`, among the classes remembered; null when there is none. */
  draw(random: Random, counts: Float64Array, classes: number): Remembered | null {
    const rings = this.#rings
    const known = Math.min(classes, rings.length)
    let sum = 0
    for (let y = 0; y < known; y++) if (rings[y]!.items.length > 0) sum += counts[y]!
    if (sum === 0) return null
    let left = random.next() * sum
    let chosen = -1
    for (let y = 0; y < known && left >= 0; y++) {
      if (rings[y]!.items.length === 0) continue
      left -= counts[y]!
      chosen = y
    }
    const { items } = this.#rings[chosen]!
    return items[random.below(items.length)]!
  }

  /** Another example of its class and domain, all alike; null when there is none, and then no chance is drawn. */
  partner(random: Random, { y, domain, raw }: Remembered): Remembered | null {
    const items = this.#rings[y]?.items ?? []
    let others = 0
    for (const item of items) if (item.domain === domain && item.raw !== raw) others++
    let left = others === 0 ? -1 : random.below(others)
    for (const item of items) if (item.domain === domain && item.raw !== raw && left-- === 0) return item
    return null
  }

  /** All that is remembered, oldest first within a class. */
  *all(): Iterable<Remembered> {
    for (const ring of this.#rings) yield* inOrder(ring)
  }

  /** At most `n` of them, evenly over the classes and their time: of `all`, those at every size/n-th place. */
  spread(n: number): readonly Remembered[] {
    const { size } = this
    const some: Remembered[] = []
    let from = 0
    let y = 0
    for (let i = 0; i < Math.min(n, size); i++) {
      const at = Math.floor((i * size) / Math.min(n, size))
      while (at - from >= this.#rings[y]!.items.length) from += this.#rings[y++]!.items.length
      const { items, next } = this.#rings[y]!
      some.push(items[(next + at - from) % items.length]!)
    }
    return some
  }

  get size(): number {
    return this.#rings.reduce((sum, ring) => sum + ring.items.length, 0)
  }

  /** Bytes of the remembered features, each counted once a task. */
  get bytes(): number {
    let bytes = 0
    for (const { items } of this.#rings) for (const item of items) bytes += 8 * item.raw.length + (item.others?.byteLength ?? 0)
    return bytes
  }

  /**
   * Rings are saved as they lie, so that draws go on alike. `index` gives a record its place in a table that all who share
   * it save once.
   */
  save(index: (raw: readonly number[]) => number): Saved {
    return this.#rings.map(({ items, next }) => {
      const others = saveOthers(items.map(item => item.others))
      return {
        next,
        ids: items.map(item => item.id),
        raws: Int32Array.from(items, item => index(item.raw)),
        domains: Int32Array.from(items, item => item.domain),
        ...(others === undefined ? {} : { others })
      }
    })
  }

  load(saved: Saved, at: (index: number) => readonly number[]): void {
    for (const [y, ring] of (saved as { next: number; ids: string[]; raws: Int32Array; domains: Int32Array; others?: Saved }[]).entries()) {
      const others = loadOthers(ring.others, ring.ids.length)
      const items = ring.ids.map((id, i) => ({ id, raw: at(ring.raws[i]!), y, domain: ring.domains[i]!, others: others[i]! }))
      this.#rings.push({ items, next: ring.next })
    }
  }
}

function inOrder(ring: Ring): Remembered[] {
  return [...ring.items.slice(ring.next), ...ring.items.slice(0, ring.next)]
}
