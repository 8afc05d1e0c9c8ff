import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import { type Column, Columns, type ColumnsOptions, type Feature, OVERFLOW } from '../../src/encode/columns.ts'
import { Encoder, type EncoderOptions } from '../../src/encode/encoder.ts'
import { RawTable } from '../../src/encode/raw-table.ts'
import { fraction, interval } from '../../src/encode/spline.ts'
import type { Carry } from '../../src/numeric/carry.ts'
import { Random } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { Sparse } from '../../src/numeric/sparse.ts'
import { bits } from '../judge/stream.ts'
import { featuresOf } from './features.ts'

const shape: ColumnsOptions = { intervals: 4, maxFeatures: 6, maxCategories: name => (name === 'few' ? 2 : 8) }
const options: EncoderOptions = { refitAt: [10, 20, 40], reservoir: 30, horizon: 50, skip: () => false }

/** An encoder with the columns it stands on. */
interface Stand {
  readonly columns: Columns
  readonly encoder: Encoder
}

type Record_ = Readonly<Record<string, Feature>>
function open(changed: Partial<EncoderOptions> = {}, columns = new Columns(shape)): Stand {
  return { columns, encoder: new Encoder(columns, { ...options, ...changed }) }
}

/** Row → value of what is active. */
function active({ columns, encoder }: Stand, record: Record_): Map<number, number> {
  const x = new Sparse()
  encoder.encode(columns.observe(featuresOf(record)), x)
  return new Map(Array.from({ length: x.n }, (_, i) => [x.index[i]!, x.value[i]!]))
}

function learn({ columns, encoder }: Stand, record: Record_, random: Random): readonly Carry[] | null {
  columns.declare(featuresOf(record))
  return encoder.learn(columns.observe(featuresOf(record)), random)
}

function learned(records: readonly Record_[], random = new Random(1), stand = open()): Stand {
  for (const record of records) learn(stand, record, random)
  return stand
}

function save({ columns, encoder }: Stand): Saved {
  const raws = new RawTable()
  return { columns: columns.save(), encoder: encoder.save(raws), raws: raws.save(columns.width) }
}

function load(saved: Saved): Stand {
  const from = saved as Readonly<Record<'columns' | 'encoder' | 'raws', Saved>>
  const stand = open()
  stand.columns.load(from.columns)
  stand.encoder.load(from.encoder, RawTable.load(from.raws, stand.columns.width))
  return stand
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
    const stand = learned(ramp)
    const { row } = stand.columns.at(0)
    fc.assert(
      fc.property(number, a => {
        const [[bias, one] = [], ...rest] = [...active(stand, { a })].filter(([at]) => stand.columns.at(1).row !== at)
        expect([bias, one]).toEqual([0, 1])
        const linear = rest.filter(([at]) => at === row)
        const hats = rest.filter(([at]) => at >= row + 2 && at < row + 2 + shape.intervals + 1)
        expect(linear.length + hats.length).toBe(rest.length)
        for (const [, z] of linear) expect(Math.abs(z)).toBeLessThanOrEqual(4)
        const [low, high] = hats
        if (high !== undefined) expect(high[0]).toBe(low![0] + 1)
        expect(hats.length).toBeLessThanOrEqual(2)
        expect(hats.reduce((sum, [, hat]) => sum + hat, 0)).toBeCloseTo(1, 7)
        for (const [, hat] of hats) expect(hat).toBeGreaterThanOrEqual(0)
      })
    )
  })

  test('the hats are the shares of a linear spline on the knots, whatever the number', () => {
    const stand = learned(ramp)
    const { row } = stand.columns.at(0)
    const { knots, fitted } = stand.encoder.save(new RawTable()) as { knots: Float64Array; fitted: Int32Array }
    const own = knots.slice(0, fitted[0]!)
    fc.assert(
      fc.property(number, a => {
        const given = active(stand, { a })
        const value = Math.max(-1e100, Math.min(a, 1e100))
        const i = interval(own, value)
        const t = fraction(own, i, value)
        expect(given.get(row + 2 + i) ?? 0).toBe(Math.fround(1 - t))
        expect(given.get(row + 3 + i) ?? 0).toBe(Math.fround(t) + 0) // −0 is 0
      })
    )
  })

  test('what is 0 is left out: the linear term at the mean, the hat beyond a knot that is met', () => {
    const stand = learned(Array.from({ length: 40 }, (_, i) => ({ a: (i % 5) - 2 }))) // knots at −2 … 2, mean 0
    const { row } = stand.columns.at(0)
    const { mean } = stand.encoder.save(new RawTable()) as { mean: Float64Array }
    const rows = (a: number) => [...active(stand, { a }).keys()]
    expect(rows(mean[0]!)).not.toContain(row)
    expect(rows(-2)).toEqual([0, row, row + 2])
    expect(rows(1)).toEqual([0, row, row + 5])
    expect(rows(2)).toEqual([0, row, row + 6])
    expect(rows(99)).toEqual([0, row, row + 6])
    expect(rows(0.5)).toEqual([0, row, row + 4, row + 5])
  })

  test('the linear term is standardised by what was learned and clipped at four deviations', () => {
    const stand = learned(ramp)
    const mean = 19.5
    const deviation = Math.sqrt((40 * 40 - 1) / 12)
    const linear = (a: number) => active(stand, { a }).get(stand.columns.at(0).row) ?? 0
    expect(linear(mean)).toBeCloseTo(0, 6)
    expect(linear(30)).toBeCloseTo((30 - mean) / deviation, 5)
    expect([linear(1e9), linear(-1e9)]).toEqual([4, -4])
  })

  test('whatever came before, all that is active is finite, at distinct rows that exist, and as many as announced or fewer', () => {
    fc.assert(
      fc.property(records, record, (past, next) => {
        const { columns, encoder } = learned(past)
        const x = new Sparse()
        encoder.encode(columns.observe(featuresOf(next)), x)
        const rows = Array.from(x.index.subarray(0, x.n))
        expect(new Set(rows).size).toBe(x.n)
        expect(rows.every(row => row >= 0 && row < columns.rows)).toBe(true)
        expect(x.value.subarray(0, x.n).every(Number.isFinite)).toBe(true)
        expect(x.n).toBeLessThanOrEqual(columns.active)
      })
    )
  })

  test('a missing value, a null and a column not sent have the same entry of their own', () => {
    const stand = learned(ramp)
    const missing = active(stand, { a: null, word: null })
    expect(active(stand, {})).toEqual(missing)
    expect(missing.size).toBe(3)
    for (const row of active(stand, { a: 3, word: 'odd' }).keys()) if (row !== 0) expect(missing.has(row)).toBe(false)
  })

  test('a category has an entry of its own, one not seen before the overflow entry, which is not that of a missing one', () => {
    const stand = learned(ramp)
    const row = (word: string | null) => [...active(stand, { word }).keys()].at(-1)
    const rows = [row('even'), row('odd'), row('strange'), row(null)]
    expect(new Set(rows).size).toBe(4)
    expect(row('stranger')).toBe(row('strange'))
  })

  test('a name may bring numbers and words, each with a column', () => {
    const stand = learned([{ a: 1 }, { a: 'one' }, { a: 2 }])
    expect(stand.columns.width).toBe(2)
    expect(active(stand, { a: 'one' })).not.toEqual(active(stand, { a: 1 }))
  })

  test('a constant has no curve and no slope', () => {
    const stand = learned(Array.from({ length: 40 }, () => ({ a: 5 })))
    for (const a of [5, 1e9]) expect(active(stand, { a })).toEqual(new Map([[0, 1]]))
  })

  test('−0 is 0', () => {
    const stand = learned(ramp.map(({ a }) => ({ a: a - 20 })))
    expect(active(stand, { a: -0 })).toEqual(active(stand, { a: 0 }))
  })

  test('numbers that differ by more than the greatest number do not spoil the moments', () => {
    const stand = learned([{ a: -1.7e308 }, { a: -1e308 }, ...ramp.slice(0, 30), { a: 1.7e308 }, { a: 3 }])
    const { mean, variance } = stand.encoder.save(new RawTable()) as Readonly<Record<'mean' | 'variance', Float64Array>>
    expect([mean[0], variance[0]].every(Number.isFinite)).toBe(true)
    for (const a of [1.7e308, -1.7e308, 0]) for (const v of active(stand, { a }).values()) expect(Number.isFinite(v)).toBe(true)
  })
})

describe('limits', () => {
  test('a feature beyond the limit has no column and is told, at every record that brings it', () => {
    const { columns } = open()
    const seven = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(name => [name, 1]))
    const { features: found, overflowed } = columns.declare(featuresOf(seven))
    expect(found).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    expect(overflowed).toEqual(['g'])
    expect(columns.declare(featuresOf(seven)).overflowed).toEqual(['g'])
    expect(columns.width).toBe(6)
  })

  test('a category beyond the limit shares the overflow entry and is told', () => {
    const stand = open()
    for (const few of ['p', 'q']) expect(stand.columns.declare(featuresOf({ few })).overflowed).toEqual([])
    const { rows } = stand.columns
    expect(stand.columns.declare(featuresOf({ few: 'r' })).overflowed).toEqual(['few=r'])
    expect(stand.columns.rows).toBe(rows)
    expect(active(stand, { few: 'r' })).toEqual(active(stand, { few: 'never declared' }))
  })

  test('the reservoir is bounded', () => {
    const long = Array.from({ length: 300 }, (_, i) => ({ a: i }))
    const [filled, later] = [learned(long.slice(0, 30)), learned(long)]
    const kept = ({ encoder }: Stand) => (encoder.save(new RawTable()) as { reservoir: Int32Array }).reservoir.length
    expect([kept(filled), kept(later)]).toEqual([30, 30])
    expect(later.encoder.bytes).toBe(filled.encoder.bytes)
  })
})

describe('state', () => {
  test('observing, standardising and encoding change nothing, whatever is observed', () => {
    fc.assert(
      fc.property(records, record, (past, next) => {
        const stand = learned(past)
        const before = bits(save(stand))
        active(stand, next)
        stand.encoder.standardise(stand.columns.observe(featuresOf(next)), new Float32Array(stand.columns.width))
        expect(bits(save(stand))).toBe(before)
      })
    )
  })

  test('saved, read back and loaded it goes on bit for bit, wherever the stream is cut', () => {
    fc.assert(
      fc.property(records, fc.nat(60), (all, cut) => {
        const random = new Random(3)
        const whole = learned(all.slice(0, cut), random)
        const again = load(decodeSaved(encodeSaved(save(whole))))
        const other = Random.load(random.save())
        for (const next of all.slice(cut)) {
          expect(learn(again, next, other)).toEqual(learn(whole, next, random))
          expect(active(again, next)).toEqual(active(whole, next))
        }
        expect(bits(save(again))).toBe(bits(save(whole)))
      })
    )
  })

  test('a column that appears later finds earlier records missing it, and keeps the rows there were', () => {
    const stand = learned(ramp)
    const raw = stand.columns.observe(featuresOf({ a: 3, word: 'odd' }))
    const before = active(stand, { a: 3, word: 'odd' })
    learn(stand, { a: 1, late: 2 }, new Random(1))
    const x = new Sparse()
    stand.encoder.encode(raw, x)
    for (const row of before.keys()) expect(Array.from(x.index.subarray(0, x.n))).toContain(row)
    expect(x.n).toBe(before.size + 1)
    expect(active(stand, { a: 3, word: 'odd' }).size).toBe(x.n)
  })

  test('knots move only where it was said, and each move is told for every knot there is then', () => {
    const stand = open()
    const random = new Random(1)
    for (let n = 1; n <= 50; n++) {
      const moves = learn(stand, { a: (n * 37) % 50 }, random)
      expect(moves !== null).toBe(options.refitAt.includes(n))
      if (moves !== null) expect(moves.map(({ from }) => from.length)).toEqual(n === 10 ? [] : [5])
    }
  })
})

describe('encoders on the same columns', () => {
  test('speak through the same rows: those of a value are its own column’s, those of a word or a gap the very same', () => {
    fc.assert(
      fc.property(records, records, record, (past, others, next) => {
        const columns = new Columns(shape)
        const [one, other] = [open({}, columns), open({}, columns)]
        learned(past, new Random(1), one)
        learned(others, new Random(1), other)
        const [mine, theirs] = [active(one, next), active(other, next)]
        const plain = (rows: ReadonlyMap<number, number>) => [...rows].filter(([row]) => !measured(columns, row))
        expect(plain(theirs)).toEqual(plain(mine))
        for (const row of [...mine.keys(), ...theirs.keys()].filter(at => measured(columns, at)))
          expect(typeof next[columnOf(columns, row)!.name]).toBe('number')
      })
    )
  })

  test('each knows its own values alone', () => {
    const columns = new Columns(shape)
    const [low, high] = [open({}, columns), open({}, columns)]
    learned(ramp, new Random(1), low)
    const before = bits(save(low))
    learned(
      ramp.map(({ a }) => ({ a: a + 1000 })),
      new Random(1),
      high
    )
    expect(bits(save(low))).toBe(before)
    const z = (stand: Stand, a: number) => active(stand, { a }).get(columns.at(0).row)
    expect([z(low, 1000), z(high, 10)]).toEqual([4, -4])
    expect(z(high, 1010)).toBeCloseTo(z(low, 10)!, 6)
  })

  test('what one skips it neither encodes, standardises nor learns, and the rest as if it were not skipped', () => {
    const columns = new Columns(shape)
    const [all, some] = [open({}, columns), open({ skip: name => name === 'word' || name === 'b' }, columns)]
    const both = ramp.map(({ a, word }) => ({ a, word, b: a * a }))
    learned(both, new Random(1), all)
    learned(both, new Random(1), some)
    const raw = columns.observe(featuresOf(both[7]!))
    const skipped = ['word', 'b'].map(name => Array.from({ length: columns.width }, (_, i) => columns.at(i)).find(c => c.name === name)!)
    const rows = (stand: Stand) => [...active(stand, both[7]!)]
    expect(rows(some)).toEqual(rows(all).filter(([row]) => !skipped.includes(columnOf(columns, row)!)))
    expect(rows(some).length).toBeLessThan(rows(all).length)
    const z = new Float32Array(3)
    some.encoder.standardise(raw, z)
    expect(Array.from(z, Number.isNaN)).toEqual([false, true, true])
    expect((some.encoder.save(new RawTable()) as { n: Float64Array }).n).toEqual(Float64Array.of(40, 0, 0))
  })

  test('standardised, a number is its linear term, a category its index, and what is missing is not a number', () => {
    const stand = learned([...ramp, { a: 1, word: 'odd', few: 'p' }])
    const out = new Float32Array(3)
    stand.encoder.standardise(stand.columns.observe(featuresOf({ a: 30, word: 'odd' })), out)
    expect(out[0]).toBe(active(stand, { a: 30 }).get(stand.columns.at(0).row))
    expect(Array.from(out.subarray(1))).toEqual([1, Number.NaN])
    stand.encoder.standardise(stand.columns.observe(featuresOf({ word: 'never' })), out)
    expect(Array.from(out)).toEqual([Number.NaN, OVERFLOW, Number.NaN])
  })
})

describe('an encoder that starts from another', () => {
  test('sees at first what the other sees, and leaves it as it is', () => {
    fc.assert(
      fc.property(records, record, (past, next) => {
        const other = learned(past)
        const own = open({}, other.columns)
        const before = bits(other.encoder.save(new RawTable()))
        own.encoder.startFrom(other.encoder)
        expect(active(own, next)).toEqual(active(other, next))
        expect(own.encoder.learned).toBe(0)
        for (const known of past) learn(own, known, new Random(2))
        expect(bits(other.encoder.save(new RawTable()))).toBe(before)
      })
    )
  })

  test('takes what it borrowed for eight values, which its own soon outweigh', () => {
    const other = learned(ramp)
    const own = open({}, other.columns)
    own.encoder.startFrom(other.encoder)
    const far = Array.from({ length: 24 }, (_, i) => ({ a: 1000 + (i % 3) }))
    learned(far, new Random(1), own)
    const { mean } = own.encoder.save(new RawTable()) as { mean: Float64Array }
    expect(mean[0]).toBeCloseTo((8 * 19.5 + 24 * 1001) / 32, 9)
  })

  test('keeps the borrowed knots until its own first fit, and then tells how weights on them move', () => {
    const other = learned(ramp)
    const own = open({}, other.columns)
    own.encoder.startFrom(other.encoder)
    const random = new Random(1)
    const { row } = other.columns.at(0)
    const hats = (stand: Stand) => [...active(stand, { a: 17 })].filter(([at]) => at >= row + 2 && at <= row + 2 + shape.intervals)
    for (let n = 1; n < 10; n++) expect(learn(own, { a: 100 + n }, random)).toBeNull()
    expect(hats(own)).toEqual(hats(other))
    expect(learn(own, { a: 110 }, random)!.map(({ from }) => from.length)).toEqual([5])
    expect(hats(own)).toEqual([[row + 2, 1]])
  })
})

/** The column that a row speaks for; undefined for the bias. */
function columnOf(columns: Columns, row: number): Column | undefined {
  return Array.from({ length: columns.width }, (_, slot) => columns.at(slot)).find(column => {
    const wide = column.kind === 'numeric' ? 2 + shape.intervals + 1 : 2
    return (row >= column.row && row < column.row + wide) || column.rows.includes(row)
  })
}

/** Whether a row stands for a number’s size, which encoders see differently. */
function measured(columns: Columns, row: number): boolean {
  const column = columnOf(columns, row)
  return column?.kind === 'numeric' && row !== column.row + 1
}
