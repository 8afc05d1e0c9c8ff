/** Which decisions a rule looks at, and what counts as a hit. */
import type { About } from './cause.ts'
import type { Decided } from './decided.ts'
import type { PartGauge } from './gauge.ts'
import { RateGauge } from './rate.ts'
import type { DecisionRule } from './rule.ts'
import { StreakGauge } from './streak.ts'

export function partGaugeOf(rule: DecisionRule): PartGauge {
  switch (rule.kind) {
    case 'rate':
      return new RateGauge(rule)
    case 'run':
      return new StreakGauge(rule)
    case 'part':
      return new StreakGauge({ raise: 1, clear: rule.clear, critical: null, chance: 1 })
  }
}

/** Whether a rule looks at decisions of a line and task at all. */
export function isWatched(rule: DecisionRule, line: string, task: string): boolean {
  return (rule.lines?.includes(line) ?? true) && (rule.tasks?.includes(task) ?? true)
}

/** Whether a decision is of those that a rule counts; null where it says nothing to it. */
export function isHit(rule: DecisionRule, { class: own }: About, { action, class: name, probability, learned }: Decided): boolean | null {
  if (learned < rule.leastLearned) return null
  if (rule.kind === 'rate' && rule.of === 'abstain') return action === 'abstain'
  if (action === 'abstain') return null
  if (action === 'pass' || name === null) return false
  const counted = (rule.classes?.includes(name) ?? true) && (own === null || own === name)
  return counted && (rule.kind !== 'part' || probability >= rule.least)
}
