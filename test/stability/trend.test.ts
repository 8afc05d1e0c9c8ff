import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Trend } from '../../src/stability/trend.ts'

test('of values on a line it is the slope, however unevenly they are taken; of fewer than two there is none', () => {
  const steps = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 60 })
  fc.assert(
    fc.property(steps, fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 }), (later, slope, at) => {
      const trend = new Trend()
      let x = 0
      later.forEach((step, i) => {
        x += step / 10
        if (i < 1) expect(trend.slope).toBeNull()
        trend.add(step / 10, at + slope * x)
      })
      expect(trend.slope).toBeCloseTo(slope, 5)
    })
  )
})

test('what has turned is followed within a few values', () => {
  const trend = new Trend()
  for (let i = 0; i < 50; i++) trend.add(1, i)
  for (let i = 0; i < 12; i++) trend.add(1, 50 - i)
  expect(trend.slope).toBeLessThan(-0.4)
})

test('saved and loaded it goes on with the same bits', () => {
  const trend = new Trend()
  for (const value of [0.3, 0.1, 0.7]) trend.add(0.25, value)
  const loaded = new Trend()
  loaded.load(trend.save())
  for (const each of [trend, loaded]) each.add(1, 0.4)
  expect(loaded.slope).toBe(trend.slope)
})
