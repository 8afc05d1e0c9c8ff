/** A log moved to a real broker and back, and snapshots published there. */
import { describe, expect, test } from 'vitest'
import { encodeSaved } from '../../../src/adapter/file/saved.ts'
import { openKafkaLog } from '../../../src/adapter/kafka/log.ts'
import { openMemoryLog } from '../../../src/adapter/memory/log.ts'
import { type Depot, migrate } from '../../../src/pipeline/migrate.ts'
import { GROUP } from '../../../src/pipeline/roles.ts'
import { snapshotLaws } from '../../pipeline/snapshot-store.laws.ts'
import { logSubject } from '../../pipeline/snapshot-subjects.ts'
import { input, partitions, type Whole, World } from '../../pipeline/world.ts'
import { noKafka, withBroker } from './broker.ts'

const { observation, label } = input
const labelled = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => label(from + i, { fault: (from + i) % 3 === 0 ? 'scratch' : 'none' }))
const parts = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => observation(from + i))
const never = new AbortController().signal

describe.skipIf(noKafka !== null)('on a real broker', () => {
  const broker = withBroker()
  let opened = 0
  const open = (counts: Readonly<Record<string, number>>): Promise<Whole> =>
    openKafkaLog({ brokers: [broker().address], partitions: counts, prefix: `move-${opened++}.`, create: true })

  snapshotLaws('snapshots on a cluster', async () => logSubject(await open({ examples: 1, snapshots: 1 })))

  const depotOf = ({ log, snapshots }: World): Depot => ({ log, snapshots: () => snapshots })
  /** A world at the time of the cluster, which stamps records by its own clock. */
  async function worldOf(log: (clock: () => number) => Promise<Whole>): Promise<World> {
    const world: World = await World.make({
      open: () => log(() => world?.now ?? Date.now()),
      options: { snapshot: { everyExamples: 5, keep: 2 } }
    })
    world.now = Date.now()
    return world
  }
  const memory = () => worldOf(async clock => openMemoryLog({ partitions, clock }))
  const bytesOf = async (world: World): Promise<Uint8Array> => encodeSaved((await world.drain()).learner!.save())

  test('a log moved there, and moved back, goes on: each example once, the state that of the fold', async () => {
    const source = await memory()
    await source.log.write([...parts(0, 20), ...labelled(0, 12)])
    await source.drain()
    source.pass(2000)
    await source.log.write([...parts(20, 30), ...labelled(12, 26), ...labelled(40, 43)])
    await source.drain()
    const floors = [...(await source.log.committed(GROUP)).filter(({ topic }) => topic !== 'examples')]
    await source.log.retain([{ topic: 'observations', keepBytes: 0 }], floors, source.now)
    await source.log.write([...parts(30, 34), ...labelled(26, 31)])

    const cluster = await worldOf(() => open({ ...partitions, observations: 3 }))
    const there = await migrate({ from: depotOf(source), to: depotOf(cluster), signal: never })
    const back = await memory()
    const here = await migrate({ from: depotOf(cluster), to: depotOf(back), signal: never })
    expect(here.topics).toEqual(there.topics)
    expect([here.notes, here.snapshots.length, here.leftOut]).toEqual([there.notes, 2, []])
    const once = async (world: World): Promise<string[]> =>
      (await world.events('examples', 'example')).map(each => `${each.observation.id} ${each.labels.fault}`)
    for (const world of [source, back, cluster]) {
      world.now = Date.now() + 5000
      await world.log.write([...parts(34, 44), ...labelled(31, 40)])
      const bytes = await bytesOf(world)
      // Records not yet taken come from a cluster in another order over topics: the order of the last examples may differ.
      expect(Buffer.compare(bytes, (await world.fold()).bytes)).toBe(0)
      const examples = await once(world)
      expect(new Set(examples).size).toBe(examples.length)
      expect(examples.sort()).toEqual((await once(source)).sort())
    }
    await cluster.log.close()
  }, 120_000)
})
