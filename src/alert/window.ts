/**
 * How many of the last parts, or of the parts of the last while, were hits. They are counted in equal buckets, so that it costs
 * the same however many there are: the window is between 19 and 20 twentieths of what is asked.
 */
import type { Saved } from '../numeric/saved.ts'

const BUCKETS = 20

export class Window {
  readonly #width: number
  readonly #byTime: boolean
  #n: number[] = new Array<number>(BUCKETS).fill(0)
  #hits: number[] = new Array<number>(BUCKETS).fill(0)
  /** Number of the newest bucket, counted from the beginning of time or of the line. */
  #head = 0
  #seen = 0

  constructor(span: { readonly parts: number } | { readonly ms: number }) {
    this.#byTime = 'ms' in span
    this.#width = Math.max(1, Math.ceil(('ms' in span ? span.ms : span.parts) / BUCKETS))
  }

  /** Counts a part of event time `at`. One from before the window is passed over. */
  add(hit: boolean, at: number): void {
    const bucket = Math.floor((this.#byTime ? at : this.#seen++) / this.#width)
    if (bucket > this.#head) this.#turn(bucket)
    if (bucket <= this.#head - BUCKETS) return
    this.#n[bucket % BUCKETS]!++
    if (hit) this.#hits[bucket % BUCKETS]!++
  }

  get n(): number {
    return sum(this.#n)
  }

  get hits(): number {
    return sum(this.#hits)
  }

  save(): Saved {
    return [this.#head, this.#seen, this.#n, this.#hits, this.#width, this.#byTime]
  }

  load(saved: Saved): void {
    const [head, seen, n, hits, width, byTime] = saved as readonly [number, number, readonly number[], readonly number[], number?, boolean?]
    // Buckets of another rule's window tell nothing of this one: it starts empty.
    if (width !== undefined && (width !== this.#width || byTime !== this.#byTime)) return
    this.#head = head
    this.#seen = seen
    this.#n = [...n]
    this.#hits = [...hits]
  }

  #turn(bucket: number): void {
    for (let b = Math.max(this.#head + 1, bucket - BUCKETS + 1); b <= bucket; b++) {
      this.#n[b % BUCKETS] = 0
      this.#hits[b % BUCKETS] = 0
    }
    this.#head = bucket
  }
}

function sum(counts: readonly number[]): number {
  let total = 0
  for (const count of counts) total += count
  return total
}
