import { describe, expect, test } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import type { Example } from '../../src/events/event.ts'
import { LastLabels } from '../../src/learner/last-labels.ts'
import { Learner } from '../../src/learner/learner.ts'
import { defaultLearnerOptions } from '../../src/learner/options.ts'
import { Random } from '../../src/numeric/random.ts'
import { example, observation, small } from './stream.ts'

interface Past {
  readonly line: number
  readonly at: number
  readonly labels: { readonly task: number; readonly y: number }[]
}

/** What a line knew at a version, from the whole past. */
function plainly(past: readonly Past[], line: number, version: number) {
  const known = past.filter(each => each.line === line && each.at <= version)
  return [0, 1, 2].flatMap(task => {
    const last = known.findLastIndex(each => each.labels.some(label => label.task === task))
    return last < 0 ? [] : [{ task, y: known[last]!.labels.findLast(label => label.task === task)!.y, age: known.length - 1 - last }]
  })
}

function drawn(n: number, seed: number): Past[] {
  const random = new Random(seed)
  return Array.from({ length: n }, (_, i) => {
    const labels = [0, 1, 2].filter(task => random.below(1 + task * 3) === 0).map(task => ({ task, y: random.below(4) }))
    return { line: random.below(2), at: i + 1, labels: labels.length > 0 ? labels : [{ task: 0, y: 1 }] }
  })
}

describe('what is known of a line', () => {
  test('at any version is what had come by then, whenever it is asked', () => {
    for (const seed of [1, 2, 3]) {
      const past = drawn(120, seed)
      const last = new LastLabels()
      for (const [i, { line, at, labels }] of past.entries()) {
        last.add(line, at, labels)
        if (i % 10 !== 0) continue
        for (let version = 0; version <= i + 1; version++) {
          for (const each of [0, 1, 7])
            expect(last.known(each, version), `seed ${seed}, version ${version} after ${at}`).toEqual(
              plainly(past.slice(0, i + 1), each, version)
            )
        }
      }
    }
  })

  test('is kept in bounds: of a version before them the oldest known is told, and a rare task is never forgotten', () => {
    const last = new LastLabels(8)
    last.add(0, 1, [{ task: 1, y: 3 }])
    for (let at = 2; at <= 100; at++) last.add(0, at, [{ task: 0, y: at % 5 }])
    expect(last.known(0, 100)).toEqual([{ task: 0, y: 0, age: 0 }, { task: 1, y: 3, age: 99 }]) // biome-ignore format: a pair
    expect(last.known(0, 95)).toEqual([{ task: 0, y: 0, age: 0 }, { task: 1, y: 3, age: 94 }]) // biome-ignore format: a pair
    expect(last.known(0, 10)[0]).toEqual({ task: 0, y: 93 % 5, age: 0 })
  })

  test('goes on after loading as before, with rings full, part full and empty', () => {
    for (const n of [0, 3, 8, 60]) {
      const [past, more] = [drawn(n, 4), drawn(90, 4).slice(n)]
      const whole = new LastLabels(8)
      for (const { line, at, labels } of past) whole.add(line, at, labels)
      const again = new LastLabels(8)
      again.load(decodeSaved(encodeSaved(whole.save())))
      for (const { line, at, labels } of more) for (const each of [whole, again]) each.add(line, at, labels)
      expect(Buffer.compare(encodeSaved(again.save()), encodeSaved(whole.save()))).toBe(0)
      for (let version = 0; version <= 90; version++) expect(again.known(1, version)).toEqual(whole.known(1, version))
    }
  })
})

const options = { ...small, lastLabel: true, memoryPerClass: 1000, maxIds: 1000, maxFeatures: 20 }

interface State {
  readonly columns: { readonly columns: { readonly name: string; readonly values: string[] }[] }
  readonly raws: Float64Array
  readonly tasks: { readonly parts: { readonly whole: { readonly memory: { readonly ids: string[]; readonly raws: Int32Array }[] } } }[]
}

/** The last label and its age as they were learned with an example of the first task. */
function learnedWith(learner: Learner): Map<string, { readonly last: string | null; readonly age: number | null }> {
  const { columns, raws, tasks } = learner.save() as unknown as State
  const width = columns.columns.length
  const slot = (name: string) => columns.columns.findIndex(each => each.name === `\u0001${name} task`)
  const found = new Map()
  for (const { ids, raws: places } of tasks[0]!.parts.whole.memory) {
    ids.forEach((id, i) => {
      const value = (name: string) => (slot(name) < 0 ? Number.NaN : raws[places[i]! * width + slot(name)]!)
      const [last, age] = [value('last'), value('age')]
      found.set(id, {
        last: Number.isNaN(last) ? null : columns.columns[slot('last')]!.values[last],
        age: Number.isNaN(age) ? null : Math.round(Math.exp(age) - 1)
      })
    })
  }
  return found
}

const lines = (n: number): Example[] => {
  const random = new Random(5)
  return Array.from({ length: n }, (_, i) =>
    example(observation(i, { a: random.normal() }, `line ${random.below(2)}`), { task: `class ${random.below(3)}` })
  )
}

for (const domain of [['line'], []]) {
  test(`with labels that come late an example is learned with what was known when it was predicted, domain [${domain}]`, () => {
    const learner = new Learner({ ...options, domain })
    const of = ({ observation: { line } }: Example) => (domain.length > 0 ? line : '')
    const taken: Example[] = []
    const waiting: Example[] = []
    const expected = new Map()
    for (const each of lines(120)) {
      const known = taken.filter(other => of(other) === of(each))
      expected.set(each.observation.id, { last: known.at(-1)?.labels['task'] ?? null, age: known.length > 0 ? 0 : null })
      waiting.push({ ...each, prediction: learner.predict(each.observation) })
      if (waiting.length <= 7) continue
      // Now and then two labels come at once, and out of order.
      for (const late of waiting.length > 9 ? [waiting.splice(3, 1)[0]!, waiting.shift()!] : [waiting.shift()!]) {
        learner.take(late)
        taken.push(late)
      }
    }
    const learned = learnedWith(learner)
    expect(learned.size).toBeGreaterThan(100)
    for (const [id, inputs] of learned) expect(inputs, id).toEqual(expected.get(id))
    const kinds = new Set([...learned.values()].map(({ last }) => last))
    expect(kinds).toEqual(new Set([null, 'class 0', 'class 1', 'class 2']))
  })
}

test('an example without a prediction is learned with what is known on arrival, and its age counts examples of the line', () => {
  const learner = new Learner(options)
  const rows: [line: string, labels: Record<string, string>][] = [
    ['a', { task: 'good' }],
    ['b', { task: 'bad' }],
    ['a', { other: 'x' }],
    ['a', { other: 'y' }],
    ['a', { task: 'bad' }]
  ]
  for (const [i, [line, labels]] of rows.entries()) learner.take(example(observation(i, { a: i }, line), labels))
  const learned = learnedWith(learner)
  expect(learned.get('part-1')).toEqual({ last: null, age: null })
  expect(learned.get('part-4')).toEqual({ last: 'good', age: 2 })
})

test('a label that is yet to come changes no prediction before it arrives, and those of its own line after', () => {
  const all = lines(60)
  const poisoned = all.map((each, i) => (i === 40 ? { ...each, labels: { task: 'class 2' } } : each))
  const clean = all.map((each, i) => (i === 40 ? { ...each, labels: { task: 'class 0' } } : each))
  const [one, other] = [new Learner(options), new Learner(options)]
  const said = (learner: Learner, line: string) => learner.predict(observation(999, { a: 0 }, line))
  for (let i = 0; i < 48; i++) {
    const late = i - 5
    for (const line of ['line 0', 'line 1']) {
      if (late <= 40) expect(said(other, line)).toEqual(said(one, line))
      else expect(said(other, line)).not.toEqual(said(one, line))
    }
    if (late < 0) continue
    one.take(clean[late]!)
    other.take(poisoned[late]!)
  }
})

/** Labels in runs as of a machine that stays broken until it is mended, and features that say little. */
function runs(n: number): Example[] {
  const random = new Random(9)
  const state = [0, 0]
  return Array.from({ length: n }, (_, i) => {
    const line = random.below(2)
    if (random.below(25) === 0) state[line] = random.below(3)
    return example(observation(i, { a: state[line]! * 0.3 + random.normal(), b: random.normal() }, `line ${line}`), {
      task: `class ${state[line]}`
    })
  })
}

test('where labels come in long runs and at once, κ rises', () => {
  const kappa = (lastLabel: boolean) => {
    const learner = new Learner({ ...defaultLearnerOptions, single: false, preset: 'fast', lastLabel })
    for (const each of runs(1200)) learner.take(each)
    return learner.status().tasks[0]!.testThenTrain.scores.kappa!
  }
  const [off, on] = [kappa(false), kappa(true)]
  expect(off).toBeLessThan(0.5)
  expect(on).toBeGreaterThan(off + 0.3)
})
