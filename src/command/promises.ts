/** What `evaluate` tells of decisions: how a promised miss rate was kept, and what it took. */

import type { Corrected, Estimate } from '../decide/corrected.ts'
import { Decider } from '../decide/decider.ts'
import type { DecideOptions, InspectionOptions } from '../decide/options.ts'
import type { ClassReport, DecideReport } from '../decide/report.ts'
import type { Example, Prediction } from '../events/event.ts'
import type { Report } from '../judge/report.ts'
import { table } from './output.ts'

export interface PromiseFlags {
  /** Column names of the labels: the tasks. */
  readonly label: readonly string[]
  readonly promise?: number
  readonly inspect?: number
  readonly pick: InspectionOptions['pick']
  readonly seed: number
}

/** What is told of a class beside its report: of how many parts it was in the set. */
export interface Kept extends ClassReport {
  /** Share of all parts whose set held the class. */
  readonly inSet: number
  /** Labels and those outside, a block of rows at a time: what a drift does shows here. */
  readonly blocks: readonly { readonly labels: number; readonly outside: number }[]
}

export interface KeptTask {
  readonly parts: number
  readonly flagged: number
  readonly abstained: number
  readonly inspected: number
  readonly classes: readonly Kept[]
  /** What the labels of those inspected tell of all. */
  readonly corrected: Corrected
}

/** Labelled rows of a block. */
export const BLOCK = 500

/** What is kept of one decider beside itself: how often each class was in the set, and the sets of rows not yet labelled. */
interface Side {
  readonly name: 'adaptive' | 'fixed'
  readonly decider: Decider
  readonly held: Map<string, number>
  readonly sets: Map<string, readonly string[] | null>
  readonly blocks: Map<string, { labels: number; outside: number }[]>
}

/** Deciders beside one another over the same predictions: one that adapts, one that does not. */
export class Deciders {
  readonly #deciders: readonly Side[]
  #parts = 0
  #labelled = 0

  constructor(options: DecideOptions, flags: PromiseFlags) {
    const { promise, inspect, pick, label, seed } = flags
    const tasks = Object.fromEntries(
      label.map(task => [task, { ...options.tasks[task], ...(promise === undefined ? {} : { missRate: promise }) }])
    )
    const inspection = inspect === undefined ? options.inspection : { ...options.inspection, pick, perThousand: 1000 * inspect }
    const labels = inspect === undefined ? 'all' : 'inspected'
    const base: DecideOptions = { ...options, tasks, inspection, labels, seed, remembered: 10_000_000 }
    const side = (name: Side['name'], decide: DecideOptions): Side => ({
      name,
      decider: new Decider(decide),
      held: new Map(),
      sets: new Map(),
      blocks: new Map()
    })
    this.#deciders = [side('adaptive', base), side('fixed', { ...base, adapt: 0, window: null })]
  }

  /** Decides about a part; whether it was sent to inspection by the decider that adapts. */
  served(prediction: Prediction): boolean {
    this.#parts++
    let sent = false
    for (const { name, decider, held, sets } of this.#deciders)
      for (const { observation, task, action, set, inspect } of decider.decide(prediction)) {
        if (name === 'adaptive') sent ||= inspect
        // Who leaves a part to a person lets no class pass, heard of or not.
        sets.set(keyOf(task, observation), action === 'abstain' ? null : set)
        for (const each of set) held.set(keyOf(task, each), (held.get(keyOf(task, each)) ?? 0) + 1)
      }
    return sent
  }

  labelled(example: Example): void {
    const { observation, labels } = example
    const at = Math.floor(this.#labelled++ / BLOCK)
    for (const { decider, sets, blocks } of this.#deciders) {
      decider.learn(example)
      for (const task in labels) {
        const set = sets.get(keyOf(task, observation.id))
        if (set === undefined) continue
        const own = blocks.get(keyOf(task, labels[task]!)) ?? []
        blocks.set(keyOf(task, labels[task]!), own)
        while (own.length <= at) own.push({ labels: 0, outside: 0 })
        own[at]!.labels++
        if (set !== null && !set.includes(labels[task]!)) own[at]!.outside++
        sets.delete(keyOf(task, observation.id))
      }
    }
  }

  /** By task, then by whether it adapts. */
  report(): Readonly<Record<string, Readonly<Record<'adaptive' | 'fixed', KeptTask>>>> {
    const told: Record<string, Record<'adaptive' | 'fixed', KeptTask>> = {}
    for (const side of this.#deciders)
      for (const each of side.decider.report().tasks) {
        told[each.task] = { ...told[each.task], [side.name]: this.#kept(each, side) } as Record<'adaptive' | 'fixed', KeptTask>
      }
    return told
  }

  #kept({ task, decided, inspected, classes, corrected }: DecideReport['tasks'][number], { held, blocks }: Side): KeptTask {
    const parts = Math.max(1, this.#parts)
    return {
      parts: this.#parts,
      flagged: decided.flag / parts,
      abstained: decided.abstain / parts,
      inspected: inspected / parts,
      corrected,
      classes: classes.map(each => ({
        ...each,
        inSet: (held.get(keyOf(task, each.class)) ?? 0) / parts,
        blocks: blocks.get(keyOf(task, each.class)) ?? []
      }))
    }
  }
}

/** No name holds a control character. */
function keyOf(task: string, name: string): string {
  return `${task}\u0001${name}`
}

/** Classes with their coverage, and what was done of the parts. */
export function promiseTable({ adaptive, fixed }: Readonly<Record<'adaptive' | 'fixed', KeptTask>>): string {
  const rows = adaptive.classes
    .filter(each => each.promise !== null)
    .map(each => {
      const other = fixed.classes.find(one => one.class === each.class)!
      const between = each.interval === null ? '–' : `${each.interval.map(bound => bound.toFixed(3)).join(' to ')}`
      return [
        each.class,
        String(each.labels),
        share(1 - each.promise!),
        share(each.coverage),
        between,
        share(each.inSet),
        share(other.coverage),
        share(other.inSet)
      ]
    })
  const done = ({ flagged, abstained, inspected }: KeptTask): string =>
    `${share(flagged)} of the parts flagged, ${share(abstained)} left to a person, ${share(inspected)} sent to inspection`
  if (rows.length === 0) return done(adaptive)
  return [
    table(['class', 'labels', 'promised', 'covered', '95 % interval', 'in set', 'covered, not adapting', 'in set'], rows),
    `adapting: ${done(adaptive)}`,
    `not adapting: ${done(fixed)}`
  ].join('\n')
}

/** What the labels of those inspected say of all rows, beside what is true of all and what these labels look like. */
export function correctedTable({ corrected }: KeptTask, { n, scores, perClass }: Report): string {
  const estimated = (estimate: Estimate | null): string[] =>
    estimate === null ? ['–', '–'] : [share(estimate.value), estimate.interval.map(share).join(' to ')]
  const rows = corrected.classes.map(({ class: name, rate, rateOfLabelled, recall }) => {
    const all = perClass.find(each => each.class === name)
    const support = all === undefined || n === 0 ? null : all.support / n
    return [name, share(support), ...estimated(rate), share(rateOfLabelled), share(all?.recall ?? null), ...estimated(recall)]
  })
  const heading = [
    'class',
    'share of all rows',
    'corrected',
    '95 % interval',
    'of the labelled',
    'recall of all rows',
    'corrected',
    '95 % interval'
  ]
  const { kappa, gMean, accuracy } = corrected
  return [
    table(heading, rows),
    `κ ${share(kappa)}, G-mean ${share(gMean)}, accuracy ${share(accuracy?.value ?? null)} corrected; κ ${share(scores.kappa)}, G-mean ${share(scores.gMean)}, accuracy ${share(scores.accuracy)} of all rows`,
    `${corrected.labels} labels, worth ${Math.round(corrected.effective)} picked evenly`
  ].join('\n')
}

function share(value: number | null): string {
  return value === null ? '–' : value.toFixed(3)
}
