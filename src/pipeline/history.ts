/**
 * History in buckets of time: how often each class was labelled, found and said. Three resolutions, each a ring of as many
 * buckets, so that memory is bounded and the present is always seen closely. Invariant: a bucket's counts are those of the
 * events whose time lies in it, whatever order they came in, as long as it has not been left behind.
 */
import type { Example, Prediction, Signal } from '../events/event.ts'
import { type HistoryReport, type Range, ranges, type Series, SLOTS } from './board.ts'

/** Series of a class over all lines, and of a class on one line: 26 KB each, 17 MB in all. The second never crowd out the first. */
const MOST_CLASSES = 256
const MOST_BY_LINE = 384
const MOST_LINES = 64
const MOST_MARKS = 200
/** Signals that say nothing about how well it does: of these a new line brings dozens. */
const quiet: ReadonlySet<string> = new Set(['knots-refitted', 'feature-appeared', 'label-corrected', 'effort-capped'])

const counters = ['parts', 'flagged', 'learned', 'delaySum', 'delayMost'] as const
type Counter = (typeof counters)[number]
const counts = ['support', 'hits', 'said'] as const

const makeColumns = <N extends string>(names: readonly N[]): Record<N, Float32Array> =>
  Object.fromEntries(names.map(name => [name, new Float32Array(SLOTS)])) as Record<N, Float32Array>

type Columns = Record<(typeof counts)[number], Float32Array>

/** One resolution. */
class Ring {
  readonly width: number
  /** Which bucket lies in each slot, −1 for none. */
  readonly index = new Float64Array(SLOTS).fill(-1)
  newest = -1
  readonly series = new Map<string, Columns>()
  readonly counters = new Map<string, Record<Counter, Float32Array>>()

  constructor(width: number) {
    this.width = width
  }

  /** The slot of a time, emptied where an older bucket lay in it; −1 where the time has been left behind. */
  slot(time: number): number {
    const bucket = Math.floor(time / this.width)
    if (bucket < 0 || bucket <= this.newest - SLOTS) return -1
    const slot = bucket % SLOTS
    if (this.index[slot] !== bucket) {
      for (const columns of this.series.values()) for (const name of counts) columns[name][slot] = 0
      for (const columns of this.counters.values()) for (const name of counters) columns[name][slot] = 0
      this.index[slot] = bucket
    }
    this.newest = Math.max(this.newest, bucket)
    return slot
  }
}

export class History {
  readonly #rings = Object.entries(ranges).map(([name, width]) => ({ name: name as Range, ring: new Ring(width) }))
  /** Task and class, and the lines they are told apart for; '' stands for all lines. */
  readonly #known = new Map<string, { readonly line: string; readonly task: string; readonly class: string }>()
  readonly #lines = new Set<string>()
  readonly #marks: Signal[] = []
  /** Series there are of a scope, and counts of those beyond its bound. */
  readonly #ofAll = { series: 0, most: MOST_CLASSES, untold: 0 }
  readonly #ofLines = { series: 0, most: MOST_BY_LINE, untold: 0 }

  /** A part was predicted at `time`; `flagged` where a defect was. */
  takePrediction({ line }: Pick<Prediction, 'line'>, time: number, flagged: boolean): void {
    for (const { columns, slot } of this.#places(line, time)) {
      columns.parts[slot]!++
      if (flagged) columns.flagged[slot]!++
    }
  }

  /** A label came at `time`: what was served for it is judged. */
  takeExample({ observation, labels, labelTime, prediction }: Example, time: number): void {
    const delay = Math.max(0, labelTime - observation.time)
    for (const { columns, slot } of this.#places(observation.line, time)) {
      columns.learned[slot]!++
      columns.delaySum[slot]! += delay
      columns.delayMost[slot] = Math.max(columns.delayMost[slot]!, delay)
    }
    for (const { task, chosen } of prediction?.tasks ?? []) {
      const truth = labels[task]
      if (truth === undefined) continue
      this.#add(observation.line, task, truth, time, 'support')
      this.#add(observation.line, task, chosen, time, 'said')
      if (truth === chosen) this.#add(observation.line, task, truth, time, 'hits')
    }
  }

  /** Something happened to the model. */
  takeSignal(signal: Signal): void {
    if (quiet.has(signal.kind)) return
    this.#marks.push(signal)
    if (this.#marks.length > MOST_MARKS) this.#marks.shift()
  }

  /** Of all lines or one, the buckets that begin at or after `since`. */
  report(range: Range, line: string | null = null, since = 0): HistoryReport {
    const { ring } = this.#rings.find(({ name }) => name === range)!
    const slots = [...ring.index.keys()]
      .filter(slot => ring.index[slot]! >= 0 && ring.index[slot]! > ring.newest - SLOTS && ring.index[slot]! * ring.width >= since)
      .sort((a, b) => ring.index[a]! - ring.index[b]!)
    const series: Series[] = []
    for (const [key, named] of this.#known) {
      if (named.line !== (line ?? '')) continue
      const columns = ring.series.get(key)
      if (columns === undefined) continue
      const [support, hits, said] = counts.map(name => slots.map(slot => columns[name][slot]!))
      series.push({ task: named.task, class: named.class, support: support!, hits: hits!, said: said! })
    }
    const of = ring.counters.get(line ?? '')
    const column = (name: Counter): number[] => slots.map(slot => of?.[name][slot] ?? 0)
    const [sums, known, most] = [column('delaySum'), column('learned'), column('delayMost')]
    return {
      range,
      widthMs: ring.width,
      line,
      lines: [...this.#lines],
      starts: slots.map(slot => ring.index[slot]! * ring.width),
      series,
      parts: column('parts'),
      flagged: column('flagged'),
      learned: column('learned'),
      delayMean: sums.map((sum, i) => (known[i]! > 0 ? sum / known[i]! : null)),
      delayMost: most.map((longest, i) => (known[i]! > 0 ? longest : null)),
      marks: this.#marks.filter(({ domain }) => line === null || domain === null || domain === line),
      untold: (line === null ? this.#ofAll : this.#ofLines).untold
    }
  }

  /** Where a time is counted: in every resolution, for all lines and for its own. */
  *#places(line: string, time: number): Generator<{ readonly columns: Record<Counter, Float32Array>; readonly slot: number }> {
    for (const of of this.#namesOf(line))
      for (const { ring } of this.#rings) {
        const slot = ring.slot(time)
        if (slot < 0) continue
        const columns = ring.counters.get(of) ?? makeColumns(counters)
        ring.counters.set(of, columns)
        yield { columns, slot }
      }
  }

  #namesOf(line: string): readonly string[] {
    if (this.#lines.size < MOST_LINES) this.#lines.add(line)
    return this.#lines.has(line) ? ['', line] : ['']
  }

  #add(line: string, task: string, name: string, time: number, what: (typeof counts)[number]): void {
    for (const of of this.#namesOf(line)) {
      const key = JSON.stringify([of, task, name])
      if (!this.#known.has(key)) {
        const scope = of === '' ? this.#ofAll : this.#ofLines
        if (scope.series >= scope.most) {
          scope.untold++
          continue
        }
        scope.series++
        this.#known.set(key, { line: of, task, class: name })
      }
      for (const { ring } of this.#rings) {
        const slot = ring.slot(time)
        if (slot < 0) continue
        const columns = ring.series.get(key) ?? makeColumns(counts)
        ring.series.set(key, columns)
        columns[what][slot]!++
      }
    }
  }
}
