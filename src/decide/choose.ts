/**
 * One task of one part: from what is said of it to what is done. In this order: what must not be left to a machine is left
 * to a person; what costs or the chosen class say is flagged; what would pass is held against every promise.
 *
 * Invariant: a class that is promised is in the set wherever its threshold cannot rule it out, and a part whose set holds
 * a promised class never passes; `untilKnown: 'chosen'` lets it pass as long as the promise has too few labels.
 */
import type { Threshold } from './conformal.ts'
import { cheapest } from './costs.ts'
import { reportedOf, type Stated } from './decision.ts'
import type { TaskPolicy } from './options.ts'

/** What is known of the promises of a task. */
export interface Promises {
  /** The threshold of a class; null where nothing is promised. */
  thresholdOf(name: string): Threshold | null
  /** Labels of the task that are still missing before a class nobody has told of yet can be believed absent; 0 when none. */
  readonly missing: number
  /** Whether every defect class is promised, those too that nobody has told of yet. */
  readonly general: boolean
}

export interface Asked {
  /** No class as likely as this: left to a person. Null never does so. */
  readonly abstainBelow: number | null
  /** What a look costs; null where none is to be had. */
  readonly inspection: number | null
  /** While a promise has too few labels. */
  readonly untilKnown: 'abstain' | 'chosen'
}

export interface Choice {
  readonly action: 'pass' | 'flag' | 'abstain'
  readonly class: string | null
  readonly probability: number
  /** Null where no class can be ruled out. */
  readonly set: readonly string[] | null
  readonly reason: string
}

export function choose(stated: Stated, policy: TaskPolicy, promises: Promises, asked: Asked): Choice {
  const { classes, chosen } = stated
  if (classes.length === 0) {
    const action = policy.promises && asked.untilKnown === 'abstain' ? 'abstain' : 'pass'
    return { action, class: null, probability: 0, set: null, reason: 'nothing is known of the task yet' }
  }
  const likely = reportedOf(stated, chosen)
  const inSet = held(stated, policy, promises)
  // Where no defect is known, a promise of all of them cannot rule out the first.
  const strangers = promises.general && [...classes, ...policy.named].every(name => policy.isGood(name))
  const set = promises.missing > 0 || strangers ? null : [...new Set([chosen, ...inSet])]
  const abstain = (reason: string): Choice => ({ action: 'abstain', class: null, probability: likely, set, reason })
  const flag = (name: string, reason: string): Choice => ({
    action: 'flag',
    class: name,
    probability: reportedOf(stated, name),
    set: set === null || set.includes(name) ? set : [...set, name],
    reason
  })

  const most = Math.max(...stated.probabilities)
  if (asked.abstainBelow !== null && most < asked.abstainBelow)
    return abstain(`no class is as likely as ${shown(asked.abstainBelow)}, the likeliest has ${shown(most)}`)
  const cheap = cheapest(stated, policy, asked.inspection)
  if (cheap?.action === 'inspect') return abstain(`a look at ${shown(cheap.cost)} costs less than to flag it or to let it pass`)
  if (cheap?.action === 'flag')
    return flag(
      cheap.class,
      `to flag it as ${cheap.class} costs least: ${shown(cheap.cost)} in the mean, at a probability of ${shown(reportedOf(stated, cheap.class))}`
    )
  // Costs of other classes say nothing of one that has none.
  if ((cheap === null || policy.costsOf(chosen) === null) && !policy.isGood(chosen))
    return flag(chosen, `${chosen} is chosen, with a probability of ${shown(likely)}`)

  const waits = asked.untilKnown === 'abstain'
  if (strangers && waits) return abstain('no defect class is known yet, so that none can be ruled out')
  if (promises.missing > 0 && waits) return abstain(`${promises.missing} more labels are needed before a promise can rule anything out`)
  const [suspect] = inSet
    .filter(name => waits || promises.thresholdOf(name)!.ready)
    .map(name => ({ name, excess: excessOf(stated, name, promises) }))
    .sort((a, b) => b.excess - a.excess)
  if (suspect !== undefined && suspect.excess > 0) {
    const { value, missRate } = promises.thresholdOf(suspect.name)!
    return flag(
      suspect.name,
      `${suspect.name} cannot be ruled out: its probability ${shown(reportedOf(stated, suspect.name))} reaches ${shown(value)}, which keeps the promise that at most ${percent(missRate)} are missed`
    )
  }
  if (suspect !== undefined) {
    const { labels, needed, missRate } = promises.thresholdOf(suspect.name)!
    return abstain(
      labels < needed
        ? `${labels} of the ${needed} labels of ${suspect.name} are there that a promise of at most ${percent(missRate)} missed needs`
        : `${suspect.name} was missed more often than the promised ${percent(missRate)}: for now it cannot be ruled out`
    )
  }
  return {
    action: 'pass',
    class: null,
    probability: likely,
    set,
    reason: `${chosen} is chosen, with a probability of ${shown(likely)}, and no promise forbids it`
  }
}

/** The promised classes that cannot be ruled out. */
function held(stated: Stated, policy: TaskPolicy, promises: Promises): string[] {
  const names = [...stated.classes, ...policy.named.filter(name => !stated.classes.includes(name))]
  return names.filter(name => promises.thresholdOf(name)?.holds(reportedOf(stated, name)) ?? false)
}

/** How far above its threshold, as a ratio; 0 where there is no threshold to be above of. */
function excessOf(stated: Stated, name: string, promises: Promises): number {
  const { value } = promises.thresholdOf(name)!
  return value > 0 ? reportedOf(stated, name) / value : 0
}

function shown(figure: number): string {
  return figure.toPrecision(3)
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`
}
