import { describe, expect, test } from 'vitest'
import { check, EARLIEST, type PolicyAt } from '../../src/events/check.ts'
import type { EventName, Events, Example, Label, Observation, Prediction, TaskPrediction } from '../../src/events/event.ts'
import { samples } from './samples.ts'

const now = samples.observation.time + 120_000
const open: PolicyAt = { maxSkewMs: 60_000, maxFeatures: 5, now }
const observation = (change: Partial<Observation>): Observation => ({ ...samples.observation, ...change })
const label = (change: Partial<Label>): Label => ({ ...samples.label, ...change })
const codeOf = <N extends EventName>(name: N, event: Events[N], policy: PolicyAt = open): string | undefined =>
  check(name, event, policy)?.code

describe('what may enter', () => {
  test.each(Object.keys(samples) as EventName[])('a sound %s has no problem', name => {
    expect(check(name, samples[name], open)).toBeNull()
  })

  test('an empty text is a category, an observation may have no features, any script may name', () => {
    expect(codeOf('observation', observation({ features: { a: '' }, id: '零件 ✓ 7' }))).toBeUndefined()
    expect(codeOf('observation', observation({ features: {} }))).toBeUndefined()
  })
})

describe('an observation is refused for', () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('a feature that is %s', value => {
    expect(check('observation', observation({ features: { torque: value } }), open)).toEqual({
      code: 'not-finite',
      reason: `feature "torque": expected a finite number, got ${value}`
    })
  })

  test('a time before 2000, later than the log allows, or between milliseconds', () => {
    expect(codeOf('observation', observation({ time: EARLIEST - 1 }))).toBe('time-out-of-range')
    expect(codeOf('observation', observation({ time: EARLIEST }))).toBeUndefined()
    expect(codeOf('observation', observation({ time: now + 60_000 }))).toBeUndefined()
    expect(codeOf('observation', observation({ time: now + 60_001 }))).toBe('time-out-of-range')
    expect(codeOf('observation', observation({ time: now + 0.5 }))).toBe('time-out-of-range')
    expect(codeOf('observation', observation({ time: Number.NaN }))).toBe('time-out-of-range')
  })

  const names = ['', 'x'.repeat(201), 'a\nb', 'a\u0000', 'a\u0085', '\ud800', '__proto__', 'constructor', 'prototype']
  test.each(names)('the name %j, wherever it stands', name => {
    expect(codeOf('observation', observation({ id: name }))).toBe('bad-name')
    expect(codeOf('observation', observation({ line: name }))).toBe('bad-name')
    expect(codeOf('observation', observation({ station: name }))).toBe('bad-name')
    expect(codeOf('observation', observation({ product: name }))).toBe('bad-name')
    expect(codeOf('observation', observation({ features: Object.fromEntries([[name, 1]]) }))).toBe('bad-name')
    expect(codeOf('label', label({ labels: Object.fromEntries([[name, 'a']]) }))).toBe('bad-name')
    expect(codeOf('label', label({ labels: { fault: name } }))).toBe('bad-name')
    expect(codeOf('label', label({ source: name }))).toBe('bad-name')
  })

  test('a name of 200 characters is the longest, a category of 500', () => {
    expect(codeOf('observation', observation({ id: 'x'.repeat(200) }))).toBeUndefined()
    expect(codeOf('observation', observation({ features: { tool: 'x'.repeat(500) } }))).toBeUndefined()
    expect(codeOf('observation', observation({ features: { tool: 'x'.repeat(501) } }))).toBe('bad-name')
    expect(codeOf('observation', observation({ features: { tool: '\udfff' } }))).toBe('bad-name')
  })

  test('more features than allowed', () => {
    const features = { a: 1, b: 2, c: 3, d: 4, e: 5 }
    expect(codeOf('observation', observation({ features }))).toBeUndefined()
    expect(codeOf('observation', observation({ features: { ...features, f: null } }))).toBe('too-many-features')
  })

  test('a line that is not on the list', () => {
    const policy = { ...open, lines: ['line-b', 'line-c'] }
    expect(check('observation', samples.observation, policy)?.reason).toBe('expected one of the lines "line-b", "line-c", got "line-a"')
    expect(codeOf('label', samples.label, policy)).toBe('unknown-line')
    expect(codeOf('example', samples.example, policy)).toBe('unknown-line')
    expect(codeOf('observation', samples.observation, { ...open, lines: ['line-a'] })).toBeUndefined()
    expect(codeOf('observation', samples.observation, { ...open, lines: [] })).toBe('unknown-line')
  })
})

describe('a label is refused for', () => {
  test('no labels', () => {
    expect(codeOf('label', label({ labels: {} }))).toBe('no-labels')
    expect(codeOf('example', { ...samples.example, labels: {} })).toBe('no-labels')
  })

  test('a task or a class that is not on the list', () => {
    const tasks = { fault: ['none', 'scratch'], grade: 'any' } as const
    expect(codeOf('label', samples.label, { ...open, tasks })).toBeUndefined()
    expect(codeOf('label', label({ labels: { fault: 'dent' } }), { ...open, tasks })).toBe('unknown-class')
    expect(codeOf('label', label({ labels: { grade: 'whatever' } }), { ...open, tasks })).toBeUndefined()
    expect(codeOf('label', label({ labels: { colour: 'red' } }), { ...open, tasks })).toBe('unknown-task')
    expect(codeOf('label', label({ labels: { toString: 'red' } }), { ...open, tasks })).toBe('unknown-task')
  })

  test('a long list of classes is cut short in the message', () => {
    const tasks = { fault: Array.from({ length: 500 }, (_, i) => `class-${i}`) }
    expect(check('label', samples.label, { ...open, tasks })!.reason.length).toBeLessThan(300)
  })
})

describe('a served prediction is refused for', () => {
  const task = samples.prediction.tasks[0]!
  const bank = task.banks[0]!
  const example = (change: Partial<Prediction>): Example => ({ ...samples.example, prediction: { ...samples.prediction, ...change } })
  const withTask = (change: Partial<TaskPrediction>): Example => example({ tasks: [{ ...task, ...change }] })

  test('belonging to another observation or line', () => {
    expect(codeOf('example', example({ observation: 'part-2' }))).toBe('malformed')
    expect(codeOf('example', example({ line: 'line-b' }))).toBe('malformed')
  })

  const wrong: readonly (readonly [string, Partial<TaskPrediction>, string])[] = [
    ['too few probabilities', { probabilities: [1] }, 'malformed'],
    ['a probability that is no number', { probabilities: [Number.NaN, 1] }, 'not-finite'],
    ['a negative probability', { probabilities: [-0.25, 1.25] }, 'malformed'],
    ['probabilities that sum to more than 1', { probabilities: [0.75, 0.75] }, 'malformed'],
    ['a chosen class that is none', { chosen: 'dent' }, 'malformed'],
    ['a set with a stranger', { set: ['none', 'dent'] }, 'malformed'],
    ['a class twice', { classes: ['none', 'none'] }, 'malformed'],
    ['a class without a name', { classes: ['none', ''] }, 'bad-name'],
    ['an opinion of another length', { banks: [{ ...bank, opinion: [0.5, 0.25, 0.25] }] }, 'malformed'],
    ['an infinite opinion', { banks: [{ ...bank, opinion: [Number.POSITIVE_INFINITY, 0] }] }, 'not-finite'],
    ['a negative weight', { banks: [{ ...bank, weight: -1 }] }, 'malformed'],
    ['a weight that is no number', { banks: [{ ...bank, weight: Number.NaN }] }, 'not-finite'],
    ['shares that do not sum to 1', { banks: [{ ...bank, shares: [0.5, 0.25] }] }, 'malformed']
  ]
  test.each(wrong)('%s', (_, change, code) => {
    expect(codeOf('example', withTask(change))).toBe(code)
    expect(codeOf('prediction', { ...samples.prediction, tasks: [{ ...task, ...change }] })).toBe(code)
  })

  test('a task twice, a negative count', () => {
    expect(codeOf('example', example({ tasks: [task, task] }))).toBe('malformed')
    expect(codeOf('example', example({ learned: -1 }))).toBe('malformed')
  })

  test('sums that 32 bits round are let through, as are a task without classes and a bank without experts', () => {
    const C = 1000
    const probabilities = Array.from({ length: C }, () => Math.fround(1 / C))
    const classes = Array.from({ length: C }, (_, c) => `class-${c}`)
    expect(codeOf('example', withTask({ classes, probabilities, chosen: 'class-0', set: [], banks: [] }))).toBeUndefined()
    expect(codeOf('example', withTask({ classes: [], probabilities: [], chosen: '', set: [], banks: [] }))).toBeUndefined()
    expect(codeOf('example', withTask({ banks: [{ ...bank, shares: [] }] }))).toBeUndefined()
  })
})

test('a control is refused for a value that is no number or negative', () => {
  expect(codeOf('control', { ...samples.control, value: Number.NaN })).toBe('not-finite')
  expect(codeOf('control', { ...samples.control, value: -1 })).toBe('malformed')
})
