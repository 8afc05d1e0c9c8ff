import fc from 'fast-check'
import { expect, test } from 'vitest'
import { beyondLikelihood, beyondVariance } from '../../src/drift/cut.ts'

const ln = (x: number) => (x === 0 ? 0 : Math.log(x))
const likelihood = (n: number, u: number, p: number) => u * ln(p) + (n - u) * ln(1 - p)

/** Parts and hits on either side of a cut. */
const side = fc.integer({ min: 1, max: 400 }).chain(n => fc.tuple(fc.constant(n), fc.integer({ min: 0, max: n })))

test('the likelihood of two rates against one, above its bound exactly where the definition is', () => {
  fc.assert(
    fc.property(side, side, fc.double({ min: 0.1, max: 30, noNaN: true }), ([n0, u0], [n1, u1], L) => {
      const one = (u0 + u1) / (n0 + n1)
      const two = likelihood(n0, u0, u0 / n0) + likelihood(n1, u1, u1 / n1)
      const ratio = two - likelihood(n0, u0, one) - likelihood(n1, u1, one)
      fc.pre(Math.abs(ratio - L) > 1e-9)
      const beyond = beyondLikelihood(n0, u0, n1, u1, L)
      expect(beyond > 0).toBe(ratio > L)
      if (beyond > 0) expect(beyond).toBeCloseTo(ratio - L, 8)
      // What is told without logarithms is never less than the truth.
      else expect(beyond).toBeGreaterThanOrEqual(ratio - L - 1e-9)
    }),
    { numRuns: 2000 }
  )
})

test('the bound by the variance is that of the paper', () => {
  const [n0, n1, L, variance, least] = [100, 20, 6, 0.2, 5]
  const m = 1 / (1 / 96 + 1 / 16)
  const expected = Math.abs(0.8 - 0.3) - Math.sqrt((2 / m) * variance * L) - (2 / (3 * m)) * L
  expect(beyondVariance(n0, 80, n1, 6, variance, L, least)).toBeCloseTo(expected, 12)
})
