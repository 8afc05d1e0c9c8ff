/** Options of decisions: what is promised, what mistakes cost, which parts are sent to inspection. */
import * as z from 'zod'
import { goodNames } from '../decide/options.ts'
import { count } from './value.ts'

const names = z.array(z.string().min(1)).max(4096)
const cost = z.number().min(0).max(1e12)

const missRate = z.number().min(0.001).max(0.5).nullable()
const costs = z
  .strictObject({ miss: cost, falseAlarm: cost })
  .nullable()
  .meta({ accepts: '`miss` and `falseAlarm`, each a number from 0 on, or null' })

/** Of a class, where its task’s do not hold. */
const ofClass = z.strictObject({ missRate: missRate.optional(), costs: costs.optional() })

const ofTask = z.strictObject({
  good: names.nullable().optional(),
  missRate: missRate.optional(),
  costs: costs.optional(),
  classes: z.record(z.string().min(1), ofClass).optional()
})

export const decideOptions = z.strictObject({
  good: names
    .default([...goodNames])
    .describe(
      'Names of the classes that are no defects, whatever the task; `No Failure`, `no-failure` and `nofailure` are one. A task without any has only defects'
    ),
  missRate: missRate
    .default(null)
    .describe(
      'Promise: of the parts of each defect class at most this share passes unflagged, by thresholds that follow what labels tell. `null` promises nothing: the chosen class is flagged unless it is good'
    ),
  costs: costs
    .default(null)
    .describe(
      'What it costs to let a part of a defect class pass (`miss`) and to flag one that is not of it (`falseAlarm`), in any unit: what costs least in the mean is done. `null` for no costs'
    ),
  tasks: z
    .record(z.string().min(1), ofTask)
    .default({})
    .meta({ accepts: 'names, each with good, missRate, costs and classes (names, each with missRate and costs)' })
    .describe('The same for single tasks, as task → `good`, `missRate`, `costs` and `classes` → `missRate`, `costs`'),
  abstainBelow: z
    .number()
    .gt(0)
    .max(1)
    .nullable()
    .default(null)
    .describe('A part of which no class is as likely as this is left to a person; `null` for none'),
  untilKnown: z
    .enum(['abstain', 'chosen'])
    .default('abstain')
    .describe(
      'While a class has fewer labels than its promise needs: `abstain` leaves every part to a person that would pass, which keeps the promise; `chosen` goes on as without a promise'
    ),
  adapt: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.02)
    .describe('How far the working miss rate moves with each label of its class; 0 keeps to the promised one, and a drift breaks it'),
  window: count(20, 100_000)
    .default(200)
    .describe(
      'Labels of a class that its threshold is taken from, or twice what its promise needs at least where that is more (19 for .05)'
    ),
  labels: z
    .enum(['all', 'inspected'])
    .nullable()
    .default(null)
    .describe(
      'Which parts get a label: `all` in their time, or those `inspected`, which then stand for the others. `null` for `inspected` where there is a budget'
    ),
  remembered: count(100, 10_000_000)
    .default(100_000)
    .describe('Parts whose decision is remembered until their labels come; labels later than that are not measured'),
  inspection: z
    .strictObject({
      perThousand: z
        .number()
        .min(0)
        .max(1000)
        .default(0)
        .describe('Budget: parts of a thousand on each line that may be sent to inspection to learn from; 0 sends none'),
      burst: count(1, 100_000).default(10).describe('Inspections of a line that may be saved up, or taken in advance'),
      atRandom: z
        .number()
        .min(0.01)
        .max(1)
        .default(0.2)
        .describe('Share of the budget spent evenly, so that every part may be drawn and rates can be corrected; 1 spends all of it so'),
      cost: cost
        .nullable()
        .default(null)
        .describe('What an inspection costs, in the unit of the costs; `null` never inspects for its price'),
      maxListed: count(1, 100_000).default(1000).describe('Parts on the work list; of more the oldest leave it')
    })
    .prefault({})
    .describe('Which parts are sent to inspection')
})
