import { expect, test } from 'vitest'
import { Signals } from '../../src/learner/signals.ts'
import { tellTurns } from '../../src/learner/turns.ts'
import { BankStability, type Turn } from '../../src/stability/bank-stability.ts'
import { ExpertTracker } from '../../src/stability/expert-tracker.ts'
import type { ExpertState } from '../../src/stability/state.ts'

const turn = (expert: number, state: ExpertState, { sound = false, interpretable = true } = {}): Turn => ({
  expert,
  sound,
  value: sound ? null : 0.5,
  now: { state, since: 0, interpretable, dominating: false }
})

function told(turns: readonly Turn[], domain: string | null = null) {
  const signals = new Signals()
  signals.open(5, 7)
  tellTurns(signals, { task: 'fault', bank: 'task', domain }, turns)
  return signals.close()
}

test('every turn is one signal that names task, bank and expert, and what it is', () => {
  const all = told([
    turn(1, 'drifting'),
    turn(3, 'dead'),
    turn(5, 'duplicate', { interpretable: false }),
    turn(6, 'learning', { sound: true })
  ])
  expect(all.map(({ kind, expert, value, message }) => [kind, expert, value, message])).toEqual([
    ['expert-unstable', 1, 0.5, 'expert 1 of bank task of fault: drifting'],
    ['expert-unstable', 3, 0.5, 'expert 3 of bank task of fault: dead'],
    ['expert-unstable', 5, 0.5, 'expert 5 of bank task of fault: duplicate and not needed, not interpretable'],
    ['expert-stable', 6, null, 'expert 6 of bank task of fault: sound again']
  ])
  for (const each of all) expect(each).toMatchObject({ task: 'fault', bank: 'task', domain: null, time: 5, learned: 7 })
  expect(told([turn(1, 'dead')], 'line-3')).toMatchObject([{ domain: 'line-3', message: 'expert 1 of bank task of fault on line-3: dead' }])
})

test('whoever is unsound when its bank ends is told to be so no more, and nobody else', () => {
  const bank = new BankStability(2)
  const tracker = new ExpertTracker(2)
  const two = Float32Array.of(0, 1)
  const of = Float64Array.of(0.5, 0.5)
  const figures = {
    variation: of,
    distance: of,
    nearest: Int32Array.of(1, 0),
    mean: new Float32Array(4),
    pooled: new Float32Array(4)
  }
  for (let i = 0; i < 200; i++) tracker.observe(two, two, 0)
  const probes = [3000, 4000].map(learned => {
    const still = new Float64Array(2)
    return bank.take({ learned, since: 1000, change: still, shift: still, figures }, tracker)
  })
  expect(probes.flat().map(({ expert, sound, value }) => [expert, sound, value])).toEqual([[0, false, 0]])
  expect(bank.end().map(({ expert, sound }) => [expert, sound])).toEqual([[0, true]])
  expect(new BankStability(2).end()).toEqual([])
})
