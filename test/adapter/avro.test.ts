import avsc from 'avsc'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openAvroCodec } from '../../src/adapter/avro/codec.ts'
import { headerOf } from '../../src/adapter/avro/fingerprint.ts'
import { limitOf } from '../../src/adapter/avro/limits.ts'
import { currentOf, eventNames, loadSchemas } from '../../src/adapter/avro/schemas.ts'
import { type EventName, type Events, type Observation, rejectionCodes } from '../../src/events/event.ts'
import { Fault } from '../../src/fault/fault.ts'
import { defaultLearnerOptions } from '../../src/learner/options.ts'
import type { Codec } from '../../src/pipeline/codec.ts'
import { plain, samples } from '../events/samples.ts'

const codec = openAvroCodec()
const stored = loadSchemas()
const encoded = (name: EventName): Uint8Array => codec.encode(name, samples[name])
const header = (name: EventName): Uint8Array => headerOf(currentOf(stored).get(name)!.fingerprint)
const codeOf = (bytes: Uint8Array, by: Codec = codec): string => {
  const decoded = by.decode(bytes)
  return 'code' in decoded ? decoded.code : decoded.name
}

/** An integer as Avro writes it, of any size. */
const long = (value: bigint): number[] => {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  const bytes: number[] = []
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  return [...bytes, Number(rest)]
}
const text = (value: string): number[] => [...long(BigInt(Buffer.byteLength(value))), ...Buffer.from(value)]
/** An observation up to its features, which come as bytes. */
const observationWith = (features: readonly number[], time = 1_700_000_000_000n): Uint8Array =>
  Uint8Array.from([...header('observation'), ...text('p'), ...text('l'), 0, 0, ...long(time), ...features])

describe('what is encoded decodes to the same', () => {
  test.each(eventNames)('%s', name => {
    const decoded = codec.decode(encoded(name))
    expect(plain(decoded)).toEqual({ name, event: plain(samples[name]) })
  })

  test('every finite number, text and missing value of a feature survives to the bit', () => {
    const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string({ unit: 'grapheme' }), fc.constant(null))
    const key = fc.string({ unit: 'grapheme', maxLength: 40 }).filter(name => name !== '__proto__')
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 30, noNullPrototype: true }), features => {
        const observation: Observation = { ...samples.observation, features }
        const decoded = codec.decode(codec.encode('observation', observation))
        expect('event' in decoded && (decoded.event as Observation).features).toEqual(features)
      }),
      { numRuns: 300 }
    )
  })

  test('opinions are rounded to 32 bits and nothing else is', () => {
    const prediction = structuredClone(samples.prediction) as { tasks: { probabilities: number[] }[] } & Events['prediction']
    prediction.tasks[0]!.probabilities = [0.1, 0.9]
    const decoded = codec.decode(codec.encode('prediction', prediction))
    expect('event' in decoded && (decoded.event as Events['prediction']).tasks[0]!.probabilities).toEqual([
      Math.fround(0.1),
      Math.fround(0.9)
    ])
  })

  test('bytes that lie within a larger buffer decode without their neighbours', () => {
    const bytes = encoded('label')
    const larger = new Uint8Array(bytes.length + 20).fill(255)
    larger.set(bytes, 7)
    expect(codeOf(larger.subarray(7, 7 + bytes.length))).toBe('label')
  })

  test('a record is not changed by later records of the same codec', () => {
    const first = encoded('observation')
    const before = [...first]
    encoded('example')
    expect([...first]).toEqual(before)
  })

  test('a record larger than all before it is encoded whole', () => {
    const features = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`sensor-${i}`, i / 3]))
    const decoded = openAvroCodec().decode(openAvroCodec().encode('observation', { ...samples.observation, features }))
    expect('event' in decoded && Object.keys((decoded.event as Observation).features).length).toBe(5000)
  })
})

describe('what does not fit the schema is not encoded', () => {
  const wrong: [string, unknown][] = [
    ['a missing field', { ...samples.observation, id: undefined }],
    ['a number where text belongs', { ...samples.observation, line: 7 }],
    ['an undefined feature', { ...samples.observation, features: { a: undefined } }],
    ['a time that is no integer', { ...samples.observation, time: 1.5 }],
    ['a time past 2^53', { ...samples.observation, time: 2 ** 60 }],
    ['null', null]
  ]
  test.each(wrong)('%s throws INPUT_INVALID', (_, value) => {
    expect(() => codec.encode('observation', value as Observation)).toThrow(Fault)
    expect(() => codec.encode('observation', value as Observation)).toThrow(/expected a value that fits the schema of observation/)
  })

  test('a record that could not be decoded for its length is not encoded', () => {
    const small = openAvroCodec({ maxBytes: 100 })
    const observation = { ...samples.observation, product: 'x'.repeat(100) }
    expect(() => small.encode('observation', observation)).toThrow(/at most 100 bytes/)
  })
})

describe('bytes that are no event say why', () => {
  test('no bytes, a part of the header', () => {
    for (let length = 0; length < 10; length++) expect(codeOf(encoded('label').subarray(0, length))).toBe('truncated')
  })

  test('another framing and another fingerprint are an unknown schema', () => {
    expect(codeOf(Uint8Array.of(0, 0, 0, 0, 1, 2, 3))).toBe('unknown-schema')
    expect(codeOf(new TextEncoder().encode('{"id":"part-1"}'))).toBe('unknown-schema')
    expect(codeOf(Uint8Array.of(0xc3, 0x02, ...new Uint8Array(20)))).toBe('unknown-schema')
    const foreign = encoded('label')
    foreign[2]! ^= 1
    expect(codeOf(foreign)).toBe('unknown-schema')
  })

  test('a byte too many is told', () => {
    for (const name of eventNames) expect(codeOf(Uint8Array.of(...encoded(name), 0))).toBe('trailing-bytes')
  })

  test('a record longer than its limit is refused before it is read, an example may be longer than an observation', () => {
    const small = openAvroCodec({ maxBytes: 60 })
    expect(codeOf(encoded('observation'), small)).toBe('too-long')
    expect(codeOf(new Uint8Array(limitOf('rejection', 60) + 1), small)).toBe('too-long')
    expect(codeOf(encoded('example'), small)).toBe('example')
    expect(codeOf(encoded('prediction'), small)).toBe('prediction')
    for (const name of eventNames) expect(limitOf('rejection', 2 ** 20)).toBeGreaterThanOrEqual(limitOf(name, 2 ** 20))
    expect(limitOf('example', 1000)).toBeGreaterThanOrEqual(
      limitOf('observation', 1000) + limitOf('label', 1000) + limitOf('prediction', 1000)
    )
  })

  test('a prediction of as many classes as the defaults allow, with the longest names, can be written', () => {
    const { maxTasks, maxClasses } = defaultLearnerOptions
    const long = (what: string, i: number): string => `${what}${i}`.padEnd(200, '€')
    const classes = Array.from({ length: maxClasses }, (_, i) => long('c', i))
    const probabilities = classes.map(() => 1 / maxClasses)
    const tasks = Array.from({ length: maxTasks }, (_, i) => ({
      task: long('t', i),
      classes,
      probabilities,
      chosen: classes[0]!,
      set: classes,
      banks: [{ bank: 'task', weight: 1, opinion: probabilities, shares: [1] }]
    }))
    const prediction: Events['prediction'] = {
      observation: 'p',
      line: 'l',
      station: null,
      time: 1_767_225_600_000,
      learned: 1,
      fold: 1,
      tasks
    }
    const bytes = codec.encode('prediction', prediction)
    expect(bytes.length).toBeGreaterThan(2 ** 24)
    expect(codeOf(bytes)).toBe('prediction')
  })

  test('lengths and counts beyond the bytes cost nothing', () => {
    const start = performance.now()
    for (const huge of [2n ** 31n, 2n ** 40n, 2n ** 52n, 2n ** 62n, -(2n ** 40n), -(2n ** 63n)]) {
      expect(['truncated', 'malformed']).toContain(codeOf(observationWith([...long(huge), ...text('a')])))
      expect(['truncated', 'malformed']).toContain(codeOf(observationWith([...long(1n), ...long(huge)])))
      const prediction = [...header('prediction'), ...text('p'), ...text('l'), 0, 0, 0, ...long(huge)]
      expect(['truncated', 'malformed']).toContain(codeOf(Uint8Array.from(prediction)))
    }
    expect(performance.now() - start).toBeLessThan(1000)
  })

  test('blocks with their size are read, a false size is malformed', () => {
    const entry = [...text('a'), 0]
    expect(codeOf(observationWith([...long(-1n), ...long(BigInt(entry.length)), ...entry, 0]))).toBe('observation')
    expect(codeOf(observationWith([...long(-1n), ...long(BigInt(entry.length + 1)), ...entry, 0]))).toBe('malformed')
  })

  test('a map of several blocks is one map', () => {
    const decoded = codec.decode(observationWith([...long(1n), ...text('a'), 0, ...long(1n), ...text('b'), 0, 0]))
    expect('event' in decoded && (decoded.event as Observation).features).toEqual({ a: null, b: null })
  })

  test.each(['__proto__', 'a'])('a map that names %s twice over or unusably loses nothing silently', name => {
    const entries = [...long(2n), ...text(name), 0, ...text('a'), 0, 0]
    const decoded = codec.decode(observationWith(entries))
    expect(decoded).toMatchObject({ code: 'malformed', reason: expect.stringContaining('2 entries') })
  })

  test('a number under __proto__ in the labels of an example is refused', () => {
    const labels = [...long(1n), ...text('__proto__'), ...text('scratch'), 0]
    const observation = observationWith([0]).subarray(10)
    expect(codeOf(Uint8Array.from([...header('example'), ...observation, ...labels, 0, 0, 0]))).toBe('malformed')
  })

  test('an integer past 2^53, a wrong branch, a wrong symbol, a wrong boolean and text that is not UTF-8 are malformed', () => {
    expect(codeOf(observationWith([0], 2n ** 53n + 1n))).toBe('malformed')
    expect(codeOf(observationWith([0], -(2n ** 60n)))).toBe('malformed')
    expect(codeOf(observationWith([...long(1n), ...text('a'), ...long(3n), 0]))).toBe('malformed')
    expect(codeOf(observationWith([...long(1n), ...long(2n), 0xc3, 0x28, 0, 0]))).toBe('malformed')
    expect(codeOf(Uint8Array.from([...header('control'), ...text('c'), 0, ...long(9n), 0, ...new Uint8Array(8)]))).toBe('malformed')
    const rejection = encoded('rejection')
    rejection[rejection.length - 5] = 2
    expect(codeOf(rejection)).toBe('malformed')
  })
})

describe('no bytes make decode throw', () => {
  const known = new Set<string>(rejectionCodes)
  const settled = (bytes: Uint8Array): void => {
    const code = codeOf(bytes)
    if (!known.has(code) && !(code in samples)) throw new Error(`expected an event or a rejection code, got ${code}`)
  }

  test.each(eventNames)('every truncation of a valid %s is told as such', name => {
    const bytes = encoded(name)
    for (let length = 0; length < bytes.length; length++) expect(codeOf(bytes.subarray(0, length))).toBe('truncated')
  })

  test.each(eventNames)('every flip of one bit of a valid %s decodes or is told', name => {
    const bytes = encoded(name)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice()
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      settled(flipped)
    }
  })

  test('random bytes, bare and after a valid header', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), settled), { numRuns: 2000 })
    const framed = fc.tuple(fc.constantFrom(...eventNames), fc.uint8Array({ maxLength: 300 }))
    fc.assert(
      fc.property(framed, ([name, body]) => settled(Uint8Array.from([...header(name), ...body]))),
      { numRuns: 4000 }
    )
  })

  test('what decodes after random changes encodes again, so that nothing half read passes', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.constantFrom(...eventNames), changes, (name, list) => {
        const bytes = encoded(name)
        for (const [at, byte] of list) bytes[10 + (at % (bytes.length - 10))] = byte
        const decoded = codec.decode(bytes)
        if ('event' in decoded) codec.encode(decoded.name, decoded.event as Events[typeof decoded.name])
      }),
      { numRuns: 3000 }
    )
  })
})

test('the Avro library reads what this codec writes', () => {
  const { type } = currentOf(stored).get('example')!
  const written = type.fromBuffer(Buffer.from(encoded('example').subarray(10)))
  expect(plain(written)).toEqual(plain(samples.example))
  expect(avsc.Type.isType(type)).toBe(true)
})
