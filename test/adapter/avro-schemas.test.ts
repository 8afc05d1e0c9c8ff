import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import avsc from 'avsc'
import { describe, expect, test } from 'vitest'
import { openAvroCodec } from '../../src/adapter/avro/codec.ts'
import { fingerprintOf, headerOf } from '../../src/adapter/avro/fingerprint.ts'
import {
  type AvroRecord,
  type AvroSchema,
  currentOf,
  eventNames,
  loadSchemas,
  resolverOf,
  type StoredSchema
} from '../../src/adapter/avro/schemas.ts'
import { plain, samples } from '../events/samples.ts'

const stored = loadSchemas()
const fieldOf = (schema: AvroRecord, name: string): AvroSchema => schema.fields.find(field => field.name === name)!.type
const withoutNamespace = (schema: AvroRecord): unknown => ({ ...schema, namespace: undefined })

/** The package's schemas with changes written over a copy of them. */
function planted(files: Record<string, unknown>): readonly StoredSchema[] {
  const folder = mkdtempSync(join(tmpdir(), 'schemas-'))
  try {
    cpSync(new URL('../../schemas', import.meta.url), folder, { recursive: true })
    for (const [file, schema] of Object.entries(files)) writeFileSync(join(folder, file), JSON.stringify(schema))
    return loadSchemas(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The law of kept versions: each resolves to the newest of its name. */
function everyVersionResolves(schemas: readonly StoredSchema[]): void {
  const current = currentOf(schemas)
  for (const schema of schemas) resolverOf(current.get(schema.name)!, schema)
}

describe('every stored version can be read', () => {
  test('each resolves to the newest of its name', () => {
    everyVersionResolves(stored)
    expect(stored.map(one => one.name)).toEqual(expect.arrayContaining([...eventNames]))
  })

  test('the law goes red on a version whose field has no default', () => {
    const observation = stored.find(one => one.name === 'observation')!.schema
    const next = { ...observation, fields: [...observation.fields, { name: 'shift', type: 'string', doc: 'Shift.' }] }
    expect(() => everyVersionResolves(planted({ 'observation.2.avsc': next }))).toThrow(/observation.1.avsc to be readable as version 2/)
  })

  test('the law goes red on a version that changes a type', () => {
    const label = stored.find(one => one.name === 'label')!.schema
    const fields = label.fields.map(field => (field.name === 'time' ? { ...field, type: 'string' } : field))
    expect(() => everyVersionResolves(planted({ 'label.2.avsc': { ...label, fields } }))).toThrow(/label.1.avsc/)
    expect(() => openAvroCodec({ schemas: planted({ 'label.2.avsc': { ...label, fields } }) })).toThrow(/label.1.avsc/)
  })

  test('a record of an older version is decoded as the newest, and its map is still counted', () => {
    const observation = stored.find(one => one.name === 'observation')!.schema
    const next = {
      ...observation,
      fields: [...observation.fields, { name: 'shift', type: ['null', 'string'], default: null, doc: 'Shift.' }]
    }
    const newer = openAvroCodec({ schemas: planted({ 'observation.2.avsc': next }) })
    const bytes = openAvroCodec().encode('observation', samples.observation)
    expect(plain(newer.decode(bytes))).toEqual({ name: 'observation', event: { ...samples.observation, shift: null } })
    const twice = openAvroCodec().encode('observation', { ...samples.observation, features: { aa: 1, ab: 2 } })
    twice[twice.indexOf(0x62)] = 0x61
    expect(newer.decode(twice)).toMatchObject({ code: 'malformed' })
  })
})

describe('fingerprints', () => {
  // Published: share/test/data/schema-tests.txt of Apache Avro. Input, canonical form, fingerprint as a signed integer.
  const published: readonly (readonly [unknown, string, bigint])[] = [
    ['null', '"null"', 7195948357588979594n],
    ['boolean', '"boolean"', -6970731678124411036n],
    ['int', '"int"', 8247732601305521295n],
    ['long', '"long"', -3434872931120570953n],
    ['float', '"float"', 5583340709985441680n],
    ['double', '"double"', -8181574048448539266n],
    ['bytes', '"bytes"', 5746618253357095269n],
    ['string', '"string"', -8142146995180207161n],
    [['int'], '["int"]', -5232228896498058493n],
    [['int', { type: 'boolean' }], '["int","boolean"]', 5392556393470105090n],
    [{ fields: [], type: 'record', name: 'foo' }, '{"name":"foo","type":"record","fields":[]}', -4824392279771201922n],
    [{ fields: [], type: 'record', name: 'foo', namespace: 'x.y' }, '{"name":"x.y.foo","type":"record","fields":[]}', 5916914534497305771n],
    [
      { fields: [], type: 'record', name: 'a.b.foo', namespace: 'x.y' },
      '{"name":"a.b.foo","type":"record","fields":[]}',
      -4616218487480524110n
    ],
    [
      { fields: [], type: 'record', name: 'foo', doc: 'foo', aliases: ['foo', 'bar'] },
      '{"name":"foo","type":"record","fields":[]}',
      -4824392279771201922n
    ],
    [
      { fields: [{ type: { type: 'boolean' }, name: 'f1' }], type: 'record', name: 'foo' },
      '{"name":"foo","type":"record","fields":[{"name":"f1","type":"boolean"}]}',
      7843277075252814651n
    ],
    [
      {
        fields: [
          { type: 'boolean', aliases: [], name: 'f1', default: true },
          { order: 'descending', name: 'f2', doc: 'Hello', type: 'int' }
        ],
        type: 'record',
        name: 'foo'
      },
      '{"name":"foo","type":"record","fields":[{"name":"f1","type":"boolean"},{"name":"f2","type":"int"}]}',
      -4860222112080293046n
    ],
    [{ type: 'enum', name: 'foo', symbols: ['A1'] }, '{"name":"foo","type":"enum","symbols":["A1"]}', -6342190197741309591n],
    [
      { namespace: 'x.y.z', type: 'enum', name: 'foo', doc: 'foo bar', symbols: ['A1', 'A2'] },
      '{"name":"x.y.z.foo","type":"enum","symbols":["A1","A2"]}',
      -4448647247586288245n
    ],
    [{ name: 'foo', type: 'fixed', size: 15 }, '{"name":"foo","type":"fixed","size":15}', 1756455273707447556n],
    [{ namespace: 'x.y.z', type: 'fixed', name: 'foo', size: 32 }, '{"name":"x.y.z.foo","type":"fixed","size":32}', -3064184465700546786n],
    [{ items: { type: 'null' }, type: 'array' }, '{"type":"array","items":"null"}', -589620603366471059n],
    [{ values: 'string', type: 'map' }, '{"type":"map","values":"string"}', -8732877298790414990n],
    [
      { name: 'PigValue', type: 'record', fields: [{ name: 'value', type: ['null', 'int', 'long', 'PigValue'] }] },
      '{"name":"PigValue","type":"record","fields":[{"name":"value","type":["null","int","long","PigValue"]}]}',
      -1759257747318642341n
    ]
  ]
  test.each(published)('of %j is the published one', (schema, canonical, fingerprint) => {
    expect(BigInt.asIntN(64, fingerprintOf(canonical))).toBe(fingerprint)
    // The library cannot tell int from long without wrapping, so that schema alone is read with it.
    const wrapUnions = JSON.stringify(schema).includes('PigValue') ? 'always' : 'never'
    const type = avsc.Type.forSchema(schema as Parameters<typeof avsc.Type.forSchema>[0], { wrapUnions })
    expect(JSON.stringify(type.schema())).toBe(canonical)
  })

  test('the header of an int is the one Avro publishes for it', () => {
    expect(Buffer.from(headerOf(fingerprintOf('"int"'))).toString('hex')).toBe('c3018f5c393f1ad57572')
  })

  test('no two stored schemas share a fingerprint', () => {
    expect(new Set(stored.map(one => one.fingerprint)).size).toBe(stored.length)
  })
})

describe('the schemas say what they mean', () => {
  const records = (schema: AvroSchema): readonly AvroRecord[] => {
    if (typeof schema === 'string') return []
    if ('length' in schema) return schema.flatMap(records)
    if ('fields' in schema) return [schema, ...schema.fields.flatMap(field => records(field.type))]
    if ('items' in schema) return records(schema.items)
    return 'values' in schema ? records(schema.values) : []
  }
  const undocumented = (schema: AvroSchema): readonly string[] =>
    records(schema).flatMap(record => [
      ...((record.doc ?? '').length > 10 ? [] : [record.name]),
      ...record.fields.filter(field => (field.doc ?? '').length <= 10).map(field => `${record.name}.${field.name}`)
    ])

  test.each(stored.map(one => [`${one.name}.${one.version}`, one.schema] as const))(
    'every record and field of %s is documented',
    (_, schema) => {
      expect(undocumented(schema)).toEqual([])
    }
  )

  test('the check of documentation goes red on a field without', () => {
    expect(undocumented({ type: 'record', name: 'R', doc: 'A planted record.', fields: [{ name: 'f', type: 'int' }] })).toEqual(['R.f'])
  })

  test('the definitions within example are those of observation and prediction', () => {
    const { schema } = currentOf(stored).get('example')!
    const named = (name: 'observation' | 'prediction'): unknown => withoutNamespace(currentOf(stored).get(name)!.schema)
    expect({ ...(fieldOf(schema, 'observation') as AvroRecord), namespace: undefined }).toEqual(named('observation'))
    expect({ ...((fieldOf(schema, 'prediction') as readonly AvroSchema[])[1] as AvroRecord), namespace: undefined }).toEqual(
      named('prediction')
    )
  })

  test('every item of an array or map takes a byte, which bounds the cost of a false count', () => {
    const least = (schema: AvroSchema): number => {
      if (typeof schema === 'string') return schema === 'null' ? 0 : 1
      if ('fields' in schema) return schema.fields.reduce((sum, field) => sum + least(field.type), 0)
      return 1
    }
    const items = (schema: AvroSchema): readonly AvroSchema[] => {
      if (typeof schema === 'string') return []
      if ('length' in schema) return schema.flatMap(items)
      if ('fields' in schema) return schema.fields.flatMap(field => items(field.type))
      return 'items' in schema ? [schema.items, ...items(schema.items)] : []
    }
    expect(stored.flatMap(one => items(one.schema)).map(least)).not.toContain(0)
    expect(least('null')).toBe(0)
  })

  test('a folder without a schema, or with one that is none, says which', () => {
    expect(() => loadSchemas('/nonexistent')).toThrow(/folder of schemas/)
    expect(() => planted({ 'label.2.avsc': { type: 'record' } })).toThrow(/label.2.avsc/)
  })

  test('a schema file ends with its own name and version', () => {
    for (const one of stored) {
      const text = readFileSync(new URL(`../../schemas/${one.name}.${one.version}.avsc`, import.meta.url), 'utf8')
      expect(JSON.parse(text)).toMatchObject({ type: 'record', namespace: 'andon', name: one.name[0]!.toUpperCase() + one.name.slice(1) })
    }
  })
})
