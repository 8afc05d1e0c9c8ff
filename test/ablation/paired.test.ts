import { expect, test } from 'vitest'
import { paired } from '../../src/ablation/paired.ts'

test('the interval is Student’s, on the differences of the pairs', () => {
  // d = 1, 2, 3: mean 2, sd 1, t_{.975, 2} = 4.303, half 4.303/√3 = 2.4843.
  const found = paired([2, 4, 6], [1, 2, 3])!
  expect(found.mean).toBe(2)
  expect(found.interval![0]).toBeCloseTo(-0.4843, 3)
  expect(found.interval![1]).toBeCloseTo(4.4843, 3)
})

test('what all pairs share does not widen it', () => {
  const level = [0.2, 0.9, 0.4, 0.7]
  const { mean, interval } = paired(
    level.map(v => v + 0.1),
    level
  )!
  expect(mean).toBeCloseTo(0.1, 12)
  expect(interval![1] - interval![0]).toBeLessThan(1e-12)
})

test('beyond the table it goes on without a jump, towards the normal', () => {
  // Differences of ±1, so that half · √n / sd is t itself.
  const t = (n: number): number => {
    const d = Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 1 : -1))
    const { mean, interval } = paired(
      d,
      d.map(() => 0)
    )!
    const variance = d.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (n - 1)
    return (interval![1] - mean) / Math.sqrt(variance / n)
  }
  expect(t(31)).toBeCloseTo(2.042, 3)
  expect(t(32)).toBeCloseTo(2.0395, 3)
  expect(t(41)).toBeCloseTo(2.0211, 3)
  expect(t(1001)).toBeCloseTo(1.9623, 3)
})

test('one pair has a difference and no interval; a pair without a figure has neither', () => {
  expect(paired([0.5], [0.25])).toEqual({ mean: 0.25, interval: null })
  expect(paired([0.5, null], [0.25, 0.5])).toBeNull()
  expect(paired([], [])).toBeNull()
})
