/** What costs least is what a count over many parts finds to cost least. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cheapest } from '../../src/decide/costs.ts'
import { defaultDecideOptions, policyOf } from '../../src/decide/options.ts'

const names = ['ok', 'crack', 'stain']
const cost = fc.integer({ min: 0, max: 100 })

test('no other action costs less in the mean, counted part by part', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 3, maxLength: 3 }).filter(counts => counts.some(n => n > 0)),
      fc.record({ miss: cost, falseAlarm: cost }),
      fc.record({ miss: cost, falseAlarm: cost }),
      fc.option(cost),
      (counts, crack, stain, inspection) => {
        const parts = counts.flatMap((n, c) => Array.from({ length: n }, () => names[c]!))
        const of = { crack, stain }
        const policy = policyOf(
          { ...defaultDecideOptions, tasks: { fault: { classes: { crack: { costs: crack }, stain: { costs: stain } } } } },
          'fault'
        )
        const probabilities = counts.map(n => n / parts.length)
        const chosen = cheapest({ task: 'fault', classes: names, probabilities, chosen: 'ok' }, policy, inspection)!
        const mean = (each: (truth: string) => number): number => parts.reduce((sum, truth) => sum + each(truth), 0) / parts.length
        const costs = [
          mean(truth => (truth === 'ok' ? 0 : of[truth as keyof typeof of].miss)),
          mean(truth => (truth === 'crack' ? 0 : crack.falseAlarm)),
          mean(truth => (truth === 'stain' ? 0 : stain.falseAlarm)),
          ...(inspection === null ? [] : [inspection])
        ]
        expect(chosen.cost).toBeCloseTo(Math.min(...costs), 9)
        const at = chosen.action === 'pass' ? 0 : chosen.action === 'inspect' ? 3 : chosen.class === 'crack' ? 1 : 2
        expect(costs[at]).toBeCloseTo(chosen.cost, 9)
      }
    ),
    { seed: 7 }
  )
})

test('without costs of any class nothing is said', () => {
  const policy = policyOf(defaultDecideOptions, 'fault')
  expect(cheapest({ task: 'fault', classes: names, probabilities: [0.2, 0.4, 0.4], chosen: 'crack' }, policy, 1)).toBeNull()
})
