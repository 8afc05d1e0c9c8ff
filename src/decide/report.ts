/** How the decider's promises are kept and its budget is spent, in figures that page, metrics and command line show. */
import type { Budget } from './budget.ts'
import { type Corrected, corrected, coverageOf } from './corrected.ts'
import type { TaskBook } from './task-book.ts'

export interface ClassReport {
  readonly class: string
  readonly good: boolean
  /** Promised miss rate; null where none is. */
  readonly promise: number | null
  /** Labels of parts that had been decided. */
  readonly labels: number
  /** Of them, those that had been ruled out. */
  readonly outside: number
  /** Share of the class that had not been ruled out, corrected for who was inspected, with its 95 % interval; null without labels. */
  readonly coverage: number | null
  readonly interval: readonly [number, number] | null
  /** The same of the last labels, at most 200. */
  readonly recent: { readonly labels: number; readonly coverage: number | null }
  /** Of them passed unflagged. */
  readonly passed: number
  /** The least reported probability that cannot be ruled out now; null where nothing is promised. */
  readonly threshold: number | null
  /** Labels that its threshold stands on, and that it needs; null where nothing is promised. */
  readonly standing: { readonly labels: number; readonly needed: number; readonly working: number } | null
}

export interface TaskDecideReport {
  readonly task: string
  readonly decided: { readonly pass: number; readonly flag: number; readonly abstain: number }
  readonly inspected: number
  readonly classes: readonly ClassReport[]
  /** Rates and scores of all parts, from the labels of those picked; equal weights where every part is labelled. */
  readonly corrected: Corrected
}

export interface DecideReport {
  readonly tasks: readonly TaskDecideReport[]
  /** Which labels rates and thresholds are taken from. */
  readonly labels: 'all' | 'inspected'
  /** Of each line: parts decided, inspections drawn for their label and sent because they had to be, and what is left. */
  readonly budgets: readonly {
    readonly line: string
    readonly parts: number
    readonly drawn: number
    readonly musts: number
    readonly tokens: number
  }[]
  /** Entries on the work list. */
  readonly waiting: number
  /** Parts whose decision is remembered. */
  readonly remembered: number
}

export function reportOf(
  tasks: ReadonlyMap<string, TaskBook>,
  budgets: ReadonlyMap<string, Budget>,
  rest: Pick<DecideReport, 'labels' | 'waiting' | 'remembered'>
): DecideReport {
  return {
    ...rest,
    tasks: sorted(tasks).map(([task, book]) => ({
      task,
      decided: { ...book.decided },
      inspected: book.inspected,
      classes: book.known.map(name => classReport(book, name)),
      corrected: corrected(book.known.map(name => [name, book.book(name).sums, book.chosen(name)]))
    })),
    budgets: sorted(budgets).map(([line, budget]) => ({ line, ...budget.spent }))
  }
}

/** By name: a state that was loaded has another order. */
function sorted<T>(named: ReadonlyMap<string, T>): [string, T][] {
  return [...named].sort(([a], [b]) => (a < b ? -1 : 1))
}

function classReport(book: TaskBook, name: string): ClassReport {
  const { threshold, counts, sums } = book.book(name)
  const covered = coverageOf(sums)
  const { labels, outside, passed, recent } = counts
  const missed = recent.reduce((sum, each) => sum + each, 0)
  return {
    class: name,
    good: book.policy.isGood(name),
    promise: book.policy.promiseOf(name),
    labels,
    outside,
    coverage: covered?.value ?? null,
    interval: covered?.interval ?? null,
    recent: { labels: recent.length, coverage: recent.length > 0 ? 1 - missed / recent.length : null },
    passed,
    threshold: threshold?.value ?? null,
    standing: threshold === null ? null : { labels: threshold.labels, needed: threshold.needed, working: threshold.working }
  }
}
