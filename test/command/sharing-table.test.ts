import { expect, test } from 'vitest'
import { betweenTasks, extremesOf, sharingOf, sharingTable } from '../../src/command/sharing-table.ts'
import { defaultLearnerOptions } from '../../src/learner/options.ts'
import { taskOf } from '../adapter/prometheus.status.ts'

const banks = ['task', 'residual', 'solo', 'quick', 'memory'].map((bank, m) => ({
  bank,
  exponent: 0.2,
  guard: 0,
  weight: m === 2 ? 0.6 : 0.1,
  resting: false
}))
const blend = (n: number) => ({ learned: 1001, banks, pool: 1, transfer: { n, gain: -3.21, perExample: -0.00321, recent: 0.004 } })
const told = (lines: number) =>
  taskOf('fault', ['ok'], {
    committee: Object.fromEntries(Array.from({ length: lines }, (_, i) => [`l${i}`, blend(1000 - i)])),
    sharingAsServed: {}
  })

test('a row a domain, with the weight of its own bank, and who helps and harms most', () => {
  const task = {
    ...told(1),
    affinity: [
      { from: 'l2', to: 'l0', n: 20, gain: 0.25 },
      { from: 'l0', to: 'l2', n: 30, gain: 0.1 },
      { from: 'l0', to: 'l3', n: 19, gain: -0.5 }
    ]
  }
  expect(sharingTable(sharingOf(task, defaultLearnerOptions)!, defaultLearnerOptions).split('\n')).toEqual([
    'sharing  labels  nats gained  a label  last 1,000  own bank’s weight',
    'l0         1000         −3.2   −0.003       0.004               0.60',
    'helps most: l2 → l0 0.250 nats a label; nobody harms'
  ])
})

test('what was served is told where it is known, beside the other in JSON', () => {
  const task = { ...told(1), affinity: [], sharingAsServed: { l0: { n: 900, gain: 9, perExample: 0.01, recent: 0.02 } } }
  const sharing = sharingOf(task, defaultLearnerOptions)!
  expect(sharing.domains[0]).toMatchObject({ compared: 1000, gain: -3.21, asServed: { compared: 900, gain: 9 } })
  expect(sharingTable(sharing, defaultLearnerOptions)).toMatch(/^sharing, as served .*\nl0 +900 +9\.0 +0\.010 +0\.020 +0\.60$/)
})

test('the bound is that of the guard', () => {
  const { bound } = sharingOf(told(1), defaultLearnerOptions)!.domains[0]!
  expect(bound).toBeCloseTo(Math.log(6) - 1000 * Math.log(1 - defaultLearnerOptions.guardShare), 10)
})

test('of many domains those with most labels are shown, and how many there are more', () => {
  const lines = sharingTable({ ...sharingOf(told(25), defaultLearnerOptions)!, affinity: [] }, defaultLearnerOptions).split('\n')
  expect(lines).toHaveLength(22)
  expect(lines.at(-1)).toBe('and 5 more: see --json')
})

test('without a bank of its own in any domain there is nothing to tell', () => {
  expect(sharingOf(taskOf('fault', ['ok'], { committee: { '': { ...blend(1), transfer: null } } }), defaultLearnerOptions)).toBeNull()
  expect(extremesOf([{ from: 'a', to: 'b', n: 3, gain: 1 }], betweenTasks)).toBeNull()
})
