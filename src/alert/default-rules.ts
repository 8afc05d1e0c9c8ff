/** The rules that hold where none are configured: they follow what is usual on each line, so that they need no level of it. */
import type { Rule } from './rule.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** What every line has, whatever it makes. */
const everywhere = { lines: null, holdMs: 0, clearHoldMs: 0, escalateAfterMs: null }
/** A state that has learned fewer examples flags at random. */
const parts = { ...everywhere, tasks: null, classes: null, per: 'task', leastLearned: 500, cooldownMs: 5 * MINUTE } as const

const drift = { ...everywhere, kind: 'drift', tasks: null, classes: null, cooldownMs: 0 } as const

/**
 * Rules of each kind but single parts, which are for classes that a plant names.
 *
 * @example
 * ```ts
 * import { defaultRules } from '../src/alert/default-rules.ts'
 * defaultRules.map(rule => rule.name) // => ['defect-rate', 'defect-run', 'undecided', 'drift', 'drift-suspected', 'expert-unstable', 'no-parts', 'no-labels']
 * ```
 */
export const defaultRules: readonly Rule[] = [
  {
    ...parts,
    name: 'defect-rate',
    kind: 'rate',
    of: 'flag',
    severity: 'warning',
    window: { parts: 200 },
    // One part in twenty, and twice the usual odds; with the bound, 22 of 200 where 3 % are usual, which is once in 600,000.
    raise: 0.05,
    // Well above what is usual, so that it clears once the line is as it was.
    clear: 0.035,
    critical: 0.2,
    times: 2,
    z: 2.5,
    leastParts: 40
  },
  { ...parts, name: 'defect-run', kind: 'run', severity: 'warning', raise: 5, clear: 10, critical: 20, chance: 1e-7 },
  {
    ...parts,
    name: 'undecided',
    kind: 'rate',
    of: 'abstain',
    severity: 'information',
    window: { parts: 500 },
    raise: 0.2,
    clear: 0.1,
    critical: null,
    times: 3,
    z: 3,
    leastParts: 100
  },
  { ...drift, name: 'drift', severity: 'warning', evidence: 'labels', endMs: DAY },
  // Inputs that move need do no harm: whoever is asked every time stops looking. Of these no end is told.
  { ...drift, name: 'drift-suspected', severity: 'information', evidence: 'inputs', endMs: 8 * HOUR },
  { ...everywhere, name: 'expert-unstable', kind: 'expert', severity: 'information', raise: 1, clear: 0, critical: null, cooldownMs: HOUR },
  {
    ...everywhere,
    name: 'no-parts',
    kind: 'data',
    severity: 'warning',
    afterMs: 10 * MINUTE,
    // Of a line that makes a part every five minutes: after an hour and forty.
    times: 20,
    cooldownMs: 0,
    forgetMs: 14 * DAY
  },
  {
    ...everywhere,
    name: 'no-labels',
    kind: 'labels',
    severity: 'information',
    afterMs: 8 * HOUR,
    parts: 1000,
    times: 10,
    cooldownMs: 0,
    forgetMs: 60 * DAY
  }
]
