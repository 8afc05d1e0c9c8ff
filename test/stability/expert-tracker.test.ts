import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BankActivity } from '../../src/stability/expert-report.ts'
import { ExpertTracker } from '../../src/stability/expert-tracker.ts'
import { bits } from '../judge/stream.ts'
import { type Tracker, trackerLaws } from './tracker.laws.ts'

describe('the expert tracker keeps its laws', () => {
  for (const [law, holds] of Object.entries(trackerLaws)) test(law, () => holds(K => new ExpertTracker(K)))
})

/** Trackers with one fault each. */
class Faulty implements Tracker {
  protected readonly inner: ExpertTracker
  constructor(K: number, rate?: number) {
    this.inner = new ExpertTracker(K, rate)
  }
  observe(g: Float32Array, r: Float32Array, truth: number, w?: number): void {
    this.inner.observe(g, r, truth, w)
  }
  setChange(perExpert: ArrayLike<number>): void {
    this.inner.setChange(perExpert)
  }
  reset(k: number): void {
    this.inner.reset(k)
  }
  report(bank: string, names: readonly string[]): BankActivity {
    return this.inner.report(bank, names)
  }
}

const faults: Record<string, (K: number) => Tracker> = {
  'forgets nothing': K => new Faulty(K, 1e-12),
  'forgets ten times too fast': K => new Faulty(K, 0.01),
  'takes responsibilities for gate shares': K =>
    new (class extends Faulty {
      override observe(g: Float32Array, r: Float32Array, truth: number, w?: number): void {
        super.observe(r, g, truth, w)
      }
    })(K),
  'counts every class as the first': K =>
    new (class extends Faulty {
      override observe(g: Float32Array, r: Float32Array, _: number, w?: number): void {
        super.observe(g, r, 0, w)
      }
    })(K),
  'ignores weights': K =>
    new (class extends Faulty {
      override observe(g: Float32Array, r: Float32Array, truth: number): void {
        super.observe(g, r, truth)
      }
    })(K),
  'does not reset': K =>
    new (class extends Faulty {
      override reset(): void {}
    })(K),
  'tells a change of 0 before any': K =>
    new (class extends Faulty {
      override report(bank: string, names: readonly string[]): BankActivity {
        const report = super.report(bank, names)
        return { ...report, experts: report.experts.map(e => ({ ...e, change: e.change ?? 0 })) }
      }
    })(K)
}

describe('the laws find a tracker that', () => {
  for (const [fault, open] of Object.entries(faults)) {
    test(fault, () => {
      const broken = Object.values(trackerLaws).filter(law => {
        try {
          law(open)
          return false
        } catch {
          return true
        }
      })
      expect(broken.length).toBeGreaterThan(0)
    })
  }
})

describe('a tracker', () => {
  test('saved and loaded goes on with the same bits, whichever classes come', () => {
    const example = fc.record({
      shares: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 6, maxLength: 6 }),
      truth: fc.nat(9),
      w: fc.nat(4)
    })
    const part = fc.array(example, { maxLength: 30 })
    const feed = (tracker: ExpertTracker, examples: { shares: number[]; truth: number; w: number }[]) => {
      for (const { shares, truth, w } of examples) {
        tracker.observe(
          Float32Array.from(shares.slice(0, 3), x => x / 27),
          Float32Array.from(shares.slice(3), x => x / 27),
          truth,
          w
        )
      }
    }
    fc.assert(
      fc.property(part, part, (first, then) => {
        const tracker = new ExpertTracker(3, 0.01)
        feed(tracker, first)
        tracker.setChange([0, 0.5, 1])
        tracker.reset(2)
        const loaded = ExpertTracker.load(tracker.save())
        expect(bits(loaded.save())).toBe(bits(tracker.save()))
        for (const one of [tracker, loaded]) {
          feed(one, then)
          one.setChange([0.5, 0.5, 0.5])
        }
        expect(bits(loaded.save())).toBe(bits(tracker.save()))
        const names = Array.from({ length: 10 }, (_, c) => `${c}`)
        expect(loaded.report('bank', names)).toEqual(tracker.report('bank', names))
      })
    )
  })

  test('refuses what does not fit its experts, saying what was expected', () => {
    const tracker = new ExpertTracker(2)
    const two = Float32Array.of(0.5, 0.5)
    expect(() => new ExpertTracker(0)).toThrow(/expected 1 expert or more, got 0/)
    expect(() => tracker.observe(Float32Array.of(1), two, 0)).toThrow(/expected 2 gate shares and responsibilities, got 1 and 2/)
    expect(() => tracker.observe(two, two, -1)).toThrow(/expected the truth as a class index/)
    expect(() => tracker.setChange([0])).toThrow(/expected the change of 2 experts, got 1/)
    expect(() => tracker.reset(2)).toThrow(/expected an expert from 0 to 1, got 2/)
    tracker.observe(two, two, 1)
    expect(() => tracker.report('bank', ['good'])).toThrow(/expected the names of 2 classes, got 1/)
  })

  test('names a class anything, even what objects have of their own', () => {
    const tracker = new ExpertTracker(1)
    tracker.observe(Float32Array.of(1), Float32Array.of(1), 0)
    const { effectiveSampleSize } = tracker.report('bank', ['__proto__']).experts[0]!
    expect(Object.entries(effectiveSampleSize)).toEqual([['__proto__', 1]])
  })
})

test('who answers for a rare class alone has little of the work and all of the class', () => {
  const tracker = new ExpertTracker(2)
  for (let i = 0; i < 2000; i++) {
    const rare = i % 100 === 0
    tracker.observe(Float32Array.of(0.99, 0.01), rare ? Float32Array.of(0, 1) : Float32Array.of(1, 0), rare ? 1 : 0)
  }
  expect(tracker.work(1)).toBeLessThan(0.02)
  expect(tracker.share(1)).toBeCloseTo(1, 9)
})
