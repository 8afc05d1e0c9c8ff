import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exp, log } from '../../src/numeric/exp-log.ts'
import { exp32 } from '../../src/numeric/exp32.ts'
import { Random } from '../../src/numeric/random.ts'

const f = Math.fround
const float64 = new Float64Array(1)
const bits64 = new BigInt64Array(float64.buffer)

/** Place of a finite double in the order of all doubles. */
function place(x: number): bigint {
  float64[0] = x
  return bits64[0]! < 0n ? -(bits64[0]! & 0x7fffffffffffffffn) : bits64[0]!
}

/** Units in the last place between two finite doubles. */
function ulps(a: number, b: number): number {
  const distance = place(a) - place(b)
  return Number(distance < 0n ? -distance : distance)
}

function mostUlps(own: (x: number) => number, theirs: (x: number) => number, points: Iterable<number>): number {
  let most = 0
  for (const x of points) most = Math.max(most, ulps(own(x), theirs(x)))
  return most
}

function* uniform(seed: number, n: number, from: number, to: number): Iterable<number> {
  const random = new Random(seed)
  for (let i = 0; i < n; i++) yield from + random.next() * (to - from)
}

describe('exp', () => {
  test('lies within 2 units in the last place of Math.exp, which itself may be off by 1', () => {
    expect(mostUlps(exp, Math.exp, uniform(1, 200_000, -708, 709))).toBeLessThanOrEqual(2)
    expect(mostUlps(exp, Math.exp, uniform(2, 200_000, -1, 1))).toBeLessThanOrEqual(2)
    expect(mostUlps(exp, Math.exp, uniform(3, 50_000, -1e-8, 1e-8))).toBeLessThanOrEqual(1)
  })

  test('has its special values: 0 below −708, Infinity above 709, NaN of NaN', () => {
    expect([exp(0), exp(-0), exp(Number.NEGATIVE_INFINITY), exp(-708), exp(-1e300)]).toEqual([1, 1, 0, 0, 0])
    expect([exp(Number.POSITIVE_INFINITY), exp(709.0001), exp(Number.NaN)]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.NaN
    ])
    expect(ulps(exp(709), Math.exp(709))).toBeLessThanOrEqual(2)
    expect(ulps(exp(1), Math.E)).toBeLessThanOrEqual(1)
  })
})

describe('log', () => {
  test('lies within 2 units in the last place of Math.log over all magnitudes', () => {
    const magnitudes = [...uniform(4, 200_000, -1074, 1023)].map(e => 2 ** e)
    expect(mostUlps(log, Math.log, magnitudes)).toBeLessThanOrEqual(2)
    expect(mostUlps(log, Math.log, uniform(5, 200_000, 0.5, 2))).toBeLessThanOrEqual(2)
  })

  test('has its special values, and subnormal numbers', () => {
    expect([log(1), log(0), log(-0), log(Number.POSITIVE_INFINITY)]).toEqual([
      0,
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY
    ])
    expect([log(-1), log(Number.NEGATIVE_INFINITY), log(Number.NaN)]).toEqual([Number.NaN, Number.NaN, Number.NaN])
    expect(ulps(log(5e-324), Math.log(5e-324))).toBeLessThanOrEqual(1)
    for (let n = -1074; n < 1024; n++) expect(ulps(log(2 ** n), n * Math.LN2)).toBeLessThanOrEqual(2)
  })

  test('undoes exp', () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 700, noNaN: true }), x => {
        expect(Math.abs(log(exp(x)) - x)).toBeLessThanOrEqual(4e-16 * Math.max(1, Math.abs(x)))
      })
    )
  })
})

describe('exp32', () => {
  test('has a relative error below 2e-7 and gives float32 numbers', () => {
    let worst = 0
    for (const x64 of uniform(6, 300_000, -86.9, 88)) {
      const x = f(x64)
      const y = exp32(x)
      if (f(y) !== y) throw new Error(`exp32(${x}) is no float32`)
      worst = Math.max(worst, Math.abs(y - Math.exp(x)) / Math.exp(x))
    }
    expect(worst).toBeLessThan(2e-7)
    expect(worst).toBeGreaterThan(1e-9)
  })

  test('has its special values, and stays finite to its upper end', () => {
    expect([exp32(0), exp32(-87), exp32(-100), exp32(Number.NEGATIVE_INFINITY)]).toEqual([1, 0, 0, 0])
    expect([exp32(89), exp32(Number.POSITIVE_INFINITY), exp32(Number.NaN)]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.NaN
    ])
    expect(Number.isFinite(exp32(88))).toBe(true)
    expect(exp32(f(-86.99999))).toBeGreaterThan(0)
  })
})
