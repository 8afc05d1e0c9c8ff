/** What every tracker of experts promises. Each law throws where it is broken, so that planted faults can be tried. */
import { expect } from 'vitest'
import type { BankActivity } from '../../src/stability/expert-report.ts'

export interface Tracker {
  observe(g: Float32Array, r: Float32Array, truth: number, w?: number): void
  setChange(perExpert: ArrayLike<number>): void
  reset(k: number): void
  report(bank: string, classNames: readonly string[]): BankActivity
}

const names = ['good', 'scratch', 'dent']
const of = (...shares: number[]): Float32Array => Float32Array.from(shares)

function repeat(times: number, tracker: Tracker, g: Float32Array, r: Float32Array, truth: number): void {
  for (let i = 0; i < times; i++) tracker.observe(g, r, truth)
}

export const trackerLaws: Readonly<Record<string, (open: (K: number) => Tracker) => void>> = {
  'utilisation is the mean gate share and responsibility the mean responsibility'(open) {
    const tracker = open(2)
    tracker.observe(of(0.75, 0.25), of(0.5, 0.5), 0)
    tracker.observe(of(0.25, 0.75), of(0, 1), 0)
    const [first, second] = tracker.report('bank', names).experts
    expect(first!.utilisation).toBeCloseTo(0.5, 3)
    expect(first!.responsibility).toBeCloseTo(0.25, 3)
    expect(second!.responsibility).toBeCloseTo(0.75, 3)
  },
  'shares sum to one'(open) {
    const tracker = open(3)
    for (let i = 0; i < 200; i++) tracker.observe(of(0.5, 0.25, 0.25), i % 3 === 0 ? of(1, 0, 0) : of(0, 0.5, 0.5), i % 2)
    const { experts } = tracker.report('bank', names)
    expect(experts.reduce((sum, e) => sum + e.utilisation, 0)).toBeCloseTo(1, 9)
    expect(experts.reduce((sum, e) => sum + e.responsibility, 0)).toBeCloseTo(1, 9)
  },
  'shares follow a change: after 3,000 examples less than a twentieth of what was is left'(open) {
    const tracker = open(2)
    repeat(5000, tracker, of(1, 0), of(1, 0), 0)
    repeat(3000, tracker, of(0, 1), of(0, 1), 0)
    const { experts, gateEntropy } = tracker.report('bank', names)
    expect(experts[0]!.utilisation).toBeLessThan(0.05)
    expect(experts[0]!.responsibility).toBeLessThan(0.05)
    expect(experts[0]!.effectiveSampleSize.good).toBeLessThan(60)
    expect(gateEntropy).toBeCloseTo(0, 12)
  },
  'gate entropy runs from 0 for a sure gate to ln K for an undecided one'(open) {
    const sure = open(4)
    sure.observe(of(0, 1, 0, 0), of(0, 1, 0, 0), 0)
    expect(sure.report('bank', names).gateEntropy).toBeCloseTo(0, 12)
    const undecided = open(4)
    undecided.observe(of(0.25, 0.25, 0.25, 0.25), of(1, 0, 0, 0), 0)
    expect(undecided.report('bank', names).gateEntropy).toBeCloseTo(Math.log(4), 6)
  },
  'a sample counts whole for an expert that answers for it alone, per class, and at most 1 / rate'(open) {
    const tracker = open(2)
    repeat(50, tracker, of(0.5, 0.5), of(1, 0), 1)
    const few = tracker.report('bank', names).experts
    expect(few[0]!.effectiveSampleSize.scratch).toBeGreaterThan(48)
    expect(few[0]!.effectiveSampleSize.scratch).toBeLessThanOrEqual(50)
    expect(few[0]!.effectiveSampleSize.good).toBe(0)
    expect(few[1]!.effectiveSampleSize.scratch).toBe(0)
    repeat(10_000, tracker, of(0.5, 0.5), of(1, 0), 1)
    expect(tracker.report('bank', names).experts[0]!.effectiveSampleSize.scratch).toBeCloseTo(1000, 0)
  },
  'ten equal crumbs weigh as much as ten whole samples, one whole among crumbs as little more than one'(open) {
    const crumbs = open(2)
    repeat(10, crumbs, of(0.5, 0.5), of(0.01, 0.99), 0)
    expect(crumbs.report('bank', names).experts[0]!.effectiveSampleSize.good).toBeCloseTo(10, 0)
    repeat(1, crumbs, of(0.5, 0.5), of(1, 0), 0)
    expect(crumbs.report('bank', names).experts[0]!.effectiveSampleSize.good).toBeLessThan(1.3)
  },
  'the parts of a class sum to one over the experts, whichever other classes come'(open) {
    const tracker = open(2)
    repeat(50, tracker, of(0.5, 0.5), of(0.25, 0.75), 1)
    repeat(500, tracker, of(0.5, 0.5), of(1, 0), 0)
    const parts = tracker.report('bank', names).experts.map(({ perClass }) => perClass.scratch!)
    expect(parts[0]).toBeCloseTo(0.25, 6)
    expect(parts[1]).toBeCloseTo(0.75, 6)
  },
  'a rare class is not forgotten while others come'(open) {
    const tracker = open(1)
    repeat(5, tracker, of(1), of(1), 2)
    repeat(5000, tracker, of(1), of(1), 0)
    expect(tracker.report('bank', names).experts[0]!.effectiveSampleSize.dent).toBeGreaterThan(4.9)
  },
  'an example of weight 0 counts nothing, one of weight 3 as three'(open) {
    const once = open(2)
    once.observe(of(1, 0), of(1, 0), 0, 0)
    once.observe(of(0.75, 0.25), of(0.5, 0.5), 0, 3)
    once.observe(of(0.25, 0.75), of(0.5, 0.5), 0, 1)
    expect(once.report('bank', names).experts[0]!.utilisation).toBeCloseTo((3 * 0.75 + 0.25) / 4, 3)
  },
  'change is unknown until it is told, and again after a reset until told twice'(open) {
    const tracker = open(2)
    tracker.observe(of(0.5, 0.5), of(0.5, 0.5), 0)
    const change = () => tracker.report('bank', names).experts.map(e => e.change)
    expect(change()).toEqual([null, null])
    tracker.setChange([0.25, 0.5])
    expect(change()).toEqual([0.25, 0.5])
    tracker.reset(1)
    expect(change()).toEqual([0.25, null])
    tracker.setChange([0.125, 1])
    expect(change()).toEqual([0.125, null])
    tracker.setChange([0.125, 0.75])
    expect(change()).toEqual([0.125, 0.75])
  },
  'a reset expert starts anew and leaves the others as they were'(open) {
    const tracker = open(2)
    repeat(100, tracker, of(0.5, 0.5), of(0.25, 0.75), 0)
    const before = tracker.report('bank', names).experts
    tracker.reset(0)
    const [first, second] = tracker.report('bank', names).experts
    expect(first).toEqual({
      expert: 0,
      utilisation: 0,
      responsibility: 0,
      examples: 0,
      effectiveSampleSize: { good: 0, scratch: 0, dent: 0 },
      perClass: { good: 0, scratch: 0, dent: 0 },
      change: null
    })
    expect({ ...second, perClass: null }).toEqual({ ...before[1], perClass: null })
    expect(second!.perClass.good).toBe(1)
    tracker.observe(of(0.25, 0.75), of(0.125, 0.875), 0)
    expect(tracker.report('bank', names).experts[0]!.utilisation).toBe(0.25)
  }
}
