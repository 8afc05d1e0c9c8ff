/**
 * The last examples of every class, so that what is rare is not forgotten because it is rare: each class has a ring of its
 * own. A draw takes a class by the counts it is given, then one of that class's examples, all alike.
 */
import type { Random } from '../numeric/random.ts'
import type { Saved } from '../numeric/saved.ts'

/** An example as it is remembered. `raw` is in the encoder's column slots and is never changed. */
export interface Remembered {
  readonly id: string
  readonly raw: Float64Array
  readonly y: number
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

  /** An example of a class drawn with chance proportional to `counts`, among the classes remembered; null when there is none. */
  draw(random: Random, counts: Float64Array, classes: number): Remembered | null {
    let sum = 0
    for (let y = 0; y < classes; y++) if (this.count(y) > 0) sum += counts[y]!
    if (sum === 0) return null
    let left = random.next() * sum
    let chosen = -1
    for (let y = 0; y < classes && left >= 0; y++) {
      if (this.count(y) === 0) continue
      left -= counts[y]!
      chosen = y
    }
    const { items } = this.#rings[chosen]!
    return items[random.below(items.length)]!
  }

  /** All that is remembered, oldest first within a class. */
  *all(): Iterable<Remembered> {
    for (const ring of this.#rings) yield* inOrder(ring)
  }

  get size(): number {
    return this.#rings.reduce((sum, ring) => sum + ring.items.length, 0)
  }

  /** Bytes of the remembered features, each counted once a task. */
  get bytes(): number {
    let bytes = 0
    for (const { items } of this.#rings) for (const item of items) bytes += item.raw.byteLength
    return bytes
  }

  /** `width` is the encoder's number of columns. Rings are saved as they lie, so that draws go on alike. */
  save(width: number): Saved {
    return this.#rings.map(({ items, next }) => {
      const raw = new Float64Array(items.length * width).fill(Number.NaN)
      items.forEach((item, i) => {
        raw.set(item.raw, i * width)
      })
      return { next, ids: items.map(item => item.id), raw }
    })
  }

  load(saved: Saved, width: number): void {
    for (const [y, ring] of (saved as { next: number; ids: string[]; raw: Float64Array }[]).entries()) {
      const items = ring.ids.map((id, i) => ({ id, y, raw: ring.raw.slice(i * width, (i + 1) * width) }))
      this.#rings.push({ items, next: ring.next })
    }
  }
}

function inOrder(ring: Ring): Remembered[] {
  return [...ring.items.slice(ring.next), ...ring.items.slice(0, ring.next)]
}
