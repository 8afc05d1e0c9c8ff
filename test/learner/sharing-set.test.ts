/** The cheap set for many lines and tasks, and the ceiling on what lines may have of their own. */
import { describe, expect, test } from 'vitest'
import { Learner } from '../../src/learner/learner.ts'
import { defaultLearnerOptions, type LearnerOptions } from '../../src/learner/options.ts'
import { recipeOf } from '../../src/learner/presets.ts'
import { Random } from '../../src/numeric/random.ts'
import { example, observation } from './stream.ts'

const options: LearnerOptions = { ...defaultLearnerOptions, experts: 4, effort: { least: 2, most: 2, scale: 1 }, single: false }

/** Examples of `lines` lines and three tasks that two features tell. */
function learned(changed: Partial<LearnerOptions>, lines = 6, n = 600): Learner {
  const learner = new Learner({ ...options, ...changed })
  const random = new Random(5)
  for (let i = 0; i < n; i++) {
    const [a, b] = [random.normal(), random.normal()]
    const labels = { high: a > 0 ? 'yes' : 'no', wide: b > 0 ? 'yes' : 'no', both: a + b > 0 ? 'yes' : 'no' }
    learner.take(example(observation(i, { a, b }, `line-${i % lines}`), labels))
  }
  return learner
}

describe('the cheap set', () => {
  test('keeps one mixture a scope, all with gates that the tasks share, and the memory', () => {
    const { banks } = recipeOf({ ...options, sharing: 'cheap' })
    expect(banks.map(({ scope }) => scope)).toEqual(['task', 'residual', 'solo', 'memory'])
    for (const { scope, joint } of banks) expect(joint).toBe(scope !== 'memory')
    expect(recipeOf({ ...options, sharing: 'cheap', domain: [] }).banks.map(({ scope }) => scope)).toEqual(['task', 'memory'])
  })

  test('has a smaller state than the full one, and learns nearly as well', () => {
    const [cheap, full] = [learned({ sharing: 'cheap' }), learned({})]
    expect(cheap.bytes).toBeLessThan(0.9 * full.bytes)
    for (const [i, { testThenTrain, task }] of cheap.status().tasks.entries()) {
      expect(testThenTrain.scores.kappa!, task).toBeGreaterThan(0.5)
      expect(testThenTrain.scores.kappa!, task).toBeGreaterThan(full.status().tasks[i]!.testThenTrain.scores.kappa! - 0.15)
    }
  })
})

describe('the ceiling of the state', () => {
  const solo = (learner: Learner) =>
    Object.values(learner.status().tasks[0]!.committee).filter(({ transfer }) => transfer !== null && transfer.n > 0).length

  test('without one every line gets weights of its own; at the ceiling no more lines do, and all go on learning', () => {
    expect(solo(learned({ maxMiB: 1024 }))).toBe(6)
    const kept = learned({ maxMiB: 1 }, 40, 2000)
    expect(solo(kept)).toBeLessThan(40)
    expect(solo(kept)).toBeGreaterThan(0)
    expect(kept.learned).toBe(2000)
    expect(Object.keys(kept.status().tasks[0]!.committee)).toHaveLength(40)
  })
})
