/** The sentence of an alert: what was seen, where, and since when it is better. */
import { ALL_LINES } from '../events/event.ts'
import type { About } from './cause.ts'
import type { Decided } from './decided.ts'
import { percent } from './gauge.ts'
import type { DecisionRule } from './rule.ts'

/** `said` is the gauge's figure in words. */
export function ofParts(rule: DecisionRule, { line, task, class: name }: About, said: string, decision: Decided): string {
  const as = name === null ? `a defect of ${task}` : `${name} (${task})`
  switch (rule.kind) {
    case 'part':
      return decision.action === 'flag'
        ? `${decision.observation} on ${line}${decision.station === null ? '' : ` at ${decision.station}`} was flagged as ${decision.class} (${task}), probability ${percent(decision.probability)}`
        : `no ${as} on ${line} any more: ${said}`
    case 'rate':
      return rule.of === 'abstain' ? `${said} on ${line} could not be decided (${task})` : `${said} on ${line} were flagged as ${as}`
    case 'run':
      return decision.action === 'flag' ? `${said} on ${line} were flagged as ${as}` : `${said} on ${line} (${task})`
  }
}

/** A duration as one says it. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`
}

export function ofData(line: string, silentMs: number | null): string {
  return silentMs === null ? `parts of ${line} come again` : `no part of ${line} for ${duration(silentMs)}`
}

export function ofLabels(line: string, parts: number | null): string {
  return parts === null ? `labels of ${line} come again` : `no label of ${line} for ${parts} parts`
}

export function ofExperts({ line, task, bank }: About, unstable: readonly number[]): string {
  const where = `of ${bank ?? 'a bank'}${task === null ? '' : ` (${task})`}${line === ALL_LINES ? '' : ` on ${line}`}`
  if (unstable.length === 0) return `every expert ${where} is stable again`
  return `${unstable.length === 1 ? 'expert' : 'experts'} ${unstable.join(', ')} ${where} ${unstable.length === 1 ? 'is' : 'are'} unstable`
}
