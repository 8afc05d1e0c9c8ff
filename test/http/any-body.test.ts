import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromJson } from '../../src/events/from-json.ts'
import { Refused } from '../../src/http/answer.ts'
import { bodyTypes, recordsOf } from '../../src/http/records.ts'

const encode = (text: string) => new TextEncoder().encode(text)
/** The records, or the code of the refusal; any other error is thrown. */
function read(type: (typeof bodyTypes)[number], bytes: Uint8Array, most = 10) {
  try {
    return recordsOf('observation', { type, bytes }, fromJson, most)
  } catch (error) {
    if (error instanceof Refused) return error.refusal.body.error.code
    throw error
  }
}

const jsonish = fc.oneof(
  fc.json(),
  fc.json().map(text => `[${text},${text}]`),
  fc.json().map(text => `${text}\n${text}`),
  fc.string()
)
const bodies = fc.oneof(fc.uint8Array({ maxLength: 64 }), jsonish.map(encode))
const good = { id: 'p', line: 'l', station: null, product: null, time: 1773480413000, features: { a: 1 } }

describe('any body', () => {
  test('is read or refused, never a crash', () => {
    fc.assert(
      fc.property(fc.constantFrom(...bodyTypes), bodies, (type, bytes) => {
        const records = read(type, bytes)
        if (typeof records === 'string') expect(records).toMatch(/^(BODY_EMPTY|BODY_MALFORMED|TOO_MANY_RECORDS)$/)
        else expect(records.length).toBeGreaterThan(0)
      }),
      { numRuns: 500 }
    )
  })

  test('gives one record for each that was posted, the good ones whole among any others', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.jsonValue({ maxDepth: 3 }), { nil: good, freq: 2 }), { minLength: 1, maxLength: 10 }), values => {
        const lines = values.map(value => JSON.stringify(value))
        for (const records of [
          read('application/json', encode(`[${lines.join(',')}]`)),
          read('application/x-ndjson', encode(lines.join('\r\n')))
        ]) {
          if (typeof records === 'string') throw new Error(records)
          expect(records.map(item => 'record' in item)).toEqual(values.map(value => value === good))
          for (const item of records) if ('record' in item) expect(item.record).toEqual(good)
        }
      }),
      { numRuns: 200 }
    )
  })

  test('keeps the text of a single record that is no event as it came', () => {
    const text = '{"id": 1e999,  "twice": 1, "twice": 2}'
    const [item] = read('application/json', encode(text)) as readonly { readonly bytes: Uint8Array }[]
    expect(new TextDecoder().decode(item!.bytes)).toBe(text)
  })

  test('that is wide and wrong is told in a short reason', () => {
    const features = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`f${i}`, []]))
    const [item] = read('application/json', encode(JSON.stringify({ ...good, features }))) as readonly { readonly reason: string }[]
    expect(item!.reason).toMatch(/and 4980 more$/)
    expect(item!.reason.length).toBeLessThan(4096)
  })
})
