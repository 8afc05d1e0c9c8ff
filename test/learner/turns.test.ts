import { expect, test } from 'vitest'
import { Signals } from '../../src/learner/signals.ts'
import { tellTurns } from '../../src/learner/turns.ts'
import type { Turn } from '../../src/stability/bank-stability.ts'
import type { ExpertState } from '../../src/stability/state.ts'

const turn = (expert: number, state: ExpertState, { sound = false, interpretable = true } = {}): Turn => ({
  expert,
  sound,
  now: { state, since: 0, interpretable, dominating: false }
})

function told(turns: readonly Turn[]) {
  const signals = new Signals()
  signals.open(5, 7)
  tellTurns(signals, 'fault', 'task', turns)
  return signals.close()
}

test('experts of a bank that turn alike at a probe are told in one signal, each other turn in one of its own', () => {
  const all = told([
    turn(1, 'drifting'),
    turn(3, 'dead'),
    turn(4, 'drifting'),
    turn(5, 'duplicate', { interpretable: false }),
    turn(6, 'stable', { sound: true }),
    turn(7, 'learning', { sound: true })
  ])
  expect(all.map(({ kind, expert, value, message }) => [kind, expert, value, message])).toEqual([
    ['expert-unstable', null, 2, 'experts 1, 4 of bank task of fault: drifting'],
    ['expert-unstable', 3, 1, 'expert 3 of bank task of fault: dead'],
    ['expert-unstable', 5, 1, 'expert 5 of bank task of fault: duplicate and not needed, not interpretable'],
    ['expert-stable', null, 2, 'experts 6, 7 of bank task of fault: sound again']
  ])
  for (const each of all) expect(each).toMatchObject({ task: 'fault', bank: 'task', time: 5, learned: 7 })
})

test('where nobody turned nothing is told', () => expect(told([])).toEqual([]))
