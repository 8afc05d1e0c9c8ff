/** Which decisions a rule looks at, and what counts as a hit. */
import type { About } from './cause.ts'
import type { Decided } from './decided.ts'
import type { PartGauge } from './gauge.ts'
import { RateGauge } from './rate.ts'
import { type DecisionRule, isOfDecisions, type Rule } from './rule.ts'
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

/** Whether a rule, as it is now, is about this. */
export function covers(rule: Rule, { line, task, class: name }: About): boolean {
  if (!(rule.lines?.includes(line) ?? true)) return false
  if (isOfDecisions(rule)) return isWatched(rule, line, task ?? '') && (rule.per === 'class') === (name !== null)
  return rule.kind !== 'drift' || (ofThese(rule.tasks, task) && ofThese(rule.classes, name))
}

/** Whether a name is one of these; null is every one. */
export function ofThese(names: readonly string[] | null, name: string | null): boolean {
  return names === null || (name !== null && names.includes(name))
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
