import { expect, test } from 'vitest'
import { type MixtureTruth, mixtureParts } from '../../src/simulate/mixtures.ts'

const truth: MixtureTruth = {
  experts: [
    { bias: 0, slope: 5 },
    { bias: 2, slope: 0 }
  ],
  drift: { at: 20_000, experts: [{ bias: 0, slope: -5 }] }
}
const parts = mixtureParts(3, truth)
const all = Array.from({ length: 40_000 }, () => parts.next().value)
const [before, after] = [all.slice(0, 20_000), all.slice(20_000)]
/** Share of defects among those for which it holds. */
const defects = (of: typeof all, holds: (part: (typeof all)[number]) => boolean) => {
  const some = of.filter(holds)
  return some.filter(({ defect }) => defect === 'defect').length / some.length
}

test('each expert has its range of one input, and draws the defect by its curve of another', () => {
  expect(before.every(({ expert, features: { range } }) => expert === (range < 0 ? 0 : 1))).toBe(true)
  // Mean of 1 / (1 + exp(−5 x)) over x from 0 to 1: ln((1 + e⁵) / 2) / 5.
  expect(defects(before, ({ expert, features: { curve } }) => expert === 0 && curve > 0)).toBeCloseTo(
    Math.log((1 + Math.exp(5)) / 2) / 5,
    1.5
  )
  for (const side of [-1, 1])
    expect(defects(before, ({ expert, features: { curve } }) => expert === 1 && side * curve > 0)).toBeCloseTo(1 / (1 + Math.exp(-2)), 1.5)
})

test('from the part of the drift on the others hold', () => {
  expect(after.every(({ expert }) => expert === 0)).toBe(true)
  expect(defects(after, ({ features: { curve } }) => curve > 0.5)).toBeLessThan(0.1)
})

test('the same seed gives the same parts, another seed others', () => {
  const [same, other] = [mixtureParts(3, truth), mixtureParts(4, truth)]
  expect(Array.from({ length: 50 }, () => same.next().value)).toEqual(all.slice(0, 50))
  expect(Array.from({ length: 50 }, () => other.next().value)).not.toEqual(all.slice(0, 50))
})
