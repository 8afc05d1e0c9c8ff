import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import type { Saved } from '../../src/numeric/saved.ts'

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 31, -(2 ** 31), Number.MIN_VALUE)
)
const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', '__proto__', 'constructor', '\ud800', 'a\0b', '7'))
const tree = fc.letrec<{ tree: Saved }>(tie => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false),
    number,
    text,
    fc.uint8Array(),
    fc.int32Array(),
    fc.float32Array(),
    fc.float64Array(),
    fc.array(tie('tree')),
    fc.array(fc.tuple(text, tie('tree'))).map(entries => Object.fromEntries(entries))
  )
})).tree

/** Tells −0 from 0, each typed array from the others, and the order of keys. */
function shape(saved: Saved): string {
  if (typeof saved === 'number') return Object.is(saved, -0) ? '-0' : String(saved)
  if (saved === null || typeof saved !== 'object') return JSON.stringify(saved)
  if (ArrayBuffer.isView(saved)) return `${saved.constructor.name}(${[...(saved as Float64Array)].map(shape)})`
  if (Array.isArray(saved)) return `[${(saved as Saved[]).map(shape)}]`
  return `{${Object.entries(saved).map(([key, value]) => `${JSON.stringify(key)}:${shape(value)}`)}}`
}

describe('saved state as bytes', () => {
  test('every tree comes back bit for bit, and again has the same bytes', () => {
    fc.assert(
      fc.property(tree, saved => {
        const bytes = encodeSaved(saved)
        const back = decodeSaved(bytes)
        expect(shape(back)).toBe(shape(saved))
        expect(Buffer.compare(encodeSaved(back), bytes)).toBe(0)
      }),
      { numRuns: 500 }
    )
  })

  test('the bytes are those of the grammar', () => {
    const saved = { a: [null, true, 7, -0], b: new Float32Array([1.5]), c: new Uint8Array([9]) }
    expect(Buffer.from(encodeSaved(saved)).toString('hex')).toBe(
      '01' + // version
        '0b03000000' + // object of 3
        '0100000061' + // 'a'
        '0a04000000' + // array of 4
        '00' + // null
        '02' + // true
        '0307000000' + // 7
        '040000000000000080' + // −0
        '0100000062' + // 'b'
        '08010000000000c03f' + // Float32Array [1.5]
        '0100000063' + // 'c'
        '060100000009' // Uint8Array [9]
    )
  })

  test('typed arrays keep the bits of their values and share no memory with the bytes', () => {
    const bits = new Int32Array([0x7fc01234, -0x80000000, 1])
    const bytes = encodeSaved(new Float32Array(bits.buffer))
    const back = decodeSaved(bytes) as Float32Array
    bytes.fill(0)
    expect([...new Int32Array(back.buffer)]).toEqual([...bits])
  })

  test('bytes cut at any place, too many, or of another version are SNAPSHOT_DAMAGED', () => {
    const bytes = encodeSaved({ a: [1, 'two', new Float64Array([3])], b: { c: null } })
    for (let n = 0; n < bytes.length; n++)
      expect(() => decodeSaved(bytes.subarray(0, n))).toThrow(expect.objectContaining({ code: 'SNAPSHOT_DAMAGED' }))
    for (const wrong of [Buffer.concat([bytes, Buffer.alloc(1)]), Buffer.concat([Buffer.from([2]), bytes.subarray(1)])])
      expect(() => decodeSaved(wrong)).toThrow(expect.objectContaining({ code: 'SNAPSHOT_DAMAGED' }))
  })

  test('any bytes at all either decode or are SNAPSHOT_DAMAGED', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), noise => {
        try {
          decodeSaved(Buffer.concat([Buffer.from([1]), noise]))
        } catch (error) {
          expect(error).toMatchObject({ code: 'SNAPSHOT_DAMAGED' })
        }
      }),
      { numRuns: 1000 }
    )
  })
})
