/**
 * Every option of Andon: one declaration gives its check, its default and its description, and so the JSON Schema, the
 * table in the documents and the environment variable. All defaults together are a configuration that works.
 */
import * as z from 'zod'
import { alertOptions } from './alert-options.ts'
import { decideOptions } from './decide-options.ts'
import { httpOptions } from './http-options.ts'
import { learnerOptions } from './learner-options.ts'
import { logOptions } from './log-options.ts'
import { registryOptions } from './registry-options.ts'
import { count } from './value.ts'

/** What the domain may be made of: a field of the observation or one of its features. `site` is short for `features.site`. */
const field = z
  .string()
  .regex(/^(site|line|station|product|features\..+)$/)
  .meta({ accepts: 'line, station, product, site or features.NAME' })

const known = (what: string) =>
  z
    .union([z.literal('any'), z.array(z.string().min(1)).min(1).max(4096)])
    .default('any')
    .describe(`Which ${what} are taken: \`any\`, or a list; a record that names another is rejected, never dropped`)

export const options = z.strictObject({
  dataDirectory: z
    .string()
    .min(1)
    .default('.andon')
    .describe('Where the log and the snapshots are kept; relative to the working directory'),
  seed: count(0, 4_294_967_295).default(1).describe('Seeds every draw by chance: same seed and same log, same model, byte for byte'),
  domain: z
    .union([field, z.array(field).max(8)])
    .transform(fields => (typeof fields === 'string' ? [fields] : fields).map(name => (name === 'site' ? 'features.site' : name)))
    .prefault(['line'])
    .describe(
      'What divides the observations into domains: `line`, `station`, `product`, `site` (short for `features.site`) or `features.NAME`, ' +
        'one or a list; `[]` for a single domain'
    ),
  policy: z
    .strictObject({
      lines: known('lines'),
      tasks: known('tasks'),
      classes: z
        .record(z.string().min(1), z.array(z.string().min(1)).min(1).max(4096))
        .default({})
        .describe('Which classes are taken, as task → list; a task not named here may have any')
    })
    .prefault({})
    .describe('Names that may come in. By default any may: lines, tasks and classes appear while running'),
  shards: z
    .record(
      z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, 'expected letters, digits, dots, dashes and underscores, 40 at most'),
      z.array(z.string().min(1)).min(1).max(4096)
    )
    .default({})
    .superRefine((shards, context) => {
      const of = new Map<string, string>()
      for (const [shard, lines] of Object.entries(shards)) {
        if (shard === 'shard-0')
          context.addIssue({ code: 'custom', path: [shard], message: 'expected another name: shard-0 takes the lines that no shard names' })
        for (const line of lines) {
          const other = of.get(line)
          if (other !== undefined)
            context.addIssue({ code: 'custom', path: [shard], message: `expected each line in one shard, ${line} is in ${other} as well` })
          of.set(line, shard)
        }
      }
    })
    .describe('Lines that share a learner of their own, as shard → list; the rest share `shard-0`. Needs roles'),
  input: z
    .strictObject({
      maxRecordKiB: count(1, 65_536).default(256).describe('A longer record is rejected'),
      maxFeatures: count(1, 65_536).default(4096).describe('An observation with more features is rejected'),
      maxSkewMs: count(0, 31_622_400_000)
        .default(86_400_000)
        .describe('How far a time may lie in the future of this machine’s clock before the record is rejected')
    })
    .prefault({})
    .describe('Limits of what comes in'),
  log: logOptions.prefault({}).describe('The log'),
  join: z
    .strictObject({
      maxWaiting: count(1, 100_000_000)
        .default(100_000)
        .describe('Observations and labels that may wait for each other; beyond it the oldest leave, and that is told'),
      maxAgeHours: z.number().positive().max(87_600).default(720).describe('How long, in event time, an observation waits for its label'),
      predictionWaitMs: count(0, 3_600_000)
        .default(5000)
        .describe('How long, in event time, a labelled observation waits for its prediction before the example is made without one'),
      dedupe: z
        .strictObject({
          maxIds: count(1, 100_000_000).default(200_000).describe('Identities remembered to tell a repeated label from a new one')
        })
        .prefault({})
        .describe('Repeats')
    })
    .prefault({})
    .describe('The waiting room, where observation, prediction and label become an example'),
  learner: learnerOptions.prefault({}).describe('The learner'),
  judge: z
    .strictObject({
      window: count(10, 1_000_000).default(1000).describe('Examples in the sliding window of scores'),
      forgetting: z
        .number()
        .gt(0)
        .max(1)
        .default(0.999)
        .describe('Weight of the past in the scores with forgetting, per example; 1 forgets nothing'),
      readyRecall: z
        .number()
        .gt(0)
        .max(0.99)
        .default(0.8)
        .describe('Recall that a class must be sure to reach, by the lower end of its 95 % interval, to count as ready on a line')
    })
    .prefault({})
    .describe('How the learner is judged'),
  decide: decideOptions.prefault({}).describe('What is done about a prediction'),
  snapshot: z
    .strictObject({
      everyExamples: count(1, 100_000_000)
        .default(5000)
        .describe('Examples between two snapshots; after a crash at most as many are folded again'),
      keep: count(1, 1000).default(3).describe('Snapshots kept; retention of the log never passes the oldest')
    })
    .prefault({})
    .describe('Snapshots of the state with its positions'),
  publish: z
    .strictObject({
      everyExamples: count(1, 1_000_000)
        .default(500)
        .describe('Examples learned after which predictors get the new state: theirs is at most as many and one step behind the learner’s'),
      everyMs: count(1, 3_600_000).default(1000).describe('Time after which they get it although fewer were learned'),
      maxBehind: count(1, 1_000_000_000)
        .default(10_000)
        .describe('Examples that a predictor’s state may be behind the log; beyond them it goes on predicting and is not ready')
    })
    .prefault({})
    .describe('What a learner publishes for predictors that run apart from it'),
  load: z
    .strictObject({
      behind: count(0, 1_000_000_000)
        .default(5000)
        .describe('Examples waiting to be learned from which on each is practised less; 0 never does so'),
      least: count(1, 1000).default(1).describe('Learning steps an example that load never takes away')
    })
    .prefault({})
    .describe('Less practice under load: each change is written to the log, so that every replica makes it at the same example'),
  alert: alertOptions.prefault({}).describe('Alerts'),
  http: httpOptions.prefault({}).describe('The HTTP interface'),
  registry: registryOptions.prefault({}).describe('A schema registry, whose ids stand before each record in place of fingerprints'),
  simulate: z
    .strictObject({
      lines: count(1, 1000).default(3).describe('Number of simulated lines'),
      rate: z.number().positive().max(1_000_000).default(200).describe('Observations per second, over all lines'),
      delay: count(0, 1_000_000).default(50).describe('Observations of the same line between one and its label'),
      rareRate: z.number().positive().max(100).default(1).describe('Multiplies how often a part fails; 1 is the published process'),
      drift: z.boolean().default(true).describe('Whether the process changes while it runs'),
      seed: count(0, 4_294_967_295).default(1).describe('Seed of the simulated lines')
    })
    .prefault({})
    .describe('Simulated lines, for `andon simulate-line` and `andon run --simulate`'),
  logging: z
    .strictObject({
      level: z
        .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
        .default('info')
        .describe('The least that is written to the diagnostic log')
    })
    .prefault({})
    .describe('Diagnostic log')
})

/** A whole configuration, checked, with every default in its place. */
export type Config = z.output<typeof options>
