/** The topics of a log: made where they are missing and that is allowed, otherwise held to what is expected of them. */
import { Fault } from '../../fault/fault.ts'
import type { Link } from './link.ts'
import { isUnknownTopic } from './problem.ts'

export interface TopicOptions {
  /** Make the topics that are missing. */
  readonly create: boolean
  /** Copies of each partition; −1: as the cluster does by default. */
  readonly replication: number
  /** The longest batch that a topic made here takes, bytes. */
  readonly maxMessageBytes: number
}

/** How long a topic just made may take until every broker knows it. */
const KNOWN_MS = 15_000

/**
 * Makes or checks topics, given as name → partitions. Throws `CONFIG_INVALID` where one is missing and may not be made, or
 * has another number of partitions.
 */
export async function ensureTopics(link: Link, wanted: Readonly<Record<string, number>>, options: TopicOptions): Promise<void> {
  const missing = await missingTopics(link, wanted)
  if (missing.length === 0) return
  if (!options.create)
    throw new Fault(
      'CONFIG_INVALID',
      `expected the topics ${missing.join(', ')}, the cluster has none of these names: let them be made, or make them with ` +
        missing
          .map(topic => `\`kafka-topics --create --topic ${topic} --partitions ${wanted[topic]} --config ${settings.join(' --config ')}\``)
          .join(' and ')
    )
  await create(link, missing, wanted, options)
}

/** Those of the topics that are not there. Throws `CONFIG_INVALID` where one has another number of partitions. */
export async function missingTopics(link: Link, wanted: Readonly<Record<string, number>>): Promise<string[]> {
  const missing: string[] = []
  for (const [topic, partitions] of Object.entries(wanted)) {
    const found = await partitionsOf(link, topic)
    if (found === null) missing.push(topic)
    else if (found !== partitions)
      throw new Fault(
        'CONFIG_INVALID',
        `expected ${partitions} partitions of the topic ${topic}, the cluster has ${found}: set log.partitions to ${found}, or use another prefix; ` +
          'partitions added to a topic in use would send the keys elsewhere'
      )
  }
  return missing
}

/** Nothing goes by itself, since positions and snapshots say what may; time is the broker's, which every reader shares. */
const settings = ['cleanup.policy=delete', 'retention.ms=-1', 'retention.bytes=-1', 'message.timestamp.type=LogAppendTime'] as const

async function create(
  link: Link,
  topics: readonly string[],
  wanted: Readonly<Record<string, number>>,
  options: TopicOptions
): Promise<void> {
  const configEntries = [...settings, `max.message.bytes=${options.maxMessageBytes}`].map(setting => {
    const [name, value] = setting.split('=')
    return { name: name!, value: value! }
  })
  await link.use(`make the topics ${topics.join(', ')}`, async () => {
    try {
      await (await link.anyBroker()).createTopics({
        topics: topics.map(topic => ({ topic, numPartitions: wanted[topic]!, replicationFactor: options.replication, configEntries })),
        timeout: KNOWN_MS
      })
    } catch (error) {
      const { errors = [error] } = error as { errors?: readonly { readonly type?: string }[] }
      // Another process was faster, or an earlier try of ours.
      const real = (errors as readonly { readonly type?: string }[]).filter(({ type }) => type !== 'TOPIC_ALREADY_EXISTS')
      if (real.length > 0) throw real[0]
    }
  })
  const known = async (): Promise<void> => {
    for (const topic of topics) await (await link.anyBroker()).metadata([topic])
  }
  await link.use(`see the new topics ${topics.join(', ')}`, known, KNOWN_MS)
}

/** How many partitions a topic has, null where there is none. */
async function partitionsOf(link: Link, topic: string): Promise<number | null> {
  return link.use(`look at the topic ${topic}`, async () => {
    try {
      const { topicMetadata } = await (await link.anyBroker()).metadata([topic])
      return topicMetadata[0]?.partitionMetadata.length ?? null
    } catch (error) {
      if (isUnknownTopic(error)) return null
      throw error
    }
  })
}
