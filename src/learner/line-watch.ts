/**
 * Looks for drift in what was said of one task in one domain: its error, and of each class its recall, its precision, how sure
 * the choice of it was beside how often it was right, and its rate. Each is a series of numbers from 0 to 1 under an ADWIN.
 *
 * Invariant: one change is told once. Where one series finds it, all that is known of the others since then is its evidence,
 * and all forget what was before; what fires within the next `SETTLE` labels, or dates its change before the last was found,
 * is the same change.
 *
 * The promise is for the whole line, not for a series: a label brings one value to the error, one to one class's recall, one to
 * another's precision and calibration, and one to the rate of every class. So the chance of a false alarm a label, `BUDGET`, is
 * one for each of these five, shared evenly among the tasks, and that of the rates among the classes: however many series there
 * are, their chances sum to the budget (Bonferroni). Hits and misses are told by their likelihood, which needs the fewest parts
 * of a rare class; how sure a choice was is no hit, and is told by its variance, whose bound is far less tight.
 */
import { Adwin } from '../drift/adwin.ts'
import type { Change } from '../drift/detector.ts'
import type { Saved } from '../numeric/saved.ts'
import type { DriftKind } from './drift-report.ts'

/** What was said of a part, and what it was. Classes by index. */
export interface Said {
  readonly y: number
  /** −1 where nothing, or a class not known here, was chosen. */
  readonly chosen: number
  /** Probability of what was chosen. */
  readonly confidence: number
  /** Event time of the part. */
  readonly time: number
}

/** A change that was found. */
export interface Found extends Change {
  readonly what: DriftKind
  /** Null of the error of all classes. */
  readonly class: number | null
}

/** One that was told and has not ended. */
type Open = Omit<Found, 'seen'>

/** A change told for the first time, one more sign of the last, or the end of the last: its figure is back. */
export interface Finding {
  readonly kind: 'detected' | 'sign' | 'ended'
  readonly found: Found
  /** Other figures that show the same. */
  readonly evidence: readonly Found[]
}

/** δ of all series of a line together, by kind: see bench/drift.mjs for the false alarms that it makes. */
const BUDGET = { error: 2e-4, recall: 2e-4, precision: 2e-4, rate: 0.02, calibration: 0.02 } as const
/** Labels of a line's task within which no change that is told begins: it learns, and what it says changes for that reason. */
const WARM_UP = 100
/** Labels after a change within which whatever fires is of that change. */
const SETTLE = 200
/** A change smaller than this is none for an operator, however sure it is. */
const LEAST_CHANGE = 0.05
/** A rate that has changed by this factor counts, however small it is. */
const RATE_FACTOR = 2
/** Standard errors from which on another figure counts as evidence of a change that one has found, and parts it needs. */
const EVIDENCE = 3
const EVIDENCE_PARTS = 5
const MOST_EVIDENCE = 8
/** Changes of a line that are waited for at once. */
const MOST_OPEN = 16
/** Parts of a figure by which it is judged to be back. */
const BACK_PARTS = 50

/** The error is checked after every fourth label, rates after every 16th: they have values enough. */
const errorOptions = { clock: 4, least: 10, keep: true, bound: 'likelihood' } as const
const hitOptions = { clock: 1, least: 10, keep: true, bound: 'likelihood' } as const
const sureOptions = { clock: 1, keep: true } as const
const rateOptions = { clock: 16, keep: true } as const

const kinds = ['recall', 'precision', 'calibration', 'rate'] as const
type ClassKind = (typeof kinds)[number]
type ClassWatch = Readonly<Record<ClassKind, Adwin>>

export class LineWatch {
  readonly #error = new Adwin(errorOptions)
  /** By class, those watched. */
  readonly #classes = new Map<number, ClassWatch>()
  #n = 0
  /** The time of the last part within the warm-up. */
  #warm = Number.NEGATIVE_INFINITY
  /** Of the last change told: the labels there were, and the time of the part at which it was found. */
  #toldN = Number.NEGATIVE_INFINITY
  #toldAt = Number.NEGATIVE_INFINITY

  /** Changes told, oldest first, until their figure is back: the time of the part at which each was found for `since`. */
  #open: readonly Open[] = []

  /** Classes with series of their own. */
  get watched(): number {
    return this.#classes.size
  }

  /** A class gets series of its own from its next label on. */
  watch(c: number): void {
    if (this.#classes.has(c)) return
    const watch = { recall: new Adwin(hitOptions), precision: new Adwin(hitOptions), calibration: new Adwin(sureOptions) }
    this.#classes.set(c, { ...watch, rate: new Adwin(rateOptions) })
  }

  watches(c: number): boolean {
    return this.#classes.has(c)
  }

  /** Takes what was said of a part of one of `tasks` tasks; null where nothing is found. */
  observe({ y, chosen, confidence, time }: Said, tasks: number): Finding | null {
    this.#n++
    if (this.#n <= WARM_UP) this.#warm = Math.max(this.#warm, time)
    const [hit, line] = [chosen === y ? 1 : 0, Math.max(1, tasks)]
    const told = this.#classes.get(chosen)
    const found: Found[] = []
    this.#update('recall', y, this.#classes.get(y)?.recall, hit, line, time, found)
    this.#update('precision', chosen, told?.precision, hit, line, time, found)
    this.#update('calibration', chosen, told?.calibration, (1 + confidence - hit) / 2, line, time, found)
    for (const [c, { rate }] of this.#classes) this.#update('rate', c, rate, c === y ? 1 : 0, line * this.#classes.size, time, found)
    this.#update('error', null, this.#error, 1 - hit, line, time, found)
    if (found.length === 0) return this.#ended()
    return this.#judge(found, time)
  }

  save(): Saved {
    return {
      sums: Float64Array.of(this.#n, this.#toldN, this.#toldAt, this.#warm),
      open: this.#open.map(open => ({ ...open })),
      error: this.#error.save(),
      classes: [...this.#classes].map(([c, watch]) => [c, ...kinds.map(kind => watch[kind].save())])
    }
  }

  load(saved: Saved): void {
    const { sums, open, error, classes } = saved as {
      sums: Float64Array
      open: readonly Open[]
      error: Saved
      classes: [number, ...Saved[]][]
    }
    this.#n = sums[0]!
    this.#toldN = sums[1]!
    this.#toldAt = sums[2]!
    this.#warm = sums[3]!
    this.#open = open
    this.#error.load(error)
    for (const [c, ...series] of classes) {
      this.watch(c)
      kinds.forEach((kind, i) => {
        this.#classes.get(c)![kind].load(series[i]!)
      })
    }
  }

  /** Gives a series its next value, with its share of the budget among so many; what it finds that counts is added to `found`. */
  #update(
    what: keyof typeof BUDGET,
    c: number | null,
    series: Adwin | undefined,
    value: number,
    among: number,
    time: number,
    found: Found[]
  ): void {
    if (series === undefined) return
    series.delta = BUDGET[what] / among
    if (!series.update(value, time)) return
    const change = series.change!
    if (change.since > this.#warm && matters(what, change)) found.push({ ...figure(what, change), what, class: c })
  }

  /** The first change of which what it took away is back by more than half, over enough parts. */
  #ended(): Finding | null {
    for (const open of this.#open) {
      const series = open.class === null ? this.#error : this.#classes.get(open.class)![open.what as ClassKind]
      if (series.width < BACK_PARTS) continue
      const { seen, after } = figure(open.what, { seen: series.width, before: open.before, after: series.mean, since: open.since })
      if (Math.abs(after - open.before) >= Math.abs(after - open.after)) continue
      this.#open = this.#open.filter(each => each !== open)
      return { kind: 'ended', found: { ...open, seen, before: open.after, after }, evidence: [] }
    }
    return null
  }

  #judge(all: readonly Found[], time: number): Finding {
    const first = all[0]!
    if (this.#n - this.#toldN < SETTLE || first.since <= this.#toldAt) return { kind: 'sign', found: first, evidence: all.slice(1) }
    const others = this.#evidence(first.since).filter(({ what, class: c }) => what !== first.what || c !== first.class)
    const found = named(first, others)
    this.#toldN = this.#n
    this.#toldAt = time
    for (const series of this.#all()) series.forgetBefore(first.since)
    const evidence = [...(found === first ? [] : [first]), ...others.filter(other => other !== found)]
    const { what, class: c, before, after } = found
    // Of one figure the newest change stands.
    const still = this.#open.filter(each => each.what !== what || each.class !== c)
    this.#open = [...still, { what, class: c, before, after, since: time }].slice(-MOST_OPEN)
    return { kind: 'detected', found, evidence: evidence.slice(0, MOST_EVIDENCE) }
  }

  /** What else has changed since then by more than chance explains, the surest first. */
  #evidence(since: number): Found[] {
    const signs: { readonly found: Found; readonly z: number }[] = []
    const look = (what: DriftKind, c: number | null, series: Adwin): void => {
      const { n0, mean0: before, n1, mean1: after } = series.halves(since)
      if (n0 < EVIDENCE_PARTS || n1 < EVIDENCE_PARTS || !matters(what, { before, after })) return
      const p = (n0 * before + n1 * after) / (n0 + n1)
      const z = Math.abs(after - before) / Math.sqrt(Math.max(p * (1 - p), 1 / (n0 + n1)) * (1 / n0 + 1 / n1))
      if (z >= EVIDENCE) signs.push({ found: { ...figure(what, { seen: n1, before, after, since }), what, class: c }, z })
    }
    look('error', null, this.#error)
    for (const [c, watch] of this.#classes) for (const kind of kinds) look(kind, c, watch[kind])
    return signs.sort((a, b) => b.z - a.z).map(({ found }) => found)
  }

  *#all(): Iterable<Adwin> {
    yield this.#error
    for (const watch of this.#classes.values()) for (const kind of kinds) yield watch[kind]
  }
}

/**
 * The figure that speaks best: a class that is no longer seen, by the recall that shows the change most surely, else one that
 * is seen where it is not; and of rates, which move together, that which has changed by the greatest factor.
 */
function named(first: Found, others: readonly Found[]): Found {
  const of = (what: DriftKind): Found | undefined => others.find(other => other.what === what)
  if (first.what === 'recall') return first
  if (first.what !== 'rate') return of('recall') ?? (first.what === 'precision' ? first : (of('precision') ?? first))
  return others.reduce((best, other) => (other.what === 'rate' && factor(other) > factor(best) ? other : best), first)
}

/** By how much a rate has changed, none counted as one in a thousand. */
function factor({ before, after }: Found): number {
  const [a, b] = [Math.max(before, 0.001), Math.max(after, 0.001)]
  return Math.max(a / b, b / a)
}

/** Whether a change is one for the worse, or of the world, and great enough to be told. */
function matters(what: DriftKind, { before, after }: Pick<Change, 'before' | 'after'>): boolean {
  const rise = after - before
  switch (what) {
    case 'error':
      return rise >= LEAST_CHANGE
    case 'recall':
    case 'precision':
      return -rise >= LEAST_CHANGE
    case 'calibration':
      return 2 * (Math.abs(after - 0.5) - Math.abs(before - 0.5)) >= LEAST_CHANGE
    default:
      return Math.abs(rise) >= LEAST_CHANGE || after >= RATE_FACTOR * before || before >= RATE_FACTOR * after
  }
}

/** In the terms of an operator: calibration is how much surer it was than right. */
function figure(what: DriftKind, change: Change): Change {
  return what === 'calibration' ? { ...change, before: 2 * change.before - 1, after: 2 * change.after - 1 } : change
}
