import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EPSILON, gather, update } from '../../src/numeric/rows.ts'
import { Sparse } from '../../src/numeric/sparse.ts'
import { bits } from '../judge/stream.ts'

const f = Math.fround
const float = fc.float({ min: -4, max: 4, noNaN: true })

interface Case {
  readonly stride: number
  readonly from: number
  readonly to: number
  readonly W: Float32Array
  readonly S: Float32Array
  readonly x: Sparse
  readonly delta: Float32Array
}

/** Blocks of any width, a span inside them, and some of their rows active. */
const cases: fc.Arbitrary<Case> = fc
  .record({ rows: fc.integer({ min: 1, max: 12 }), stride: fc.integer({ min: 1, max: 24 }), a: fc.nat(24), b: fc.nat(24) })
  .chain(({ rows, stride, a, b }) => {
    const [from, to] = [Math.min(a, b) % (stride + 1), Math.max(a, b) % (stride + 1)].sort((p, q) => p - q) as [number, number]
    const weights = (least: number) =>
      fc.array(fc.float({ min: f(least), max: 4, noNaN: true }), { minLength: rows * stride, maxLength: rows * stride })
    return fc
      .record({
        W: weights(-4),
        S: weights(0),
        active: fc.subarray(Array.from({ length: rows }, (_, i) => i)),
        values: fc.array(float, { minLength: rows, maxLength: rows }),
        delta: fc.array(float, { minLength: to - from, maxLength: to - from })
      })
      .map(({ W, S, active, values, delta }) => {
        const x = new Sparse()
        for (const [i, row] of active.entries()) x.push(row, values[i]!)
        return { stride, from, to, W: Float32Array.from(W), S: Float32Array.from(S), x, delta: Float32Array.from(delta) }
      })
  })

test('gather equals the sum written out in float32, bit for bit, and writes no further than the span is wide', () => {
  fc.assert(
    fc.property(cases, ({ stride, from, to, W, x }) => {
      const out = new Float32Array(to - from + 2).fill(9)
      gather(W, stride, from, to, x, out)
      const naive = Float32Array.from({ length: to - from }, (_, j) => {
        let sum = 0
        for (let i = 0; i < x.n; i++) sum = f(sum + f(x.value[i]! * W[x.index[i]! * stride + from + j]!))
        return sum
      })
      expect(bits(out)).toBe(bits(Float32Array.of(...naive, 9, 9)))
    })
  )
})

test('update equals the step written out in float32, bit for bit, and touches active rows and own columns only', () => {
  const paces = fc.record({
    rate: fc.double({ min: 0.001, max: 1, noNaN: true }),
    decay: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.1, noNaN: true })),
    forgetting: fc.double({ min: 0.9, max: 1, noNaN: true })
  })
  fc.assert(
    fc.property(cases, paces, ({ stride, from, to, W, S, x, delta }, pace) => {
      const [W2, S2] = [W.slice(), S.slice()]
      const [eta, rho] = [f(pace.rate), f(pace.forgetting)]
      const shrink = f(eta * f(pace.decay))
      for (let i = 0; i < x.n; i++) {
        for (let column = from; column < to; column++) {
          const at = x.index[i]! * stride + column
          const d = f(x.value[i]! * delta[column - from]!)
          S2[at] = f(f(rho * S2[at]!) + f(d * d))
          const step = f(f(eta * d) / f(f(Math.sqrt(S2[at]!)) + EPSILON))
          W2[at] = f(f(W2[at]! - step) - f(shrink * W2[at]!))
        }
      }
      update(W, S, stride, from, to, x, delta, pace)
      expect(bits(W)).toBe(bits(W2))
      expect(bits(S)).toBe(bits(S2))
    })
  )
})

test('a sparse vector keeps what was pushed, in order, beyond its first room, and its stamp changes at every refill', () => {
  const x = new Sparse()
  const { stamp } = x
  x.clear()
  expect(x.stamp).not.toBe(stamp)
  for (let i = 0; i < 1000; i++) x.push(1000 - i, i / 8)
  expect(x.n).toBe(1000)
  expect(Array.from(x.index.subarray(0, 1000))).toEqual(Array.from({ length: 1000 }, (_, i) => 1000 - i))
  expect(Array.from(x.value.subarray(0, 1000))).toEqual(Array.from({ length: 1000 }, (_, i) => i / 8))
  x.clear()
  expect(x.n).toBe(0)
})
