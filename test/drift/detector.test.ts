import { describe, expect, test } from 'vitest'
import { Adwin } from '../../src/drift/adwin.ts'
import { Ddm } from '../../src/drift/ddm.ts'
import { Kswin } from '../../src/drift/kswin.ts'
import { PageHinkley } from '../../src/drift/page-hinkley.ts'
import { detectorLaws, type Subject } from './detector.laws.ts'
import { faults, planted } from './detector.plants.ts'

/** Page-Hinkley and DDM date a change at the extreme of a sum, which may lie anywhere before. */
const subjects: Readonly<Record<string, Subject>> = {
  ADWIN: { open: () => new Adwin(), delay: 65, dates: 40 },
  'ADWIN as the learner uses it of rates': { open: () => new Adwin({ delta: 0.02, clock: 1, keep: true }), delay: 40, dates: 40 },
  'ADWIN as the learner uses it of hits': {
    open: () => new Adwin({ delta: 2e-4, clock: 1, least: 10, keep: true, bound: 'likelihood' }),
    delay: 30,
    dates: 40
  },
  'Page-Hinkley': { open: () => new PageHinkley(), delay: 120, dates: 401 },
  DDM: { open: () => new Ddm(), delay: 60, dates: 401 },
  KSWIN: { open: () => new Kswin({ alpha: 0.001 }), delay: 40, dates: 40 }
}

describe.each(Object.entries(subjects))('%s', (_, subject) => {
  test.each(Object.entries(detectorLaws))('%s', (_, law) => law(subject))
})

describe('a planted fault is seen', () => {
  test.each(Object.entries(faults))('%s', (_, { plant, law }) => {
    const open = () => planted(new Adwin(), plant)
    expect(() => detectorLaws[law]!({ open, delay: 65, dates: 40 })).toThrow()
  })
})

test('a window that is told to keeps what came since the change, and forgets before a mark', () => {
  const adwin = new Adwin({ clock: 1, keep: true })
  for (let i = 0; i < 200; i++) adwin.update(i % 10 === 0 ? 1 : 0, i)
  let fired = -1
  for (let i = 200; fired < 0; i++) if (adwin.update(1, i)) fired = i
  expect(adwin.width).toBe(adwin.change!.seen)
  expect(adwin.mean).toBeGreaterThan(0.9)
  const { n0, n1, mean1 } = adwin.halves(fired - 3)
  expect(n0 + n1).toBe(adwin.width)
  expect(mean1).toBe(1)
  adwin.forgetBefore(fired - 3)
  expect(adwin.width).toBeLessThanOrEqual(4)
})

test('a sample larger than half the window is refused', () => {
  expect(() => new Kswin({ window: 50, sample: 30 })).toThrow('expected a sample of at most half the window')
})
