import { describe, expect, test } from 'vitest'
import type { Control, Prediction } from '../../src/events/event.ts'
import { LabelFreeWatch } from '../../src/learner/label-free.ts'
import { Random } from '../../src/numeric/random.ts'

/** How a line is: the mean of `x`, the share of parts chosen as bad, and how sure the gate is, 0 to 1. */
interface State {
  readonly mean: number
  readonly bad: number
  readonly sure: number
}
const usual: State = { mean: 5, bad: 0.1, sure: 0.9 }

function* parts(
  watch: LabelFreeWatch,
  seed: number,
  states: readonly (readonly [n: number, state: State])[],
  learned = 5000
): Iterable<Control & { readonly at: number }> {
  const random = new Random(seed)
  let i = 0
  let wander = 0
  for (const [n, { mean, bad, sure }] of states)
    for (let j = 0; j < n; j++, i++) {
      wander = 0.9 * wander + random.normal()
      const features = { x: mean + random.normal(), wander, type: 'L' }
      const chosen = random.next() < bad ? 'bad' : 'good'
      const share = sure * (0.9 + 0.1 * random.next())
      const bank = { bank: 'task', weight: 1, opinion: [0.5, 0.5], shares: [share, 1 - share] }
      const said = { task: 'fault', classes: ['good', 'bad'], probabilities: [0.5, 0.5], chosen, set: [chosen], banks: [bank] }
      const prediction: Prediction = { observation: `p${i}`, line: 'a', station: null, time: i * 1000, learned, fold: 0, tasks: [said] }
      const found = watch.observe({ id: `p${i}`, line: 'a', station: null, product: null, time: i * 1000, features }, prediction)
      if (found !== null) yield { ...found, at: i }
    }
}

describe('parts are watched without labels', () => {
  test.each([1, 2, 3])('of a steady line nothing is told in 10,000 parts, seed %i', seed => {
    expect([...parts(new LabelFreeWatch(['line']), seed, [[10_000, usual]])]).toEqual([])
  })

  test.each([
    ['a feature moves', { mean: 6.5 }, { what: 'input', feature: 'x', class: null }, null],
    ['gates become undecided', { sure: 0.5 }, { what: 'gate', feature: null, class: null }, 'fault']
  ] as const)('%s: it is told once, with both figures', (_, change, about, task) => {
    const found = [
      ...parts(new LabelFreeWatch(['line']), 4, [
        [2000, usual],
        [1500, { ...usual, ...change }]
      ])
    ]
    expect(found).toHaveLength(1)
    const [{ at, kind, drift, value, task: named }] = found as [(typeof found)[0]]
    expect([kind, named]).toEqual(['drift', task])
    expect(drift).toMatchObject({ domain: 'a', ...about })
    expect(value).toBe(drift!.seen)
    expect(at).toBeGreaterThan(2000)
    expect(at).toBeLessThan(2200)
    expect(Math.abs(drift!.since / 1000 - 2000)).toBeLessThan(50)
  })

  test.each([3, 5, 10, 20, 100, 1e6])('a feature jumps by %f deviations: it is told soon, from what to what', by => {
    for (const seed of [1, 2, 3]) {
      const changes: (readonly [number, State])[] = [
        [2000, usual],
        [600, { ...usual, mean: usual.mean + by }]
      ]
      const [found, ...more] = [...parts(new LabelFreeWatch(['line']), seed, changes)]
      expect([found?.drift?.feature, more.length]).toEqual(['x', 0])
      expect(found!.at).toBeLessThan(2100)
      expect(found!.drift!.from).toBeCloseTo(usual.mean, 0)
      expect(Math.abs(found!.drift!.to - usual.mean - by) / by).toBeLessThan(0.35)
    }
  })

  test.each([
    [10, 15],
    [0, 1],
    [-3, -3.5]
  ])('a feature that never varied stands at another value: %f, then %f', (before, after) => {
    const watch = new LabelFreeWatch(['line'])
    const found: [number, number, number][] = []
    for (let i = 0; i < 1500; i++) {
      const prediction: Prediction = { observation: `p${i}`, line: 'a', station: null, time: i, learned: 0, fold: 0, tasks: [] }
      const features = { x: i < 1000 ? before : after }
      const told = watch.observe({ id: `p${i}`, line: 'a', station: null, product: null, time: i, features }, prediction)
      if (told !== null) found.push([i, told.drift!.from, told.drift!.to])
    }
    expect(found).toHaveLength(1)
    const [[at, from, to]] = found as [[number, number, number]]
    expect(at).toBeLessThan(1100)
    expect(from).toBeCloseTo(before, 6)
    expect(Math.abs(to - after)).toBeLessThan(0.35 * Math.abs(after - before))
  })

  test('a class is chosen more often: its rate is told, in its task', () => {
    const found = [
      ...parts(new LabelFreeWatch(['line']), 5, [
        [2000, usual],
        [1000, { ...usual, bad: 0.4 }]
      ])
    ]
    expect(found.map(({ task, drift }) => [task, drift!.what])).toEqual([['fault', 'rate']])
    expect(found[0]!.at).toBeLessThan(2200)
  })

  test('what a young model says is not looked at: it changes as it learns', () => {
    const found = [
      ...parts(
        new LabelFreeWatch(['line']),
        5,
        [
          [2000, usual],
          [1500, { ...usual, bad: 0.4, sure: 0.5 }]
        ],
        1999
      )
    ]
    expect(found).toEqual([])
  })

  test('the same parts give the same record, id and all', () => {
    const once = () => [
      ...parts(new LabelFreeWatch(['line']), 6, [
        [1000, usual],
        [500, { ...usual, mean: 8 }]
      ])
    ]
    expect(once()).toEqual(once())
    expect(once()).toHaveLength(1)
  })
})
