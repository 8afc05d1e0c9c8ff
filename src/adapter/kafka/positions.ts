/** The positions of a group, as the cluster keeps them. */
import type { Position } from '../../pipeline/log.ts'
import type { Link } from './link.ts'
import { GROUP_COORDINATOR } from './protocol.ts'

/** The positions that a group has committed. A partition never committed is absent. */
export async function committedOf(
  link: Link,
  group: string,
  partitions: Readonly<Record<string, number>>,
  prefix: string
): Promise<readonly Position[]> {
  const topics = Object.entries(partitions).map(([topic, count]) => ({
    topic: prefix + topic,
    partitions: Array.from({ length: count }, (_, partition) => ({ partition }))
  }))
  const { responses } = await link.use(`read the positions of the group ${group}`, async () =>
    (await link.coordinatorOf(group, GROUP_COORDINATOR)).offsetFetch({ groupId: group, topics })
  )
  return responses
    .flatMap(({ topic, partitions: found }) =>
      found.map(({ partition, offset }) => ({ topic: topic.slice(prefix.length), partition, offset: Number(offset) }))
    )
    .filter(({ offset }) => offset >= 0)
}
