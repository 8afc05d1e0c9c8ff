import { describe, expect, test } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import type { Example, Prediction } from '../../src/events/event.ts'
import { Chain, type Speaker } from '../../src/learner/chain.ts'
import { Encodings } from '../../src/learner/encodings.ts'
import { Learner } from '../../src/learner/learner.ts'
import { defaultLearnerOptions } from '../../src/learner/options.ts'
import { plainKernel } from '../../src/numeric/plain-kernel.ts'
import { Random } from '../../src/numeric/random.ts'
import { Sparse } from '../../src/numeric/sparse.ts'
import { example, observation, small } from './stream.ts'

const speaker = (name: string, ...p: number[]): Speaker => ({
  name,
  classes: p.map((_, c) => `${c}`),
  speak: () => Float64Array.from(p, each => each - 1 / p.length)
})
const vector = (x: Sparse) => Array.from({ length: x.n }, (_, i) => [x.index[i]!, +x.value[i]!.toFixed(4)])
const record = new Encodings(small, plainKernel()).record()

describe('what tasks hear', () => {
  test('is every other task’s p − 1/C, by rows in order of appearance, and never their own', () => {
    const chain = new Chain()
    const tasks = [speaker('a', 0.75, 0.25), speaker('b', 0.5, 0.25, 0.25)]
    chain.meet(tasks)
    expect(chain.rows).toBe(6)
    const heard = chain.hear(tasks, record, null)
    expect(Array.from(chain.hear(tasks, record, null, new Set([0])).slice(1, 3))).toEqual([Number.NaN, Number.NaN])
    const x = new Sparse()
    chain.fill(heard, 0, x)
    expect(vector(x)).toEqual([[3, 0.1667], [4, -0.0833], [5, -0.0833]]) // biome-ignore format: one record
    chain.fill(heard, 1, x)
    expect(vector(x)).toEqual([[1, 0.25], [2, -0.25]]) // biome-ignore format: one record
    chain.fill(null, 1, x)
    expect(vector(x)).toEqual([])
  })

  test('leaves out what was not known then: tasks, classes and what was not served', () => {
    const chain = new Chain()
    chain.meet([speaker('a', 1)])
    const early = chain.hear([speaker('a', 1)], record, null)
    const grown = [
      speaker('a', 0.5, 0.5),
      speaker('b', 0.75, 0.25),
      { ...speaker('c', 1, 1), speak: () => Float64Array.of(0.5, Number.NaN) }
    ]
    chain.meet(grown)
    const x = new Sparse()
    chain.fill(early, 1, x)
    expect(vector(x)).toEqual([])
    const served = { tasks: [{ task: 'b' }, { task: 'c' }] } as unknown as Prediction
    chain.fill(chain.hear(grown, record, served), 9, x)
    expect(vector(x)).toEqual([[3, 0.25], [4, -0.25], [5, 0.5]]) // biome-ignore format: one record
  })
})

/** The second task is what the first is but for one part in twenty; the first can be told from the features, by curves that cross. */
function twins(seed: number, n: number, firstMissing = 0): Example[] {
  const random = new Random(seed)
  return Array.from({ length: n }, (_, i) => {
    const [a, b] = [random.normal(), random.normal()]
    const first = a * b > 0 ? 1 : 0
    const second = random.below(20) === 0 ? 1 - first : first
    // The second is labelled rarely, so that it has much to gain from hearing the first.
    const labels = { ...(random.next() < firstMissing ? {} : { first: `f${first}` }), ...(i % 8 === 0 ? { second: `s${second}` } : {}) }
    return example(observation(i, { a, b }), Object.keys(labels).length > 0 ? labels : { first: `f${first}` })
  })
}

const options = { ...defaultLearnerOptions, single: false, domain: [], preset: 'fast' as const, maxFeatures: 20 }

function lossOfSecond(all: readonly Example[], chain: boolean): number {
  const learner = new Learner({ ...options, chain })
  for (const each of all) learner.take(each)
  return learner.status().tasks.find(({ task }) => task === 'second')!.testThenTrain.scores.logLoss!
}

test('a task that is much like another hears it and loses less, though the other’s label never comes with its own', () => {
  const [alone, hearing] = [false, true].map(chain => lossOfSecond(twins(1, 3000), chain))
  expect(hearing!).toBeLessThan(alone! - 0.02)
  const apart = twins(2, 3000).map(each => ('second' in each.labels ? { ...each, labels: { second: each.labels['second']! } } : each))
  const [without, heard] = [false, true].map(chain => lossOfSecond(apart, chain))
  expect(heard!).toBeLessThan(without! - 0.02)
})

test('the order of the tasks in an example’s labels makes no difference', () => {
  const all = twins(3, 200, 0.3)
  const turned = all.map((each, i) => (i < 8 ? each : { ...each, labels: Object.fromEntries(Object.entries(each.labels).reverse()) }))
  const [one, other] = [all, turned].map(some => {
    const learner = new Learner({ ...options, chain: true })
    for (const each of some) learner.take(each)
    return learner
  })
  const asked = observation(9999, { a: 0.4, b: -1 })
  expect(other!.predict(asked)).toEqual(one!.predict(asked))
  const committees = (learner: Learner) => (learner.save() as { tasks: { committee: object }[] }).tasks.map(({ committee }) => committee)
  expect(committees(other!)).toEqual(committees(one!))
})

interface Ring {
  readonly ids: string[]
  readonly others?: { readonly lengths: Int32Array; readonly values: Float32Array }
}

/** What is remembered to have been heard with each example of a task, by id. */
function heardBy(learner: Learner, task: number): Map<string, number[]> {
  const rings = (learner.save() as unknown as { tasks: { parts: { whole: { memory: Ring[] } } }[] }).tasks[task]!.parts.whole.memory
  const found = new Map<string, number[]>()
  for (const { ids, others } of rings) {
    let at = 0
    for (const [i, id] of ids.entries()) {
      const n = others?.lengths[i] ?? 0
      found.set(id, [...(others?.values.subarray(at, at + n) ?? [])])
      at += n
    }
  }
  return found
}

test('an example is remembered with what was said of it before any task learned it: on arrival, or else as served', () => {
  const learner = new Learner({ ...options, chain: true })
  const arrived = new Map<string, number>()
  const served = new Map<string, number>()
  for (const [i, each] of twins(4, 400).entries()) {
    const prediction = learner.predict(each.observation)
    const first = prediction.tasks.find(({ task }) => task === 'first')
    // One bank stands beside the chain, so that what the pool says is near what that bank does.
    const said = first?.banks[0]?.opinion[0] ?? 0
    if (i < 40 || i % 16 !== 0) {
      learner.take(each)
      if (i >= 40) arrived.set(each.observation.id, said - 0.5)
      continue
    }
    // Served long ago, when the other was thought likely.
    const opinion = [1 - said, said]
    const banks = first!.banks.map(bank => ({ ...bank, opinion }))
    learner.take({
      ...each,
      prediction: { ...prediction, tasks: prediction.tasks.map(task => (task === first ? { ...task, banks } : task)) }
    })
    served.set(each.observation.id, 0.5 - said)
  }
  const heard = heardBy(learner, 1)
  for (const expected of [arrived, served]) {
    const pairs = [...expected].flatMap(([id, value]) => (heard.has(id) ? [[heard.get(id)![1]!, value] as const] : []))
    expect(pairs.length).toBeGreaterThan(10)
    for (const [own, value] of pairs) expect(Math.abs(own - value)).toBeLessThan(0.2)
  }
})

test('of a task that was not served nothing is heard, nor of a class that came later', () => {
  const learner = new Learner({ ...options, chain: true })
  for (const each of twins(7, 40)) learner.take(each)
  const [old, unserved] = [observation(500, { a: 1, b: 1 }), observation(501, { a: 1, b: 1 })]
  const early = learner.predict(old)
  learner.take(example(observation(499, { a: 0, b: 0 }), { first: 'f9' }))
  learner.take({ ...example(old, { second: 's1' }), prediction: early })
  learner.take({
    ...example(unserved, { second: 's1' }),
    prediction: { ...early, tasks: early.tasks.filter(({ task }) => task === 'second') }
  })
  const [rows] = (learner.save() as unknown as { chain: { rowOf: Int32Array[] } }).chain.rowOf
  const first = (id: string) => [...rows!].map(row => !Number.isNaN(heardBy(learner, 1).get(id)![row]!))
  expect(first('part-500')).toEqual([true, true, false])
  expect(first('part-501')).toEqual([false, false, false])
})

test('what is heard goes with the state, and is replayed from it as it was', () => {
  const all = twins(5, 260, 0.2)
  const on = { ...options, chain: true, maxIds: 10_000 }
  const whole = new Learner(on)
  for (const each of all.slice(0, 130)) whole.take(each)
  const again = Learner.load(decodeSaved(encodeSaved(whole.save())), on)
  expect(heardBy(again, 1)).toEqual(heardBy(whole, 1))
  for (const each of all.slice(130)) for (const learner of [whole, again]) learner.take(each)
  expect(Buffer.compare(encodeSaved(again.save()), encodeSaved(whole.save()))).toBe(0)
})

test('without it there is no such bank and nothing is heard; with it there is one in every committee', () => {
  const banks = (chain: boolean) => {
    const learner = new Learner({ ...options, chain })
    for (const each of twins(6, 60)) learner.take(each)
    expect([...heardBy(learner, 1).values()].every(values => values.length > 0)).toBe(chain)
    return learner.predict(observation(999, { a: 1, b: 1 })).tasks.map(({ banks: all }) => all.map(({ bank }) => bank))
  }
  expect(banks(false)).toEqual([['task'], ['task']])
  expect(banks(true)).toEqual([
    ['task', 'chain'],
    ['task', 'chain']
  ])
})
