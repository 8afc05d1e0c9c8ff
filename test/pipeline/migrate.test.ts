/** A log moved: what a pipeline makes of the copy is what it would have made of the source. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { encodeSaved } from '../../src/adapter/file/saved.ts'
import { openLmdbLog } from '../../src/adapter/lmdb/log.ts'
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import { FOLD } from '../../src/learner/learner.ts'
import { digestsOf } from '../../src/pipeline/copy.ts'
import type { Outgoing, Retention } from '../../src/pipeline/log.ts'
import { type Depot, type Migrated, migrate } from '../../src/pipeline/migrate.ts'
import { stateOf } from '../../src/pipeline/publish-stage.ts'
import { openPublishedSnapshots } from '../../src/pipeline/published-snapshots.ts'
import { GROUP, PREDICT_GROUP, type SoleRole } from '../../src/pipeline/roles.ts'
import { REST, Shards } from '../../src/pipeline/shards.ts'
import type { SnapshotStore } from '../../src/pipeline/snapshot-store.ts'
import { changed } from './snapshot-subjects.ts'
import { codec, input, MemorySnapshots, partitions, T0, type Whole, World } from './world.ts'

type Partitions = Readonly<Record<string, number>>
type OpenLog = (partitions: Partitions, clock: () => number) => Promise<Whole>

const directories: string[] = []
const logs: Whole[] = []
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close()
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

const opens: Readonly<Record<'memory' | 'LMDB', OpenLog>> = {
  memory: async (counts, clock) => openMemoryLog({ partitions: counts, clock }),
  LMDB: (counts, clock) => {
    const directory = mkdtempSync(join(tmpdir(), 'andon-migrate-'))
    directories.push(directory)
    return openLmdbLog({ directory, partitions: counts, maxBytes: 64 * 1024 * 1024, clock })
  }
}

const never = new AbortController().signal
const ORIGIN = Object.keys(partitions)
const wider: Partitions = { ...partitions, observations: 5, labels: 3, predictions: 4, examples: 2, rejects: 2 }
/** Rejections stay: what was rejected of the examples is held against them at every start. */
const all: readonly Retention[] = ORIGIN.filter(topic => topic !== 'rejects').map(topic => ({ topic, keepBytes: 0 }))

/** A world over a log, with snapshots that outlive it. */
async function worldOf(open: OpenLog, counts: Partitions): Promise<World> {
  let clock = (): number => 0
  const log = await open(counts, () => clock())
  logs.push(log)
  const world = await World.make({ open: () => log, options: { snapshot: { everyExamples: 5, keep: 2 } } })
  clock = () => world.now
  return world
}

/** Parts, most of them labelled, one at a time; what is not joined waits. */
const parts = (from: number, to: number): Outgoing[] => Array.from({ length: to - from }, (_, i) => input.observation(from + i))
const labels = (from: number, to: number): Outgoing[] =>
  Array.from({ length: to - from }, (_, i) => input.label(from + i, { fault: (from + i) % 3 === 0 ? 'scratch' : 'none' }))

/** Lives through several snapshots and, where asked, retention; a waiting room half full, and records not yet taken. */
async function live(world: World, retentions: readonly Retention[] = []): Promise<void> {
  for (const round of [
    [...parts(0, 8), ...labels(0, 6)],
    [...parts(8, 20), ...labels(5, 16), input.control(3)],
    [input.raw('observations', 1, 2, 3), input.raw('examples', 4, 5), ...parts(20, 30), ...labels(16, 24), ...labels(40, 43)]
  ]) {
    await world.log.write(round)
    await world.drain()
    world.pass(61_000)
  }
  const [oldest] = (world.snapshots as Partial<MemorySnapshots>).kept ?? []
  const floors = [...(await world.log.committed(GROUP)).filter(({ topic }) => topic !== 'examples'), ...(oldest?.header.positions ?? [])]
  await world.log.retain(retentions, floors, world.now)
  await world.log.write([...labels(24, 26), ...parts(30, 34), input.control(2), ...labels(31, 33)])
}
const later: readonly Outgoing[] = [...parts(34, 45), ...labels(26, 31), ...labels(33, 44), ...labels(2, 4)]

async function goOn(world: World): Promise<{ readonly bytes: Uint8Array; readonly learned: number; readonly examples: string[] }> {
  await world.log.write(later)
  const { learner } = await world.drain()
  const examples = await world.events('examples', 'example')
  return {
    bytes: encodeSaved(learner!.save()),
    learned: learner!.learned,
    examples: examples.map(({ observation, labels: given }) => `${observation.id} ${given.fault}`)
  }
}

const depotOf = ({ log, snapshots }: World): Depot => ({ log, snapshots: () => snapshots })

/** Moves what a world has into another, whose time is the same. */
function move(from: World, to: World, change: (depot: Depot) => Depot = depot => depot): Promise<Migrated> {
  to.now = from.now
  return migrate({ from: depotOf(from), to: change(depotOf(to)), signal: never })
}

const ways = [
  ['memory', 'LMDB'],
  ['LMDB', 'memory'],
  ['LMDB', 'LMDB']
] as const

describe.each(ways)('from %s to %s', (from, to) => {
  for (const [what, counts] of [
    ['the same', partitions],
    ['more', wider],
    ['fewer', { ...partitions, observations: 1 }]
  ] as const)
    for (const retentions of [[], all]) {
      test(`with ${what} partitions and ${retentions.length > 0 ? 'retention passed' : 'everything kept'}, the pipeline goes on as if nothing had been`, async () => {
        const source = await worldOf(opens[from], partitions)
        await live(source, retentions)
        const starts = await source.log.starts(['examples', 'observations', 'signals'])
        expect(starts.every(({ offset }) => offset > 0)).toBe(retentions.length > 0)
        const target = await worldOf(opens[to], counts)
        const { topics, snapshots, leftOut, notes } = await move(source, target)
        expect([snapshots.length, leftOut]).toEqual([2, []])
        expect(notes).toBeGreaterThan(20)
        expect(topics.observations!.records).toBeGreaterThan(3)
        for (const [topic, digest] of await digestsOf(source.log, ORIGIN, never))
          expect(topics[topic]).toEqual({ records: digest.records, sha256: digest.sum() })
        const [stayed, moved] = [await goOn(source), await goOn(target)]
        expect(moved.learned).toBe(stayed.learned)
        expect(moved.examples).toEqual(stayed.examples)
        expect(new Set(moved.examples).size).toBe(moved.examples.length)
        expect(Buffer.compare(moved.bytes, stayed.bytes)).toBe(0)
        expect(target.wrongs).toEqual([])
      })
    }
})

test('without its snapshots the copy rebuilds the same state, or refuses where the first examples have gone', async () => {
  for (const retentions of [[], [{ topic: 'signals', keepBytes: 0 }], all]) {
    const source = await worldOf(opens.memory, partitions)
    await live(source, retentions)
    const target = await worldOf(opens.memory, wider)
    await move(source, target)
    ;(target.snapshots as MemorySnapshots).kept = []
    if (retentions === all) await expect(target.drain()).rejects.toMatchObject({ code: 'LOG_DAMAGED' })
    else expect(Buffer.compare((await goOn(target)).bytes, (await goOn(source)).bytes)).toBe(0)
  }
})

test('each snapshot stands in the copy where it stood, and records keep their age', async () => {
  const source = await worldOf(opens.memory, partitions)
  await live(source, all)
  const target = await worldOf(opens.LMDB, wider)
  await move(source, target)
  const ages = async (world: World): Promise<number[]> => (await world.records('examples')).map(({ timestamp }) => timestamp)
  expect(await ages(target)).toEqual(await ages(source))
  for (const { header } of (target.snapshots as MemorySnapshots).kept) {
    const only = await worldOf(opens.memory, wider)
    await move(source, only)
    const kept = only.snapshots as MemorySnapshots
    kept.kept = kept.kept.filter(each => each.header.learned === header.learned)
    expect(kept.kept).toHaveLength(1)
    await only.drain()
    expect(only.told.join()).not.toMatch(/passed over/)
  }
})

test('snapshots published in the source are read there and published anew in the target, never copied as records', async () => {
  const counts = { ...partitions, snapshots: 1 }
  const source = await worldOf(opens.memory, counts)
  const published = openPublishedSnapshots(source.log)
  Object.assign(source, { snapshots: published })
  await live(source)
  const target = await worldOf(opens.LMDB, { ...wider, snapshots: 1 })
  Object.assign(target, { snapshots: openPublishedSnapshots(target.log) })
  const { snapshots, topics } = await move(source, target)
  expect(snapshots).toHaveLength(2)
  expect(Object.keys(topics)).not.toContain('snapshots')
  expect(Buffer.compare((await goOn(target)).bytes, (await goOn(source)).bytes)).toBe(0)
})

test('a damaged snapshot and one ahead of the log are left out and told', async () => {
  const source = await worldOf(opens.memory, partitions)
  await live(source)
  const store = source.snapshots as MemorySnapshots
  const { header, state } = store.kept.at(-1)!
  store.kept.push({ header: { ...header, name: '000900', positions: [{ topic: 'examples', partition: 0, offset: 900 }] }, state })
  const snapshots = {
    ...store,
    list: async () => [{ name: '000901', damage: 'half of it' }, ...(await store.list())],
    read: store.read.bind(store)
  }
  const target = await worldOf(opens.memory, partitions)
  const { leftOut, snapshots: copied } = await migrate({
    from: { log: source.log, snapshots: () => ({ ...snapshots, write: store.write.bind(store), keep: store.keep.bind(store) }) },
    to: depotOf(target),
    signal: never
  })
  expect(leftOut.map(({ name }) => name)).toEqual(['000900', '000901'])
  expect(copied).toHaveLength(2)
})

describe('a copy that does not come to its end', () => {
  class Crash extends Error {}
  /** Groups that are taken over in the target before anything is written there. */
  const CLAIMS = 4

  /** A depot whose process is gone at the n-th thing that it writes. */
  function dying(n: number): { readonly change: (depot: Depot) => Depot; readonly taken: () => number } {
    let count = 0
    const step = <T>(work: () => Promise<T>): Promise<T> => (count++ < n ? work() : Promise.reject(new Crash('gone')))
    const change = (depot: Depot): Depot => ({
      snapshots: shard => ({ ...bound(depot, shard), write: (header, state) => step(() => depot.snapshots(shard).write(header, state)) }),
      log: changed(depot.log, log => ({
        write: records => step(() => log.write(records)),
        retain: (retentions, floors, now) => step(() => log.retain(retentions, floors, now)),
        claim: async group => {
          const claim = await step(() => log.claim(group))
          return { ...claim, commit: commit => step(() => claim.commit(commit)) }
        }
      }))
    })
    return { change, taken: () => count }
  }

  test('killed before any write or commit, the target is refused or whole, and never overwritten; the source goes on', async () => {
    const source = await worldOf(opens.memory, partitions)
    await live(source, all)
    const last = await worldOf(opens.memory, partitions)
    const steps = dying(Number.POSITIVE_INFINITY)
    await move(source, last, steps.change)
    const whole = await goOn(last)
    for (let n = 0; n < steps.taken(); n++) {
      const target = await worldOf(opens.memory, partitions)
      await expect(move(source, target, dying(n).change)).rejects.toThrow(Crash)
      if (n < CLAIMS + 1) continue // nothing was written yet
      await expect(move(source, target)).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringMatching(/not finished/) })
      if (n <= steps.taken() - CLAIMS) {
        await expect(target.drain()).rejects.toMatchObject({ code: 'LOG_DAMAGED', message: expect.stringMatching(/did not finish/) })
        await expect(move(target, await worldOf(opens.memory, partitions))).rejects.toMatchObject({ code: 'LOG_DAMAGED' })
      } else expect(await goOn(target)).toEqual(whole)
    }
    expect(steps.taken()).toBeGreaterThan(20)
    expect(Buffer.compare((await goOn(source)).bytes, whole.bytes)).toBe(0)
  })

  test('stopped by its signal it says so, and leaves a target that is refused', async () => {
    const source = await worldOf(opens.memory, partitions)
    await live(source)
    const target = await worldOf(opens.memory, partitions)
    const stop = new AbortController()
    const stopped = migrate({ from: depotOf(source), to: depotOf(target), signal: stop.signal, progress: () => stop.abort() })
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
    await expect(target.drain()).rejects.toMatchObject({ code: 'LOG_DAMAGED' })
  })
})

describe('a log that roles share', () => {
  const counts = { ...partitions, [stateOf(REST)]: 1 }
  const more = { ...wider, [stateOf(REST)]: 1 }
  /** Parts that are predicted as soon as they are seen. */
  const predictedParts = (from: number, to: number): Outgoing[] => {
    const predictions = Array.from({ length: to - from }, (_, i): Outgoing => {
      const [line, time] = [`line-${(from + i) % 3}`, T0 + from + i]
      const event = { observation: `part-${from + i}`, line, station: null, time, learned: 0, fold: FOLD, tasks: [] }
      return { topic: 'predictions', key: line, value: codec.encode('prediction', event) }
    })
    return [...parts(from, to), ...predictions]
  }
  /** Who joins and who learns, one after the other. */
  async function work(world: World, roles: readonly SoleRole[] = ['join', 'learn']): Promise<Uint8Array> {
    let bytes = new Uint8Array()
    for (let round = 0; round < 3; round++) {
      for (const role of roles) {
        const { learner } = await world.drain(undefined, { role })
        if (learner !== null) bytes = encodeSaved(learner.save()) as typeof bytes
      }
      world.pass(61_000)
    }
    return bytes
  }

  test('is moved with the positions of each, those of predictors where they and the joining have both come', async () => {
    const source = await worldOf(opens.memory, counts)
    await source.log.write([...predictedParts(0, 20), ...labels(0, 15)])
    await work(source)
    const predicted = (await source.log.ends(['observations'])).map(each => ({ ...each, offset: each.offset - 2 }))
    await (await source.log.claim(PREDICT_GROUP)).commit({ outputs: [], positions: predicted, notes: [] })
    await source.log.write([...predictedParts(20, 25), ...labels(15, 22)])
    const target = await worldOf(opens.LMDB, more)
    const { positions, topics } = await move(source, target)
    expect(Object.keys(positions).sort()).toEqual(['andon-join', 'andon-learn', PREDICT_GROUP])
    expect(Object.keys(topics)).not.toContain(stateOf(REST))
    const sum = (of: readonly { readonly offset: number }[]): number => of.reduce((total, { offset }) => total + offset, 0)
    expect(sum(await target.log.committed(PREDICT_GROUP))).toBe(sum(predicted))
    const last = await worldOf(opens.memory, counts)
    await move(target, last)
    const came = await Promise.all([source, target, last].map(world => work(world)))
    for (const world of [target, last])
      expect(await world.events('examples', 'example')).toEqual(await source.events('examples', 'example'))
    for (const bytes of came) expect(Buffer.compare(bytes, came[0]!)).toBe(0)
    expect(await source.events('examples', 'example')).toHaveLength(22)
  })

  test('may have been worked off by one process before, and be taken over by some roles only', async () => {
    const source = await worldOf(opens.memory, counts)
    await source.log.write([...parts(0, 20), ...labels(0, 15)])
    await source.drain()
    await source.log.write([...predictedParts(20, 25), ...labels(15, 22)])
    await source.drain(undefined, { role: 'learn' })
    const target = await worldOf(opens.LMDB, more)
    const { positions } = await move(source, target)
    expect(Object.keys(positions).sort()).toEqual(['andon', 'andon-learn'])
    const [stayed, moved] = [await work(source), await work(target)]
    expect(Buffer.compare(stayed, moved)).toBe(0)
    expect(await target.events('examples', 'example')).toEqual(await source.events('examples', 'example'))
  })

  test('half copied is refused by every role', async () => {
    const source = await worldOf(opens.memory, counts)
    await source.log.write([...parts(0, 20), ...labels(0, 15)])
    await source.drain()
    const target = await worldOf(opens.memory, counts)
    const stop = new AbortController()
    const stopped = migrate({ from: depotOf(source), to: depotOf(target), signal: stop.signal, progress: () => stop.abort() })
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
    for (const role of ['all', 'join', 'learn'] as const)
      await expect(target.drain(undefined, { role })).rejects.toMatchObject({ code: 'LOG_DAMAGED' })
  })
})

describe('learners of several shards', () => {
  const lines = new Shards({ a: ['line-0'] })
  type Stores = ReadonlyMap<string, MemorySnapshots>
  const stores = (): Stores => new Map(lines.names.map(shard => [shard, new MemorySnapshots()]))
  async function learn(world: World, of: Stores, shard: string): Promise<Uint8Array> {
    const { learner } = await world.drain(undefined, { role: 'learn', shard, shards: lines, snapshots: of.get(shard)! })
    return encodeSaved(learner!.save())
  }
  const moveAll = (from: World, mine: Stores, to: World, theirs: Stores): Promise<Migrated> =>
    migrate({
      from: { log: from.log, snapshots: shard => mine.get(shard)! },
      to: { log: to.log, snapshots: shard => theirs.get(shard)! },
      shards: lines.names,
      signal: never
    })
  const examples = (from: number, to: number): Outgoing[] =>
    Array.from({ length: to - from }, (_, i) => ({
      ...input.example(from + i, { fault: i % 3 ? 'none' : 'scratch' }),
      key: lines.of(`line-${(from + i) % 3}`)
    }))

  test('each goes on where it stood, from its own snapshots', async () => {
    const [source, mine] = [await worldOf(opens.memory, partitions), stores()]
    for (const [from, shards] of [
      [0, ['a', REST]],
      [20, ['a']],
      [32, [REST]]
    ] as const) {
      await source.log.write(examples(from, from + 15))
      for (const shard of shards) await learn(source, mine, shard)
    }
    await source.log.write(examples(47, 50))
    const [target, theirs] = [await worldOf(opens.LMDB, { ...partitions, signals: 3 }), stores()]
    const { snapshots, leftOut, positions } = await moveAll(source, mine, target, theirs)
    expect([snapshots.length, leftOut]).toEqual([4, []])
    expect(Object.keys(positions).sort()).toEqual(['andon-learn', 'andon-learn.a'])
    for (const shard of lines.names) expect(Buffer.compare(await learn(target, theirs, shard), await learn(source, mine, shard))).toBe(0)
  })

  test('that lie across each other are refused with what to do', async () => {
    const source = await worldOf(opens.memory, { ...partitions, examples: 2 })
    await source.log.write([...examples(0, 12), { ...input.control(1), key: '0' }, { ...input.control(2), key: '1' }])
    for (const [group, at] of [
      ['andon-learn', [1, 0]],
      ['andon-learn.a', [0, 1]]
    ] as const)
      await (await source.log.claim(group)).commit({
        outputs: [],
        positions: at.map((offset, partition) => ({ topic: 'examples', partition, offset })),
        notes: []
      })
    const target = await worldOf(opens.memory, partitions)
    await expect(moveAll(source, stores(), target, stores())).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/lies across: let all come to its end, then copy/)
    })
  })
})

test('a pipeline that still runs on the source is fenced', async () => {
  const source = await worldOf(opens.memory, partitions)
  await live(source)
  const claim = await source.log.claim(GROUP)
  await move(source, await worldOf(opens.memory, partitions))
  await expect(claim.commit({ outputs: [], positions: [], notes: [] })).rejects.toMatchObject({ code: 'LOG_FENCED' })
})

test('a target that holds something, or lacks a topic, is refused before anything is written', async () => {
  const source = await worldOf(opens.memory, partitions)
  await live(source)
  const { rejects: _, ...few } = partitions
  const lacking = await worldOf(opens.memory, few)
  await expect(move(source, lacking)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(/rejects/) })
  const holding = await worldOf(opens.memory, partitions)
  await holding.log.write([input.observation(1)])
  await expect(move(source, holding)).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  await expect(move(source, source)).rejects.toMatchObject({ code: 'INPUT_INVALID' })
})

describe('verifying goes red', () => {
  const faults: Readonly<Record<string, (records: readonly Outgoing[]) => readonly Outgoing[]>> = {
    'a record is lost': records => records.slice(1),
    'a record comes twice': records => [records[0]!, ...records],
    'a byte differs': ([first, ...rest]) => [
      { ...first!, value: Uint8Array.from(first!.value, (byte, i) => (i === 9 ? byte ^ 1 : byte)) },
      ...rest
    ],
    'a key differs': ([first, ...rest]) => [{ ...first!, key: 'another' }, ...rest],
    'two records of a key change places': records => [...records].reverse()
  }
  test.each(Object.keys(faults))('when %s', async name => {
    const source = await worldOf(opens.memory, partitions)
    await live(source)
    const target = await worldOf(opens.memory, partitions)
    const wrong = (depot: Depot): Depot => ({
      ...depot,
      snapshots: depot.snapshots,
      log: changed(depot.log, log => ({ write: records => log.write(faults[name]!(records)) }))
    })
    await expect(move(source, target, wrong)).rejects.toMatchObject({ code: 'LOG_DAMAGED', message: expect.stringMatching(/copy again/) })
  })
})

/** A store whose methods may be taken apart. */
function bound({ snapshots }: Depot, shard: string): SnapshotStore {
  const store = snapshots(shard)
  return {
    list: () => store.list(),
    write: (header, state) => store.write(header, state),
    read: name => store.read(name),
    keep: count => store.keep(count)
  }
}
