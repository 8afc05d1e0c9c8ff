/** The experts of a domain's own bank are judged by that domain's examples, and told with its name. */
import { describe, expect, test } from 'vitest'
import type { Signal } from '../../src/events/event.ts'
import { Learner } from '../../src/learner/learner.ts'
import { mixtureParts } from '../../src/simulate/mixtures.ts'
import { optionsOf } from '../stability/planted.ts'

const up = { bias: 0, slope: 5 }
const down = { bias: 0, slope: -5 }
const TURNS_AT = 3000

/** Lines by turns, of which the first turns round and the others do not. */
function learned(lines: readonly string[], each: number): { readonly learner: Learner; readonly signals: readonly Signal[] } {
  const base = { truth: { experts: [up, down] }, K: 2, examples: 0, bank: { name: 'solo', scope: 'solo' } } as const
  const learner = new Learner({ ...optionsOf(base, 1), domain: ['line'] })
  const streams = lines.map((_, i) =>
    mixtureParts(7 + i, { experts: [up, down], ...(i === 0 ? { drift: { at: TURNS_AT, experts: [down, up] } } : {}) })
  )
  const signals: Signal[] = []
  for (let i = 0; i < each; i++)
    for (const [at, line] of lines.entries()) {
      const { features, defect } = streams[at]!.next().value
      const observation = { id: `${line}-${i}`, line, station: null, product: null, time: i, features }
      signals.push(...learner.take({ observation, labels: { defect }, labelTime: i, source: null, prediction: null }).signals)
    }
  return { learner, signals }
}

describe('the bank of a line’s own', () => {
  test('is told of for each line, by its own examples, and turns where that line turns', () => {
    const { learner, signals } = learned(['a', 'b'], 6000)
    const { banks } = learner.status().tasks[0]!
    expect(banks.map(({ bank, domain }) => [bank, domain])).toEqual([
      ['solo', 'a'],
      ['solo', 'b']
    ])
    for (const { domain, experts } of banks) {
      const total = experts.reduce((sum, { examples }) => sum + examples, 0)
      expect(total, domain!).toBeGreaterThan(5800)
      expect(total, domain!).toBeLessThan(6000.1)
      for (const { perDomain } of experts) expect(Object.keys(perDomain)).toEqual([domain])
      expect(experts.map(({ state }) => state)).not.toContain('dead')
    }
    const drifting = signals.filter(({ kind, message }) => kind === 'expert-unstable' && message.includes('drifting'))
    expect(new Set(drifting.map(({ domain, bank }) => `${bank} ${domain}`))).toEqual(new Set(['solo a']))
    expect(drifting[0]!.learned).toBeGreaterThan(2 * TURNS_AT)
    expect(drifting[0]!.message).toMatch(/^expert \d of bank solo of defect on a: drifting$/)
  })

  test('is watched on the first 16 lines, however many there are', () => {
    const lines = Array.from({ length: 20 }, (_, i) => `line-${i}`)
    const { learner } = learned(lines, 80)
    const { banks } = learner.status().tasks[0]!
    expect(banks.map(({ domain }) => domain)).toEqual(lines.slice(0, 16))
    expect(learner.predict({ id: 'x', line: 'line-19', station: null, product: null, time: 0, features: {} }).tasks[0]!.banks).toHaveLength(
      1
    )
  })
})
