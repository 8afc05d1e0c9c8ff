/** What every drift detector promises. Each law throws where it is broken, so that planted faults can be tried. */
import { expect } from 'vitest'
import type { Detector } from '../../src/drift/detector.ts'
import { Random } from '../../src/numeric/random.ts'

/** A detector and the longest that it may take to find the change of the laws, from a rate of .2 to one of .8. */
export interface Subject {
  readonly open: () => Detector
  readonly delay: number
  /** How far off it may date that change. */
  readonly dates: number
}

/** Values of which one in `1/p` is 1. */
export function bernoulli(seed: number, parts: readonly (readonly [n: number, p: number])[]): number[] {
  const random = new Random(seed)
  return parts.flatMap(([n, p]) => Array.from({ length: n }, () => (random.next() < p ? 1 : 0)))
}

function firesOf(detector: Detector, values: readonly number[]): number[] {
  return values.flatMap((value, i) => (detector.update(value, 1000 + i) ? [i] : []))
}

const seeds = [1, 2, 3, 4, 5] as const
const CHANGE = 400

export const detectorLaws: Readonly<Record<string, (subject: Subject) => void>> = {
  'a change is found, once, within its delay'({ open, delay }) {
    let alone = 0
    for (const seed of seeds) {
      const after = firesOf(
        open(),
        bernoulli(seed, [
          [CHANGE, 0.2],
          [CHANGE, 0.8]
        ])
      ).filter(i => i >= CHANGE)
      expect(after[0], `seed ${seed}`).toBeLessThan(CHANGE + delay)
      if (after.length === 1) alone++
    }
    // One false alarm in five runs is chance; one a run is a detector that does not start anew.
    expect(alone).toBeGreaterThanOrEqual(4)
  },
  'a constant never fires'({ open }) {
    for (const value of [0, 0.5, 1]) expect(firesOf(open(), new Array(3000).fill(value))).toEqual([])
  },
  'false alarms come no sooner, on average, than is stated'({ open }) {
    const stated = open().averageRunLength
    expect(stated).toBeGreaterThan(10)
    // Runs are cut at twice what is stated: the mean of what was seen is then a lower bound.
    const runs = stated > 5000 ? 6 : 30
    for (const p of [0.1, 0.5]) {
      let sum = 0
      for (let seed = 1; seed <= runs; seed++) {
        const [detector, random] = [open(), new Random(100 * seed)]
        let n = 0
        while (n < 2 * stated && !detector.update(random.next() < p ? 1 : 0)) n++
        sum += n
      }
      expect(sum / runs, `p ${p}`).toBeGreaterThanOrEqual(stated)
    }
  },
  'what it fired for is told: where it began, how many values are since, and both means'({ open, dates }) {
    for (const seed of seeds) {
      const detector = open()
      const values = bernoulli(seed, [
        [CHANGE, 0.1],
        [CHANGE, 0.9]
      ])
      const at = values.findIndex((value, i) => detector.update(value, 1000 + i) && i >= CHANGE)
      const { seen, before, after, since } = detector.change!
      expect(before).toBeLessThan(0.4)
      expect(after - before).toBeGreaterThan(0.05)
      expect(Math.abs(since - 1000 - CHANGE)).toBeLessThan(dates)
      expect(since - 1000 + seen).toBe(at + 1)
      detector.update(1)
      expect(detector.change).toBeNull()
    }
  },
  'saved and loaded at any place it goes on bit for bit'({ open }) {
    const values = bernoulli(9, [
      [300, 0.2],
      [300, 0.7],
      [300, 0.1]
    ])
    const whole = open()
    const first = firesOf(whole, values)
    for (const cut of [0, 17, 250, first[0]! + 1, 620]) {
      const [before, after] = [open(), open()]
      const head = firesOf(before, values.slice(0, cut))
      after.load(before.save())
      expect(after.save()).toEqual(before.save())
      const tail = values.slice(cut).flatMap((value, i) => (after.update(value, 1000 + cut + i) ? [cut + i] : []))
      expect([...head, ...tail], `cut at ${cut}`).toEqual(first)
      expect(after.save()).toEqual(whole.save())
    }
  },
  'what is saved does not change when it goes on'({ open }) {
    const detector = open()
    firesOf(detector, bernoulli(3, [[300, 0.3]]))
    const saved = detector.save()
    const copy = structuredClone(saved)
    firesOf(detector, bernoulli(4, [[300, 0.9]]))
    expect(saved).toEqual(copy)
  },
  'reset is as good as new'({ open }) {
    const [used, fresh] = [open(), open()]
    firesOf(
      used,
      bernoulli(5, [
        [300, 0.2],
        [100, 0.9]
      ])
    )
    used.reset()
    expect(used.save()).toEqual(fresh.save())
    expect(used.change).toBeNull()
  },
  'memory has an end: after 100,000 values of a steady stream it saves less than 8 kB'({ open }) {
    const detector = open()
    const random = new Random(11)
    for (let i = 0; i < 100_000; i++) detector.update(random.next() < 0.3 ? 1 : 0)
    const size = (saved: unknown): number =>
      ArrayBuffer.isView(saved)
        ? saved.byteLength
        : saved !== null && typeof saved === 'object'
          ? Object.values(saved).reduce((sum: number, each) => sum + size(each), 0)
          : 8
    expect(size(detector.save())).toBeLessThan(8192)
  }
}
