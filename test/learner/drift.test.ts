/** A drift in the fold: told once, answered, the same after a restart; and one that was seen without labels. */
import { describe, expect, test } from 'vitest'
import type { Control, Example, Signal } from '../../src/events/event.ts'
import { Learner } from '../../src/learner/learner.ts'
import { defaultLearnerOptions, type LearnerOptions } from '../../src/learner/options.ts'
import { Random } from '../../src/numeric/random.ts'

const options: LearnerOptions = {
  ...defaultLearnerOptions,
  preset: 'fast',
  experts: 4,
  single: false,
  effort: { least: 2, most: 4, scale: 800 }
}
const START = Date.UTC(2026, 2, 14, 12)
const CHANGE = 1200

/** Two lines; on `line 2` from part `CHANGE` on what was a scratch is a dent and the other way round. */
function stream(n: number, change = CHANGE): Example[] {
  const random = new Random(3)
  return Array.from({ length: n }, (_, i) => {
    const line = i % 2 === 0 ? 'line 1' : 'line 2'
    const [x, z] = [random.normal(), random.normal()]
    const y = z > 0.6 ? 'good' : x > 0 !== (line === 'line 2' && i >= change) ? 'scratch' : 'dent'
    const time = START + i * 6000
    const observation = { id: `part-${i}`, line, station: null, product: null, time, features: { x, z } }
    return { observation, labels: { fault: y }, labelTime: time + 500, source: null, prediction: null }
  })
}

interface Run {
  readonly learner: Learner
  readonly signals: readonly Signal[]
  /** Share of right choices on line 2 after the change. */
  readonly right: number
}

function run(drift: LearnerOptions['drift'], examples: readonly Example[]): Run {
  const learner = new Learner({ ...options, drift })
  const signals: Signal[] = []
  let [right, all] = [0, 0]
  for (const [i, example] of examples.entries()) {
    if (i >= CHANGE && example.observation.line === 'line 2') {
      all++
      if (learner.predict(example.observation).tasks[0]?.chosen === example.labels.fault) right++
    }
    signals.push(...learner.take(example).signals)
  }
  return { learner, signals, right: right / Math.max(1, all) }
}

const of = (signals: readonly Signal[], kind: Signal['kind']) => signals.filter(signal => signal.kind === kind)

describe('a change of what classes look like on one line', () => {
  const examples = stream(2400)
  const [told, answered] = [run('tell', examples), run('answer', examples)]

  test('is told once, names the line, and speaks in one number', () => {
    for (const { signals } of [told, answered]) {
      const drifts = of(signals, 'drift-detected')
      expect(drifts).toHaveLength(1)
      const [{ domain, task, message, value, time }] = drifts as [Signal]
      expect([domain, task]).toEqual(['line 2', 'fault'])
      expect(message).toMatch(
        /^(recall|precision|error)( of (scratch|dent))? on line 2 (fell|rose) from \.\d\d\d? to \.\d\d since 1[34]:\d\d, \d+ parts seen$/
      )
      expect(value).toBeLessThan(0.8)
      expect(time - (START + CHANGE * 6000)).toBeLessThan(120 * 6000)
    }
  })

  test('stands in the status with its evidence', () => {
    const [task] = answered.learner.status().tasks
    expect(task!.drift).toHaveLength(1)
    expect(task!.drift[0]).toMatchObject({ domain: 'line 2', labelFree: false })
    expect(task!.drift[0]!.evidence.length).toBeGreaterThan(0)
  })

  test('is answered to good purpose, beside being told alone', () => {
    expect(answered.right).toBeGreaterThan(told.right + 0.05)
  })

  test('is not looked for where that is off', () => {
    const off = run('off', examples)
    expect(of(off.signals, 'drift-detected')).toEqual([])
    expect(off.learner.status().tasks[0]!.drift).toEqual([])
  })

  test('is told and answered alike after a restart anywhere', () => {
    const whole = answered.learner.save()
    for (const cut of [CHANGE + 20, CHANGE + 300]) {
      const first = new Learner(options)
      for (const example of examples.slice(0, cut)) first.take(example)
      const second = Learner.load(first.save(), options)
      for (const example of examples.slice(cut)) second.take(example)
      expect(second.save()).toEqual(whole)
    }
  })
})

test('without a change nothing is told', () => {
  expect(of(run('answer', stream(2400, Number.POSITIVE_INFINITY)).signals, 'drift-detected')).toEqual([])
})

describe('a drift that was seen without labels', () => {
  const seen = { domain: 'line 2', what: 'input', class: null, feature: 'x', since: START + 60_000, from: 0, to: 1.5, seen: 48 } as const
  const control: Control = { id: 'drift-1', time: START + 120_000, kind: 'drift', task: null, value: 48, drift: seen }
  const learned = (): Learner => {
    const learner = new Learner(options)
    for (const example of stream(60)) learner.take(example)
    return learner
  }

  test('is told by the fold where its record stands, and says that no label told it', () => {
    const { outcome, signals } = learned().take(control)
    expect(outcome).toBe('control')
    expect(signals.map(({ kind, domain, message }) => [kind, domain, message])).toEqual([
      ['drift-suspected', 'line 2', 'mean of x on line 2 rose from .00 to 1.50 since 12:01, 48 parts seen without labels']
    ])
  })

  test('is told once, however often its record comes', () => {
    const learner = learned()
    learner.take(control)
    const saved = learner.save()
    expect(learner.take(control).signals).toEqual([])
    expect(learner.save()).toEqual(saved)
  })

  test('changes nothing where the domain is not known', () => {
    const learner = learned()
    const saved = learner.save()
    expect(learner.take({ ...control, drift: { ...seen, domain: 'line 9' } }).signals).toEqual([])
    expect(learner.save()).toEqual(saved)
  })

  test('fits the knots of its domain anew', () => {
    const learner = learned()
    for (const example of stream(200).slice(60)) learner.take(example)
    learner.take(control)
    const later = stream(280)
      .slice(200)
      .flatMap(example => learner.take(example).signals)
    expect(of(later, 'knots-refitted').filter(({ domain }) => domain === 'line 2').length).toBeGreaterThan(0)
  })
})
