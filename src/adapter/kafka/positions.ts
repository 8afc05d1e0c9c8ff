/** The positions of a group, as the cluster keeps them. */
import type { Position } from '../../pipeline/log.ts'
import type { Link } from './link.ts'
import { GROUP_COORDINATOR, type GroupPositions } from './protocol.ts'
import { fetchStable } from './stable.ts'

/** The positions that a group has committed. A partition never committed is absent. */
export async function committedOf(
  link: Link,
  group: string,
  partitions: Readonly<Record<string, number>>,
  prefix: string
): Promise<readonly Position[]> {
  const asked = Object.entries(partitions).map(([topic, count]) => askedOf(prefix + topic, Array(count).keys()))
  const { responses } = await link.use(`read the positions of the group ${group}`, async () =>
    (await link.coordinatorOf(group, GROUP_COORDINATOR)).offsetFetch({ groupId: group, topics: asked })
  )
  return positionsOf(responses, prefix)
}

/**
 * The same of the partitions of these numbers alone, once no transaction that moves one of them is open any more: what a
 * commit has just moved, or an abort has not, is never seen late. Waits for as long as one is, and throws `UNAVAILABLE` where
 * that is longer than `patienceMs`.
 */
export async function settledOf(
  link: Link,
  group: string,
  topics: readonly string[],
  numbers: readonly number[],
  prefix: string,
  patienceMs = Number.POSITIVE_INFINITY
): Promise<readonly Position[]> {
  const asked = topics.map(topic => askedOf(prefix + topic, numbers))
  const found = await link.use(
    `read the positions of the group ${group}`,
    async () => fetchStable(await link.coordinatorOf(group, GROUP_COORDINATOR), group, asked),
    patienceMs
  )
  return positionsOf(found, prefix)
}

function askedOf(topic: string, numbers: Iterable<number>): GroupPositions['asked'][number] {
  return { topic, partitions: [...numbers].map(partition => ({ partition })) }
}

function positionsOf(found: GroupPositions['found'], prefix: string): readonly Position[] {
  return found
    .flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => ({ topic: topic.slice(prefix.length), partition, offset: Number(offset) }))
    )
    .filter(({ offset }) => offset >= 0)
}
