/** What must not show: who was asked and saved in between, in which order gates came, and what a part's own label would tell. */
import { describe, expect, test } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import { Learner } from '../../src/learner/learner.ts'
import { defaultLearnerOptions, type LearnerOptions } from '../../src/learner/options.ts'
import { Random } from '../../src/numeric/random.ts'
import { example, observation } from './stream.ts'

const options: LearnerOptions = { ...defaultLearnerOptions, experts: 4, effort: { least: 2, most: 2, scale: 1 }, single: false }
const bytes = (learner: Learner) => Buffer.from(encodeSaved(learner.save())).toString('base64')

test('at the ceiling of the state neither a snapshot nor a prediction decides who gets weights of its own', () => {
  // Features appear while only one of two tasks is labelled, so that rows are made late where nobody asks.
  const random = new Random(8)
  const all = Array.from({ length: 220 }, (_, i) => {
    const features = Object.fromEntries(Array.from({ length: 3 + Math.floor(i / 8) }, (_, f) => [`f${f}`, random.normal()]))
    const of = observation(i, features, `line-${Math.floor(i / 20)}`)
    return example(of, i % 40 < 4 ? { one: 'a', two: i % 2 === 0 ? 'x' : 'y' } : { one: i % 3 === 0 ? 'a' : 'b' })
  })
  const run = (between: (learner: Learner, i: number) => void): string => {
    const learner = new Learner({ ...options, maxMiB: 1 })
    for (const [i, each] of all.entries()) {
      between(learner, i)
      learner.take(each)
    }
    const solo = Object.values(learner.status().tasks[0]!.committee).filter(({ transfer }) => transfer !== null).length
    expect(solo).toBeGreaterThan(0)
    expect(solo).toBeLessThan(11)
    return bytes(learner)
  }
  const alone = run(() => undefined)
  expect(run(learner => learner.save())).toBe(alone)
  expect(run((learner, i) => learner.predict(all[i]!.observation))).toBe(alone)
})

test('gates that tasks share are saved alike before and after loading, whoever met a domain first', () => {
  const learner = new Learner({ ...options, sharing: 'cheap' })
  const random = new Random(9)
  for (let i = 0; i < 90; i++) {
    const a = random.normal()
    const line = i < 30 ? 'a' : i < 60 ? 'b' : ['c', 'b', 'a'][i % 3]!
    const labels =
      line === 'b' && i < 60 ? { two: a > 0 ? 'x' : 'y' } : line === 'a' && i < 30 ? { one: a > 0 ? 'p' : 'q' } : { one: 'p', two: 'x' }
    learner.take(example(observation(i, { a }, line), labels))
  }
  const saved = bytes(learner)
  expect(bytes(Learner.load(decodeSaved(Buffer.from(saved, 'base64')), { ...options, sharing: 'cheap' }))).toBe(saved)
})

describe('labels of one part that come one by one, without a prediction', () => {
  const run = (on: Partial<LearnerOptions>): number => {
    const learner = new Learner({ ...options, ...on })
    const random = new Random(10)
    for (let i = 0; i < 600; i++) {
      // The features tell nothing, and the second task is the first one.
      const of = observation(i, { a: random.normal() })
      const label = random.below(2) === 0 ? 'x' : 'y'
      learner.take(example(of, { one: label }))
      learner.take(example(of, { two: label }))
    }
    return learner.status().tasks[1]!.testThenTrain.scores.accuracy!
  }

  test('do not let the second task see the first one’s as the last known label of the line', () => {
    expect(run({ lastLabel: true })).toBeLessThan(0.6)
  })

  test('nor hear it from a committee that has learned it', () => {
    expect(run({ chain: true })).toBeLessThan(0.6)
  })
})
