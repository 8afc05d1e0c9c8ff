import { expect, test } from 'vitest'
import { cureOf, type Diagnosed, missingOf } from '../../src/stability/cure.ts'
import { expertStates } from '../../src/stability/state.ts'

const expert: Diagnosed = {
  expert: 3,
  utilisation: 0.25,
  responsibility: 0.25,
  examples: 5000,
  effectiveSampleSize: { good: 900, Dirtiness: 50 },
  perClass: { good: 0.3, Dirtiness: 0.5 },
  perDomain: { 'line 1': 0.1, 'line 3': 0.6 },
  change: 0.31,
  shift: 0.1,
  trend: 0,
  variation: 0.4,
  nearest: 7,
  distance: 0.05,
  without: { leftOut: 0.4, replaced: 0.3, flattened: 0.2, pooled: 0.3 },
  state: 'stable',
  since: 4000,
  interpretable: true,
  dominating: false
}

test('every state has its sentence, marked or not, and no two the same', () => {
  const sentences = expertStates.map(state => cureOf({ ...expert, state }))
  const marked = (['vanishing', 'duplicate'] as const).map(state => cureOf({ ...expert, state, interpretable: false }))
  const all = [...sentences, ...marked]
  expect(new Set(all).size).toBe(all.length)
  for (const sentence of all) expect(sentence).toMatch(/^[A-Z].*\.$/)
})

test('whoever knows too little of a class of its own is to get labels of it, on the line that asks it most', () => {
  const scarce = { ...expert, effectiveSampleSize: { good: 900, Dirtiness: 20 } }
  expect(cureOf({ ...scarce, state: 'learning' })).toBe('It still learns: collect 40 Dirtiness labels on line 3.')
  expect(cureOf({ ...scarce, state: 'stable' })).toBe('Sound so far as it knows: collect 40 Dirtiness labels on line 3.')
  expect(cureOf({ ...scarce, state: 'drifting' })).toMatch(/see what changed on line 3, and collect 40 Dirtiness labels on line 3\.$/)
  expect(cureOf({ ...scarce, perDomain: {}, state: 'learning' })).toBe('It still learns: collect 40 Dirtiness labels.')
})

test('nobody is asked for a class that others answer for', () => {
  const other = { ...expert, perClass: { good: 0.3, Dirtiness: 0.1 }, effectiveSampleSize: { good: 900, Dirtiness: 1 } }
  expect(missingOf(other)).toBeNull()
})

test('of several scarce classes the scarcest is asked for', () => {
  const both = { ...expert, effectiveSampleSize: { good: 30, Dirtiness: 10 } }
  expect(missingOf(both)).toEqual({ class: 'Dirtiness', labels: 60, domain: 'line 3' })
})

test('duplicates name the two, and what moved is told in the larger of its parts', () => {
  expect(cureOf({ ...expert, state: 'duplicate', interpretable: false })).toMatch(/^Experts 3 and 7 say the same/)
  expect(cureOf({ ...expert, state: 'drifting' })).toMatch(/^Its opinions moved by \.31 in 1,000 examples/)
  expect(cureOf({ ...expert, shift: 0.8, state: 'drifting' })).toMatch(/^80 % of what it is asked about changed in 1,000 examples/)
})
