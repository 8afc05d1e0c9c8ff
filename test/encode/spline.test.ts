import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { carryOf, fraction, interval, quantileKnots } from '../../src/encode/spline.ts'

const value = fc.oneof(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(0, -0, 1e-300, 5e-324)
)
/** Any number up to the greatest that the encoder lets through. */
const any = fc.oneof(value, fc.double({ min: -1e100, max: 1e100, noNaN: true }), fc.constantFrom(1e100, -1e100))
const sorted = (of: fc.Arbitrary<number>) =>
  fc.uniqueArray(of, { minLength: 2, maxLength: 14, comparator: (a, b) => a === b }).map(a => Float64Array.from(a).sort())

/** The piecewise linear function with value `w[i]` at knot i. */
function spline(knots: Float64Array, w: ArrayLike<number>, x: number): number {
  const i = interval(knots, x)
  const t = fraction(knots, i, x)
  return (1 - t) * w[i]! + t * w[i + 1]!
}

describe('a linear spline', () => {
  test('finds the interval that a search from the left finds', () => {
    fc.assert(
      fc.property(sorted(any), any, (knots, x) => {
        let naive = 0
        while (naive < knots.length - 2 && knots[naive + 1]! <= x) naive++
        expect(interval(knots, x)).toBe(naive)
      })
    )
  })

  test('gives a share from 0 to 1 for every value up to the greatest the encoder lets through', () => {
    fc.assert(
      fc.property(sorted(any), any, (knots, x) => {
        const t = fraction(knots, interval(knots, x), x)
        expect(t >= 0 && t <= 1).toBe(true)
      })
    )
  })

  test('is 1 at its own knot and constant beyond the ends', () => {
    fc.assert(
      fc.property(sorted(value), knots => {
        const w = Float64Array.from(knots, (_, i) => i * i + 1)
        knots.forEach((knot, i) => {
          expect(spline(knots, w, knot)).toBe(w[i])
        })
        expect(spline(knots, w, knots[0]! - 1e7)).toBe(w[0])
        expect(spline(knots, w, knots.at(-1)! + 1e7)).toBe(w.at(-1))
      })
    )
  })
})

describe('knots at quantiles', () => {
  test('rise strictly, start at the least value, end at the greatest and are finite, under ties and any magnitude', () => {
    fc.assert(
      fc.property(fc.array(any, { minLength: 8, maxLength: 60 }), fc.integer({ min: 2, max: 16 }), (values, intervals) => {
        const knots = quantileKnots(Float64Array.from(values), intervals)
        expect(knots.length).toBeLessThanOrEqual(intervals + 1)
        for (let i = 1; i < knots.length; i++) expect(knots[i]!).toBeGreaterThan(knots[i - 1]!)
        expect(knots.every(Number.isFinite)).toBe(true)
        expect(knots[0] === Math.min(...values)).toBe(true)
        expect(knots.at(-1) === Math.max(...values)).toBe(true)
      }),
      { numRuns: 2000, examples: [[[-1e100, -1e100, -1e100, -1e100, -1e100, -1e100, -1e100, 5e-324], 2]] }
    )
  })

  test('are one knot for a constant, and evenly spaced for evenly spaced values', () => {
    expect(Array.from(quantileKnots(new Float64Array(20).fill(7), 12))).toEqual([7])
    expect(
      Array.from(
        quantileKnots(
          Float64Array.from({ length: 25 }, (_, i) => 24 - i),
          12
        )
      )
    ).toEqual(Array.from({ length: 13 }, (_, i) => 2 * i))
  })
})

describe('carrying weights to other knots', () => {
  test('keeps the function at every new knot', () => {
    fc.assert(
      fc.property(sorted(value), sorted(value), (before, after) => {
        const w = Float64Array.from(before, (_, i) => Math.fround(((i * 7919) % 13) - 6))
        const { from, t } = carryOf(0, before, after)
        after.forEach((knot, j) => {
          const carried = (1 - t[j]!) * w[from[j]!]! + t[j]! * w[from[j]! + 1]!
          expect(Math.abs(carried - spline(before, w, knot))).toBeLessThan(12 * 2 ** -23)
        })
      })
    )
  })

  test('takes every weight as it is when no knot moved', () => {
    fc.assert(
      fc.property(sorted(value), knots => {
        const { row, from, t } = carryOf(5, knots, knots.slice())
        expect(row).toBe(5)
        knots.forEach((_, j) => {
          expect(t[j] === 0 || t[j] === 1).toBe(true)
          expect(from[j]! + t[j]!).toBe(j)
        })
      })
    )
  })
})
