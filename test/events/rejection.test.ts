import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { openAvroCodec } from '../../src/adapter/avro/codec.ts'
import { rejectionLimits, rejectionOf } from '../../src/pipeline/rejection.ts'
import { plain } from './samples.ts'

const place = { topic: 'observations', partition: 3, offset: 42, time: 1_773_480_413_000 }
const of = (bytes: Uint8Array, reason = 'expected an event') => rejectionOf({ code: 'malformed', reason, ...place, bytes })

test('a record up to the limit is kept whole', () => {
  const bytes = new Uint8Array(rejectionLimits.wholeBytes).fill(7)
  const rejection = of(bytes)
  expect(rejection).toMatchObject({ ...place, code: 'malformed', length: bytes.length, truncated: false })
  expect(Buffer.compare(rejection.value, bytes)).toBe(0)
})

test('beyond the limit its beginning, its length and the checksum of the whole are kept', () => {
  const bytes = Uint8Array.from({ length: rejectionLimits.wholeBytes + 1 }, (_, i) => i & 255)
  const rejection = of(bytes)
  expect(rejection).toMatchObject({ ...place, length: bytes.length, truncated: true })
  expect(Buffer.compare(rejection.value, bytes.subarray(0, 65_536))).toBe(0)
  expect(rejection.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
})

test('the limit is larger than any record that an input may have', () => {
  const codec = openAvroCodec()
  const largest = of(new Uint8Array(rejectionLimits.wholeBytes), 'x'.repeat(10_000))
  expect(plain({ ...codec.decode(codec.encode('rejection', largest)), event: null })).toEqual({ name: 'rejection', event: null })
  const decoded = codec.decode(new Uint8Array(rejectionLimits.wholeBytes).fill(0xc3))
  expect(decoded).toMatchObject({ code: 'unknown-schema' })
})

test('the bytes are a copy, so that the log may take its buffer back', () => {
  const bytes = Uint8Array.of(1, 2, 3)
  const rejection = of(bytes)
  bytes.fill(0)
  expect([...rejection.value]).toEqual([1, 2, 3])
})

test('a reason that quotes too much is cut, never within a character', () => {
  const { reason } = of(Uint8Array.of(1), `${'x'.repeat(1999)}😀 and more`)
  expect(reason).toBe(`${'x'.repeat(1999)}…`)
})
