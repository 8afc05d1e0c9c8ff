import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import { Encoder, type EncoderOptions, type Feature } from '../../src/encode/encoder.ts'
import { Random } from '../../src/numeric/random.ts'
import { Sparse } from '../../src/numeric/sparse.ts'
import { bits } from '../judge/stream.ts'

const options: EncoderOptions = {
  intervals: 4,
  refitAt: [10, 20, 40],
  reservoir: 30,
  horizon: 50,
  maxFeatures: 6,
  maxCategories: name => (name === 'few' ? 2 : 8)
}

type Record_ = Readonly<Record<string, Feature>>
const features = (record: Record_): Map<string, Feature> => new Map(Object.entries(record))

/** Row → value of what is active. */
function active(encoder: Encoder, record: Record_): Map<number, number> {
  const x = new Sparse()
  encoder.encode(encoder.observe(features(record)), x)
  return new Map(Array.from({ length: x.n }, (_, i) => [x.index[i]!, x.value[i]!]))
}

function learn(encoder: Encoder, record: Record_, random: Random): ReturnType<Encoder['learn']> {
  encoder.declare(features(record))
  return encoder.learn(encoder.observe(features(record)), random)
}

function learned(records: readonly Record_[], random = new Random(1)): Encoder {
  const encoder = new Encoder(options)
  for (const record of records) learn(encoder, record, random)
  return encoder
}

const ramp = Array.from({ length: 40 }, (_, i) => ({ a: i, word: i % 2 === 0 ? 'even' : 'odd' }))

const number = fc.oneof(
  fc.double({ min: -100, max: 100, noNaN: true }),
  fc.integer({ min: -2, max: 2 }),
  fc.constantFrom(-0, 5e-324, 1e-310, Number.MAX_VALUE, -Number.MAX_VALUE, 1e308, -1e308, 1e200, Number.MIN_SAFE_INTEGER)
)
const feature = fc.oneof(number, fc.constantFrom('p', 'q', 'r', '', '__proto__', 'a=b'), fc.constant(null))
const record = fc.dictionary(fc.constantFrom('a', 'b', 'few', '__proto__', 'constructor', 'e', 'f', 'g'), feature, {
  noNullPrototype: false
})
const records = fc.array(record, { minLength: 1, maxLength: 60 })

describe('encoding', () => {
  test('a number gives a linear term and two hats that sum to one, whatever the number', () => {
    const encoder = learned(ramp)
    fc.assert(
      fc.property(number, a => {
        const rows = [...active(encoder, { a })]
        const [, linear, low, high] = rows
        expect(rows[0]).toEqual([0, 1])
        expect(Math.abs(linear![1])).toBeLessThanOrEqual(4)
        expect(high![0]).toBe(low![0] + 1)
        expect(low![1] + high![1]).toBeCloseTo(1, 7)
        expect(Math.min(low![1], high![1])).toBeGreaterThanOrEqual(0)
      })
    )
  })

  test('the linear term is standardised by what was learned and clipped at four deviations', () => {
    const encoder = learned(ramp)
    const mean = 19.5
    const deviation = Math.sqrt((40 * 40 - 1) / 12)
    const linear = (a: number) => [...active(encoder, { a }).values()][1]!
    expect(linear(mean)).toBeCloseTo(0, 6)
    expect(linear(30)).toBeCloseTo((30 - mean) / deviation, 5)
    expect([linear(1e9), linear(-1e9)]).toEqual([4, -4])
  })

  test('whatever came before, all that is active is finite, at distinct rows that exist, and as many as announced or fewer', () => {
    fc.assert(
      fc.property(records, record, (past, next) => {
        const encoder = learned(past)
        const x = new Sparse()
        encoder.encode(encoder.observe(features(next)), x)
        const rows = Array.from(x.index.subarray(0, x.n))
        expect(new Set(rows).size).toBe(x.n)
        expect(rows.every(row => row >= 0 && row < encoder.rows)).toBe(true)
        expect(x.value.subarray(0, x.n).every(Number.isFinite)).toBe(true)
        expect(x.n).toBeLessThanOrEqual(encoder.active)
      })
    )
  })

  test('a missing value, a null and a column not sent have the same entry of their own', () => {
    const encoder = learned(ramp)
    const missing = active(encoder, { a: null, word: null })
    expect(active(encoder, {})).toEqual(missing)
    expect(missing.size).toBe(3)
    for (const row of active(encoder, { a: 3, word: 'odd' }).keys()) if (row !== 0) expect(missing.has(row)).toBe(false)
  })

  test('a category has an entry of its own, one not seen before the overflow entry, which is not that of a missing one', () => {
    const encoder = learned(ramp)
    const row = (word: string | null) => [...active(encoder, { word }).keys()].at(-1)
    const rows = [row('even'), row('odd'), row('strange'), row(null)]
    expect(new Set(rows).size).toBe(4)
    expect(row('stranger')).toBe(row('strange'))
  })

  test('a name may bring numbers and words, each with a column', () => {
    const encoder = learned([{ a: 1 }, { a: 'one' }, { a: 2 }])
    expect(encoder.width).toBe(2)
    expect(active(encoder, { a: 'one' })).not.toEqual(active(encoder, { a: 1 }))
  })

  test('a constant has no curve and no slope', () => {
    const encoder = learned(Array.from({ length: 40 }, () => ({ a: 5 })))
    expect([...active(encoder, { a: 5 }).values()]).toEqual([1, 0])
    expect([...active(encoder, { a: 1e9 }).values()]).toEqual([1, 0])
  })

  test('−0 is 0', () => {
    const encoder = learned(ramp.map(({ a }) => ({ a: a - 20 })))
    expect(active(encoder, { a: -0 })).toEqual(active(encoder, { a: 0 }))
  })

  test('numbers that differ by more than the greatest number do not spoil the moments', () => {
    const encoder = learned([{ a: -1.7e308 }, { a: -1e308 }, ...ramp.slice(0, 30), { a: 1.7e308 }])
    for (const a of [1.7e308, -1.7e308, 0]) for (const v of active(encoder, { a }).values()) expect(Number.isFinite(v)).toBe(true)
  })
})

describe('limits', () => {
  test('a feature beyond the limit has no column and is told, at every record that brings it', () => {
    const encoder = new Encoder(options)
    const seven = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(name => [name, 1]))
    const { features: found, overflowed } = encoder.declare(features(seven))
    expect(found).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    expect(overflowed).toEqual(['g'])
    expect(encoder.declare(features(seven)).overflowed).toEqual(['g'])
    expect(encoder.width).toBe(6)
  })

  test('a category beyond the limit shares the overflow entry and is told', () => {
    const encoder = new Encoder(options)
    for (const few of ['p', 'q']) expect(encoder.declare(features({ few })).overflowed).toEqual([])
    const { rows } = encoder
    expect(encoder.declare(features({ few: 'r' })).overflowed).toEqual(['few=r'])
    expect(encoder.rows).toBe(rows)
    expect(active(encoder, { few: 'r' })).toEqual(active(encoder, { few: 'never declared' }))
  })

  test('the reservoir is bounded', () => {
    const encoder = learned(Array.from({ length: 300 }, (_, i) => ({ a: i })))
    expect(encoder.bytes).toBeLessThanOrEqual((30 + 5) * 8)
  })
})

describe('state', () => {
  test('observing and encoding change nothing, whatever is observed', () => {
    fc.assert(
      fc.property(records, record, (past, next) => {
        const encoder = learned(past)
        const before = bits(encoder.save())
        active(encoder, next)
        expect(bits(encoder.save())).toBe(before)
      })
    )
  })

  test('saved, read back and loaded it goes on bit for bit, wherever the stream is cut', () => {
    fc.assert(
      fc.property(records, fc.nat(60), (all, cut) => {
        const random = new Random(3)
        const whole = learned(all.slice(0, cut), random)
        const again = new Encoder(options)
        again.load(decodeSaved(encodeSaved(whole.save())))
        const other = Random.load(random.save())
        for (const next of all.slice(cut)) {
          expect(learn(again, next, other)).toEqual(learn(whole, next, random))
          expect(active(again, next)).toEqual(active(whole, next))
        }
        expect(bits(again.save())).toBe(bits(whole.save()))
      })
    )
  })

  test('a column that appears later finds earlier records missing it, and keeps the rows there were', () => {
    const encoder = learned(ramp)
    const raw = encoder.observe(features({ a: 3, word: 'odd' }))
    const before = active(encoder, { a: 3, word: 'odd' })
    learn(encoder, { a: 1, late: 2 }, new Random(1))
    const x = new Sparse()
    encoder.encode(raw, x)
    for (const row of before.keys()) expect(Array.from(x.index.subarray(0, x.n))).toContain(row)
    expect(x.n).toBe(before.size + 1)
    expect(active(encoder, { a: 3, word: 'odd' }).size).toBe(x.n)
  })

  test('knots move only where it was said, and each move is told for every knot there is then', () => {
    const encoder = new Encoder(options)
    const random = new Random(1)
    for (let n = 1; n <= 50; n++) {
      const moves = learn(encoder, { a: (n * 37) % 50 }, random)
      expect(moves !== null).toBe(options.refitAt.includes(n))
      if (moves !== null) expect(moves.map(({ from }) => from.length)).toEqual(n === 10 ? [] : [5])
    }
  })
})
