import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { wilson } from '../../src/judge/interval.ts'
import published from './scikit-learn.json' with { type: 'json' }

describe("Wilson's interval", () => {
  test.each([
    // Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3.
    [81, 263, '0.2553', '0.3662'],
    [15, 148, '0.0624', '0.1605'],
    [0, 20, '0.0000', '0.1611'],
    [1, 29, '0.0061', '0.1718']
  ])('of %i in %i is the one that Newcombe printed', (k, n, lower, upper) => {
    expect(wilson(k, n)?.map(x => x.toFixed(4))).toEqual([lower, upper])
  })

  test('equals SciPy’s', () => {
    for (const [k, n, lower, upper] of published.wilson as [number, number, number, number][]) {
      const interval = wilson(k, n)!
      expect(interval[0]).toBeCloseTo(lower, 7)
      expect(interval[1]).toBeCloseTo(upper, 7)
    }
  })

  test('holds the proportion, stays within 0 and 1, mirrors, and narrows with more trials', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, share) => {
        const k = Math.round(share * n)
        const [lower, upper] = wilson(k, n)!
        expect(lower).toBeGreaterThanOrEqual(0)
        expect(upper).toBeLessThanOrEqual(1)
        expect(lower).toBeLessThanOrEqual(k / n + 1e-12)
        expect(upper).toBeGreaterThanOrEqual(k / n - 1e-12)
        expect(wilson(n - k, n)![0]).toBeCloseTo(1 - upper, 12)
        const more = wilson(4 * k, 4 * n)!
        expect(more[1] - more[0]).toBeLessThan(upper - lower)
      })
    )
  })

  test('is absent without trials', () => {
    expect(wilson(0, 0)).toBeNull()
    expect(wilson(0, Number.NaN)).toBeNull()
  })
})
