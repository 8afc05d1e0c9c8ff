/** Records in a registry's framing: none is lost or judged while the registry does not answer, whenever that is. */
import avsc from 'avsc'
import { describe, expect, test } from 'vitest'
import { openAvroCodec } from '../../src/adapter/avro/codec.ts'
import { registryHeaderOf } from '../../src/adapter/avro/framing.ts'
import { currentOf, eventNames, loadSchemas } from '../../src/adapter/avro/schemas.ts'
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import type { EventName, Topic } from '../../src/events/event.ts'
import { Fault } from '../../src/fault/fault.ts'
import type { Codec } from '../../src/pipeline/codec.ts'
import type { Outgoing, Settling } from '../../src/pipeline/log.ts'
import { Predictor } from '../../src/pipeline/predictor.ts'
import { stateOf } from '../../src/pipeline/publish-stage.ts'
import { GROUP } from '../../src/pipeline/roles.ts'
import { REST } from '../../src/pipeline/shards.ts'
import { changed } from './snapshot-subjects.ts'
import { codec as alone, input, MemorySnapshots, partitions, predictorOptions, World } from './world.ts'

const current = currentOf(loadSchemas())
/** Ids of our own schemas, of the same schemas in a producer's namespace, and of one that cannot be read. */
const own = new Map(eventNames.map((name, i) => [name, i + 1]))
const FOREIGN = 100
const UNREADABLE = 200

/** What a registry holds, which answers only while it is `up`. */
function source(): { up: boolean; asked: number[]; schemaOf(id: number): Promise<{ text: string } | { problem: string }> } {
  return {
    up: true,
    asked: [],
    async schemaOf(id) {
      this.asked.push(id)
      if (!this.up) throw new Fault('UNAVAILABLE', 'expected an answer of the schema registry, got none')
      if (id === UNREADABLE) return { text: '{"type":"record","name":"Reading","fields":[]}' }
      const name = eventNames[(id % FOREIGN) - 1]
      if (name === undefined) return { problem: `expected schema ${id} to be known` }
      const { schema } = current.get(name)!
      return { text: JSON.stringify(id > FOREIGN ? { ...schema, namespace: 'plant' } : schema) }
    }
  }
}

function codecOf(registry: ReturnType<typeof source>, writes = true): Codec {
  return openAvroCodec({ registry: { source: registry, maxSchemas: 1000, absentMs: 60_000, ...(writes ? { ids: own } : {}) } })
}

/** A record of the world as a producer with the registry's framing writes it. */
function foreign({ topic, key, value }: Outgoing): Outgoing {
  const decoded = alone.decode(value)
  if ('code' in decoded) throw new Error(decoded.reason)
  return { topic, key, value: framed(FOREIGN + own.get(decoded.name)!, decoded.name, decoded.event) }
}

function framed(id: number, name: EventName, event: unknown): Uint8Array {
  const type = avsc.Type.forSchema({ ...current.get(name)!.schema, namespace: 'plant' } as never, { wrapUnions: 'never' })
  return Buffer.concat([registryHeaderOf(id), type.toBuffer(event)])
}

const parts = [0, 1, 2, 3, 4, 5]
const fault = (i: number) => ({ fault: i % 2 ? 'dent' : 'none' })
const observations = parts.map(i => foreign(input.observation(i)))
const labels = parts.map(i => foreign(input.label(i, fault(i))))
const examples = parts.map(i => foreign(input.example(i, fault(i))))
const reasonsOf = (world: World): string => (world.pipeline!.learner === null ? '' : world.pipeline!.status().reasons.join())
const counts = async (world: World, ...topics: Topic[]) => Promise.all(topics.map(async topic => (await world.records(topic)).length))

describe('while the registry does not answer', () => {
  test('the pipeline waits and says so; then it goes on, and every part is learned', async () => {
    const registry = source()
    const world = await World.make({ options: { codec: codecOf(registry) } })
    const stop = new AbortController()
    const pipeline = world.start()
    const running = pipeline.run(stop.signal)
    await expect.poll(() => pipeline.ready, { interval: 1 }).toBe(true)
    registry.up = false
    await world.log.write([...observations, ...labels])
    await expect.poll(() => reasonsOf(world), { interval: 1 }).toContain('schema registry')
    expect(pipeline.ready).toBe(false)
    expect(await counts(world, 'rejects', 'predictions')).toEqual([0, 0])
    expect(await world.log.committed(GROUP)).toEqual([])
    registry.up = true
    await expect.poll(() => pipeline.learner!.learned, { interval: 5, timeout: 5000 }).toBe(6)
    expect(pipeline.ready).toBe(true)
    stop.abort()
    await running
    expect(await counts(world, 'rejects', 'predictions', 'examples')).toEqual([0, 6, 6])
    expect(world.told.filter(message => message.includes('nothing is lost'))).toHaveLength(1)
    expect(world.told).toContain('it answers again: going on')
  })

  test('the pipeline can be stopped; what it could not read is taken at the next start', async () => {
    const registry = source()
    const snapshots = new MemorySnapshots()
    const world = await World.make({ snapshots, options: { codec: codecOf(registry) } })
    await world.log.write(examples)
    registry.up = false
    const stop = new AbortController()
    const running = world.start().run(stop.signal, 0)
    await expect.poll(() => reasonsOf(world), { interval: 1 }).toContain('schema registry')
    stop.abort()
    await running
    expect([snapshots.kept, await world.log.committed(GROUP)]).toEqual([[], []])
    expect(world.told.join()).toContain('taken again at the next start')
    registry.up = true
    expect((await world.drain()).learner!.learned).toBe(6)
  })

  test('a restart that must fold such examples again waits for it, and comes to the same state', async () => {
    const whole = await World.make({ options: { codec: codecOf(source()) } })
    await whole.log.write(examples)
    const expected = await whole.drain()
    const snapshots = new MemorySnapshots()
    const world = await World.make({ snapshots, options: { codec: codecOf(source()) } })
    await world.log.write(examples)
    await world.drain()
    await snapshots.keep(0)
    snapshots.kept = []
    const registry = source()
    registry.up = false
    const stop = new AbortController()
    const restarted = world.start(undefined, { codec: codecOf(registry) })
    const running = restarted.run(stop.signal)
    await expect.poll(() => world.told.join(), { interval: 1 }).toContain('got none; nothing is lost')
    expect(restarted.learner).toBeNull()
    registry.up = true
    await expect.poll(() => restarted.learner?.learned, { interval: 5, timeout: 5000 }).toBe(6)
    stop.abort()
    await running
    expect(restarted.learner!.save()).toEqual(expected.learner!.save())
  })

  test('who only predicts waits, says so, and can be stopped; then predicts every part once', async () => {
    const world = await World.make({
      open: clock => openMemoryLog({ partitions: { ...partitions, [stateOf(REST)]: 1 }, clock }),
      options: { codec: codecOf(source()) }
    })
    await world.log.write(examples)
    await world.drain(undefined, { role: 'learn' })
    await world.log.write(observations)
    const registry = source()
    registry.up = false
    const life = (): { predictor: Predictor; running: Promise<void>; stop: AbortController } => {
      const stop = new AbortController()
      const predictor = new Predictor({ ...predictorOptions(world), codec: codecOf(registry) })
      return { predictor, running: predictor.run(stop.signal), stop }
    }
    const first = life()
    await expect.poll(() => first.predictor.status().reasons.join(), { timeout: 5000 }).toContain('schema registry')
    first.stop.abort()
    await first.running
    expect(await counts(world, 'predictions', 'rejects')).toEqual([0, 0])
    const second = life()
    await expect.poll(() => second.predictor.status().reasons.join(), { timeout: 5000 }).toContain('schema registry')
    registry.up = true
    await expect.poll(() => second.predictor.status().lag.observations, { timeout: 5000 }).toBe(0)
    second.stop.abort()
    await second.running
    expect(await counts(world, 'predictions', 'rejects')).toEqual([6, 0])
  })

  test('a posted record is not taken, and its sender is told to come back', async () => {
    const registry = source()
    const world = await World.make({ options: { codec: codecOf(registry) } })
    const pipeline = await world.drain()
    registry.up = false
    const never = new AbortController().signal
    await expect(pipeline.post('label', [labels[0]!.value], never)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await counts(world, 'labels', 'rejects')).toEqual([0, 0])
    registry.up = true
    expect(await pipeline.post('label', [labels[0]!.value], never)).toMatchObject([{ accepted: true }])
  })
})

test('an id that is unknown and a schema that cannot be read send the record whole to rejects, and the others go on', async () => {
  const registry = source()
  const world = await World.make({ options: { codec: codecOf(registry, false) } })
  const absent = Uint8Array.of(...registryHeaderOf(777), 1, 2, 3)
  const unreadable = Uint8Array.of(...registryHeaderOf(UNREADABLE), 4, 5)
  await world.log.write([absent, unreadable, absent].map(value => ({ topic: 'labels', key: 'l', value })))
  await world.log.write([...observations, ...labels])
  await world.drain()
  const rejects = await world.events('rejects', 'rejection')
  expect(rejects.map(({ code }) => code)).toEqual(['unknown-schema', 'incompatible-schema', 'unknown-schema'])
  expect(rejects.map(({ value }) => [...value])).toEqual([absent, unreadable, absent].map(value => [...value]))
  expect(registry.asked.filter(id => id === 777)).toHaveLength(1)
  expect(await counts(world, 'examples')).toEqual([6])
})

describe('what was learned and cannot be read any more', () => {
  test('stops a start that would fold it again, but not one that has it in a snapshot', async () => {
    const snapshots = new MemorySnapshots()
    const world = await World.make({ snapshots, options: { codec: codecOf(source(), false) } })
    await world.log.write(examples)
    await world.drain()
    const without = { codec: openAvroCodec() }
    expect((await world.drain(undefined, without)).learner!.learned).toBe(6)
    const { kept } = snapshots
    snapshots.kept = []
    await expect(world.drain(undefined, without)).rejects.toMatchObject({
      code: 'FOLD_DIVERGED',
      message: expect.stringMatching(/example 0 of partition 0 and 5 more to be readable.*none is configured.*registry/)
    })
    expect([snapshots.kept, kept.length]).toEqual([[], 1])
  })

  test('is told from what was rejected when it came', async () => {
    const snapshots = new MemorySnapshots()
    const world = await World.make({ snapshots })
    await world.log.write([input.example(0, fault(0)), examples[1]!, input.raw('examples', 1, 2, 3), input.example(2, fault(2))])
    await world.drain()
    expect(await counts(world, 'rejects')).toEqual([2])
    snapshots.kept = []
    expect((await world.drain()).learner!.learned).toBe(2)
  })

  test('is told from it though a commit of another process holds back what was rejected', async () => {
    const snapshots = new MemorySnapshots()
    const world = await World.make({ snapshots })
    await world.log.write([input.raw('examples', 1, 2, 3), input.example(0, fault(0)), input.example(1, fault(1))])
    await world.drain()
    snapshots.kept = []
    const log = changed(world.log, inner => ({
      ends: async topics => (await inner.ends(topics)).map(end => ({ ...end, offset: end.topic === 'rejects' ? 0 : end.offset }))
    }))
    await expect(world.drain(undefined, { log })).rejects.toMatchObject({ code: 'FOLD_DIVERGED' })
    const settling: typeof log & Settling = { ...log, settled: topics => world.log.ends(topics) }
    expect((await world.drain(undefined, { log: settling })).learner!.learned).toBe(2)
  })
})

test('what waits for its label can be read after a restart without the registry', async () => {
  const world = await World.make({ options: { codec: codecOf(source(), false) } })
  await world.log.write(observations)
  await world.drain()
  await world.log.write(parts.map(i => input.label(i, fault(i))))
  expect((await world.drain(undefined, { codec: openAvroCodec() })).learner!.learned).toBe(6)
})

test('an observation repeated in the other framing is a repeat, not a contradiction', async () => {
  const world = await World.make({ options: { codec: codecOf(source(), false) } })
  await world.log.write([observations[0]!, input.observation(0)])
  const pipeline = await world.drain()
  expect(await counts(world, 'rejects', 'predictions')).toEqual([0, 1])
  expect(pipeline.status().events).toContainEqual({ topic: 'observations', outcome: 'repeated', count: 1 })
})

test('a log begun without a registry goes on with one: signals told again are the same in either framing', async () => {
  const snapshots = new MemorySnapshots()
  const world = await World.make({ snapshots })
  await world.log.write(parts.map(i => input.example(i, fault(i))))
  await world.drain()
  snapshots.kept = []
  await world.log.write(examples.slice(0, 1))
  const pipeline = await world.drain(undefined, { codec: codecOf(source()) })
  expect(pipeline.learner!.learned).toBe(6)
  expect((await counts(world, 'signals'))[0]).toBeGreaterThan(0)
  snapshots.kept = []
  expect((await world.drain(undefined, { codec: codecOf(source(), false) })).learner!.learned).toBe(6)
})
