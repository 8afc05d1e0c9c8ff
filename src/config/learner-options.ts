/** Options of the learner. The defaults are one recipe for all streams: change them only against a measurement. */
import * as z from 'zod'

const count = (least: number, most: number) => z.int().min(least).max(most)
const penalty = (initial: number, what: string) => z.number().min(0).max(10).default(initial).describe(what)

const knots = z.strictObject({
  intervals: count(2, 64).default(12).describe('Intervals of the spline of a numeric feature'),
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
  forgetting: z.number().gt(0).max(1).default(0.9995).describe('Weight of the past in the frequencies of the classes, per example')
})

const gate = z.strictObject({
  loadFloor: penalty(0.01, 'Keeps experts alive: strength of the balance penalty'),
  zLoss: penalty(0, 'Keeps the logits of the gate small'),
  entropy: penalty(0, 'Rewards a gate that spreads over its experts'),
  l2: penalty(0, 'Draws the weights of the gate towards zero')
})

/** Classes of all tasks together that fit into one prediction, whatever their names. */
const MOST_CLASSES = 24_000

export const learnerOptions = z
  .strictObject({
    experts: count(1, 256).default(16).describe('Experts in a bank'),
    rate: z.number().positive().max(10).default(0.06).describe('Learning rate η'),
    decay: z.number().min(0).max(1).default(0).describe('Decay λ of a weight towards zero, each time it is touched'),
    forgetting: z.number().gt(0).max(1).default(0.9995).describe('Forgetting ρ of the squared gradients behind the adaptive rates'),
    steps: count(1, 64).default(4).describe('Learning steps per example: the example itself, then replayed ones'),
    memoryPerClass: count(1, 100_000).default(600).describe('Recent examples of each class kept for replay'),
    knots: knots.prefault({}).describe('Encoding of numeric features'),
    rare: rare.prefault({}).describe('Weight of rare classes'),
    gate: gate.prefault({}).describe('Penalties on the gate'),
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
