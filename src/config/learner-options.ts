/** Options of the learner. The defaults are one recipe for all streams: change them only against a measurement. */
import * as z from 'zod'
import { count } from './value.ts'

const penalty = (initial: number, what: string) => z.number().min(0).max(10).default(initial).describe(what)

const knots = z.strictObject({
  intervals: count(2, 64).default(16).describe('Intervals of the spline of a numeric feature'),
  refitAt: z
    .array(count(2, 1_000_000_000))
    .min(1)
    .max(64)
    .refine(at => at.every((n, i) => i === 0 || n > at[i - 1]!), 'expected numbers of examples, each greater than the one before')
    .default([32, 128, 512, 2048])
    .describe('After how many examples the knots are fitted again to running quantiles'),
  reservoir: count(16, 100_000).default(500).describe('Values per feature from which the quantiles are taken'),
  horizon: count(16, 100_000_000).default(5000).describe('About how many of the latest examples the reservoir stands for')
})

const rare = z.strictObject({
  exponent: z.number().min(0).max(1).default(0.5).describe('How much more a rare class weighs: 0 not at all, 1 as much as a frequent one'),
  cap: z.number().min(1).max(1000).default(20).describe('The most that one example may weigh'),
  forgetting: z.number().gt(0).max(1).default(0.9995).describe('Weight of the past in the frequencies of the classes, per example'),
  synthetic: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Share of a rare class’s replayed examples that are made up between two real ones, while that helps it; 0 for none')
})

const gate = z.strictObject({
  loadFloor: penalty(0.01, 'Keeps experts alive: strength of the balance penalty'),
  zLoss: penalty(0, 'Keeps the logits of the gate small'),
  entropy: penalty(0, 'Rewards a gate that spreads over its experts'),
  l2: z.number().min(0).max(1).default(0).describe('Draws the weights of the gate towards zero')
})

const gateInput = z
  .union([
    z.enum(['all', 'domain', 'linear', 'bounded']),
    z.strictObject({ features: z.array(z.string().min(1)).min(1).max(1000).describe('Features the gate reads, all of each') })
  ])
  .meta({ accepts: 'one of "all", "domain", "linear", "bounded", or {"features": a list of names}' })

const neighbours = z.strictObject({
  capacity: count(1, 1_000_000).default(2000).describe('Last examples among which neighbours are looked for'),
  neighbours: count(1, 100).default(5).describe('Neighbours that vote')
})

const pool = z.strictObject({
  rate: z.number().positive().max(1).default(0.003).describe('Learning rate of the exponents'),
  clip: z.number().positive().max(100).default(5).describe('The most that one example may pull'),
  floor: z.number().positive().max(0.1).default(0.0001).describe('Added to every probability, so that no bank can veto a class')
})

/** Classes of all tasks together that fit into one prediction, whatever their names. */
const MOST_CLASSES = 24_000

export const learnerOptions = z
  .strictObject({
    preset: z
      .enum(['fast', 'default', 'thorough'])
      .default('default')
      .describe('How many banks answer and how much they practise: `fast`, `default` or `thorough`'),
    experts: count(1, 256).default(16).describe('Experts in a mixture bank'),
    forgetting: z.number().gt(0).max(1).default(0.9995).describe('Forgetting ρ of the squared gradients behind the adaptive rates'),
    sparse: z
      .number()
      .min(0)
      .max(0.5)
      .default(0)
      .describe(
        'Experts responsible for less than this share of an example do not learn it: faster, a little less accurate; 0 for all learn'
      ),
    memoryPerClass: count(1, 100_000).default(300).describe('Recent examples of each class kept for replay'),
    neighbours: neighbours.prefault({}).describe('The bank that remembers'),
    pool: pool.prefault({}).describe('How the opinions of the banks are weighed'),
    guardShare: z.number().gt(0).max(0.5).default(0.001).describe('Share α of the guard’s weight that is spread anew at every label'),
    rest: z
      .strictObject({
        below: z
          .number()
          .min(0)
          .max(0.3)
          .default(0.02)
          .describe('A bank with less than this share of what is said is asked and trained rarely, until it is needed again; 0 for never')
      })
      .prefault({})
      .describe('Banks without weight'),
    start: z
      .enum(['random', 'warm', 'sibling', 'evidence'])
      .default('random')
      .describe(
        'Where mixtures start: at `random`; `warm`, their experts learning alike before they part; a new domain’s at a copy of its most alike `sibling`; or several ways at once, until the `evidence` of the first labels chooses'
      ),
    sharing: z
      .enum(['full', 'cheap'])
      .default('full')
      .describe('`full`: banks of each task’s own; `cheap`: the tasks of a bank share its gate, for many lines and tasks'),
    maxMiB: count(1, 1024)
      .default(1024)
      .describe(
        'Size of all weights, empty room included, from which on no domain gets weights of its own; the kernel’s memory ends at four times the most'
      ),
    admitAfter: count(0, 1_000_000).default(0).describe('Labels of a domain after which it gets weights of its own'),
    decisionExponent: z
      .number()
      .min(-1)
      .max(2)
      .default(0)
      .describe('How much more a rare class is chosen than its probability says: 0 not at all, 1 as if all classes were equally frequent'),
    knots: knots.prefault({}).describe('Encoding of numeric features'),
    rare: rare.prefault({}).describe('Weight of rare classes'),
    gate: gate.prefault({}).describe('Penalties on the gate'),
    gateInput: gateInput
      .default('all')
      .describe(
        'What gates read of what their experts do: `all`, the `domain` alone, `linear` terms and categories without curves, the same with numbers `bounded`, or the features named'
      ),
    lastLabel: z
      .boolean()
      .default(false)
      .describe(
        'Whether the last known label of the record’s domain and its age are inputs, for each task. Off: where labels come at once and alike in long runs it wins by repeating them and learns nothing of defects'
      ),
    chain: z
      .boolean()
      .default(false)
      .describe('Whether every task has one bank more, `chain`, that hears what the other tasks say of a record'),
    drift: z
      .enum(['answer', 'tell', 'off'])
      .default('answer')
      .describe(
        'What becomes of a drift: the learner tells and answers it (`answer`), tells it alone (`tell`), or does not look for it (`off`)'
      ),
    maxTasks: count(1, 1024).default(64).describe('Tasks; labels of later ones are not learned, and a signal tells'),
    maxClasses: count(2, 4096).default(256).describe('Classes of a task; beyond it a signal tells, and the label is not learned'),
    maxDomains: count(1, 65_536).default(256).describe('Domains; later ones share one overflow domain'),
    maxFeatures: count(1, 65_536)
      .default(4096)
      .describe('Features with an encoding of their own; later ones are not learned from, and a signal tells'),
    maxCategories: count(1, 65_536).default(64).describe('Values of a category with a weight of their own; later ones share one entry'),
    single: z.boolean().default(true).describe('Whether a single model (one expert on the same encoding) runs beside, for comparison'),
    dedupe: z
      .strictObject({ maxIds: count(1, 100_000_000).default(100_000).describe('Examples remembered so that none is learned twice') })
      .prefault({})
      .describe('Repeats')
  })
  .superRefine(({ maxTasks, maxClasses }, context) => {
    if (maxTasks * maxClasses <= MOST_CLASSES) return
    context.addIssue({
      code: 'custom',
      path: ['maxClasses'],
      message: `expected at most ${MOST_CLASSES} classes over all tasks (learner.maxTasks × learner.maxClasses), got ${maxTasks} × ${maxClasses}: lower one of them`
    })
  })
