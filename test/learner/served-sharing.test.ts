/** The account of sharing as it was served: with labels late it is of the predictions, whatever was learned since. */
import { expect, test } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import type { Example } from '../../src/events/event.ts'
import { Learner } from '../../src/learner/learner.ts'
import { defaultLearnerOptions } from '../../src/learner/options.ts'
import { log } from '../../src/numeric/exp-log.ts'
import { GUARD_FLOOR } from '../../src/pool/guard.ts'
import { kindredTasks } from '../../src/simulate/kindred.ts'
import { domains } from './domains-stream.ts'

const options = { ...defaultLearnerOptions, experts: 4, single: false }
const DELAY = 100
const floored = (q: number | undefined) => log(Math.max(GUARD_FLOOR, q ?? 0))

/** What predictions said, line by line, of the labels that came `DELAY` rows later. */
function late(n: number, learner = new Learner(options)) {
  const told = new Map<string, { n: number; gain: number }>()
  const waiting: Example[] = []
  for (const each of domains(1, n, undefined, kindredTasks.slice(1, 2))) {
    waiting.push({ ...each, prediction: learner.predict(each.observation) })
    if (waiting.length <= DELAY) continue
    const due = waiting.shift()!
    const said = due.prediction!.tasks[0]
    learner.take(due)
    const solo = said?.banks.find(({ bank }) => bank === 'solo')
    if (said === undefined || solo === undefined) continue
    const y = said.classes.indexOf(due.labels.three!)
    const account = told.get(due.observation.line) ?? { n: 0, gain: 0 }
    account.n++
    account.gain += floored(said.probabilities[y]) - floored(solo.opinion[y])
    told.set(due.observation.line, account)
  }
  return { told, learner }
}

test('it is the sum over what was reported and what the own bank said then, and survives a restart', () => {
  const { told, learner } = late(1500)
  const again = Learner.load(decodeSaved(encodeSaved(learner.save())), options)
  for (const { sharingAsServed } of [learner.status().tasks[0]!, again.status().tasks[0]!]) {
    expect(Object.keys(sharingAsServed).sort()).toEqual([...told.keys()].sort())
    for (const [line, { n, gain }] of told) {
      expect(sharingAsServed[line]!.n, line).toBe(n)
      expect(sharingAsServed[line]!.gain, line).toBeCloseTo(gain, 8)
    }
  }
  expect(Math.max(...[...told.values()].map(({ n }) => n))).toBeGreaterThan(300)
})

test('examples that come without a prediction are not in it', () => {
  const learner = new Learner(options)
  for (const each of domains(1, 100)) learner.take(each)
  for (const { sharingAsServed } of learner.status().tasks) expect(sharingAsServed).toEqual({})
})
