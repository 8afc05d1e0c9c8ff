/**
 * What can be asked of decisions. What is said of a class goes before what is said of its task, and that before what is
 * said of all. Invariant: with the defaults the chosen class is flagged unless it is a good one, and nothing is inspected.
 */

/** What a wrong decision costs and what a look costs, in any unit, the same for all three. */
export interface Costs {
  /** A part of the class passes. */
  readonly miss: number
  /** A part is flagged as the class and is not. */
  readonly falseAlarm: number
}

export interface ClassDecideOptions {
  /** Promised: of the parts of this class at most this share passes unflagged. Null: nothing is promised. */
  readonly missRate?: number | null | undefined
  readonly costs?: Costs | null | undefined
}

export interface TaskDecideOptions extends ClassDecideOptions {
  /** Names of the classes that are no defects. */
  readonly good?: readonly string[] | null | undefined
  readonly classes?: Readonly<Record<string, ClassDecideOptions>> | undefined
}

export interface InspectionOptions {
  /** Parts of a thousand on a line that may be sent to inspection to learn from; 0 sends none but those that must be. */
  readonly perThousand: number
  /** Inspections that may be saved up, or taken in advance, of a line. */
  readonly burst: number
  /** Share of the budget that is drawn at random: no part's propensity is below this share of the budget's own. */
  readonly atRandom: number
  /** How parts are picked beyond that: where a label teaches most, or all alike. */
  readonly pick: 'teaching' | 'random'
  /** What an inspection costs, in the unit of the costs. Null: none is ever made for its price. */
  readonly cost: number | null
  /** Parts on the work list; the oldest leaves. */
  readonly maxListed: number
}

export interface DecideOptions extends TaskDecideOptions {
  readonly good: readonly string[]
  readonly tasks: Readonly<Record<string, TaskDecideOptions>>
  /** No class as likely as this: the decision is left to a person. Null never does so. */
  readonly abstainBelow: number | null
  /** What is done while a promise has too few labels: nothing passes (`abstain`), or it is as if nothing were promised (`chosen`). */
  readonly untilKnown: 'abstain' | 'chosen'
  /** Step by which the working miss rate answers each label; 0 does not adapt. */
  readonly adapt: number
  /** Labels of a class whose probabilities its threshold is taken from; null for all there were. */
  readonly window: number | null
  readonly inspection: InspectionOptions
  /** Which parts get a label: every part in its time, or those sent to inspection, which are then weighed by their propensity. */
  readonly labels: 'all' | 'inspected'
  /** Parts whose decision is remembered until their labels come; the oldest is forgotten. */
  readonly remembered: number
  /** Seeds the draw of parts. */
  readonly seed: number
}

/** Names that mean a good part when nothing else is said, written as they are compared: small letters and digits. */
export const goodNames = [
  '0',
  'good',
  'goodpart',
  'ok',
  'okay',
  'io',
  'pass',
  'passed',
  'none',
  'no',
  'normal',
  'nominal',
  'healthy',
  'fine',
  'nodefect',
  'nofailure',
  'nofault',
  'conforming',
  'false'
] as const

export const defaultDecideOptions: DecideOptions = {
  good: goodNames,
  missRate: null,
  costs: null,
  tasks: {},
  abstainBelow: null,
  untilKnown: 'abstain',
  adapt: 0.02,
  window: 200,
  inspection: { perThousand: 0, burst: 10, atRandom: 0.2, pick: 'teaching', cost: null, maxListed: 1000 },
  labels: 'all',
  remembered: 100_000,
  seed: 1
}

/** What holds for one task. */
export interface TaskPolicy {
  isGood(name: string): boolean
  promiseOf(name: string): number | null
  costsOf(name: string): Costs | null
  /** Classes that a promise or costs name, known or not. */
  readonly named: readonly string[]
  /** Whether anything is promised of any class. */
  readonly promises: boolean
}

/**
 * Looks up what holds for a task.
 *
 * @example
 * ```ts
 * import { defaultDecideOptions, policyOf } from '../src/decide/options.ts'
 * const options = { ...defaultDecideOptions, tasks: { fault: { missRate: 0.05, classes: { Stains: { missRate: null } } } } }
 * const policy = policyOf(options, 'fault')
 * policy.isGood('No failure') // => true
 * policy.promiseOf('Dirtiness') // => 0.05
 * policy.promiseOf('Stains') // => null
 * ```
 */
export function policyOf(options: DecideOptions, task: string): TaskPolicy {
  const own: TaskDecideOptions = Object.hasOwn(options.tasks, task) ? options.tasks[task]! : {}
  const good = new Set((own.good ?? options.good).map(spelled))
  const classes = own.classes ?? {}
  const isGood = (name: string): boolean => good.has(spelled(name))
  function first<K extends 'missRate' | 'costs'>(name: string, what: K): ClassDecideOptions[K] | null {
    if (isGood(name)) return null
    const of: ClassDecideOptions = Object.hasOwn(classes, name) ? classes[name]! : {}
    return [of[what], own[what], options[what]].find(each => each !== undefined) ?? null
  }
  const promiseOf = (name: string): number | null => first(name, 'missRate') as number | null
  const named = Object.keys(classes).filter(name => promiseOf(name) !== null)
  return {
    isGood,
    promiseOf,
    costsOf: name => first(name, 'costs') as Costs | null,
    named,
    promises: named.length > 0 || (own.missRate === undefined ? options.missRate != null : own.missRate !== null)
  }
}

/**
 * Tells of a class of any task whether it is a good one.
 *
 * @example
 * ```ts
 * import { defaultDecideOptions, goodBy } from '../src/decide/options.ts'
 * const isGood = goodBy({ ...defaultDecideOptions, tasks: { valve: { good: ['100'] } } })
 * isGood('valve', '100') // => true
 * isGood('fault', '100') // => false
 * ```
 */
export function goodBy(options: DecideOptions): (task: string, name: string) => boolean {
  const policies = new Map<string, TaskPolicy>()
  return (task, name) => {
    const policy = policies.get(task) ?? policyOf(options, task)
    policies.set(task, policy)
    return policy.isGood(name)
  }
}

/** `No-Failure`, `no_failure` and `no failure` are one name. */
function spelled(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, '')
}
