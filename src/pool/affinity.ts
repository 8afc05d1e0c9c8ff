/**
 * Which domain's bank would help another domain, and which would harm it. Of an example of domain b the bank a of one other
 * domain is asked beside b's own, and kept is the forgetting mean of
 *
 *     ln(½ q_a[y] + ½ q_b[y]) − ln q_b[y]   ≥ −ln 2
 *
 * what half the say would have gained b. It measures, and decides nothing: the pool has shared banks to listen to, not these.
 *
 * Invariant: what it costs does not grow with the number of domains. One other bank is asked, of every fourth example of a
 * domain, each other in turn; by domain, so that lines that take turns do not hide one another.
 *
 * A pair is (a, b), a the domain whose bank is asked, b the one whose example it is. Opinions q are (C).
 */
import { log } from '../numeric/exp-log.ts'
import type { Saved } from '../numeric/saved.ts'

/** Domains compared, by place: the 4032 pairs of 64 take 130 KB. Those beyond are left out, and the documents say so. */
export const AFFINITY_DOMAINS = 64
/** One example in this many pays for an opinion more: of a committee's twenty to sixty, less than one in a hundred. */
const EVERY = 4
/** What a pair forgets whenever it is compared: about the last 100 comparisons tell, 400 (N − 1) examples of b among N domains. */
const RATE = 0.01
/** Least probability that counts, as in the guard. */
const FLOOR = 1e-6

/** What a's say would gain b, nats an example; below 0 it would cost. */
export interface Pair {
  readonly from: number
  readonly to: number
  /** Comparisons made. */
  readonly n: number
  readonly gain: number
}

interface Mean {
  n: number
  sum: number
  weight: number
}

/**
 * @example
 * ```ts
 * import { Affinity } from '../src/pool/affinity.ts'
 * const affinity = new Affinity()
 * affinity.add(0, 1, [0.5, 0.5], [0.5, 0.5], 0)
 * affinity.report() // => [{ from: 0, to: 1, n: 1, gain: 0 }]
 * ```
 */
export class Affinity {
  readonly #pairs = new Map<number, Mean>()
  /** Examples of a domain since it was compared last, and whom it asked then. */
  readonly #since: number[] = []
  readonly #asked: number[] = []

  /** Whose bank to ask of an example of domain `b`: −1 for nobody this time. `speaks` tells which domains have a bank. */
  turn(b: number, speaks: (a: number) => boolean): number {
    if (b < 0 || b >= AFFINITY_DOMAINS) return -1
    while (this.#since.length <= b) {
      this.#since.push(0)
      this.#asked.push(-1)
    }
    if (++this.#since[b]! < EVERY) return -1
    this.#since[b] = 0
    for (let step = 1; step <= AFFINITY_DOMAINS; step++) {
      const a = (this.#asked[b]! + step) % AFFINITY_DOMAINS
      if (a === b || !speaks(a)) continue
      this.#asked[b] = a
      return a
    }
    return -1
  }

  /** Compares what the banks of `a` and of `b` said of an example of `b` of class `y`, before either learns it. */
  add(a: number, b: number, qa: ArrayLike<number>, qb: ArrayLike<number>, y: number): void {
    const own = Math.max(FLOOR, qb[y]!)
    const gain = log(0.5 * Math.max(FLOOR, qa[y]!) + 0.5 * own) - log(own)
    const key = b * AFFINITY_DOMAINS + a
    let mean = this.#pairs.get(key)
    if (mean === undefined) {
      mean = { n: 0, sum: 0, weight: 0 }
      this.#pairs.set(key, mean)
    }
    mean.n++
    mean.sum += RATE * (gain - mean.sum)
    mean.weight += RATE * (1 - mean.weight)
  }

  /** Every pair that was compared, in the order of its first comparison. */
  report(): Pair[] {
    return [...this.#pairs].map(([key, { n, sum, weight }]) => ({
      from: key % AFFINITY_DOMAINS,
      to: Math.floor(key / AFFINITY_DOMAINS),
      n,
      gain: sum / weight
    }))
  }

  save(): Saved {
    const pairs = [...this.#pairs].flatMap(([key, { n, sum, weight }]) => [key, n, sum, weight])
    return { since: Int32Array.from(this.#since), asked: Int32Array.from(this.#asked), pairs: Float64Array.from(pairs) }
  }

  load(saved: Saved): void {
    const { since, asked, pairs } = saved as { since: Int32Array; asked: Int32Array; pairs: Float64Array }
    this.#since.push(...since)
    this.#asked.push(...asked)
    for (let i = 0; i < pairs.length; i += 4) this.#pairs.set(pairs[i]!, { n: pairs[i + 1]!, sum: pairs[i + 2]!, weight: pairs[i + 3]! })
  }
}
