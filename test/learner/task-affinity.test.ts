/** Which task's choice would help which: compared where both are labelled, at once or one after the other. */
import { expect, test } from 'vitest'
import type { Example } from '../../src/events/event.ts'
import { Learner } from '../../src/learner/learner.ts'
import { AFFINITY_TASKS, TaskAffinity } from '../../src/learner/task-affinity.ts'
import { Random } from '../../src/numeric/random.ts'
import { example, observation, small } from './stream.ts'

const options = { ...small, maxIds: 5000, memoryPerClass: 50, single: false }

/** Task `seen` can be told from x; task `hidden` is the same class but on one part in five, and nothing else tells it. */
function twins(n: number): Example[] {
  const random = new Random(1)
  return Array.from({ length: n }, (_, i) => {
    const x = random.normal()
    const seen = x > 0 ? 1 : 0
    const hidden = random.below(5) === 0 ? 1 - seen : seen
    return example(observation(i, { x }), { seen: `class ${seen}`, hidden: `class ${hidden}` })
  })
}

const pairs = (learner: Learner) => new Map(learner.status().affinity.map(({ from, to, n, gain }) => [`${from} ${to}`, { n, gain }]))

test('tasks that are told from the same inputs say the same twice', () => {
  const learner = new Learner(options)
  for (const each of twins(800)) learner.take(each)
  const told = pairs(learner)
  expect([...told.keys()].sort()).toEqual(['hidden seen', 'seen hidden'])
  expect(told.get('seen hidden')!.n).toBeGreaterThan(790)
  expect(told.get('seen hidden')!.gain).toBeLessThan(0)
})

test('a label that comes later is compared with what was chosen for the earlier one, and not the other way round', () => {
  const learner = new Learner(options)
  for (const each of twins(100)) {
    learner.take({ ...each, labels: { seen: each.labels.seen! } })
    learner.take({ ...each, labels: { hidden: each.labels.hidden! } })
  }
  const told = pairs(learner)
  expect([...told.keys()]).toEqual(['seen hidden'])
  expect(told.get('seen hidden')!.n).toBeGreaterThan(90)
})

test('tasks never labelled of the same part are not compared', () => {
  const learner = new Learner(options)
  twins(100).forEach((each, i) => {
    learner.take({ ...each, labels: i % 2 === 0 ? { seen: each.labels.seen! } : { hidden: each.labels.hidden! } })
  })
  expect(learner.status().affinity).toEqual([])
})

test('tasks beyond the limit, choices of nothing and classes never met are left out', () => {
  const affinity = new TaskAffinity()
  const p = Float64Array.of(0.5, 0.5)
  affinity.observe(
    [
      { task: 0, chosen: 0, y: 0, p },
      { task: 1, chosen: -1, y: 1, p },
      { task: 2, chosen: 1, y: -1, p },
      { task: AFFINITY_TASKS, chosen: 0, y: 0, p }
    ],
    []
  )
  expect(affinity.report(['a', 'b', 'c']).map(({ from, to }) => `${from} ${to}`)).toEqual(['c a', 'a b', 'c b'])
})
