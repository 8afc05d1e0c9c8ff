import { describe, expect, test } from 'vitest'
import { hashNormal, Random } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'

const moments = (values: ArrayLike<number>) => {
  const n = values.length
  let mean = 0
  for (let i = 0; i < n; i++) mean += values[i]! / n
  let m2 = 0
  let m4 = 0
  for (let i = 0; i < n; i++) {
    const d = (values[i]! - mean) ** 2
    m2 += d / n
    m4 += (d * d) / n
  }
  return { mean, variance: m2, kurtosis: m4 / (m2 * m2) }
}

/** Σ (observed − expected)² / expected over equal bins of [0, 1). */
const chiSquare = (values: readonly number[], bins: number): number => {
  const counts = new Array<number>(bins).fill(0)
  for (const value of values) counts[Math.floor(value * bins)]!++
  const expected = values.length / bins
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

/** Φ, the normal distribution function, by Abramowitz & Stegun 26.2.17 (error below 7.5e-8). */
const normalBelow = (x: number): number => {
  if (x < 0) return 1 - normalBelow(-x)
  const t = 1 / (1 + 0.2316419 * x)
  const tail = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return 1 - (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * tail
}

describe('Random', () => {
  test('draws the published sequence of xoshiro128** 1.1 from the state 1, 2, 3, 4', () => {
    const random = Random.load({ s: Int32Array.of(1, 2, 3, 4), spare: null })
    // Printed by the reference program and by the tests of rand_xoshiro.
    const published = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804]
    expect(Array.from(published, () => random.bits())).toEqual(published)
  })

  test('takes its state from the published SplitMix64 sequence of seed 1234567', () => {
    const words = [6457827717110365317n, 3203168211198807973n].flatMap(z => [
      Number(BigInt.asIntN(32, z)),
      Number(BigInt.asIntN(32, z >> 32n))
    ])
    expect(new Random(1234567).save()).toEqual({ s: Int32Array.from(words), spare: null })
  })

  test('is uniform on [0, 1) in every fiftieth and in the low bits too', () => {
    const random = new Random(1)
    const values = Array.from({ length: 100_000 }, () => random.next())
    // χ² of 49 degrees of freedom exceeds 94 once in 10,000 good generators.
    expect(chiSquare(values, 50)).toBeLessThan(94)
    const low = values.map(value => (value * 2 ** 37) % 1)
    expect(chiSquare(low, 50)).toBeLessThan(94)
    expect(
      chiSquare(
        values.map(value => value * value),
        50
      )
    ).toBeGreaterThan(94)
  })

  test('gives integers below n without bias, even where n does not divide 2^32', () => {
    const random = new Random(2)
    const n = 3_000_000_000 // the plain remainder of a 32-bit draw would fall below n · .43 in 60 % of draws, not 43 %
    let small = 0
    for (let i = 0; i < 20_000; i++) small += random.below(n) < 1_294_967_296 ? 1 : 0
    expect(Math.abs(small / 20_000 - 1_294_967_296 / n)).toBeLessThan(0.015)
    expect(random.below(1)).toBe(0)
  })

  test.each([0, -1, 1.5, 2 ** 32 + 1, Number.NaN])('refuses to draw below %s', n => {
    expect(() => new Random(1).below(n)).toThrow(/integer from 1 to 2\^32/)
  })

  test('draws normals with the moments and the distribution function of the standard normal', () => {
    const random = new Random(3)
    const values = Float64Array.from({ length: 200_000 }, () => random.normal())
    const { mean, variance, kurtosis } = moments(values)
    // Four standard errors: √(1/n), √(2/n), √(24/n).
    expect(Math.abs(mean)).toBeLessThan(0.009)
    expect(Math.abs(variance - 1)).toBeLessThan(0.013)
    expect(Math.abs(kurtosis - 3)).toBeLessThan(0.044)
    values.sort()
    let worst = 0
    for (let i = 0; i < values.length; i++) worst = Math.max(worst, Math.abs(normalBelow(values[i]!) - i / values.length))
    expect(worst).toBeLessThan(1.95 / Math.sqrt(values.length)) // Kolmogorov's bound at one in 1,000
  })

  test('goes on bit for bit after save and load, the spare normal included', () => {
    const random = new Random(4)
    for (let i = 0; i < 7; i++) random.normal()
    const saved = random.save()
    const rest = Array.from({ length: 50 }, () => [random.normal(), random.next(), random.below(10)])
    const again = Random.load(saved)
    expect(Array.from({ length: 50 }, () => [again.normal(), again.next(), again.below(10)])).toEqual(rest)
  })

  test('gives unrelated sequences for neighbouring seeds, negative ones and those above 2^32', () => {
    const first = [0, 1, 2, -1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER].map(seed => new Random(seed).next())
    expect(new Set(first).size).toBe(first.length)
  })

  test.each([0.5, Number.NaN, 2 ** 53])('refuses the seed %s', seed => {
    expect(() => new Random(seed)).toThrow(/seed that is an integer/)
  })

  test.each<Saved>([
    null,
    3,
    { s: new Int32Array(4), spare: null },
    { s: Int32Array.of(1, 2), spare: null },
    { s: Int32Array.of(1, 2, 3, 4) }
  ])('refuses to load %o', saved => {
    expect(() => Random.load(saved)).toThrow(/read another snapshot/)
  })
})

describe('hashNormal', () => {
  const N = 400
  const grid = (seed: number) => Float64Array.from({ length: N * N }, (_, i) => hashNormal(seed, Math.floor(i / N), i % N))
  const correlation = (x: Float64Array, y: Float64Array, stride: number): number => {
    let sum = 0
    for (let i = 0; i + stride < x.length; i++) sum += x[i]! * y[i + stride]!
    return sum / (x.length - stride)
  }

  test('keeps its bits: these values are part of every model', () => {
    expect([hashNormal(1, 0, 0), hashNormal(1, 0, 1), hashNormal(1, 1, 0), hashNormal(2 ** 40, 5, 6)]).toMatchInlineSnapshot(`
      [
        1.0562901249519998,
        1.0165031097008974,
        1.0218852893121315,
        -1.218260092627577,
      ]
    `)
  })

  test('has the mean and variance of the standard normal and a kurtosis of 2.85', () => {
    const { mean, variance, kurtosis } = moments(grid(1))
    expect(Math.abs(mean)).toBeLessThan(0.01)
    expect(Math.abs(variance - 1)).toBeLessThan(0.014)
    expect(Math.abs(kurtosis - 2.85)).toBeLessThan(0.05)
  })

  test('is uncorrelated between neighbours in row, column, diagonal and seed', () => {
    const x = grid(1)
    for (const stride of [1, 2, 16, N, N + 1, N - 1]) expect(Math.abs(correlation(x, x, stride))).toBeLessThan(4 / N)
    for (const seed of [0, 2, 2 ** 32 + 1]) expect(Math.abs(correlation(x, grid(seed), 0))).toBeLessThan(4 / N)
  })
})
