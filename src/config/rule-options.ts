/** Options of the rules of alerts, by name: each kind with its levels and, for all kinds, how long they must hold. */
import * as z from 'zod'
import { count } from './value.ts'

const share = z.number().gt(0).lt(1)
const minutes = (initial: number) => z.number().min(0).max(5_256_000).default(initial)
const names = z.array(z.string().min(1)).min(1).max(4096).nullable().default(null)
const severity = z.enum(['information', 'warning', 'critical']).default('warning')

const common = {
  severity,
  lines: names,
  holdMinutes: minutes(0),
  clearHoldMinutes: minutes(0),
  cooldownMinutes: minutes(5),
  escalateAfterMinutes: z.number().positive().max(5_256_000).nullable().default(null)
}
const ofDecisions = {
  ...common,
  tasks: names,
  classes: names,
  per: z.enum(['task', 'class']).default('task'),
  leastLearned: count(0, 1_000_000_000).default(500)
}

const part = z.strictObject({
  kind: z.literal('part'),
  ...ofDecisions,
  per: z.enum(['task', 'class']).default('class'),
  least: z.number().min(0).max(1).default(0.5),
  clear: count(1, 1_000_000).default(50)
})

const rate = z
  .strictObject({
    kind: z.literal('rate'),
    ...ofDecisions,
    of: z.enum(['flag', 'abstain']).default('flag'),
    parts: count(20, 1_000_000).nullable().default(null),
    minutes: z.number().positive().max(525_600).nullable().default(null),
    raise: share.default(0.05),
    clear: share.default(0.025),
    critical: share.nullable().default(null),
    times: z.number().min(1).max(1000).nullable().default(null),
    z: z.number().min(0).max(10).default(3),
    leastParts: count(1, 1_000_000).default(40)
  })
  .superRefine((rule, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if (rule.clear > rule.raise) refuse('clear', `expected a level of at most raise (${rule.raise}), got ${rule.clear}`)
    if (rule.critical !== null && rule.critical < rule.raise)
      refuse('critical', `expected a level of at least raise (${rule.raise}), got ${rule.critical}`)
    if (rule.parts !== null && rule.minutes !== null) refuse('minutes', 'expected a window of parts or of minutes, got both')
  })

const run = z.strictObject({
  kind: z.literal('run'),
  ...ofDecisions,
  raise: count(2, 1000).default(5),
  clear: count(1, 1_000_000).default(10),
  critical: count(2, 1000).nullable().default(null),
  chance: z.number().gt(0).max(1).default(1e-7)
})

const drift = z.strictObject({
  kind: z.literal('drift'),
  ...common,
  cooldownMinutes: minutes(0),
  evidence: z.enum(['labels', 'inputs', 'any']).default('any'),
  tasks: names,
  classes: names,
  endHours: z.number().positive().max(87_600).default(24)
})

const expert = z
  .strictObject({
    kind: z.literal('expert'),
    ...common,
    cooldownMinutes: minutes(60),
    raise: count(1, 256).default(1),
    clear: count(0, 255).default(0),
    critical: count(1, 256).nullable().default(null)
  })
  .superRefine(({ raise, clear }, context) => {
    if (clear >= raise) context.addIssue({ code: 'custom', path: ['clear'], message: `expected fewer than raise (${raise}), got ${clear}` })
  })

const data = z.strictObject({
  kind: z.literal('data'),
  ...common,
  cooldownMinutes: minutes(0),
  afterMinutes: z.number().positive().max(525_600).default(10),
  times: z.number().min(1).max(100_000).default(20),
  forgetDays: z.number().positive().max(3650).default(14)
})

const labels = z.strictObject({
  kind: z.literal('labels'),
  ...common,
  cooldownMinutes: minutes(0),
  afterMinutes: z.number().positive().max(525_600).default(480),
  parts: count(1, 1_000_000_000).default(1000),
  times: z.number().min(1).max(100_000).default(10),
  forgetDays: z.number().positive().max(3650).default(60)
})

export const ruleOptions = z
  .record(
    z.string().regex(/^(?!trial$)[a-z][a-z0-9-]{0,39}$/, 'expected lower-case letters, digits and dashes, 40 at most, and not trial'),
    z.discriminatedUnion('kind', [part, rate, run, drift, expert, data, labels]).nullable()
  )
  .default({})
  .meta({ accepts: 'names, each with the options of a rule of its `kind` or null' })
  .describe('Rules of alerts, beside those that hold by default: one of the same name takes the place of it, `null` takes it away')

export type RuleConfig = NonNullable<z.output<typeof ruleOptions>[string]>
