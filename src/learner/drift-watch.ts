/**
 * Drift of one task, line by line: who is watched, what has been found, and the sentence an operator reads of it. Bounded:
 * the first 16 tasks, of each the first 64 domains, and of those 256 pairs of domain and class, at about 6 kB each; what lies
 * beyond is learned and predicted, and not watched.
 */
import type { Saved } from '../numeric/saved.ts'
import { type DriftKind, type DriftReport, endOf, sentence } from './drift-report.ts'
import { type Found, LineWatch, type Said } from './line-watch.ts'

const MOST_TASKS = 16
const MOST_DOMAINS = 64
const MOST_CLASSES = 64
const MOST_PAIRS = 256
/** Drifts told of a task, the newest; and what is told beside each. */
const MOST_REPORTS = 32
const MOST_EVIDENCE = 8

/** Where a part was made, and what is known there. */
export interface Place {
  readonly domain: number
  readonly name: string
  readonly classes: readonly string[]
  /** Tasks that the learner knows. */
  readonly tasks: number
  /** Event time of the label. */
  readonly at: number
}

/** A change, or its end. */
export interface Told {
  readonly kind: 'drift-detected' | 'drift-ended'
  readonly report: DriftReport
}

export class DriftWatch {
  readonly #task: string
  readonly #watched: boolean
  readonly #lines = new Map<number, LineWatch>()
  /** Newest first. */
  #reports: DriftReport[] = []
  #pairs = 0
  /** Drifts told so far. */
  #count = 0

  /** `order` is the task's place among the tasks. */
  constructor(task: string, order: number) {
    this.#task = task
    this.#watched = order < MOST_TASKS
  }

  /** Takes what was said of a part; what is to be told of it, null where nothing is. */
  observe(said: Said, place: Place): Told | null {
    const line = this.#line(place.domain)
    if (line === null) return null
    this.#watchClass(line, said.y)
    const finding = line.observe(said, place.tasks)
    if (finding === null) return null
    if (finding.kind === 'ended') {
      const report = this.#report(finding.found, place, [])
      return { kind: 'drift-ended', report: { ...report, message: endOf(report) } }
    }
    const sentences = finding.evidence.map(each => this.#report(each, place, []).message)
    if (finding.kind === 'sign') {
      this.#support(place.name, [this.#report(finding.found, place, []).message, ...sentences])
      return null
    }
    const report = this.#report(finding.found, place, sentences)
    this.#tell(report)
    return { kind: 'drift-detected', report }
  }

  /** A change that was seen without labels; false where it was told before. */
  hear(report: DriftReport): boolean {
    const { domain, what, at } = report
    if (this.#reports.some(each => each.labelFree && each.domain === domain && each.what === what && each.at >= at)) return false
    this.#tell(report)
    return true
  }

  get count(): number {
    return this.#count
  }

  /** The newest first, at most 32. */
  report(): readonly DriftReport[] {
    return this.#reports
  }

  save(): Saved {
    return {
      pairs: this.#pairs,
      count: this.#count,
      lines: [...this.#lines].map(([domain, line]) => [domain, line.save()]),
      reports: this.#reports.map(report => ({ ...report, evidence: report.evidence.slice() }))
    }
  }

  load(saved: Saved): void {
    const from = saved as { pairs: number; count: number; lines: [number, Saved][]; reports: Saved[] }
    this.#pairs = from.pairs
    this.#count = from.count
    for (const [domain, line] of from.lines) {
      const watch = new LineWatch()
      watch.load(line)
      this.#lines.set(domain, watch)
    }
    this.#reports = from.reports as unknown as DriftReport[]
  }

  #line(domain: number): LineWatch | null {
    if (!this.#watched) return null
    const known = this.#lines.get(domain)
    if (known !== undefined) return known
    if (this.#lines.size >= MOST_DOMAINS) return null
    const line = new LineWatch()
    this.#lines.set(domain, line)
    return line
  }

  #watchClass(line: LineWatch, y: number): void {
    if (line.watches(y) || line.watched >= MOST_CLASSES || this.#pairs >= MOST_PAIRS) return
    this.#pairs++
    line.watch(y)
  }

  #report(found: Found, { name: domain, classes, tasks, at }: Place, evidence: readonly string[]): DriftReport {
    const { what, since, before: from, after: to, seen } = found
    const facts = {
      domain,
      class: found.class === null ? null : classes[found.class]!,
      what: what as DriftKind,
      since,
      from,
      to,
      seen,
      at,
      labelFree: false
    }
    return { ...facts, message: sentence({ ...facts, task: tasks > 1 ? this.#task : null }), evidence }
  }

  #tell(report: DriftReport): void {
    this.#count++
    this.#reports = [report, ...this.#reports].slice(0, MOST_REPORTS)
  }

  /** More signs of the last change of a domain. */
  #support(domain: string, sentences: readonly string[]): void {
    const i = this.#reports.findIndex(report => report.domain === domain && !report.labelFree)
    const report = this.#reports[i]
    if (report === undefined || report.evidence.length >= MOST_EVIDENCE) return
    this.#reports = this.#reports.with(i, { ...report, evidence: [...report.evidence, ...sentences].slice(0, MOST_EVIDENCE) })
  }
}
