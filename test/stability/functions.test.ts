import fc from 'fast-check'
import { expect, test } from 'vitest'
import { figuresOf, type Opinions } from '../../src/stability/functions.ts'
import { meanHellinger, shiftOf } from '../../src/stability/hellinger.ts'

const opinions: fc.Arbitrary<Opinions> = fc
  .record({ n: fc.integer({ min: 1, max: 6 }), C: fc.integer({ min: 2, max: 4 }), K: fc.integer({ min: 2, max: 5 }), seed: fc.nat(1e6) })
  .map(({ n, C, K, seed }) => {
    let state = seed + 1
    const next = () => {
      state = (state * 48271) % 2147483647
      return state / 2147483647
    }
    const P = new Float32Array(n * C * K)
    const g = new Float32Array(n * K)
    for (let i = 0; i < n; i++) {
      const gates = Array.from({ length: K }, () => next() + 0.1)
      const whole = gates.reduce((sum, each) => sum + each, 0)
      for (let k = 0; k < K; k++) {
        g[i * K + k] = gates[k]! / whole
        const said = Array.from({ length: C }, () => next() + 0.01)
        const sum = said.reduce((all, each) => all + each, 0)
        for (let c = 0; c < C; c++) P[(i * C + c) * K + k] = said[c]! / sum
      }
    }
    return { n, C, K, P, g }
  })

const hellinger = ({ C, K, P }: Opinions, i: number, k: number, l: number): number => {
  let sum = 0
  for (let c = 0; c < C; c++) sum += (Math.sqrt(P[(i * C + c) * K + k]!) - Math.sqrt(P[(i * C + c) * K + l]!)) ** 2
  return Math.sqrt(sum / 2)
}

test('the nearest is the one of least mean distance where either speaks, among those that are asked', () => {
  fc.assert(
    fc.property(opinions, fc.nat(31), (of, mask) => {
      const { n, K, g } = of
      const asked = Uint8Array.from({ length: K }, (_, k) => (mask >> k) & 1)
      const { distance, nearest } = figuresOf(of, asked)
      for (let k = 0; k < K; k++) {
        const distances = Array.from({ length: K }, (_, l) => {
          if (l === k || asked[l] === 0) return Number.POSITIVE_INFINITY
          let [sum, weight] = [0, 0]
          for (let i = 0; i < n; i++) {
            const w = g[i * K + k]! + g[i * K + l]! + 0.001
            sum += w * hellinger(of, i, k, l)
            weight += w
          }
          return sum / weight
        })
        const least = Math.min(...distances)
        if (least === Number.POSITIVE_INFINITY) expect([nearest[k], distance[k]]).toEqual([-1, Number.NaN])
        else {
          expect(distance[k]).toBeCloseTo(least, 3)
          expect(distances[nearest[k]!]).toBeCloseTo(least, 3)
        }
      }
    })
  )
})

test('variation is the root of the mean squared distance from the mean root, and 0 of who always says the same', () => {
  fc.assert(
    fc.property(opinions, of => {
      const { n, C, K, P, g } = of
      for (let i = 1; i < n; i++) for (let c = 0; c < C; c++) P[(i * C + c) * K] = P[c * K]!
      const { variation } = figuresOf(of, new Uint8Array(K).fill(1))
      expect(variation[0]).toBeLessThan(0.001)
      for (let k = 1; k < K; k++) {
        const v = Array.from({ length: n }, (_, i) => g[i * K + k]! + 0.001)
        const whole = v.reduce((sum, each) => sum + each, 0)
        let squared = 0
        for (let c = 0; c < C; c++) {
          const roots = v.map((_, i) => Math.sqrt(P[(i * C + c) * K + k]!))
          const mean = roots.reduce((sum, root, i) => sum + (v[i]! * root) / whole, 0)
          squared += roots.reduce((sum, root, i) => sum + (v[i]! * (root - mean) ** 2) / whole, 0)
        }
        expect(variation[k]).toBeCloseTo(Math.sqrt(squared / 2), 3)
      }
    })
  )
})

test('the mean opinion and that of two together are distributions, the second the same for either when they are a pair', () => {
  fc.assert(
    fc.property(opinions, of => {
      const { C, K } = of
      const { mean, pooled, nearest } = figuresOf(of, new Uint8Array(K).fill(1))
      for (const all of [mean, pooled]) {
        for (let k = 0; k < K; k++) {
          let sum = 0
          for (let c = 0; c < C; c++) sum += all[c * K + k]!
          expect(sum).toBeCloseTo(1, 5)
        }
      }
      for (let k = 0; k < K; k++) {
        const l = nearest[k]!
        if (nearest[l] === k) for (let c = 0; c < C; c++) expect(pooled[c * K + k]).toBeCloseTo(pooled[c * K + l]!, 5)
      }
    })
  )
})

test('the order of the inputs is of no account', () => {
  fc.assert(
    fc.property(opinions, of => {
      const { n, C, K, P, g } = of
      const turned: Opinions = { ...of, P: new Float32Array(P.length), g: new Float32Array(g.length) }
      for (let i = 0; i < n; i++) {
        turned.P.set(P.subarray(i * C * K, (i + 1) * C * K), (n - 1 - i) * C * K)
        turned.g.set(g.subarray(i * K, (i + 1) * K), (n - 1 - i) * K)
      }
      const asked = new Uint8Array(K).fill(1)
      const [first, second] = [figuresOf(of, asked), figuresOf(turned, asked)]
      for (let k = 0; k < K; k++) {
        expect(second.variation[k]).toBeCloseTo(first.variation[k]!, 6)
        expect(second.distance[k]).toBeCloseTo(first.distance[k]!, 6)
      }
    })
  )
})

test('a change counts where an expert speaks, and a shift is the part of its inputs that it lost or won', () => {
  // Two inputs, two classes, one expert that turned round on the second, of which it says next to nothing.
  const before = Float32Array.of(1, 0, 1, 0)
  const after = Float32Array.of(1, 0, 0, 1)
  expect(meanHellinger(before, after, 2, 2, 1, Float32Array.of(0.9, 0.1))[0]).toBeCloseTo(0.1, 6)
  expect(meanHellinger(before, after, 2, 2, 1, Float32Array.of(1, 0.01))[0]).toBe(0)
  expect(meanHellinger(before, after, 2, 2, 1)[0]).toBeCloseTo(0.5, 6)
  expect([...shiftOf(Float32Array.of(1, 0), Float32Array.of(0, 1), 2)]).toEqual([1, 1])
  expect([...shiftOf(Float32Array.of(0.5, 0.5), Float32Array.of(0.5, 0.5), 2)]).toEqual([0, 0])
  expect([...shiftOf(Float32Array.of(0, 1), Float32Array.of(0, 1), 2)]).toEqual([0, 0])
})
