/** A learner on another machine: nothing of its own, only the log and what was published in it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import { openFileSnapshots } from '../../src/adapter/file/snapshots.ts'
import { openLmdbLog } from '../../src/adapter/lmdb/log.ts'
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import { Fault } from '../../src/fault/fault.ts'
import { FOLD } from '../../src/learner/learner.ts'
import { noMeter } from '../../src/learner/meter.ts'
import { Intake } from '../../src/pipeline/intake.ts'
import { layerSnapshots } from '../../src/pipeline/layered-snapshots.ts'
import type { Position } from '../../src/pipeline/log.ts'
import { isPublished, openPublishedSnapshots } from '../../src/pipeline/published-snapshots.ts'
import { type Recovered, recover } from '../../src/pipeline/recover.ts'
import { GROUP } from '../../src/pipeline/roles.ts'
import { REST, Shards } from '../../src/pipeline/shards.ts'
import type { SnapshotStore } from '../../src/pipeline/snapshot-store.ts'
import { codec, input, learnerOptions, partitions as topics, type Whole, World } from './world.ts'

const partitions = { ...topics, snapshots: 1 }
const directories: string[] = []
const logs: Whole[] = []
const fresh = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'andon-replica-'))
  directories.push(directory)
  return directory
}
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close()
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

/** What a machine has: its own files, and what is published in the log. */
const machine = (log: Whole): SnapshotStore => layerSnapshots(openFileSnapshots(fresh()), openPublishedSnapshots(log), isPublished)

const opens: Readonly<Record<string, (clock: () => number) => Promise<Whole>>> = {
  'the log in memory': async clock => openMemoryLog({ partitions, clock }),
  'the log in LMDB': clock => openLmdbLog({ directory: fresh(), partitions, maxBytes: 64 * 1024 * 1024, clock })
}

/** A learner that saved after 10 and after 20 examples, went on to 25 and then had no room for one more. */
async function lived(open: (clock: () => number) => Promise<Whole>): Promise<World> {
  let now = (): number => 0
  const log = await open(() => now())
  logs.push(log)
  const world = await World.make({
    open: () => log,
    snapshots: machine(log),
    options: { snapshot: { everyExamples: 100, keep: 2 } }
  })
  now = () => world.now
  const write = (from: number, to: number) =>
    log.write(Array.from({ length: to - from }, (_, i) => input.example(from + i, { fault: (from + i) % 3 === 0 ? 'scratch' : 'none' })))
  for (const [from, to] of [
    [0, 10],
    [10, 20]
  ] as const) {
    await write(from, to)
    await world.drain()
  }
  await write(20, 25)
  const full = async (): Promise<never> => Promise.reject(new Fault('LOG_FULL', 'expected room'))
  await world.drain(undefined, { snapshots: { ...world.snapshots, write: full } })
  expect(await reached(log)).toBe(25)
  return world
}

async function reached(log: Whole): Promise<number> {
  return (await log.committed(GROUP)).find(({ topic }) => topic === 'examples')!.offset
}

/** The state that another machine comes to, whose learner stands at `committed`. */
function replica({ log }: World, snapshots: SnapshotStore, committed: readonly Position[]): Promise<Recovered> {
  return recover({
    log,
    codec,
    snapshots,
    state: { encode: encodeSaved, decode: decodeSaved },
    learner: learnerOptions,
    shards: new Shards(),
    shard: REST,
    meter: noMeter,
    intake: new Intake(codec, { maxSkewMs: 60_000, maxFeatures: 20 }),
    committed,
    earlier: true,
    signal: new AbortController().signal
  })
}
const at = (offset: number): Position[] => [{ topic: 'examples', partition: 0, offset }]
const bytesOf = ({ learner }: Recovered): Uint8Array => encodeSaved(learner.save())

describe.each(Object.keys(opens))('a fresh machine over %s', name => {
  const open = opens[name]!

  test('catches up from the published snapshot and holds the bytes of one that folded everything', async () => {
    const world = await lived(open)
    const caught = await replica(world, machine(world.log), at(25))
    expect(isPublished(caught.snapshot!.name)).toBe(true)
    expect([caught.snapshot!.learned, caught.refolded, caught.learner.learned]).toEqual([20, 5, 25])
    expect(Buffer.compare(bytesOf(caught), (await world.fold()).bytes)).toBe(0)
    expect(caught.warnings).toEqual([])
  })

  test('takes over the group: the pipeline goes on there, and its files are its own from then on', async () => {
    const world = await lived(open)
    const own = openFileSnapshots(fresh())
    const pipeline = await world.drain(undefined, { snapshots: layerSnapshots(own, openPublishedSnapshots(world.log), isPublished) })
    expect(world.told.join()).toContain('25 examples known, 5 folded again')
    expect(Buffer.compare(encodeSaved(pipeline.learner!.save()), (await world.fold()).bytes)).toBe(0)
    expect((await own.list()).map(each => 'learned' in each && each.learned)).toEqual([25])
  })

  test('rebuilds the same bytes from the examples alone where nothing is published', async () => {
    const world = await lived(open)
    await openPublishedSnapshots(world.log).keep(0)
    const rebuilt = await replica(world, machine(world.log), at(25))
    expect([rebuilt.snapshot, rebuilt.refolded]).toEqual([null, 25])
    expect(Buffer.compare(bytesOf(rebuilt), (await world.fold()).bytes)).toBe(0)
  })

  test('whose position is behind a published snapshot takes an older one, or folds from the first example', async () => {
    const world = await lived(open)
    const behind = await replica(world, machine(world.log), at(15))
    expect([behind.snapshot!.learned, behind.refolded, behind.learner.learned]).toEqual([10, 5, 15])
    expect(behind.warnings.join()).toMatch(/holds examples up to 20, which the log has not committed: passed over/)
    expect(Buffer.compare(bytesOf(behind), bytesOf(await replica(world, machine(world.log), at(15))))).toBe(0)
    const first = await replica(world, machine(world.log), at(5))
    expect([first.snapshot, first.learner.learned]).toEqual([null, 5])
  })

  test('with files older than the log reaches back takes the published one, which retention has left room for', async () => {
    const world = await lived(open)
    const files = openFileSnapshots(fresh())
    const old = await replica(world, machine(world.log), at(3))
    await files.write({ fold: FOLD, positions: at(3), learned: 3 }, bytesOf(old))
    await world.log.retain([{ topic: 'examples', keepBytes: 0 }], at(10), world.now)
    const caught = await replica(world, layerSnapshots(files, openPublishedSnapshots(world.log), isPublished), at(25))
    expect([caught.snapshot!.learned, caught.learner.learned]).toEqual([20, 25])
    await openPublishedSnapshots(world.log).keep(0)
    await expect(replica(world, layerSnapshots(files, openPublishedSnapshots(world.log), isPublished), at(25))).rejects.toMatchObject({
      code: 'LOG_DAMAGED',
      message: expect.stringMatching(/oldest kept is 10/)
    })
  })

  test('an old learner saved once more behind the gap: what it published is passed over for the one that fits', async () => {
    const world = await lived(open)
    const zombie = await replica(world, machine(world.log), at(3))
    await world.log.retain([{ topic: 'examples', keepBytes: 0 }], at(10), world.now)
    const files = openFileSnapshots(fresh())
    // Files go by their order: here the newest file is the one that the log no longer reaches back to.
    const good = await replica(world, machine(world.log), at(20))
    await files.write({ fold: FOLD, positions: at(20), learned: 20 }, bytesOf(good))
    await files.write({ fold: FOLD, positions: at(3), learned: 3 }, bytesOf(zombie))
    const caught = await replica(world, files, at(25))
    expect(caught.learner.learned).toBe(25)
    expect(caught.warnings.join()).toMatch(/needs examples from 3 on, the oldest kept is 10: passed over/)
  })
})
