import fc from 'fast-check'
import { expect, test } from 'vitest'
import { corrected, coverageOf, WeightedSums } from '../../src/decide/corrected.ts'

/** 1 over the chance of being looked at. */
const weight = fc.double({ min: 0.01, max: 1, noNaN: true }).map(propensity => 1 / propensity)

test('what was taken back leaves no trace: no rate leaves [0, 1], and what nobody found right has a G-mean of 0', () => {
  fc.assert(
    fc.property(fc.array(weight, { minLength: 1, maxLength: 6 }), weight, (weights, stays) => {
      const sums = new WeightedSums()
      sums.add(stays, { right: false, passed: false, outside: false })
      const each = { right: true, passed: true, outside: true }
      for (const w of weights) sums.add(w, each)
      for (const w of weights.toReversed()) sums.add(w, each, -1)
      const { gMean, classes, accuracy } = corrected([['crack', sums, [stays, stays * stays]]])
      expect([gMean, accuracy!.value, classes[0]!.recall!.value, classes[0]!.passed!.value, coverageOf(sums)!.value]).toEqual([
        0, 0, 0, 0, 1
      ])
    })
  )
})
