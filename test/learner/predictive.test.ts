import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { encodeSaved } from '../../src/adapter/file/saved.ts'
import type { Observation } from '../../src/events/event.ts'
import { FOLD, Learner } from '../../src/learner/learner.ts'
import { noMeter } from '../../src/learner/meter.ts'
import type { LearnerOptions } from '../../src/learner/options.ts'
import { openKernel } from '../../src/numeric/open-kernel.ts'
import { applied, patchOf } from '../../src/numeric/patch.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { log, small } from './stream.ts'

const kinds: Readonly<Record<string, Partial<LearnerOptions>>> = {
  'without domains': { domain: [] },
  'with domains': { domain: ['line'] },
  'with gates that tasks share': { domain: ['line'], sharing: 'cheap' },
  'where tasks hear one another': { domain: ['line'], chain: true },
  'with last labels as inputs': { domain: ['line'], lastLabel: true },
  'with starts that contend': { domain: ['line'], start: 'evidence' }
}
const fresh = (all: ReturnType<typeof log>): Observation[] =>
  all.flatMap(entry => ('kind' in entry ? [] : [{ ...entry.observation, id: `new ${entry.observation.id}` }]))
const sha256 = (saved: Saved): string => createHash('sha256').update(encodeSaved(saved)).digest('hex')
const said = (learner: Learner, observations: readonly Observation[]): string =>
  JSON.stringify(observations.map(each => learner.predict(each)))

describe.each(Object.entries(kinds))('%s', (_, kind) => {
  const options = { ...small, admitAfter: 5, ...kind }
  const all = log(31, 160)

  test('a learner of the predictive part predicts what the whole one does, and one kernel serves the next', () => {
    const whole = new Learner(options)
    const kernel = openKernel()
    for (const [i, entry] of all.entries()) {
      whole.take(entry)
      if (i % 20 !== 19) continue
      kernel.clear()
      const part = Learner.loadPredictive(whole.savePredictive(), options, noMeter, kernel)
      const asked = fresh(all.slice(0, i + 9))
      expect(said(part, asked)).toBe(said(whole, asked))
      expect(sha256(part.savePredictive())).toBe(sha256(whole.savePredictive()))
    }
  })

  test('patches from state to state lead to the same part', () => {
    const whole = new Learner(options)
    let kept: Saved = null
    let last: Saved = null
    for (const [i, entry] of all.entries()) {
      whole.take(entry)
      if (i % 7 !== 6) continue
      const now = whole.savePredictive()
      kept = applied(kept, structuredClone(patchOf(last, now)))
      last = now
      expect(sha256(kept)).toBe(sha256(now))
    }
  })
})

describe('the predictive part', () => {
  test('follows a bank that was made anew and has left the gate it shared', () => {
    const options: LearnerOptions = { ...small, domain: ['line'], sharing: 'cheap', admitAfter: 5 }
    const whole = new Learner(options)
    for (const entry of log(31, 100)) whole.take(entry)
    const saved = structuredClone(whole.save()) as unknown as {
      gates: [name: string, gate: Saved][]
      tasks: { committee: { banks: { gate: Saved }[] }; pupils: { divergences: [number, { restarts: number }][] }[] }[]
    }
    // What makes a bank diverge is another test's affair: here one that did has the gate of its own that it was given.
    const { committee, pupils } = saved.tasks[1]!
    pupils[0]!.divergences[0]![1].restarts = 1
    committee.banks[0]!.gate = saved.gates.find(([name]) => name === 'task')![1]
    const restarted = Learner.load(saved as unknown as Saved, options)
    for (const entry of log(31, 160).slice(100)) restarted.take(entry) // the two gates part
    const first = fresh(log(31, 100))
    const part = Learner.loadPredictive(restarted.savePredictive(), options, noMeter, openKernel())
    expect(said(part, first)).toBe(said(restarted, first))
  })

  test('does not learn, and says so', () => {
    const whole = new Learner(small)
    const [entry] = log(31, 100)
    const part = Learner.loadPredictive(whole.savePredictive(), small, noMeter, openKernel())
    expect(() => part.take(entry!)).toThrow('expected a whole state to learn with')
  })

  test('is less than half of the state', () => {
    const whole = new Learner({ ...small, domain: ['line'] })
    for (const entry of log(31, 160)) whole.take(entry)
    expect(encodeSaved(whole.savePredictive()).length).toBeLessThan(encodeSaved(whole.save()).length / 2)
  })

  test('of another fold or other options is refused', () => {
    const saved = new Learner(small).savePredictive() as { fold: number }
    const load = (tree: Saved, options = small) => Learner.loadPredictive(tree, options, noMeter, openKernel())
    expect(() => load({ ...saved, fold: FOLD + 1 })).toThrow(`expected a state of fold version ${FOLD}`)
    expect(() => load(saved, { ...small, experts: 5 })).toThrow('experts')
  })
})
