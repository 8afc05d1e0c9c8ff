/** What `evaluate` tells of decisions: how a promised miss rate was kept, and what it took. */
import { Decider } from '../decide/decider.ts'
import type { DecideOptions, InspectionOptions } from '../decide/options.ts'
import type { ClassReport, DecideReport } from '../decide/report.ts'
import type { Example, Prediction } from '../events/event.ts'
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
}

export interface KeptTask {
  readonly parts: number
  readonly flagged: number
  readonly abstained: number
  readonly inspected: number
  readonly classes: readonly Kept[]
}

/** Deciders beside one another over the same predictions: one that adapts, one that does not. */
export class Deciders {
  readonly #deciders: readonly { readonly name: 'adaptive' | 'fixed'; readonly decider: Decider; readonly held: Map<string, number> }[]
  #parts = 0

  constructor(options: DecideOptions, flags: PromiseFlags) {
    const { promise, inspect, pick, label, seed } = flags
    const tasks = Object.fromEntries(
      label.map(task => [task, { ...options.tasks[task], ...(promise === undefined ? {} : { missRate: promise }) }])
    )
    const inspection = inspect === undefined ? options.inspection : { ...options.inspection, pick, perThousand: 1000 * inspect }
    const labels = inspect === undefined ? 'all' : 'inspected'
    const base: DecideOptions = { ...options, tasks, inspection, labels, seed, remembered: 10_000_000 }
    this.#deciders = [
      { name: 'adaptive', decider: new Decider(base), held: new Map() },
      { name: 'fixed', decider: new Decider({ ...base, adapt: 0, window: null }), held: new Map() }
    ]
  }

  /** Decides about a part; whether it was sent to inspection by the decider that adapts. */
  served(prediction: Prediction): boolean {
    this.#parts++
    let sent = false
    for (const { name, decider, held } of this.#deciders)
      for (const { task, set, inspect } of decider.decide(prediction)) {
        if (name === 'adaptive') sent ||= inspect
        for (const each of set) held.set(`${task}\u0001${each}`, (held.get(`${task}\u0001${each}`) ?? 0) + 1)
      }
    return sent
  }

  labelled(example: Example): void {
    for (const { decider } of this.#deciders) decider.learn(example)
  }

  /** By task, then by whether it adapts. */
  report(): Readonly<Record<string, Readonly<Record<'adaptive' | 'fixed', KeptTask>>>> {
    const told: Record<string, Record<'adaptive' | 'fixed', KeptTask>> = {}
    for (const { name, decider, held } of this.#deciders)
      for (const each of decider.report().tasks) {
        told[each.task] = { ...told[each.task], [name]: this.#kept(each, held) } as Record<'adaptive' | 'fixed', KeptTask>
      }
    return told
  }

  /** Of the decider that adapts. */
  get whole(): DecideReport {
    return this.#deciders[0]!.decider.report()
  }

  #kept({ task, decided, inspected, classes }: DecideReport['tasks'][number], held: ReadonlyMap<string, number>): KeptTask {
    const parts = Math.max(1, this.#parts)
    return {
      parts: this.#parts,
      flagged: decided.flag / parts,
      abstained: decided.abstain / parts,
      inspected: inspected / parts,
      classes: classes.map(each => ({ ...each, inSet: (held.get(`${task}\u0001${each.class}`) ?? 0) / parts }))
    }
  }
}

/** Classes with their coverage, and what was done of the parts. */
export function promiseTable({ adaptive, fixed }: Readonly<Record<'adaptive' | 'fixed', KeptTask>>): string {
  const share = (value: number | null): string => (value === null ? '–' : value.toFixed(3))
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
  return [
    table(['class', 'labels', 'promised', 'covered', '95 % interval', 'in set', 'covered, not adapting', 'in set'], rows),
    `adapting: ${done(adaptive)}`,
    `not adapting: ${done(fixed)}`
  ].join('\n')
}
