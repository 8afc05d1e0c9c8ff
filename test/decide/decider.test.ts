/** The decider keeps its laws, and each goes red on the fault it is there for. */
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { Decider } from '../../src/decide/decider.ts'
import type { DecideOptions } from '../../src/decide/options.ts'
import { decideOptionsOf } from '../../src/wiring.ts'
import { expectBroken } from '../numeric/planted.ts'
import { type Deciding, laws, type Make } from './decider.laws.ts'
import { budget, exampleOf, options, parts } from './stream.ts'

const make: Make = given => new Decider(given)
const lawOf = (start: string) => laws.find(([name]) => name.startsWith(start))![1]

test.each(laws)('%s', (_name, law) => law(make))

const planted =
  (
    change: (decider: Deciding, all: Parameters<Make>[1]) => Partial<Deciding>,
    other: (given: DecideOptions) => DecideOptions = x => x
  ): Make =>
  (given, all) => {
    const decider = new Decider(other(given))
    const whole: Deciding = {
      decide: prediction => decider.decide(prediction),
      learn: example => decider.learn(example),
      report: () => decider.report(),
      changes: () => decider.changes(),
      load: (key, saved) => decider.load(key, saved),
      restored: () => decider.restored()
    }
    return { ...whole, ...change(whole, all) }
  }

describe('a planted fault goes red', () => {
  test.each<[string, string, Make]>([
    [
      'a label peeked at',
      'no decision knows',
      planted((decider, all) => ({
        decide: prediction => {
          const decided = decider.decide(prediction)
          decider.learn(exampleOf(all.find(each => each.prediction.observation === prediction.observation)!))
          return decided
        },
        learn: () => undefined
      }))
    ],
    [
      'thresholds that learn before they decide',
      'no decision knows',
      planted((decider, all) => ({
        decide: prediction => {
          const at = all.findIndex(each => each.prediction.observation === prediction.observation)
          if (at > 0) decider.learn(exampleOf(all[at - 1]!))
          return decider.decide(prediction)
        }
      }))
    ],
    [
      'judged by what would be decided now',
      'coverage is that',
      planted(decider => ({
        learn: example => {
          const observation = { ...example.observation, id: `${example.observation.id} again` }
          decider.decide({ ...example.prediction!, observation: observation.id })
          decider.learn({ ...example, observation })
        }
      }))
    ],
    [
      'a repeat decided again',
      'a part is decided once',
      planted(decider => ({ decide: prediction => decider.decide({ ...prediction, observation: `${prediction.observation}-${calls++}` }) }))
    ],
    [
      'a part of the state not kept',
      'saved in changed parts',
      planted(decider => ({ load: (key, saved) => (key.startsWith('c') ? undefined : decider.load(key, saved)) }))
    ],
    [
      'a change not told',
      'saved in changed parts',
      planted(decider => ({ changes: () => new Map([...decider.changes()].filter(([key]) => !key.startsWith('b'))) }))
    ],
    [
      'a promise that only flags what is chosen',
      'a promised class',
      planted(decider => ({
        decide: prediction =>
          decider
            .decide(prediction)
            .map(each => (each.class !== null && each.class !== prediction.tasks[0]!.chosen ? { ...each, action: 'pass' } : each))
      }))
    ],
    [
      'propensities ignored',
      'rates and recall',
      planted(
        () => ({}),
        given => ({ ...given, labels: 'all' })
      )
    ],
    [
      'a budget twice as large',
      'a budget is spent',
      planted(
        () => ({}),
        given => ({ ...given, inspection: { ...given.inspection, perThousand: 2 * given.inspection.perThousand } })
      )
    ],
    [
      'propensities not those drawn by',
      'a budget is spent',
      planted(decider => ({ decide: prediction => decider.decide(prediction).map(each => ({ ...each, propensity: each.propensity / 2 })) }))
    ]
  ])('%s', (_name, law, fault) => expectBroken(() => lawOf(law)(fault)))
})

let calls = 0

describe('what is done about a part', () => {
  const [seen] = parts(1, 9)
  const stated = (good: number, crack: number, chosen = good > crack ? 'good' : 'crack') => ({
    ...seen!.prediction,
    tasks: [{ task: 'fault', classes: ['good', 'crack'], probabilities: [good, crack], chosen, set: [], banks: [] }]
  })
  const decide = (change: Partial<DecideOptions>, prediction = stated(0.9, 0.1)) => new Decider(options(change)).decide(prediction)[0]!

  test('with nothing configured the chosen class is flagged unless it is good, and nothing is inspected', () => {
    expect(decide({})).toMatchObject({ action: 'pass', class: null, set: ['good'], inspect: false, propensity: 0 })
    expect(decide({}, stated(0.2, 0.8))).toMatchObject({ action: 'flag', class: 'crack', probability: 0.8, inspect: false })
    expect(decide({ tasks: { fault: { good: ['crack'] } } }, stated(0.2, 0.8))).toMatchObject({ action: 'pass' })
  })

  test('with costs that is done which costs least', () => {
    const costs = { miss: 100, falseAlarm: 5 }
    expect(decide({ costs })).toMatchObject({ action: 'flag', class: 'crack' })
    expect(decide({ costs }, stated(0.99, 0.01))).toMatchObject({ action: 'pass' })
    expect(decide({ costs, inspection: budget(0, { cost: 2 }) })).toMatchObject({ action: 'abstain', inspect: true, propensity: 1 })
    expect(decide({ costs: { miss: 1, falseAlarm: 50 } }, stated(0.2, 0.8))).toMatchObject({ action: 'pass' })
    // What other classes cost says nothing of one that has no costs.
    const others = { fault: { classes: { crack: { costs: null }, stain: { costs } } } }
    const three = {
      ...stated(0.2, 0.8),
      tasks: [{ ...stated(0, 1).tasks[0]!, classes: ['good', 'crack', 'stain'], probabilities: [0.1, 0.89, 0.01] }]
    }
    expect(decide({ tasks: others }, three)).toMatchObject({ action: 'flag', class: 'crack' })
  })

  test('what no class is likely enough for is left to a person', () => {
    expect(decide({ abstainBelow: 0.95 })).toMatchObject({ action: 'abstain', inspect: true, propensity: 1 })
  })

  test('of a task with a promise nothing passes before anything is known of it', () => {
    const blank = { ...seen!.prediction, tasks: [] }
    expect(new Decider(options({})).decide(blank)).toEqual([])
    expect(new Decider(options({ missRate: 0.05 })).decide(blank)).toMatchObject([{ task: 'fault', action: 'abstain', inspect: true }])
  })

  test('a promise of all defects rules out none before one is known', () => {
    const decider = new Decider(options({ missRate: 0.2 }))
    const good = (i: number) => ({
      ...seen!.prediction,
      observation: `good-${i}`,
      tasks: [{ ...stated(1, 0).tasks[0]!, classes: ['good'], probabilities: [1] }]
    })
    for (let i = 0; i < 20; i++) {
      expect(decider.decide(good(i))).toMatchObject([{ action: 'abstain' }])
      decider.learn(exampleOf({ prediction: good(i), truth: 'good' }))
    }
    expect(decider.decide(good(20))[0]!.reason).toBe('no defect class is known yet, so that none can be ruled out')
  })

  test('classes that the policy names are promised before the first is seen', () => {
    const { tasks } = decideOptionsOf(
      loadConfig({ env: {}, overrides: { policy: { classes: { fault: ['ok', 'dent'] } }, decide: { missRate: 0.1 } } })
    )
    expect(tasks).toEqual({ fault: { classes: { ok: {}, dent: {} } } })
  })

  test('a budget buys the first labels of a task that is configured', () => {
    const decider = new Decider(options({ inspection: budget(100) }))
    const decided = parts(200, 12).flatMap(({ prediction }) => decider.decide({ ...prediction, tasks: [] }))
    expect(decided.filter(({ inspect }) => inspect).length).toBeGreaterThan(10)
    expect(new Set(decided.map(({ action }) => action))).toEqual(new Set(['pass']))
  })

  test('a class named by a promise cannot be ruled out before it is known', () => {
    const tasks = { fault: { classes: { stain: { missRate: 0.1 } } } }
    expect(decide({ tasks })).toMatchObject({ action: 'abstain', set: ['good', 'stain'] })
    expect(decide({ tasks }).reason).toBe('0 of the 9 labels of stain are there that a promise of at most 10 % missed needs')
  })

  test('or passes until then, where that is asked for, and counts as not ruled out all the same', () => {
    const tasks = { fault: { classes: { stain: { missRate: 0.1 } } } }
    expect(decide({ tasks, untilKnown: 'chosen' })).toMatchObject({ action: 'pass', set: ['good', 'stain'], inspect: false })
    expect(decide({ missRate: 0.1, untilKnown: 'chosen' })).toMatchObject({ action: 'pass', set: ['good', 'crack'] })
  })

  test('parts sent to inspection are on the work list until they are labelled, a bounded number of them', () => {
    const decider = new Decider(options({ abstainBelow: 1, inspection: budget(0, { maxListed: 5 }) }))
    const stream = parts(8, 10)
    for (const { prediction } of stream) decider.decide(prediction)
    expect(decider.inspections(100).map(each => each.observation)).toEqual([7, 6, 5, 4, 3].map(i => `part-10-${i}`))
    decider.learn(exampleOf(stream[5]!))
    expect(decider.inspections(2).map(each => each.observation)).toEqual(['part-10-7', 'part-10-6'])
    expect(decider.inspections(100, 'line-1').map(each => each.observation)).toEqual(['part-10-7', 'part-10-3'])
  })

  test('a label that is corrected leaves nothing of what it was', () => {
    const given = options({ missRate: 0.1, labels: 'all', abstainBelow: 0.5 })
    const [mistaken, right] = [new Decider(given), new Decider(given)]
    const stream = parts(600, 12)
    for (const [i, seen] of stream.entries()) {
      for (const decider of [mistaken, right]) decider.decide(seen.prediction)
      if (i % 10 === 3) mistaken.learn(exampleOf({ ...seen, truth: seen.truth === 'good' ? 'crack' : 'good' }))
      for (const decider of [mistaken, right]) decider.learn(exampleOf(seen))
      // Said again it is no news.
      right.learn(exampleOf(seen))
    }
    const rounded = (decider: Decider) =>
      JSON.parse(JSON.stringify(decider.report(), (_, value) => (typeof value === 'number' ? Number(value.toPrecision(9)) : value)))
    const { tasks } = rounded(right)
    expect(rounded(mistaken).tasks[0].classes).toEqual(tasks[0].classes)
    expect(rounded(mistaken).tasks[0].corrected).toEqual(tasks[0].corrected)
    expect(tasks[0].classes.reduce((sum: number, { labels }: { labels: number }) => sum + labels, 0)).toBe(600)
    const again = new Decider(given)
    for (const [key, saved] of mistaken.changes()) if (saved !== null) again.load(key, saved)
    again.restored()
    for (const decider of [mistaken, again]) decider.learn(exampleOf({ ...stream[5]!, truth: 'stain' }))
    expect(again.report()).toEqual(mistaken.report())
  })

  test('labels that name ever more classes make a bounded number of them', () => {
    const decider = new Decider(options({ missRate: 0.1, labels: 'all' }))
    for (const seen of parts(1000, 13)) {
      decider.decide(seen.prediction)
      decider.learn(exampleOf({ ...seen, truth: seen.prediction.observation }))
    }
    const { length } = decider.report().tasks[0]!.classes
    expect(length).toBeGreaterThan(200)
    expect(length).toBeLessThanOrEqual(256)
  })

  test('a part that is forgotten leaves the work list', () => {
    const decider = new Decider(options({ remembered: 128, abstainBelow: 1, inspection: budget(0, { maxListed: 1000 }) }))
    for (const { prediction } of parts(400, 14)) decider.decide(prediction)
    const waiting = decider.inspections(1000)
    expect(waiting.length).toBeLessThanOrEqual(128)
    expect(waiting.every(({ observation }) => decider.knows(observation))).toBe(true)
  })

  test('of more parts than are remembered the oldest are judged no more', () => {
    const decider = new Decider(options({ remembered: 128 }))
    const stream = parts(400, 11)
    for (const { prediction } of stream) decider.decide(prediction)
    for (const each of stream) decider.learn(exampleOf(each))
    const judged = decider.report().tasks[0]!.classes.reduce((sum, { labels }) => sum + labels, 0)
    expect(judged).toBeGreaterThan(64)
    expect(judged).toBeLessThanOrEqual(128)
  })
})
