/** Schemas from outside: what is copied of them, what is refused, and how many are remembered for how long. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openAvroCodec } from '../../src/adapter/avro/codec.ts'
import { registryHeaderOf, schemaIdOf } from '../../src/adapter/avro/framing.ts'
import { limitOf } from '../../src/adapter/avro/limits.ts'
import { readerOf } from '../../src/adapter/avro/reader.ts'
import { RegistrySchemas, type SchemaSource } from '../../src/adapter/avro/registry-schemas.ts'
import { copySchema, Unfit } from '../../src/adapter/avro/schema-copy.ts'
import { currentOf, loadSchemas } from '../../src/adapter/avro/schemas.ts'
import { Fault } from '../../src/fault/fault.ts'
import { decoding } from '../../src/pipeline/intake.ts'
import { samples } from '../events/samples.ts'

const stored = loadSchemas()
const current = currentOf(stored)
const record = (...fields: unknown[]) => ({ type: 'record', name: 'Label', fields: fields.map((type, i) => ({ name: `f${i}`, type })) })
const nested = (levels: number): unknown => (levels === 0 ? 'int' : { type: 'array', items: nested(levels - 1) })
/** Types that each hold the one before twice: a line each, and 2ⁿ types together. */
const doubling = (n: number) =>
  record(
    ...Array.from({ length: n }, (_, i) => ({
      type: 'record',
      name: `R${i}`,
      fields: ['a', 'b'].map(name => ({ name, type: i === 0 ? 'int' : `R${i - 1}` }))
    }))
  )

describe('a schema from outside is copied', () => {
  test('with nothing but what reading needs, and every stored one can be', () => {
    for (const { schema, name } of stored) expect(JSON.stringify(copySchema(schema)), name).not.toMatch(/doc|default|logicalType|namespace/)
    const inner = { type: 'enum', name: 'E', symbols: ['A'], default: 'A', aliases: ['F'] }
    const schema = { ...record('null', ['null', inner], 'E', 'x.E'), namespace: 'x', order: 'none', code: 'process.exit()' }
    const fields = ['null', ['null', { type: 'enum', name: 'x.E', symbols: ['A'] }], 'x.E', 'x.E'].map((type, i) => ({
      name: `f${i}`,
      type
    }))
    expect(copySchema(schema)).toEqual({ type: 'record', name: 'x.Label', fields })
  })

  test.each<readonly [string, unknown]>([
    ['nothing', undefined],
    ['a number', 7],
    ['an unknown word', 'integer'],
    ['a name of an object’s own', 'constructor'],
    ['a type of a type of nothing', { type: { type: {} } }],
    ['an empty union', []],
    ['a union in a union', [['int']]],
    ['a field without a name', { type: 'record', name: 'A', fields: [{ type: 'int' }] }],
    ['a field that all objects have', { type: 'record', name: 'A', fields: [{ name: 'toString', type: 'int' }] }],
    ['a field named __proto__', JSON.parse('{"type":"record","name":"A","fields":[{"name":"__proto__","type":"int"}]}')],
    ['a field that is code', { type: 'record', name: 'A', fields: [{ name: 'a);process.exit(', type: 'int' }] }],
    [
      'a field twice',
      {
        type: 'record',
        name: 'A',
        fields: [
          { name: 'a', type: 'int' },
          { name: 'a', type: 'int' }
        ]
      }
    ],
    ['a record without fields', { type: 'record', name: 'A' }],
    ['a record with a primitive’s name', { type: 'record', name: 'int', fields: [] }],
    ['a namespace that is code', { type: 'record', name: 'A', namespace: 'a;b', fields: [] }],
    ['a type within itself', record(['null', 'Label'])],
    ['a type twice', record({ type: 'fixed', name: 'F', size: 1 }, { type: 'fixed', name: 'F', size: 1 })],
    ['a fixed of no bytes', { type: 'fixed', name: 'F', size: 0 }],
    ['a fixed of all memory', { type: 'fixed', name: 'F', size: 2 ** 40 }],
    ['an enum without symbols', { type: 'enum', name: 'E', symbols: [] }],
    ['an enum with a symbol twice', { type: 'enum', name: 'E', symbols: ['A', 'A'] }],
    ['an array of nothing', { type: 'array', items: 'null' }],
    ['an array of empty records', { type: 'array', items: { type: 'record', name: 'A', fields: [] } }],
    ['too many levels', nested(33)],
    ['far too many levels', nested(5000)],
    ['too many types', record(...new Array(2001).fill('int'))],
    ['few lines that stand for too many types', doubling(40)]
  ])('but not %s', (_, schema) => {
    expect(() => copySchema(schema)).toThrow(Unfit)
  })

  test('whatever JSON comes, it is copied or refused', () => {
    const word = fc.constantFrom('record', 'enum', 'array', 'map', 'fixed', 'int', 'string', 'null', 'A', 'A.B', '', '__proto__')
    const { schema } = fc.letrec(tie => ({
      schema: fc.oneof({ maxDepth: 4 }, word, fc.jsonValue(), tie('object'), fc.array(tie('schema'), { maxLength: 3 })),
      object: fc.record(
        {
          type: tie('schema'),
          name: word,
          items: tie('schema'),
          values: tie('schema'),
          size: fc.integer(),
          fields: fc.array(fc.record({ name: word, type: tie('schema') }), { maxLength: 3 }),
          symbols: fc.array(word, { maxLength: 3 })
        },
        { requiredKeys: ['type'] }
      )
    }))
    fc.assert(
      fc.property(schema, value => {
        try {
          copySchema(value)
        } catch (error) {
          if (!(error instanceof Unfit)) throw error
        }
      }),
      { numRuns: 2000 }
    )
  })
})

describe('schemas fetched from a registry', () => {
  const text = JSON.stringify({ ...current.get('label')!.schema, namespace: 'plant' })
  function schemas(answer: (id: number) => Awaited<ReturnType<SchemaSource['schemaOf']>>, maxSchemas = 2) {
    const asked: number[] = []
    const time = { now: 0 }
    const source: SchemaSource = {
      async schemaOf(id) {
        asked.push(id)
        return answer(id)
      }
    }
    const readers = new Map(stored.map(schema => [schema, readerOf(schema, current.get(schema.name)!, 1000)]))
    return { asked, time, known: new RegistrySchemas({ source, maxSchemas, absentMs: 50, clock: () => time.now }, readers, 1000) }
  }

  test('are asked for once, even by many at a time', async () => {
    const { asked, known } = schemas(() => ({ text }))
    await Promise.all([known.fetch(1), known.fetch(1)])
    expect([asked, known.fetch(1), known.readerOf(1)]).toEqual([
      [1],
      null,
      expect.objectContaining({ name: 'label', limit: limitOf('label', 1000) })
    ])
  })

  test('are remembered up to a number: the one not used longest is forgotten, our own never', async () => {
    const { asked, known } = schemas(() => ({ text }))
    known.own(9, readerOf(current.get('label')!, current.get('label')!, 1000))
    for (const id of [1, 2, 1, 3, 1, 2]) await known.fetch(id)
    expect(asked).toEqual([1, 2, 3, 2])
    expect(known.readerOf(3)).toMatchObject({ code: 'unknown-schema' })
    expect(known.fetch(9)).toBeNull()
  })

  test('that are not there are asked for again after a time, those that cannot be read never', async () => {
    const { asked, time, known } = schemas(id => (id === 1 ? { problem: 'unknown' } : { text: '"int"' }))
    await known.fetch(1)
    await known.fetch(2)
    time.now = 49
    expect([known.fetch(1), known.readerOf(1)]).toEqual([null, { code: 'unknown-schema', reason: 'unknown' }])
    time.now = 50
    await known.fetch(1)
    expect([known.fetch(2), known.readerOf(2)]).toEqual([null, expect.objectContaining({ code: 'incompatible-schema' })])
    expect(asked).toEqual([1, 2, 1])
  })

  test('that could not be asked for are asked for again at once', async () => {
    let down = true
    const { asked, known } = schemas(() => {
      if (down) throw new Fault('UNAVAILABLE', 'down')
      return { text }
    })
    await expect(known.fetch(1)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    down = false
    await known.fetch(1)
    expect([asked, known.fetch(1)]).toEqual([[1, 1], null])
  })

  test('forgotten again before their record is decoded are fetched again: no record is judged by what is in memory', async () => {
    const source: SchemaSource = { schemaOf: async () => ({ text }) }
    const codec = openAvroCodec({ registry: { source, maxSchemas: 1, absentMs: 50 } })
    const body = openAvroCodec().encode('label', samples.label).subarray(10)
    const of = (id: number) => Uint8Array.of(...registryHeaderOf(id), ...body)
    const decoded = await Promise.all(Array.from({ length: 40 }, (_, i) => decoding(codec, of(i % 4))))
    expect(decoded.filter(each => 'code' in each)).toEqual([])
  })
})

test('no bytes in the registry’s framing make decode throw', async () => {
  const source: SchemaSource = {
    schemaOf: async id => ({ text: JSON.stringify({ ...stored[id % stored.length]!.schema, namespace: 'plant' }) })
  }
  const codec = openAvroCodec({ registry: { source, maxSchemas: 1000, absentMs: 50 } })
  const bytes = fc.tuple(fc.nat(stored.length - 1), fc.uint8Array({ maxLength: 200 }))
  await fc.assert(
    fc.asyncProperty(bytes, async ([id, body]) => {
      const decoded = await decoding(codec, Uint8Array.of(...registryHeaderOf(id), ...body))
      expect('code' in decoded || decoded.name).toBeTruthy()
    }),
    { numRuns: 2000 }
  )
  for (let length = 0; length < 5; length++) {
    const short = registryHeaderOf(1).subarray(0, length)
    expect([schemaIdOf(short), codec.prepare(short), codec.decode(short)]).toEqual([
      null,
      null,
      expect.objectContaining({ code: 'truncated' })
    ])
  }
})
