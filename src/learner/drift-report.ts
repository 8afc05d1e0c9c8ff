/** What is told of a drift: where, what of which class, from what to what, since when, by how many parts. */
import type { DriftSeen } from '../events/event.ts'
import { minuteOf } from '../events/time.ts'

export const driftKinds = ['error', 'recall', 'precision', 'calibration', 'rate', 'input', 'gate'] as const
export type DriftKind = (typeof driftKinds)[number]

export interface DriftReport {
  readonly domain: string
  readonly class: string | null
  readonly what: DriftKind
  /** Event time of the first part since the change. */
  readonly since: number
  readonly from: number
  readonly to: number
  /** Parts since the change by which it was found. */
  readonly seen: number
  /** Event time of the label, or of the part, at which it was found. */
  readonly at: number
  /** Whether it was seen without labels. */
  readonly labelFree: boolean
  /** One sentence for the operator. */
  readonly message: string
  /** The same change in other figures, as far as they show it by then or showed it later: at most eight sentences. */
  readonly evidence: readonly string[]
}

/** All that a sentence is made of. `task` is named where there are several; `feature` where the mean of one has moved. */
export interface DriftFacts extends Omit<DriftReport, 'message' | 'evidence'> {
  readonly task: string | null
  readonly feature?: string | null
}

/** The report of a change that was seen without labels, told at `at`; `task` is named where there are several. */
export function labelFreeReport(seen: DriftSeen, task: string | null, at: number): DriftReport {
  const { domain, what, class: name, since, from, to } = seen
  const facts = { domain, class: name, what, since, from, to, seen: seen.seen, at, labelFree: true }
  return { ...facts, message: sentence({ ...facts, task, feature: seen.feature }), evidence: [] }
}

/**
 * @example
 * ```ts
 * import { sentence } from '../src/learner/drift-report.ts'
 * const facts = { domain: 'line 3', class: 'Dirtiness', what: 'recall', since: 51_600_000, from: 0.8, to: 0.55, seen: 31, at: 6e7, labelFree: false, task: null } as const
 * sentence(facts) // => 'recall of Dirtiness on line 3 fell from .80 to .55 since 14:20, 31 parts seen'
 * ```
 */
export function sentence({ domain, class: name, what, since, from, to, seen, at, task, feature = null, labelFree }: DriftFacts): string {
  const figure = what === 'rate' && labelFree ? 'predicted rate' : (words[what] ?? what)
  const of = feature ?? (name !== null && task !== null ? `${name} (${task})` : (name ?? task ?? ''))
  const place = domain === '' ? '' : ` on ${domain}`
  const [was, is] = apart(from, to)
  const moved = `${to < from ? 'fell' : 'rose'} from ${was} to ${is}`
  return `${figure}${of === '' ? '' : ` of ${of}`}${place} ${moved} since ${minuteOf(since, at)}, ${seen} parts seen${labelFree ? ' without labels' : ''}`
}

/** A drift is over: its figure, which had been `from`, is back at `to`. `since` is when the drift was found. */
export function endOf({ domain, class: name, what, from, to, since, seen, at }: DriftReport): string {
  const of = `${words[what] ?? what}${name === null ? '' : ` of ${name}`}${domain === '' ? '' : ` on ${domain}`}`
  const [was, is] = apart(from, to)
  return `${of} is back at ${is} from ${was}, drift told of at ${minuteOf(since, at)}, ${seen} parts seen`
}

/** Figures that people call otherwise. */
const words: Readonly<Partial<Record<DriftKind, string>>> = { calibration: 'overconfidence', input: 'mean', gate: 'gate entropy' }

/** Digits of a figure at most: of two that differ by less nothing can be said. */
const MOST_DIGITS = 8

/** Two figures, with as many more digits as tell them apart. */
function apart(from: number, to: number): readonly [string, string] {
  let digits = 0
  while (digits < MOST_DIGITS && shown(from, digits) === shown(to, digits)) digits++
  return [shown(from, digits), shown(to, digits)]
}

/** Two digits of a share, .80; three where it is small, .004; none of 10 and more; and `more`. */
function shown(value: number, more: number): string {
  const size = Math.abs(value)
  const digits = size >= 10 ? 0 : size > 0 && size < 0.095 ? 3 : 2
  return value.toFixed(digits + more).replace(/^(-?)0\./, '$1.')
}
