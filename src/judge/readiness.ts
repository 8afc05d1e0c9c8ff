/**
 * Whether a class may be relied on where it is made: per domain and class the recall of the last labels, and what follows from
 * its interval against the recall that is wanted. Invariant: the same rule in both directions, so that "ready" and "unfit" are
 * both proven by labels, and everything else is "not yet" with the number of labels that would settle it.
 *
 *   ready    the lower end of Wilson's 95 % interval of the recall is at or above what is wanted
 *   unfit    the upper end is below it, and that of the last forty labels too: more labels of this kind do not help
 *   not yet  neither; `missing` is the least number of labels after which it is one of the two, if those to come go as the
 *            last forty did
 *
 * A label of a class fades the older ones of that class and domain: Σ w ≤ 1/rate, and the interval takes (Σ w)² / Σ w² of
 * them, 399 at most (Kish, 1965). Labels are judged as they were served where that is known; one corrected later stays judged
 * as it was.
 */
import type { Saved } from '../numeric/saved.ts'
import { wilson } from './interval.ts'

const RATE = 0.005
/** About the last forty labels: where the recall is going. */
const LATE_RATE = 0.05
/** More missing labels than these are not told: nobody plans so far. */
const MOST = 1000
/** A forecast is told to a sixteenth: it is none to the label, and looking costs an interval. */
const EVERY = 16

export type Readiness = 'ready' | 'not yet' | 'unfit'

export interface ReadinessReport {
  readonly domain: string
  readonly class: string
  readonly state: Readiness
  /** Labels judged since the beginning. */
  readonly labels: number
  /** Null before the first. */
  readonly recall: number | null
  readonly interval: readonly [number, number] | null
  /** Recall of about the last forty labels. */
  readonly recent: number | null
  /** Labels until it is settled, at the recall of late; 0 where it is, null where that is beyond 1,000. */
  readonly missing: number | null
}

/** Of one class in one domain. */
interface Sums {
  labels: number
  /** Σ w, Σ w² and Σ w·hit. */
  w: number
  squares: number
  hits: number
  /** Σ w, Σ w² and Σ w·hit of the last labels. */
  late: number
  lateSquares: number
  lateHits: number
}

const FIELDS = ['labels', 'w', 'squares', 'hits', 'late', 'lateSquares', 'lateHits'] as const

/**
 * @example
 * ```ts
 * import { ReadinessBook } from '../src/judge/readiness.ts'
 * const book = new ReadinessBook()
 * for (let i = 0; i < 12; i++) book.observe(0, 1, true)
 * const [ok, dirt] = book.report(['line-3'], ['ok', 'Dirtiness'], 0.8)
 * ok // => { domain: 'line-3', class: 'ok', state: 'not yet', labels: 0, recall: null, interval: null, recent: null, missing: 16 }
 * dirt.state // => 'not yet'
 * dirt.missing // => 4
 * ```
 */
export class ReadinessBook {
  /** By domain and class. */
  readonly #sums: (Sums | undefined)[][] = []

  /** A label of class `y` came in a domain, by their places; `hit` tells whether that class had been chosen. */
  observe(domain: number, y: number, hit: boolean): void {
    const classes = this.#sums[domain] ?? []
    this.#sums[domain] = classes
    const sums = classes[y] ?? { labels: 0, w: 0, squares: 0, hits: 0, late: 0, lateSquares: 0, lateHits: 0 }
    classes[y] = sums
    fade(sums, hit ? 1 : 0)
  }

  /** Of every class in every domain that has had a label, at the recall that is `wanted`. */
  report(domains: readonly string[], classes: readonly string[], wanted: number): readonly ReadinessReport[] {
    return this.#sums.flatMap((of, place) => classes.map((name, y) => judged(domains[place] ?? '', name, of[y], wanted)))
  }

  save(): Saved {
    return Array.from(this.#sums, (of = []) =>
      Array.from(of, sums => (sums === undefined ? null : Float64Array.from(FIELDS, field => sums[field])))
    )
  }

  load(saved: Saved): void {
    for (const [domain, of] of (saved as (Float64Array | null)[][]).entries()) {
      if (of.length === 0) continue
      this.#sums[domain] = of.map(values =>
        values === null ? undefined : (Object.fromEntries(FIELDS.map((field, i) => [field, values[i]!])) as unknown as Sums)
      )
    }
  }
}

function fade(sums: Sums, hit: number): void {
  const [keep, keepLate] = [1 - RATE, 1 - LATE_RATE]
  sums.labels++
  sums.w = keep * sums.w + 1
  sums.squares = keep * keep * sums.squares + 1
  sums.hits = keep * sums.hits + hit
  sums.late = keepLate * sums.late + 1
  sums.lateSquares = keepLate * keepLate * sums.lateSquares + 1
  sums.lateHits = keepLate * sums.lateHits + hit
}

function judged(domain: string, name: string, sums: Sums | undefined, wanted: number): ReadinessReport {
  const from = sums ?? { labels: 0, w: 0, squares: 0, hits: 0, late: 0, lateSquares: 0, lateHits: 0 }
  const state = settled(from, wanted)
  const recent = from.late > 0 ? from.lateHits / from.late : null
  return {
    domain,
    class: name,
    state,
    labels: from.labels,
    recall: from.w > 0 ? from.hits / from.w : null,
    interval: intervalOf(from),
    recent,
    // Of a class never seen, the least there can be: all to come are right.
    missing: state === 'not yet' ? missing(from, recent ?? 1, wanted) : 0
  }
}

function settled(sums: Sums, wanted: number): Readiness {
  const interval = intervalOf(sums)
  if (interval === null) return 'not yet'
  if (interval[0] >= wanted) return 'ready'
  const n = (sums.late * sums.late) / sums.lateSquares
  const late = wilson((sums.lateHits / sums.late) * n, n)!
  return interval[1] < wanted && late[1] < wanted ? 'unfit' : 'not yet'
}

function intervalOf({ w, squares, hits }: Sums): readonly [number, number] | null {
  const n = squares > 0 ? (w * w) / squares : 0
  return wilson(w > 0 ? (hits / w) * n : 0, n)
}

/** Labels until it is settled when each to come is a hit in the part `p`. */
function missing(from: Sums, p: number, wanted: number): number | null {
  const sums = { ...from }
  let look = 1
  for (let m = 1; m <= MOST; m++) {
    fade(sums, p)
    if (m < look) continue
    if (settled(sums, wanted) !== 'not yet') return m
    look = m + 1 + Math.floor(m / EVERY)
  }
  return null
}
