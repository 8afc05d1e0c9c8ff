/** Planted cases on the real learner: each is found, and each law is red under some broken judgement. */
import { describe, expect, test } from 'vitest'
import { Learner } from '../../src/learner/learner.ts'
import type { ExpertReport } from '../../src/stability/expert-report.ts'
import { plantedLaws } from './planted.laws.ts'
import { bytesOf, type Case, cases, examplesOf, optionsOf, type Told, toldOf } from './planted.ts'

for (const [law, { of, seeds, holds }] of Object.entries(plantedLaws)) {
  test.each(seeds)(`${law} (seed %i)`, seed => holds(toldOf(of, seed)))
}

/** The same told by a judgement with one fault. */
function judgedBy(told: Told, judge: (expert: ExpertReport) => Partial<ExpertReport>, signals: Told['signals'] = told.signals): Told {
  const bank = { ...told.bank, experts: told.bank.experts.map(each => ({ ...each, ...judge(each) })) }
  const history = told.history.map(({ learned, bank: of }) => ({
    learned,
    bank: { ...of, experts: of.experts.map(each => ({ ...each, ...judge(each) })) }
  }))
  return { bank, history, signals }
}

const faults: Readonly<Record<string, (told: Told) => Told>> = {
  'marks nobody': told => judgedBy(told, () => ({ interpretable: true })),
  'holds every constant for needless': told => judgedBy(told, ({ state }) => ({ interpretable: state !== 'vanishing' })),
  'judges by how flat a function is': told =>
    judgedBy(told, ({ variation }) => (variation !== null && variation < 0.1 ? { state: 'vanishing', interpretable: false } : {})),
  'does not see the dead': told => judgedBy(told, ({ state }) => (state === 'dead' ? { state: 'learning' } : {})),
  'takes every expert but the first for dead': told => judgedBy(told, ({ expert }) => (expert > 0 ? { state: 'dead' } : {})),
  'never tells a drift': told =>
    judgedBy(
      told,
      () => ({}),
      told.signals.filter(({ message }) => !/drifting|sound again/.test(message))
    ),
  'tells a drift at every probe': told =>
    judgedBy(
      told,
      () => ({}),
      told.history.map(({ learned }) => ({
        id: `signal-${learned}`,
        time: learned,
        kind: 'expert-unstable' as const,
        domain: null,
        task: 'defect',
        class: null,
        bank: 'bank',
        expert: 0,
        value: 1,
        learned,
        message: 'expert 0 of bank bank of defect: drifting'
      }))
    )
}

describe('a broken judgement is found that', () => {
  const red = (fault: (told: Told) => Told) =>
    Object.entries(plantedLaws).filter(([, { of, seeds, holds }]) =>
      seeds.some(seed => {
        try {
          holds(fault(toldOf(of, seed)))
          return false
        } catch {
          return true
        }
      })
    )
  test.each(Object.entries(faults))('%s', (_, fault) => expect(red(fault).length).toBeGreaterThan(0))
  test('breaks each of the laws', () => {
    const broken = new Set(Object.values(faults).flatMap(fault => red(fault).map(([law]) => law)))
    expect([...broken].sort()).toEqual(Object.keys(plantedLaws).sort())
  })
})

test('a learner saved between two probes goes on with the same bits and tells the same', () => {
  const of: Case = { ...cases['six experts for a truth of two'], examples: 3600 }
  const options = optionsOf(of, 4)
  const whole = new Learner(options)
  let parted = new Learner(options)
  for (const example of examplesOf(of, 4)) {
    whole.take(example)
    parted.take(example)
    if ([600, 2600, 3100].includes(parted.learned)) parted = Learner.load(parted.save(), options)
  }
  expect(bytesOf(parted)).toBe(bytesOf(whole))
  expect(parted.status().tasks).toEqual(whole.status().tasks)
})
