/** Scenes for alarms: decisions of several lines, drawn by fast-check, and the alarms that are shown them. */
import fc from 'fast-check'
import { Alarms, type AlarmsOptions } from '../../src/alert/alarms.ts'
import type { Decided } from '../../src/alert/decided.ts'
import type { PartRule, RateRule, RunRule } from '../../src/alert/rule.ts'
import type { Alert } from '../../src/events/event.ts'
import type { Saved } from '../../src/numeric/saved.ts'

/** What the laws are asked of: the alarms, or alarms with a fault in them. */
export type Alarming = Pick<Alarms, 'take' | 'part' | 'label' | 'signal' | 'acknowledge' | 'tick' | 'changes' | 'load' | 'open' | 'recent'>
export type Make = (options: AlarmsOptions) => Alarming

export const sound: Make = options => new Alarms(options)

export const timing = { lines: null, holdMs: 0, clearHoldMs: 0, cooldownMs: 0, escalateAfterMs: null } as const
const ofParts = { ...timing, tasks: null, classes: null, per: 'task', leastLearned: 0 } as const

export const run: RunRule = { ...ofParts, name: 'run', kind: 'run', severity: 'warning', raise: 3, clear: 2, critical: 6, chance: 1 }
export const rate: RateRule = {
  ...ofParts,
  name: 'rate',
  kind: 'rate',
  of: 'flag',
  severity: 'warning',
  window: { parts: 20 },
  raise: 0.3,
  clear: 0.1,
  critical: 0.8,
  times: null,
  z: 1.5,
  leastParts: 5
}
export const part: PartRule = { ...ofParts, per: 'class', name: 'part', kind: 'part', severity: 'information', least: 0.5, clear: 4 }

/** One thing that happens: a decision, time that passes, somebody who acknowledges the n-th open alert. */
export type Happening =
  | { readonly what: 'decision'; readonly line: number; readonly task: number; readonly hit: number; readonly after: number }
  | { readonly what: 'tick'; readonly after: number }
  | { readonly what: 'acknowledge'; readonly which: number }

/** What lines do: for a while nearly every part is bad, or nearly none, or some are. Alone, chance would hardly ever clear anything. */
const hits = {
  bad: (draw: number): number => (draw < 8 ? 1 + (draw % 2) : draw === 8 ? 3 : 0),
  good: (draw: number): number => (draw === 9 ? 1 : 0),
  mixed: (draw: number): number => (draw < 5 ? 0 : draw < 9 ? 1 + (draw % 2) : 3)
}

const stretch = fc
  .record({
    pattern: fc.constantFrom('bad', 'good', 'bad', 'good', 'mixed' as const),
    line: fc.nat(1),
    task: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.constant(1)),
    parts: fc.array(
      // Now and then a part comes late.
      fc.record({
        draw: fc.nat(9),
        after: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 1500 }) }, fc.integer({ min: -1000, max: 0 }))
      }),
      { minLength: 1, maxLength: 24 }
    )
  })
  .map(({ pattern, line, task, parts }): Happening[] =>
    parts.map(({ draw, after }) => ({ what: 'decision', line, task, hit: hits[pattern](draw), after }))
  )

const between = fc.oneof(
  fc.record({ what: fc.constant('tick' as const), after: fc.integer({ min: 0, max: 5000 }) }),
  fc.record({ what: fc.constant('acknowledge' as const), which: fc.nat(3) })
)

export const happenings: fc.Arbitrary<Happening[]> = fc
  .array(fc.tuple(stretch, fc.array(between, { maxLength: 2 })), { minLength: 1, maxLength: 14 })
  .map(all => all.flatMap(([parts, rest]) => [...parts, ...rest]))

export const T0 = Date.UTC(2026, 0, 1)
const classes = [null, 'dirt', 'scratch', null]
const actions = ['pass', 'flag', 'flag', 'abstain'] as const

/** What a run of happenings gave: alerts with the decision that they were given on, and every decision. */
export interface Played {
  readonly alerts: readonly Alert[]
  /** For each happening, its decision (null where it is none) and the alerts that it gave. */
  readonly steps: readonly { readonly decision: Decided | null; readonly alerts: readonly Alert[] }[]
  readonly acknowledged: readonly string[]
}

/** Plays; at each step in `restarts` the alarms are thrown away and made anew of what was saved until then. */
export function play(make: Make, options: AlarmsOptions, all: readonly Happening[], restarts: ReadonlySet<number> = new Set()): Played {
  let alarms = make(options)
  const notes = new Map<string, Saved>()
  const steps: { decision: Decided | null; alerts: readonly Alert[] }[] = []
  const acknowledged: string[] = []
  let now = T0
  all.forEach((happening, i) => {
    if (restarts.has(i)) {
      alarms = make(options)
      for (const [key, saved] of [...notes].sort(([a], [b]) => (a < b ? -1 : 1))) alarms.load(key, structuredClone(saved))
    }
    let decision: Decided | null = null
    let alerts: readonly Alert[] = []
    if (happening.what === 'decision') {
      now += Math.max(0, happening.after)
      const time = now + Math.min(0, happening.after)
      const { line, task, hit } = happening
      const action = actions[hit]!
      const what = { action, class: classes[hit]!, probability: 0.9, learned: 1000 }
      decision = { observation: `p-${i}`, line: `line-${line}`, station: null, task: `task-${task}`, time, ...what }
      alerts = alarms.take(decision, now)
    } else if (happening.what === 'tick') {
      now += happening.after
      alerts = alarms.tick(now)
    } else {
      const open = alarms.open[happening.which]
      if (open !== undefined && alarms.acknowledge(open.id, 'Ada', now)) acknowledged.push(open.id)
    }
    for (const [key, saved] of alarms.changes()) {
      if (saved === null) notes.delete(key)
      else notes.set(key, structuredClone(saved))
    }
    steps.push({ decision, alerts })
  })
  return { alerts: steps.flatMap(step => step.alerts), steps, acknowledged }
}

export const plain: AlarmsOptions = { rules: [run, rate, part], maxCauses: 100, maxRecent: 10 }
