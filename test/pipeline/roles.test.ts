/** Several processes share the work over one log: who joins, who learns, who predicts. */
import { describe, expect, test } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import type { Topic } from '../../src/events/event.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { Follower } from '../../src/pipeline/follower.ts'
import type { Incoming, Outgoing } from '../../src/pipeline/log.ts'
import type { Pipeline } from '../../src/pipeline/pipeline.ts'
import { Predictor, type PredictorOptions } from '../../src/pipeline/predictor.ts'
import { type Publication, type PublicationPart, stateOf } from '../../src/pipeline/publish-stage.ts'
import type { SoleRole } from '../../src/pipeline/roles.ts'
import { REST, Shards } from '../../src/pipeline/shards.ts'
import { input, learnerOptions, MemorySnapshots, partitions, predictorOptions, World, type WorldOptions } from './world.ts'

const { observation, label, example } = input
const state = { encode: encodeSaved, decode: decodeSaved }
const states = Object.fromEntries([REST, 'press', 'mill'].map(shard => [stateOf(shard), 1]))
const withState: WorldOptions = { open: clock => openMemoryLog({ partitions: { ...partitions, ...states }, clock }) }

const predictorOf = (world: World, also: Partial<PredictorOptions> = {}): Predictor =>
  new Predictor({ ...predictorOptions(world), ...also })

const drain = (world: World, role: SoleRole): Promise<Pipeline> => world.drain(undefined, { role })

/** Runs a predictor until every observation has been predicted and the state is that of the log. */
async function predict(world: World, predictor = predictorOf(world)): Promise<Predictor> {
  const stop = new AbortController()
  const running = predictor.run(stop.signal)
  await expect
    .poll(() => [predictor.following[0]?.behind, predictor.status().lag.observations, predictor.ready], { timeout: 10_000 })
    .toEqual([0, 0, true])
  stop.abort()
  await running
  return predictor
}

const recordsOf = (world: World): Promise<Incoming[]> => world.records(stateOf(REST) as Topic)
const hex = (saved: Saved): string => Buffer.from(encodeSaved(saved)).toString('hex')
const classOf = (i: number): string => (i % 4 === 0 ? 'scratch' : 'none')
const seen = (from: number, to: number): Outgoing[] => Array.from({ length: to - from }, (_, i) => observation(from + i))
const labelled = (from: number, to: number): Outgoing[] =>
  Array.from({ length: to - from }, (_, i) => label(from + i, { fault: classOf(from + i) }))

describe('roles', () => {
  test('join, learn and predict apart: each label is learned once, each observation predicted, and the model is the fold', async () => {
    const world = await World.make(withState)
    for (let round = 0; round < 4; round++) {
      world.pass(60_000)
      await world.log.write([...seen(10 * round, 10 * round + 10), ...(round > 0 ? labelled(10 * round - 10, 10 * round) : [])])
      await drain(world, 'learn')
      await predict(world)
      await drain(world, 'join')
    }
    const learner = await drain(world, 'learn')
    const predictor = await predict(world)
    const examples = await world.events('examples', 'example')
    expect(examples.map(each => each.observation.id).sort()).toEqual(Array.from({ length: 30 }, (_, i) => `part-${i}`).sort())
    expect(examples.every(each => each.prediction !== null)).toBe(true)
    const predicted = await world.events('predictions', 'prediction')
    expect(predicted.map(each => each.observation).sort()).toEqual(Array.from({ length: 40 }, (_, i) => `part-${i}`).sort())
    const fold = await world.fold()
    expect(Buffer.compare(encodeSaved(learner.learner!.save()), fold.bytes)).toBe(0)
    expect(await world.events('signals', 'signal')).toEqual(fold.signals)
    expect(hex(predictor.learnerOf(REST)!.savePredictive())).toBe(hex(learner.learner!.savePredictive()))
    expect(world.wrongs).toEqual([])
  })

  test('a new model changes what is predicted, not its number alone', async () => {
    const world = await World.make(withState)
    await world.log.write(Array.from({ length: 8 }, (_, i) => example(i, { fault: i % 2 ? 'none' : 'scratch' })))
    await drain(world, 'learn')
    await world.log.write([observation(100)])
    await predict(world)
    await world.log.write(Array.from({ length: 40 }, (_, i) => example(200 + i, { fault: 'dent' })))
    await drain(world, 'learn')
    await world.log.write([observation(101, { features: { torque: 0, tool: 'b' } })])
    await predict(world)
    const [before, after] = (await world.events('predictions', 'prediction')).map(({ learned, tasks: [task] }) => ({ learned, ...task! }))
    expect([before!.learned, after!.learned]).toEqual([8, 48])
    expect(before!.classes).not.toContain('dent')
    expect(after!.chosen).toBe('dent')
  })

  test('what one process has worked off is taken over where it stands, and that process is fenced', async () => {
    const world = await World.make(withState)
    await world.log.write([...seen(0, 10), ...labelled(0, 5)])
    const stop = new AbortController()
    const whole = world.start()
    const running = whole.run(stop.signal)
    await expect.poll(() => (whole.ready ? Object.values(whole.status().lag) : [1])).toEqual([0, 0, 0, 0, 0, 0])
    const joiner = await drain(world, 'join')
    expect(joiner.status().waiting).toEqual(whole.status().waiting)
    await drain(world, 'learn')
    await world.log.write([...seen(10, 12), ...labelled(5, 10)])
    await expect(running).rejects.toMatchObject({ code: 'LOG_FENCED' })
    await drain(world, 'join')
    const learner = await drain(world, 'learn')
    const examples = await world.events('examples', 'example')
    expect(examples.map(each => each.observation.id).sort()).toEqual(Array.from({ length: 10 }, (_, i) => `part-${i}`).sort())
    expect(Buffer.compare(encodeSaved(learner.learner!.save()), (await world.fold()).bytes)).toBe(0)
  })

  test('a learner forgets nothing that a joiner or a predictor has still to take', async () => {
    const world = await World.make({ ...withState, options: { retentions: [{ topic: 'observations', keepBytes: 0 }] } })
    const forgotten = async (): Promise<number> => (await world.log.starts(['observations'])).reduce((sum, { offset }) => sum + offset, 0)
    /** A learner that comes to its time of forgetting, which an example of its own shows to be over. */
    const forget = async (i: number): Promise<void> => {
      const stop = new AbortController()
      const learner = world.start(undefined, { role: 'learn' })
      const running = learner.run(stop.signal)
      await expect.poll(() => learner.ready).toBe(true)
      world.pass(3_600_000)
      await world.log.write([example(900 + i, { fault: 'none' })])
      await expect.poll(() => learner.status().lag.examples).toBe(0)
      stop.abort()
      await running
    }
    await world.log.write(seen(0, 10))
    await forget(0)
    await predict(world)
    await forget(1)
    expect(await forgotten()).toBe(0)
    await drain(world, 'join')
    await world.log.write(seen(10, 12))
    await forget(2)
    expect(await forgotten()).toBe(10)
  })

  test('a log that roles have worked off is not given to one process', async () => {
    const world = await World.make(withState)
    await world.log.write([example(0, { fault: 'none' })])
    await drain(world, 'learn')
    await expect(drain(world, 'all')).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('--role learn') })
  })

  test('without the topic of the state there is nothing to predict by, and that is said', async () => {
    const world = await World.make()
    await expect(predictorOf(world).run(new AbortController().signal)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})

describe('shards', () => {
  test('learn side by side, each its own lines, and predictors predict every line by its own shard’s state', async () => {
    const shards = new Shards({ press: ['line-0'], mill: ['line-1'] })
    const world = await World.make(withState)
    const learn = (shard: string): Promise<Pipeline> =>
      world.drain(undefined, { role: 'learn', shards, shard, snapshots: stores.get(shard)! })
    const stores = new Map(shards.names.map(shard => [shard, new MemorySnapshots()]))
    const join = (): Promise<Pipeline> => world.drain(undefined, { role: 'join', shards })
    for (let round = 0; round < 4; round++) {
      world.pass(60_000)
      await world.log.write([...seen(9 * round, 9 * round + 9), ...(round > 0 ? labelled(9 * round - 9, 9 * round) : [])])
      for (const shard of shards.names) await learn(shard)
      await predict(world, predictorOf(world, { shards }))
      await join()
    }
    const learners = new Map<string, Pipeline>()
    for (const shard of shards.names) learners.set(shard, await learn(shard))
    expect([...learners.values()].map(each => each.learner!.learned)).toEqual([9, 9, 9])
    const keys = (await world.records('examples')).map(({ key }) => key)
    for (const shard of shards.names) expect(keys.filter(key => key === shard)).toHaveLength(9)
    const predictor = await predict(world, predictorOf(world, { shards }))
    for (const [shard, { learner }] of learners)
      expect(hex(predictor.learnerOf(shard)!.savePredictive())).toBe(hex(learner!.savePredictive()))
    const status = learners.get('press')!.learner!.status()
    expect(status.tasks[0]!.learned).toBe(9)
    // Restarted from its snapshot it finds its own signals among those of the others.
    const again = await learn('mill')
    expect(hex(again.learner!.save())).toBe(hex(learners.get('mill')!.learner!.save()))
  })

  test('that forget keep what the others still need: examples, signals, their state, and what others have to join and predict', async () => {
    const shards = new Shards({ press: ['line-0'] })
    const world = await World.make(withState)
    const options = { role: 'learn', shards, retentions: [...Object.keys(partitions)].map(topic => ({ topic, keepBytes: 0 })) } as const
    await world.log.write([...seen(0, 6), ...labelled(0, 3), ...Array.from({ length: 30 }, (_, i) => example(100 + i, { fault: 'none' }))])
    const learn = async (shard: string, snapshots: MemorySnapshots): Promise<Pipeline> => {
      const stop = new AbortController()
      const pipeline = world.start(undefined, { ...options, shard, snapshots })
      const running = pipeline.run(stop.signal)
      await expect.poll(() => pipeline.ready && pipeline.status().lag.examples).toBe(0)
      world.pass(3_600_000) // time to forget
      await new Promise(resolve => setTimeout(resolve, 600))
      stop.abort()
      await running
      return pipeline
    }
    await learn('press', new MemorySnapshots())
    expect((await learn(REST, new MemorySnapshots())).learner!.learned).toBe(20)
    expect((await world.records('observations')).length).toBe(6)
    expect((await world.records('labels')).length).toBe(3)
    await predict(world, predictorOf(world, { shards }))
    await world.drain(undefined, { role: 'join', shards })
    expect((await world.events('examples', 'example')).filter(each => each.prediction !== null)).toHaveLength(3)
  })

  test('put what nobody can use into rejects once, whoever else reads it', async () => {
    const world = await World.make(withState)
    const topics = ['observations', 'predictions', 'labels', 'examples', 'signals', 'alerts'] as const
    await world.log.write(topics.map(topic => input.raw(topic, 1, 2, 3)))
    for (const role of ['join', 'learn', 'watch'] as const) await drain(world, role)
    await predict(world)
    expect((await world.events('rejects', 'rejection')).map(({ topic }) => topic).sort()).toEqual([...topics].sort())
  })

  test('are the same at every start: another division would be another fold', async () => {
    const world = await World.make(withState)
    const learn = (shards: Shards): Promise<Pipeline> => world.drain(undefined, { role: 'learn', shards, snapshots: new MemorySnapshots() })
    await world.log.write([example(0, { fault: 'none' })])
    await learn(new Shards({ press: ['line-0'], mill: ['line-1'] }))
    await learn(new Shards({ mill: ['line-1'], press: ['line-0'] }))
    await expect(learn(new Shards({ press: ['line-0', 'line-1'] }))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('"press":["line-0"]')
    })
    const other = await World.make(withState)
    await other.log.write([example(0, { fault: 'none' })])
    await drain(other, 'learn')
    await expect(other.drain(undefined, { role: 'learn', shards: new Shards({ press: ['line-0'] }) })).rejects.toMatchObject({
      code: 'CONFIG_INVALID'
    })
  })

  test('take an example by its line, whoever wrote it under whatever key', async () => {
    const shards = new Shards({ press: ['line-0'] })
    const world = await World.make(withState)
    await world.log.write([0, 1, 2, 3].map(i => ({ ...example(i, { fault: 'none' }), key: i % 2 ? 'elsewhere' : null })))
    const learned = async (shard: string): Promise<number> =>
      (await world.drain(undefined, { role: 'learn', shards, shard, snapshots: new MemorySnapshots() })).learner!.learned
    expect([await learned('press'), await learned(REST)]).toEqual([2, 2])
  })
})

describe('a predictor', () => {
  test('waits for the first state, and is not ready before', async () => {
    const world = await World.make(withState)
    await world.log.write(seen(0, 3))
    const predictor = predictorOf(world)
    const stop = new AbortController()
    const running = predictor.run(stop.signal)
    await expect.poll(() => predictor.status().reasons).toEqual([expect.stringContaining('start its learner')])
    expect(await world.records('predictions')).toEqual([])
    await drain(world, 'learn')
    await expect.poll(async () => (await world.records('predictions')).length, { timeout: 5000 }).toBe(3)
    stop.abort()
    await running
    expect(predictor.status().reasons).toEqual(['stopped'])
  })

  test('tells how old its state is, and is not ready beyond the bound, while it goes on', async () => {
    const world = await World.make(withState)
    await drain(world, 'learn')
    await world.log.write([...seen(0, 2), ...Array.from({ length: 6 }, (_, i) => example(50 + i, { fault: 'none' }))])
    const predictor = predictorOf(world, { maxBehind: 5 })
    const stop = new AbortController()
    const running = predictor.run(stop.signal)
    await expect.poll(() => predictor.status().reasons).toEqual([expect.stringContaining('6 examples old')])
    expect(predictor.status().following).toMatchObject([{ shard: REST, learned: 0, behind: 6, publishedAt: world.now }])
    await expect.poll(async () => (await world.records('predictions')).length).toBe(2)
    await drain(world, 'learn')
    await expect.poll(() => predictor.status().reasons, { timeout: 5000 }).toEqual([])
    expect(predictor.status().following).toMatchObject([{ learned: 6, behind: 0 }])
    stop.abort()
    await running
  })

  test('answers who posts an observation to it', async () => {
    const world = await World.make(withState)
    await world.log.write([example(0, { fault: 'none' })])
    await drain(world, 'learn')
    const predictor = predictorOf(world)
    const stop = new AbortController()
    const running = predictor.run(stop.signal)
    await expect.poll(() => predictor.ready).toBe(true)
    const { value } = observation(7)
    const [receipt] = await predictor.post('observation', [value], new AbortController().signal)
    expect(receipt).toMatchObject({ accepted: true, prediction: { observation: 'part-7', learned: 1 } })
    stop.abort()
    await running
  })

  test('does not follow a state of other options, says which, and goes on by the last that fits', async () => {
    const world = await World.make(withState)
    await world.log.write(seen(0, 1))
    await drain(world, 'learn')
    const predictor = predictorOf(world)
    const stop = new AbortController()
    const running = predictor.run(stop.signal)
    await expect.poll(async () => (await world.records('predictions')).length).toBe(1)
    // Another learner, of a new configuration, begins anew on the same log.
    const other = { learner: { ...learnerOptions, experts: 5 }, publish: { run: 'other', everyExamples: 1, everyMs: 1 } }
    await world.log.write([example(9, { fault: 'none' })])
    await world.drain(undefined, { role: 'learn', snapshots: new MemorySnapshots(), ...other })
    await expect.poll(() => predictor.status().reasons, { timeout: 5000 }).toEqual([expect.stringContaining('experts')])
    await world.log.write(seen(1, 3))
    await expect.poll(async () => (await world.records('predictions')).length, { timeout: 5000 }).toBe(3)
    stop.abort()
    await running
    const late = predictorOf(world, { learner: { ...learnerOptions, experts: 7 } })
    const ending = new AbortController()
    const waiting = late.run(ending.signal)
    await expect.poll(() => late.status().reasons).toEqual([expect.stringContaining('experts')])
    ending.abort()
    await waiting
  })

  test('begins where the one process has left off that did all before', async () => {
    const world = await World.make(withState)
    await world.log.write([...seen(0, 6), ...labelled(0, 3)])
    await drain(world, 'all')
    await drain(world, 'learn')
    await world.log.write(seen(6, 8))
    await predict(world)
    const predicted = (await world.events('predictions', 'prediction')).map(each => each.observation)
    expect(predicted.sort()).toEqual(Array.from({ length: 8 }, (_, i) => `part-${i}`))
  })
})

describe('a follower', () => {
  /** The records of a learner that publishes after every batch of nine. */
  async function published(examples: number): Promise<{ world: World; records: Incoming[]; learner: Pipeline }> {
    const world = await World.make({ ...withState, options: { publish: { run: 'first', everyExamples: 1, everyMs: 1 } } })
    await world.log.write(Array.from({ length: examples }, (_, i) => example(i, { fault: classOf(i) })))
    const learner = await drain(world, 'learn')
    return { world, records: await recordsOf(world), learner }
  }
  const followerOf = (told: string[] = []): Follower =>
    new Follower({ state, learner: learnerOptions, shard: REST, tell: (_, message) => told.push(message) })
  const partOf = (record: Incoming): PublicationPart => decodeSaved(record.value) as unknown as PublicationPart
  const again = (record: Incoming, also: Partial<PublicationPart>): Incoming => ({
    ...record,
    value: encodeSaved({ ...partOf(record), ...also } as unknown as Saved)
  })

  test('holds after every publication what the learner held there', async () => {
    const { world, records, learner } = await published(60)
    const follower = followerOf()
    const held: number[] = []
    for (const record of records) {
      follower.take(record)
      const { learned, positions } = follower.following!
      held.push(learned)
      expect(positions).toEqual(learned === 0 ? [] : [{ topic: 'examples', partition: 0, offset: learned }])
    }
    expect(held.length).toBeGreaterThan(5)
    expect(held).toEqual([...held].sort((a, b) => a - b))
    expect(hex(follower.learner!.savePredictive())).toBe(hex(learner.learner!.savePredictive()))
    expect(world.now).toBe(follower.following!.publishedAt)
  })

  test('takes a publication in parts, and none of which a part is missing', async () => {
    const { records } = await published(60)
    const whole = followerOf()
    for (const record of records) whole.take(record)
    const split = records.flatMap(record => {
      const { body } = partOf(record)
      const half = Math.ceil(body.length / 2)
      return [again(record, { parts: 2, body: body.slice(0, half) }), again(record, { part: 1, parts: 2, body: body.slice(half) })]
    })
    const follower = followerOf()
    for (const record of split) follower.take(record)
    expect(hex(follower.learner!.savePredictive())).toBe(hex(whole.learner!.savePredictive()))
    const lacking = followerOf()
    for (const [i, record] of split.entries()) if (i % 2 === 1) lacking.take(record)
    expect(lacking.following).toBeNull()
  })

  test('keeps what it has where a publication is missing, says so once, and goes on with the next whole one', async () => {
    const { world, records } = await published(60)
    const told: string[] = []
    const follower = followerOf(told)
    for (const [i, record] of records.entries()) if (i !== 2) follower.take(record)
    expect(follower.following!.learned).toBe(18)
    expect(told).toEqual([expect.stringContaining('expected publication 2')])
    const restarted = await world.drain(undefined, { role: 'learn', publish: { run: 'second', everyExamples: 1, everyMs: 1 } })
    for (const record of (await recordsOf(world)).slice(records.length)) follower.take(record)
    expect(hex(follower.learner!.savePredictive())).toBe(hex(restarted.learner!.savePredictive()))
  })

  test('of another shard, of garbage, and of a patch that does not fit takes nothing', async () => {
    const { records } = await published(20)
    const told: string[] = []
    const follower = followerOf(told)
    follower.take({ ...records[0]!, value: Uint8Array.of(9, 9, 9) })
    follower.take(again(records[0]!, { shard: 'other' }))
    expect(follower.following).toBeNull()
    follower.take(records[0]!)
    const publication = decodeSaved(partOf(records[1]!).body) as unknown as Publication
    for (const patch of [
      [[['constructor', 'prototype', 'x'], -1, 1]],
      [[['tasks', 99, 'name'], -1, 'x']],
      [[['learned'], 3, Float32Array.of(1)]]
    ]) {
      const bad = encodeSaved({ ...publication, patch } as unknown as Saved)
      follower.take(records[0]!)
      expect(follower.following).not.toBeNull()
      follower.take(again(records[1]!, { body: bad }))
      expect(follower.following).toBeNull()
    }
    expect(({} as { x?: number }).x).toBeUndefined()
    expect(told).toHaveLength(4)
  })

  test('that comes late needs nothing older than what is kept', async () => {
    const { world, learner } = await published(60)
    // As if the blocks had outgrown the whole state: a new run publishes a whole one.
    await world.log.write([example(900, { fault: 'none' })])
    await drain(world, 'learn')
    const stop = new AbortController()
    const running = world.start(undefined, { role: 'learn' })
    const done = running.run(stop.signal)
    await expect.poll(() => running.ready).toBe(true)
    await world.log.write([example(901, { fault: 'none' })])
    world.pass(3_600_000)
    await expect.poll(async () => (await world.log.starts([stateOf(REST)]))[0]!.offset, { timeout: 5000 }).toBeGreaterThan(0)
    stop.abort()
    await done
    const late = followerOf()
    for (const record of await recordsOf(world)) late.take(record)
    expect(hex(late.learner!.savePredictive())).toBe(hex(running.learner!.savePredictive()))
    expect(running.learner!.learned).toBe(learner.learner!.learned + 2)
  })
})
