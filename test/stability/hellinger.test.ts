import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { meanHellinger } from '../../src/stability/hellinger.ts'

/** n × K opinions on C classes, in the layout (n, C, K). */
function opinions(n: number, C: number, K: number): fc.Arbitrary<Float32Array> {
  return fc.array(fc.integer({ min: 0, max: 100 }), { minLength: n * C * K, maxLength: n * C * K }).map(raw => {
    const P = new Float32Array(n * C * K)
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < K; k++) {
        const at = (c: number) => (i * C + c) * K + k
        let sum = 0
        for (let c = 0; c < C; c++) sum += raw[at(c)]!
        for (let c = 0; c < C; c++) P[at(c)] = sum > 0 ? raw[at(c)]! / sum : 1 / C
      }
    }
    return P
  })
}

describe('the mean Hellinger distance', () => {
  test('equals the other form of its definition, √(1 − Σ √(p q)), and is √(1 − √½) between sure and undecided', () => {
    const p = [0.36, 0.48, 0.16]
    const q = [0.3, 0.5, 0.2]
    const expected = Math.sqrt(1 - p.reduce((sum, x, c) => sum + Math.sqrt(x * q[c]!), 0))
    const distance = meanHellinger(Float32Array.from(p), Float32Array.from(q), 1, 3, 1)[0]!
    expect(distance).toBeCloseTo(expected, 6)
    expect(meanHellinger(Float32Array.of(1, 0), Float32Array.of(0.5, 0.5), 1, 2, 1)[0]).toBeCloseTo(Math.sqrt(1 - Math.SQRT1_2), 7)
  })

  test('is 0 to oneself, symmetric, within 0 and 1, and obeys the triangle', () => {
    fc.assert(
      fc.property(opinions(3, 4, 2), opinions(3, 4, 2), opinions(3, 4, 2), (a, b, c) => {
        const ab = meanHellinger(a, b, 3, 4, 2)
        const bc = meanHellinger(b, c, 3, 4, 2)
        const ac = meanHellinger(a, c, 3, 4, 2)
        expect([...meanHellinger(a, a, 3, 4, 2)]).toEqual([0, 0])
        expect(meanHellinger(b, a, 3, 4, 2)).toEqual(ab)
        for (let k = 0; k < 2; k++) {
          expect(ab[k]! >= 0 && ab[k]! <= 1).toBe(true)
          expect(ac[k]!).toBeLessThanOrEqual(ab[k]! + bc[k]! + 1e-6)
        }
      })
    )
  })

  test('moves for the expert that moved and no other, by the share of inputs on which it moved', () => {
    const before = Float32Array.of(1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0) // two inputs, two classes, three experts
    const after = before.slice()
    after[1] = 0
    after[4] = 1 // expert 1 turns round on the first input
    expect([...meanHellinger(before, after, 2, 2, 3)]).toEqual([0, 0.5, 0])
  })

  test('of no inputs is 0, and of unequal sets an error', () => {
    expect([...meanHellinger(new Float32Array(0), new Float32Array(0), 0, 3, 2)]).toEqual([0, 0])
    expect(() => meanHellinger(new Float32Array(6), new Float32Array(4), 1, 3, 2)).toThrow(/expected 1 × 3 × 2 opinions, got 6 and 4/)
  })
})
