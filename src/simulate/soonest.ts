/** What is due later, soonest first; of things due at the same time, the one added first. A binary heap. */
interface Due<T> {
  readonly at: number
  readonly turn: number
  readonly value: T
}

export class Soonest<T> {
  readonly #heap: Due<T>[] = []
  #turn = 0

  get size(): number {
    return this.#heap.length
  }

  /** When the soonest is due; Infinity where nothing is. */
  get at(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  add(at: number, value: T): void {
    const heap = this.#heap
    const due = { at, turn: this.#turn++, value }
    let i = heap.length
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(due, heap[parent]!)) break
      heap[i] = heap[parent]!
      i = parent
    }
    heap[i] = due
  }

  /** Removes and returns the soonest; undefined where nothing is due. */
  take(): T | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first?.value
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, last)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last
    return first.value
  }
}

function before<T>(a: Due<T>, b: Due<T>): boolean {
  return a.at < b.at || (a.at === b.at && a.turn < b.turn)
}
