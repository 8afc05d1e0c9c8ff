/** A trial is scored by labels that come later, and left only by what it had to show when it began. */
import { describe, expect, test } from 'vitest'
import { Trial, type TrialCriteria } from '../../src/alert/trial.ts'
import type { Alert } from '../../src/events/event.ts'
import type { Saved } from '../../src/numeric/saved.ts'

const DAY = 86_400_000
const T0 = Date.UTC(2026, 0, 1)
const criteria: TrialCriteria = { leastDays: 2, leastParts: 10, mostFalseAlarms: 0.5, leastPrecision: 0.6, leastRecall: 0.5 }
const alert = (id: string, kind: Alert['kind']): Alert => ({
  ...{ id, kind, time: T0, line: 'l', severity: 'warning', rule: 'run', observation: null, task: 't', class: null, message: '' },
  ...{ station: null, cause: '', by: null, value: null, count: 1, trial: true }
})

/** Ten parts, of which four were flagged: three bad ones and a good one, and one bad one passed. */
function shown(trial = new Trial(), from = criteria): Trial {
  trial.begin(from, T0)
  for (let i = 0; i < 10; i++) {
    trial.part()
    if (i < 4) trial.stopped({ observation: `p-${i}`, line: 'l', task: 't', action: 'flag' })
    if (i === 2) trial.alerted(alert('run-1', 'raised'))
  }
  trial.alerted(alert('run-1', 'cleared'))
  for (let i = 0; i < 10; i++) trial.judged(`p-${i}`, 't', i < 3 || i === 9, T0 + 1)
  return trial
}

describe('a trial', () => {
  test('counts what was right, wrong and missed', () => {
    const report = shown().report(T0 + 3 * DAY)!
    expect(report).toMatchObject({ parts: 10, precision: 0.75, recall: 0.75, days: 3, open: [], left: null })
    expect(report.alerts).toEqual({ raised: 1, judged: 1, false: 0, falseADay: 0 })
  })

  test('an alert of which more parts were good than bad is false, one of which no label came is not judged', () => {
    const trial = new Trial()
    trial.begin(criteria, T0)
    for (const id of ['a', 'b', 'c']) trial.stopped({ observation: id, line: 'l', task: 't', action: 'flag' })
    trial.alerted(alert('run-1', 'raised'))
    trial.alerted(alert('run-1', 'cleared'))
    expect(trial.report(T0)!.alerts).toMatchObject({ raised: 1, judged: 0, false: 0 })
    for (const id of ['a', 'b']) trial.judged(id, 't', false, T0)
    trial.judged('c', 't', true, T0)
    expect(trial.report(T0 + 4 * DAY)!.alerts).toEqual({ raised: 1, judged: 1, false: 1, falseADay: 0.25 })
    // A correction counts in place of what it corrects.
    trial.judged('a', 't', true, T0)
    expect(trial.report(T0)!.alerts.false).toBe(0)
    expect(trial.report(T0)!.precision).toBe(2 / 3)
  })

  test('a part whose label is read before it is flagged is found, not missed', () => {
    const trial = shown()
    trial.judged('early', 't', true, T0 + 1)
    trial.stopped({ observation: 'early', line: 'l', task: 't', action: 'flag' })
    trial.judged('early', 't', true, T0 + 1)
    expect(trial.report(T0)).toMatchObject({ precision: 0.8, recall: 0.8 })
  })

  test('a bad part left to a person did not pass: it is found, and says nothing of how right the flags are', () => {
    const trial = shown()
    const left = (observation: string) => trial.stopped({ observation, line: 'l', task: 't', action: 'abstain' })
    for (const id of ['left', 'good']) left(id)
    trial.judged('left', 't', true, T0 + 1)
    trial.judged('good', 't', false, T0 + 1)
    const saved = new Trial()
    for (const [key, value] of trial.changes()) saved.load(key, value)
    for (const each of [trial, saved]) {
      expect(each.report(T0)).toMatchObject({ precision: 0.75, recall: 0.8 })
      expect(each.report(T0)!.alerts).toMatchObject({ judged: 1, false: 0 })
      each.judged('left', 't', false, T0 + 1)
      expect(each.report(T0)).toMatchObject({ precision: 0.75, recall: 0.75 })
      each.judged('left', 't', true, T0 + 1)
    }
  })

  test('a missed part is counted once, however often it is corrected, and taken back where it was good', () => {
    const trial = shown()
    for (const bad of [true, true]) trial.judged('p-9', 't', bad, T0 + 1)
    expect(trial.report(T0)!.recall).toBe(0.75)
    const saved = new Trial()
    for (const [key, value] of trial.changes()) saved.load(key, value)
    for (const each of [trial, saved]) {
      each.judged('p-9', 't', false, T0 + 1)
      expect(each.report(T0)!.recall).toBe(1)
      each.judged('p-9', 't', true, T0 + 1)
      expect(each.report(T0)!.recall).toBe(0.75)
    }
  })

  test.each([
    [{ leastDays: 4 }, '3 of at least 4 days'],
    [{ leastParts: 11 }, '10 of at least 11 parts'],
    [{ leastPrecision: 0.8 }, 'precision 0.75, at least 0.8'],
    [{ leastRecall: 0.8 }, 'recall 0.75, at least 0.8']
  ])('is not left while %o is not met', (also, open) => {
    const trial = shown(new Trial(), { ...criteria, ...also })
    expect(trial.report(T0 + 3 * DAY)!.open).toEqual([open])
    expect(trial.leave('Ada', T0 + 3 * DAY)).toBe(false)
    expect(trial.on).toBe(true)
  })

  test('what was never judged is not met', () => {
    const trial = new Trial()
    trial.begin({ ...criteria, leastDays: 0, leastParts: 0 }, T0)
    expect(trial.report(T0)!.open).toEqual(['precision not known yet, at least 0.6', 'recall not known yet, at least 0.5'])
  })

  test('once everything is met it is left once, and says by whom', () => {
    const trial = shown()
    expect(trial.leave('Ada', T0 + 3 * DAY)).toBe(true)
    expect(trial.on).toBe(false)
    expect(trial.leave('Bob', T0 + 4 * DAY)).toBe(false)
    expect(trial.report(T0 + 9 * DAY)).toMatchObject({ left: { by: 'Ada', at: T0 + 3 * DAY }, days: 3 })
  })

  test('parts from before it began are not judged', () => {
    const trial = new Trial()
    trial.begin(criteria, T0)
    trial.judged('old', 't', true, T0 - 1)
    expect(trial.report(T0)!.recall).toBeNull()
  })

  test('saved in parts and restored it stands as it stood, and goes on', () => {
    const notes = new Map<string, Saved | null>()
    const trial = shown()
    for (const [key, saved] of trial.changes()) notes.set(key, structuredClone(saved))
    expect(trial.changes()).toEqual([])
    trial.judged('p-9', 't', true, T0)
    for (const [key, saved] of trial.changes()) notes.set(key, structuredClone(saved))
    const again = new Trial()
    for (const [key, saved] of notes) again.load(key, saved)
    expect(again.report(T0 + 3 * DAY)).toEqual(trial.report(T0 + 3 * DAY))
    again.judged('p-0', 't', false, T0)
    trial.judged('p-0', 't', false, T0)
    expect(again.report(T0 + 3 * DAY)).toEqual(trial.report(T0 + 3 * DAY))
  })
})
