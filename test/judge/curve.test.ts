import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Curve } from '../../src/judge/curve.ts'
import { Scoreboard } from '../../src/judge/scoreboard.ts'
import { names, streams } from './stream.ts'

test('each point is what a board of its own says of the same choices, and all are of the same rows', () => {
  fc.assert(
    fc.property(streams(), stream => {
      // The second always takes the truth's neighbour, the third nothing.
      const choices = stream.map(({ truth, chosen }) => [chosen, truth === 0 ? 1 : truth - 1, -1])
      const curve = new Curve([0, 0.5, 1])
      stream.forEach(({ truth }, i) => {
        curve.add(truth, choices[i]!)
      })
      const { points, rarest } = curve.report(names)
      expect(points.map(point => point.exponent)).toEqual([0, 0.5, 1])
      points.forEach(({ kappa, gMean, macroF1, rarestRecall }, at) => {
        const board = new Scoreboard()
        stream.forEach(({ truth, p }, i) => {
          board.add(truth, p, choices[i]![at]!)
        })
        const { scores, perClass } = board.report(names)
        expect({ kappa, gMean, macroF1 }).toEqual({ kappa: scores.kappa, gMean: scores.gMean, macroF1: scores.macroF1 })
        expect(rarestRecall).toBe(perClass.find(each => each.class === rarest!.class)!.recall)
      })
    })
  )
})

test('the rarest class is the one that occurred least, the first of several, and never one that did not occur', () => {
  const curve = new Curve([0])
  for (const truth of [3, 1, 1, 2]) curve.add(truth, [0])
  expect(curve.report(['a', 'b', 'c', 'd']).rarest).toEqual({ class: 'c', support: 1 })
})

test('a curve that judged nothing has points and no score', () => {
  expect(new Curve([0, 1]).report(['a'])).toEqual({
    rarest: null,
    points: [0, 1].map(exponent => ({ exponent, kappa: null, gMean: null, macroF1: null, rarestRecall: null }))
  })
})
