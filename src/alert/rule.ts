/**
 * The rules of alerts: a closed set of kinds, each with the levels at which it raises and clears. A rule says what is
 * compared; how long it must hold, and what follows from silence or an acknowledgement, is the same for all (see life.ts).
 */
import type { Alert } from '../events/event.ts'

export type Severity = Alert['severity']

/** Least urgent first. */
export const severities: readonly Severity[] = ['information', 'warning', 'critical']

interface Common {
  /** Lower-case letters, digits and dashes: the first part of each alert's id. */
  readonly name: string
  readonly severity: Severity
  /** How long the raise level must be held before it raises. */
  readonly holdMs: number
  /** How long the clear level must be held before it clears. */
  readonly clearHoldMs: number
  /** After clearing, nothing of the same cause is raised for as long. */
  readonly cooldownMs: number
  /** Not acknowledged for as long, it becomes one step more urgent; null: never. */
  readonly escalateAfterMs: number | null
  /** The lines it watches; null: all. */
  readonly lines: readonly string[] | null
}

interface OfDecisions extends Common {
  /** The tasks it watches; null: all. */
  readonly tasks: readonly string[] | null
  /** The classes it counts as defects; null: whatever is flagged. */
  readonly classes: readonly string[] | null
  /** One alert a task, or one for each class of it. */
  readonly per: 'task' | 'class'
  /** Decisions of a state that had learned fewer examples are passed over: it knows too little. */
  readonly leastLearned: number
}

/** A single part: raised by one flagged with at least this probability, cleared by so many passed in a row. */
export interface PartRule extends OfDecisions {
  readonly kind: 'part'
  readonly least: number
  readonly clear: number
}

/**
 * A share of the last parts: raised where Wilson's lower bound reaches the level, cleared where the share itself is at or
 * below the other. With `times` the odds of the level are at least so many times those of the usual share of that line.
 */
export interface RateRule extends OfDecisions {
  readonly kind: 'rate'
  /** What is counted. */
  readonly of: 'flag' | 'abstain'
  readonly window: { readonly parts: number } | { readonly ms: number }
  readonly raise: number
  readonly clear: number
  /** From here on it is critical; null: never. */
  readonly critical: number | null
  readonly times: number | null
  /** Standard deviations of the bound. */
  readonly z: number
  readonly leastParts: number
}

/**
 * Defects in a row: so many raise, so many passed in a row clear. Where defects are usual it takes longer runs, so that one by
 * chance is rarer than `chance`.
 */
export interface RunRule extends OfDecisions {
  readonly kind: 'run'
  readonly raise: number
  readonly clear: number
  readonly critical: number | null
  readonly chance: number
}

/** Drift that the learner tells of, per line, task and class. Cleared when it has ended, or was not told of for as long. */
export interface DriftRule extends Common {
  readonly kind: 'drift'
  /** What it was seen by: labels show it, inputs and predictions alone make one suspect it. */
  readonly evidence: 'labels' | 'inputs' | 'any'
  readonly tasks: readonly string[] | null
  readonly classes: readonly string[] | null
  readonly endMs: number
}

/** Experts that have become unstable, per line, task and bank: so many raise, so few clear. */
export interface ExpertRule extends Common {
  readonly kind: 'expert'
  readonly raise: number
  readonly clear: number
  readonly critical: number | null
}

/**
 * No part of a line for at least `afterMs`, and at least `times` its usual gap. A line not seen for `forgetMs` is taken as out
 * of use.
 */
export interface DataRule extends Common {
  readonly kind: 'data'
  readonly afterMs: number
  readonly times: number
  readonly forgetMs: number
}

/** Parts of a line go on, labels do not: none for at least `afterMs`, `parts` parts and `times` its usual gap in parts. */
export interface LabelsRule extends Common {
  readonly kind: 'labels'
  readonly afterMs: number
  readonly parts: number
  readonly times: number
  readonly forgetMs: number
}

export type DecisionRule = PartRule | RateRule | RunRule
export type SignalRule = DriftRule | ExpertRule
export type SilenceRule = DataRule | LabelsRule
export type Rule = DecisionRule | SignalRule | SilenceRule

/** Whether a rule looks at decisions. */
export function isOfDecisions(rule: Rule): rule is DecisionRule {
  return rule.kind === 'part' || rule.kind === 'rate' || rule.kind === 'run'
}
