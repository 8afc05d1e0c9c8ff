/** How much each column of a memory's distance counts. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Relevance } from '../../src/bank/relevance.ts'
import { plainKernel } from '../../src/numeric/plain-kernel.ts'
import { Random } from '../../src/numeric/random.ts'
import { bits } from '../judge/stream.ts'

const NUMBERS = Int32Array.of(0, 0, 0)

function opened(D: number): Relevance {
  const relevance = new Relevance(plainKernel())
  relevance.widen(D)
  return relevance
}

function learned(relevance: Relevance, n: number, seed: number, kinds = NUMBERS, missing = 0): Relevance {
  const random = new Random(seed)
  for (let i = 0; i < n; i++) {
    const y = random.below(3)
    const point = Float32Array.from(kinds, (_, d) => (random.below(100) < missing ? Number.NaN : d * y + random.normal()))
    relevance.learn(point, kinds, y)
  }
  return relevance
}

describe('relevance', () => {
  test('counts every column once before it has looked', () => {
    const relevance = learned(opened(3), 15, 1)
    expect(Array.from(relevance.scale.subarray(0, 3))).toEqual([1, 1, 1])
    learned(relevance, 1, 2)
    expect(relevance.scale[2]).not.toBe(1)
  })

  test('is (.3 B̄ + B_d)/(1.3 B̄) of the variance of the class means, every class counting the same', () => {
    const relevance = opened(3)
    // Class means (0, 0, 0) and (2, 1, 0): variances 1, ¼ and 0. One class has three examples, the other thirteen.
    for (let i = 0; i < 16; i++) relevance.learn(i < 3 ? Float32Array.of(2, 1, 0) : new Float32Array(3), NUMBERS, i < 3 ? 1 : 0)
    const mean = 1.25 / 3
    for (const [d, B] of [1, 0.25, 0].entries()) expect(relevance.scale[d]).toBeCloseTo((mean + B) / (2 * mean), 6)
  })

  test('is positive, finite and 1 on average, also where values are missing, and 1 of a category', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.integer({ min: 1, max: 200 }), fc.constantFrom(0, 30, 100), (seed, n, missing) => {
        const kinds = Int32Array.of(0, 1, 0, 0)
        const { scale } = learned(opened(4), n, seed, kinds, missing)
        const numbers = [scale[0]!, scale[2]!, scale[3]!]
        for (const each of numbers) expect(each > 0 && Number.isFinite(each)).toBe(true)
        expect(numbers.reduce((a, b) => a + b, 0) / 3).toBeCloseTo(1, 5)
        expect(scale[1]).toBe(1)
      })
    )
  })

  test('a column that appears counts once until it is looked at, and leaves the others theirs', () => {
    const relevance = learned(opened(3), 40, 3)
    const before = Array.from(relevance.scale.subarray(0, 3))
    relevance.widen(9)
    expect(Array.from(relevance.scale.subarray(0, 9))).toEqual([...before, 1, 1, 1, 1, 1, 1])
  })

  test('saved and loaded it goes on bit for bit, and what was saved does not move', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(100), (seed, n) => {
        const relevance = learned(opened(3), n, seed)
        const saved = relevance.save()
        const before = bits(saved)
        const again = opened(3)
        again.load(saved)
        for (const each of [relevance, again]) learned(each, 50, seed + 1)
        expect(bits(again.save())).toBe(bits(relevance.save()))
        expect(bits(saved)).toBe(before)
      })
    )
  })
})
