/** Why one answer and not another: the pushes of the features. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { logOdds, pushesOf } from '../../src/learner/explanation.ts'
import { Learner } from '../../src/learner/learner.ts'
import { explain } from '../../src/pipeline/explain.ts'
import { SimulatedLines } from '../../src/simulate/lines.ts'
import { learnerOptionsOf } from '../../src/wiring.ts'

const names = ['a', 'b', 'c', 'd']

test('whatever the function, base and pushes add up to the total', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 16, maxLength: 16 }),
      fc.integer({ min: 1, max: 5 }),
      (table, pairs) => {
        const score = (moved: ReadonlySet<string>) => table[names.reduce((at, name, i) => at + (moved.has(name) ? 1 << i : 0), 0)]!
        const { base, total, pushes } = pushesOf(names, score, pairs)
        expect(base + pushes.reduce((a, b) => a + b, 0)).toBeCloseTo(total, 9)
        expect([base, total]).toEqual([table[0], table[15]])
      }
    )
  )
})

test('where the function is additive each push is that input’s own term, from one pair of orders on', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 4, maxLength: 4 }),
      fc.integer({ min: 0, max: 1000 }),
      (terms, seed) => {
        const score = (moved: ReadonlySet<string>) => names.reduce((sum, name, i) => sum + (moved.has(name) ? terms[i]! : 0), 3)
        expect(pushesOf(names, score, 1, seed).pushes).toEqual(terms)
      }
    )
  )
})

test('what two inputs only do together is shared between them evenly, and one that does nothing gets nothing', () => {
  const score = (moved: ReadonlySet<string>) => (moved.has('a') && moved.has('c') ? 4 : 0)
  for (let seed = 1; seed < 20; seed++) expect(pushesOf(names, score, 1, seed).pushes).toEqual([2, 0, 2, 0])
})

test('a prediction that never was is floored, not infinite', () => {
  expect(logOdds(0, 1)).toBeCloseTo(-13.8155, 3)
})

test('a real learner’s answer is explained to its last digit, and explaining changes nothing', () => {
  const learner = new Learner(learnerOptionsOf(loadConfig({ path: undefined, env: {} })))
  const lines = new SimulatedLines({ seed: 3, lines: 1 })
  const observations = new Map()
  for (let taught = 0; taught < 400; ) {
    const { event } = lines.next().value
    if (event.name === 'observation') observations.set(event.event.id, event.event)
    else {
      const { observation, time, labels } = event.event
      learner.take({ observation: observations.get(observation), labels, labelTime: time, source: null, prediction: null })
      taught++
    }
  }
  const seen = [...observations.values()].at(-1)
  const part = { ...seen, observation: seen.id, prediction: null, labels: {} }
  const typical = { of: 1, features: [...observations.values()][0].features }
  const before = JSON.stringify(learner.status())
  const explained = explain(learner, part, typical, 'failure')!
  const said = learner.predict(seen).tasks.find(each => each.task === 'failure')!
  expect(explained.total).toBe(
    logOdds(said.probabilities[said.classes.indexOf(explained.class)]!, said.probabilities[said.classes.indexOf(explained.rival)]!)
  )
  expect(explained.base + explained.pushes.reduce((sum, { push }) => sum + push, 0)).toBeCloseTo(explained.total, 9)
  expect(explained.pushes.length).toBeGreaterThan(3)
  expect(JSON.stringify(learner.status())).toBe(before)
  expect(explain(learner, part, typical, 'nothing')).toBeNull()
})
