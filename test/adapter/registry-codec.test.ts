/** The registry's framing both ways, against a registry that others wrote and with the Avro library alone on the other side. */
import avsc from 'avsc'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAvroCodec } from '../../src/adapter/avro/codec.ts'
import { schemaIdOf } from '../../src/adapter/avro/framing.ts'
import { type AvroRecord, currentOf, eventNames, loadSchemas } from '../../src/adapter/avro/schemas.ts'
import { loadConfig, type PartialConfig } from '../../src/config/load.ts'
import type { EventName, Observation } from '../../src/events/event.ts'
import type { Codec } from '../../src/pipeline/codec.ts'
import { decoding } from '../../src/pipeline/intake.ts'
import { openCodec, tryRegistry } from '../../src/wiring-codec.ts'
import { plain, samples } from '../events/samples.ts'
import { BUILD_MS, buildRegistry, type Program, type Registry, register, schemaAt, skip, subjectsIn } from './registry/registry.ts'

const configOf = (registry: PartialConfig, env = {}) => loadConfig({ env, overrides: { registry: { requestMs: 5000, ...registry } } })
const current = currentOf(loadSchemas())
const schemaOf = (name: EventName): AvroRecord => current.get(name)!.schema
/** The library with nothing of ours: whatever it can tell apart it takes as it is. */
const plainType = (schema: unknown) => avsc.Type.forSchema(schema as Parameters<typeof avsc.Type.forSchema>[0])

function framed(id: number, type: avsc.Type, value: unknown): Uint8Array {
  const header = Buffer.alloc(5)
  header.writeUInt32BE(id, 1)
  return Buffer.concat([header, type.toBuffer(value)])
}

describe.skipIf(skip)('with a schema registry', () => {
  let program: Program
  let registry: Registry
  let codec: Codec
  beforeAll(async () => {
    program = buildRegistry()
    registry = await program.start()
    codec = await openCodec(configOf({ url: registry.url }), false)
  }, BUILD_MS)
  afterAll(() => program?.close())

  test('every schema stands under its subject once the codec is open, and a second codec gets the same ids', async () => {
    expect(await subjectsIn(registry.url)).toEqual([
      'alerts-value',
      'decisions-value',
      'examples-andon.Control',
      'examples-andon.Example',
      'labels-value',
      'observations-value',
      'predictions-value',
      'rejects-value',
      'signals-value'
    ])
    const again = await openCodec(configOf({ url: registry.url }), false)
    for (const name of eventNames) expect(again.encode(name, samples[name])).toEqual(codec.encode(name, samples[name]))
    expect(new Set(eventNames.map(name => schemaIdOf(codec.encode(name, samples[name])))).size).toBe(eventNames.length)
  })

  test.each(eventNames)('a written %s is read by the Avro library with the schema that the registry has under its id', async name => {
    const bytes = codec.encode(name, samples[name])
    expect(bytes[0]).toBe(0)
    const type = avsc.Type.forSchema((await schemaAt(registry.url, schemaIdOf(bytes)!)) as Parameters<typeof avsc.Type.forSchema>[0], {
      wrapUnions: 'never'
    })
    expect(plain(type.fromBuffer(Buffer.from(bytes.subarray(5))))).toEqual(plain(samples[name]))
    expect(codec.prepare(bytes)).toBeNull()
    expect(plain(codec.decode(bytes))).toEqual({ name, event: plain(samples[name]) })
  })

  test.each(eventNames)('a %s is read whichever framing it has, and kept without the registry’s', async name => {
    const alone = openAvroCodec()
    expect(plain(codec.decode(alone.encode(name, samples[name])))).toEqual({ name, event: plain(samples[name]) })
    const reading = await openCodec(configOf({ url: registry.url }), true)
    const bytes = codec.encode(name, samples[name])
    expect(plain(await decoding(reading, bytes))).toEqual({ name, event: plain(samples[name]) })
    expect(reading.encode(name, samples[name])).toEqual(alone.encode(name, samples[name]))
    const kept = codec.keep(name, samples[name], bytes)
    expect(kept).toEqual(new Uint8Array(alone.encode(name, samples[name])))
    // A copy: it outlives what it came with.
    const again = codec.keep(name, samples[name], kept)
    expect(again).toEqual(kept)
    expect(again.buffer).not.toBe(kept.buffer)
  })

  test('a producer with an older compatible schema, in a namespace of its own, is read: what it lacks has its default', async () => {
    const { fields } = schemaOf('observation')
    const older = { ...schemaOf('observation'), namespace: 'plant.north', fields: fields.filter(({ name }) => name !== 'station') }
    const id = await register(registry.url, 'north-observations-value', older)
    const { station: _, ...seen } = samples.observation
    const type = avsc.Type.forSchema(older as never, { wrapUnions: 'never' })
    const bytes = framed(id, type, seen)
    expect(codec.prepare(bytes)).toBeInstanceOf(Promise)
    expect(plain(await decoding(codec, bytes))).toEqual({ name: 'observation', event: plain({ ...samples.observation, station: null }) })
    expect(codec.prepare(bytes)).toBeNull()
  })

  test('a producer with a newer compatible schema is read: what we do not know is passed over', async () => {
    const newer = {
      type: 'record',
      name: 'Observation',
      fields: [
        { name: 'shift', type: { type: 'enum', name: 'Shift', symbols: ['EARLY', 'LATE'] } },
        { name: 'serial', type: { type: 'fixed', name: 'Serial', size: 4 } },
        { name: 'id', type: 'string' },
        { name: 'line', type: 'string' },
        { name: 'tags', type: { type: 'map', values: { type: 'array', items: 'Serial' } } },
        { name: 'time', type: { type: 'long', logicalType: 'timestamp-millis' } },
        { name: 'features', type: { type: 'map', values: ['null', 'int', 'long', 'float', 'string'] } },
        { name: 'operator', type: ['null', 'string'], default: null }
      ]
    }
    const id = await register(registry.url, 'newer-observations-value', newer)
    const value = {
      shift: 'LATE',
      serial: Buffer.from('abcd'),
      id: 'p',
      line: 'l',
      tags: { a: [Buffer.from('efgh')] },
      time: 1_773_480_413_000,
      features: { torque: { int: 7 }, count: { long: 2 ** 40 }, speed: { float: 0.5 }, tool: { string: 'drill' }, pressure: null },
      operator: 'x'
    }
    const features = { torque: 7, count: 2 ** 40, speed: 0.5, tool: 'drill', pressure: null }
    const event = { id: 'p', line: 'l', station: null, product: null, time: 1_773_480_413_000, features }
    const bytes = framed(id, plainType(newer), { ...value, operator: 'x' })
    expect(plain(await decoding(codec, bytes))).toEqual({ name: 'observation', event })
    for (let length = 5; length < bytes.length; length++)
      expect(codec.decode(bytes.subarray(0, length))).toMatchObject({ code: 'truncated' })
    expect(codec.decode(Buffer.concat([bytes, Buffer.alloc(1)]))).toMatchObject({ code: 'trailing-bytes' })
    const twice = framed(id, plainType(newer), { ...value, features: { aa: null, ab: null } })
    twice[twice.lastIndexOf(0x62)] = 0x61
    expect(codec.decode(twice)).toMatchObject({ code: 'malformed', reason: expect.stringContaining('once in a map') })
  })

  test('the wider numbers of our own schema must not make a record too long to keep', async () => {
    const ints = {
      ...schemaOf('observation'),
      fields: schemaOf('observation').fields.map(f => (f.name === 'features' ? { ...f, type: { type: 'map', values: 'int' } } : f))
    }
    const id = await register(registry.url, 'ints-value', ints)
    const small = await openCodec(
      loadConfig({ env: {}, overrides: { registry: { url: registry.url }, input: { maxRecordKiB: 1 } } }),
      false
    )
    const of = (n: number) =>
      framed(id, avsc.Type.forSchema(ints as never, { wrapUnions: 'never' }), {
        ...samples.observation,
        features: Object.fromEntries(Array.from({ length: n }, (_, i) => [`f${i}`, 1]))
      })
    expect(of(150).length).toBeLessThan(1024)
    expect(await decoding(small, of(150))).toMatchObject({ code: 'too-long' })
    const fits = await decoding(small, of(50))
    expect('event' in fits && small.decode(small.keep('observation', fits.event as Observation, of(50)))).toEqual(fits)
  })

  const incompatible: readonly (readonly [string, object, object, string])[] = [
    [
      'lacks a field that has no default',
      { type: 'record', name: 'Label', fields: [{ name: 'line', type: 'string' }] },
      {},
      'matching field'
    ],
    ['is no event of ours', { type: 'record', name: 'Reading', fields: [{ name: 'line', type: 'string' }] }, {}, 'got Reading'],
    ['is no record', { type: 'string' }, {}, 'got no record'],
    [
      'could stand for a giant',
      { type: 'record', name: 'Label', fields: [{ name: 'a', type: { type: 'array', items: 'null' } }] },
      {},
      'at least one byte'
    ],
    ['has itself within', { type: 'record', name: 'Label', fields: [{ name: 'next', type: ['null', 'Label'] }] }, {}, 'none within itself']
  ]
  test.each(incompatible)('a schema that %s is refused for good, with the reason', async (what, schema, also, reason) => {
    const id = await register(registry.url, `bad-${incompatible.findIndex(([name]) => name === what)}`, schema, also)
    const bytes = Uint8Array.of(0, 0, 0, id >> 8, id & 255, 2, 65)
    expect(await decoding(codec, bytes)).toMatchObject({ code: 'incompatible-schema', reason: expect.stringContaining(reason) })
    expect(codec.prepare(bytes)).toBeNull()
  })

  test.each(['JSON', 'PROTOBUF'])('a schema of %s is refused as one that is not known', async schemaType => {
    const id = await register(registry.url, `of-${schemaType}`, { type: 'object' }, { schemaType })
    expect(await decoding(codec, Uint8Array.of(0, 0, 0, 0, id, 1))).toMatchObject({
      code: 'unknown-schema',
      reason: expect.stringContaining(schemaType)
    })
  })

  test('an id that the registry does not know is refused, and known once it is registered', async () => {
    const impatient = await openCodec(configOf({ url: registry.url, absentMs: 100 }), false)
    const label = { ...schemaOf('label'), namespace: 'plant.south' }
    const type = avsc.Type.forSchema(label as never, { wrapUnions: 'never' })
    const next = (await register(registry.url, 'probe', { type: 'enum', name: 'E', symbols: ['A'] })) + 1
    const bytes = framed(next, type, samples.label)
    expect(await decoding(impatient, bytes)).toMatchObject({ code: 'unknown-schema', reason: expect.stringContaining(`schema ${next}`) })
    expect(impatient.prepare(bytes)).toBeNull()
    expect(await register(registry.url, 'south', label)).toBe(next)
    await expect.poll(async () => 'event' in (await decoding(impatient, bytes))).toBe(true)
  })

  test('subjects are named as configured', async () => {
    const other = await program.start()
    await openCodec(configOf({ url: other.url, subjects: 'record' }), false)
    expect(await subjectsIn(other.url)).toContain('andon.Observation')
    await openCodec(configOf({ url: other.url, subjects: 'topicRecord' }), false)
    expect(await subjectsIn(other.url)).toEqual(expect.arrayContaining(['observations-andon.Observation', 'rejects-andon.Rejection']))
  })

  test('without registering, what is missing is told with every subject, and nothing is registered', async () => {
    const other = await program.start()
    const config = configOf({ url: other.url, autoRegister: false })
    const refused = await openCodec(config, false).catch(error => error)
    expect(refused).toMatchObject({ code: 'CONFIG_INVALID' })
    for (const name of ['observations-value', 'examples-andon.Control', 'rejects-value']) expect(refused.message).toContain(name)
    await expect(tryRegistry(config)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect(await subjectsIn(other.url)).toEqual([])
    await openCodec(configOf({ url: other.url }), false)
    const bytes = (await openCodec(config, false)).encode('label', samples.label)
    expect(schemaIdOf(bytes)).toBeGreaterThan(0)
    expect(await tryRegistry(config)).toContain('9 subjects are there')
  })

  test('an incompatible schema stops the start before anything is registered', async () => {
    const other = await program.start({ against: 'labels-value' })
    const refused = await openCodec(configOf({ url: other.url }), false).catch(error => error)
    expect(refused).toMatchObject({ code: 'CONFIG_INVALID' })
    expect(refused.message).toContain('labels-value: READER_FIELD_MISSING_DEFAULT_VALUE')
    expect(refused.message).not.toContain('observations-value')
    expect(await subjectsIn(other.url)).toEqual([])
  })

  const credentials: readonly (readonly [string, string, PartialConfig, Record<string, string>])[] = [
    [
      'a name and password',
      `Basic ${Buffer.from('line:geheim wort').toString('base64')}`,
      { username: 'line' },
      { ANDON_REGISTRY__PASSWORD: 'geheim wort' }
    ],
    ['a token', 'Bearer geheim', {}, { ANDON_REGISTRY__TOKEN: 'geheim' }]
  ]
  test.each(credentials)('%s lets in, others do not, and no message shows them', async (_, auth, options, env) => {
    const other = await program.start({ auth })
    const open = (secrets: Record<string, string>) => openCodec(configOf({ url: other.url, ...options }, secrets), false)
    await open(env)
    const wrong = Object.fromEntries(Object.keys(env).map(name => [name, 'hunter2']))
    const refused = await open(wrong).catch(error => error)
    expect(refused).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('let this process in') })
    expect(`${refused.stack} ${JSON.stringify(refused)} ${refused.cause?.stack}`).not.toMatch(/hunter2|aHVudGVyMg|bGluZTpodW50ZXIy/)
  })
})
