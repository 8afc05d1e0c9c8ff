/**
 * Options of the log, embedded or on a Kafka cluster. Every topic has a limit by size, so that the log as a whole stays below its own and goes
 * on taking records for ever.
 */
import * as z from 'zod'
import { kafkaOptions } from './kafka-options.ts'

/**
 * Share of `log.maxMiB` that a topic may fill when no size is given. Together three quarters: the rest is the log's own
 * pages, the space that removed records still hold, and what comes in between two rounds of retention.
 */
const shares = {
  observations: 0.2,
  labels: 0.05,
  examples: 0.2,
  predictions: 0.18,
  decisions: 0.02,
  alerts: 0.02,
  signals: 0.03,
  rejects: 0.05
} as const

/** Topics whose records of one line must lie in partitions of the same number. */
const together = ['observations', 'labels', 'predictions'] as const

export type TopicName = keyof typeof shares
export const topicNames = Object.keys(shares) as readonly TopicName[]

function perTopic<S extends z.ZodType>(option: (topic: TopicName) => S): z.ZodObject<Record<TopicName, S>, z.core.$strict> {
  return z.strictObject(Object.fromEntries(topicNames.map(topic => [topic, option(topic)])) as Record<TopicName, S>)
}

const keep = z
  .strictObject({
    hours: z.number().positive().max(876_000).nullable().default(null).describe('Older records are removed; `null` for no limit by age'),
    MiB: z
      .number()
      .positive()
      .max(16_777_216)
      .nullable()
      .default(null)
      .describe('The oldest records beyond this size are removed; `null` for the topic’s share of `log.maxMiB`')
  })
  .prefault({})

const refused = (used: number, most: number) =>
  `expected topics of at most ${Math.floor(0.9 * most)} MiB together (nine tenths of log.maxMiB), got ${Math.ceil(used)}: lower their MiB or raise log.maxMiB`

export const logOptions = z
  .strictObject({
    kind: z
      .enum(['embedded', 'kafka'])
      .default('embedded')
      .describe('Where the log is: a file in the data directory, or topics of a Kafka cluster'),
    kafka: kafkaOptions.prefault({}).describe('The Kafka cluster, where `log.kind` is `kafka`'),
    maxMiB: z
      .int()
      .min(16)
      .max(16_777_216)
      .default(4096)
      .describe(
        'Limit of the embedded log on disk; when it is reached, nothing more is acknowledged until there is room. The shares of topics are counted from it on Kafka, too'
      ),
    partitions: perTopic(topic => z.int().min(1).max(1024).default(1).describe(`Partitions of ${topic}; fixed once the log exists`))
      .prefault({})
      .describe('Partitions of each topic'),
    retention: perTopic(topic => keep.describe(`What is kept of ${topic}`))
      .prefault({})
      .describe('What is kept of each topic; a record that the oldest snapshot still needs is always kept')
  })
  .superRefine((log, context) => {
    const [first, ...others] = together.map(topic => log.partitions[topic])
    if (log.kind === 'kafka' && others.some(count => count !== first))
      context.addIssue({
        code: 'custom',
        path: ['partitions'],
        message: `expected the same number for ${together.join(', ')}, which meet by their line, got ${together.map(topic => log.partitions[topic]).join(', ')}`
      })
    const used = topicNames.reduce((sum, topic) => sum + (log.retention[topic].MiB ?? shares[topic] * log.maxMiB), 0)
    if (used > 0.9 * log.maxMiB) context.addIssue({ code: 'custom', path: ['retention'], message: refused(used, log.maxMiB) })
  })

/**
 * The limits of every topic, as the log takes them.
 *
 * @example
 * ```ts
 * import { loadConfig } from '../src/config/load.ts'
 * import { retentions } from '../src/config/log-options.ts'
 * retentions(loadConfig({ env: {} }).log)[1] // => { topic: 'labels', keepBytes: 214748364 }
 * ```
 */
export function retentions(log: z.output<typeof logOptions>): { topic: TopicName; keepMs?: number; keepBytes: number }[] {
  return topicNames.map(topic => {
    const { hours, MiB } = log.retention[topic]
    const keepBytes = Math.floor((MiB ?? shares[topic] * log.maxMiB) * 1_048_576)
    return hours === null ? { topic, keepBytes } : { topic, keepMs: Math.round(hours * 3_600_000), keepBytes }
  })
}
