import { expect, test } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import { Columns } from '../../src/encode/columns.ts'
import { Encoder } from '../../src/encode/encoder.ts'
import { RawTable } from '../../src/encode/raw-table.ts'
import { Random } from '../../src/numeric/random.ts'
import { featuresOf } from './features.ts'

test('a record has one place however often it is mentioned, and one like it another', () => {
  const table = new RawTable()
  const [one, alike] = [
    [1, 2],
    [1, 2]
  ]
  expect([one, alike, one, alike, one].map(raw => table.index(raw))).toEqual([0, 1, 0, 1, 0])
  expect(table.at(0)).toBe(one)
  expect(table.at(1)).toBe(alike)
})

test('saved and loaded, every record stands where it stood, with its bits, and one that was narrower is missing the rest', () => {
  const table = new RawTable()
  const raws = [[1, Number.NaN, -0], [5e-324], []]
  for (const raw of raws) table.index(raw)
  const again = RawTable.load(decodeSaved(encodeSaved(table.save(3))), 3)
  expect(again.at(0)).toEqual(raws[0])
  expect(Object.is(again.at(0)[2], -0)).toBe(true)
  expect(again.at(1)).toEqual([5e-324, Number.NaN, Number.NaN])
  expect(again.at(2)).toEqual([Number.NaN, Number.NaN, Number.NaN])
  expect(raws.map((_, i) => again.index(again.at(i)))).toEqual([0, 1, 2])
})

test('records without any column are still counted', () => {
  const table = new RawTable()
  for (const raw of [[], []]) table.index(raw)
  const again = RawTable.load(table.save(0), 0)
  expect([again.at(0).length, again.at(1).length, again.at(2)]).toEqual([0, 0, undefined])
})

test('what two encoders hold of the same records they hold together after loading', () => {
  const columns = new Columns({ intervals: 4, maxFeatures: 4, maxCategories: () => 4 })
  const make = () => new Encoder(columns, { refitAt: [8], reservoir: 10, horizon: 20, skip: () => false })
  const [one, other] = [make(), make()]
  const random = new Random(1)
  for (let i = 0; i < 40; i++) {
    columns.declare(featuresOf({ a: i }))
    const raw = columns.observe(featuresOf({ a: i }))
    one.learn(raw, random)
    if (i % 2 === 0) other.learn(raw, random)
  }
  const save = (first: Encoder, second: Encoder) => {
    const raws = new RawTable()
    return { first: first.save(raws), second: second.save(raws), raws: raws.save(columns.width) }
  }
  const saved = save(one, other)
  const raws = RawTable.load(saved.raws, columns.width)
  const [first, second] = [make(), make()]
  first.load(saved.first, raws)
  second.load(saved.second, raws)
  expect((saved.raws as Float64Array).length).toBeLessThan(20) // ten each, some of them the same
  expect(encodeSaved(save(first, second))).toEqual(encodeSaved(saved))
})
