/** What every bank promises. Each law throws where it is broken, so that planted faults can be tried. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { carryOf, fraction, interval } from '../../src/encode/spline.ts'
import { Random } from '../../src/numeric/random.ts'
import type { Sparse } from '../../src/numeric/sparse.ts'
import { bits } from '../judge/stream.ts'
import { type Open, ROWS, type Stand, sparse } from './stand.ts'

/** Runs few enough for banks that are slow, many enough that a fault shows. */
const RUNS = { numRuns: 30 }
const CLASSES = 3
/** Rows of a spline with knots, behind the bias. */
const SPLINE = 4
const KNOTS = Float64Array.of(-2, -1, 0, 0.5, 3)

type Entries = readonly (readonly [number, number])[]
const value = fc.oneof(fc.float({ min: -4, max: 4, noNaN: true }), fc.constantFrom(0, 1, -1, 4, -4))
/** Distinct rows behind the bias, with values as an encoder gives them. */
const entries: fc.Arbitrary<Entries> = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: ROWS - 1 }), value), {
  selector: ([row]) => row,
  maxLength: 8
})
const steps = fc.array(
  fc.record({ x: entries, y: fc.nat(CLASSES - 1), w: fc.double({ min: 0.05, max: 20, noNaN: true }), fresh: fc.boolean() }),
  { maxLength: 40 }
)
type Step = { readonly x: Entries; readonly y: number; readonly w: number; readonly fresh: boolean }

function opened(open: Open, seed: number, classes = CLASSES): Stand {
  const stand = open(seed)
  for (let c = 0; c < classes; c++) stand.bank.addClass()
  return stand
}

function learn(stand: Stand, all: readonly Step[]): Stand {
  for (const { x, y, w, fresh } of all) stand.bank.learn(sparse(x), y, w, fresh)
  return stand
}

function opinion({ bank }: Stand, x: Sparse, classes = CLASSES): Float32Array {
  const q = new Float32Array(classes)
  bank.opinion(x, q)
  return q
}

/** Two clumps that differ in one input, and now and then a third class. */
function clumps(stand: Stand, n: number): Stand {
  const random = new Random(11)
  for (let i = 0; i < n; i++) {
    const y = random.below(10) === 0 ? 2 : random.below(2)
    stand.bank.learn(sparse([[1, y === 1 ? 1 : -1], [2, random.normal()], [3, y === 2 ? 2 : 0]]), y, 1, true) // biome-ignore format: one record
  }
  return stand
}

const hats = (knots: Float64Array, at: number): Entries => {
  const i = interval(knots, at)
  const t = fraction(knots, i, at)
  return [[SPLINE + i, 1 - t], [SPLINE + i + 1, t]] // biome-ignore format: a pair
}

function splined(stand: Stand): Stand {
  const random = new Random(5)
  for (let i = 0; i < 200; i++) {
    const at = random.next() * 6 - 2.5
    stand.bank.learn(sparse(hats(KNOTS, at)), at < -1 ? 0 : at < 1 ? 1 : 2, 1, true)
  }
  return stand
}

export const bankLawList: Readonly<Record<string, (open: Open) => void>> = {
  'an opinion is finite, never negative and sums to one, and so do the shares, on any input after any labels'(open) {
    fc.assert(
      fc.property(steps, entries, (past, next) => {
        const stand = learn(opened(open, 1), past)
        const q = opinion(stand, sparse(next))
        const shares = stand.bank.shares()
        for (const part of [q, shares]) {
          expect(part.every(p => Number.isFinite(p) && p >= 0)).toBe(true)
          expect(part.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5)
        }
      }),
      RUNS
    )
  },
  'with one class known it is certain'(open) {
    expect(opinion(opened(open, 1, 1), sparse([[1, 2]]), 1)[0]).toBeCloseTo(1, 6)
  },
  'giving an opinion changes nothing that is saved, nor what is learned later'(open) {
    fc.assert(
      fc.property(steps, entries, (past, asked) => {
        const stand = opened(open, 1)
        const silent = opened(open, 1)
        const x = sparse(asked)
        for (const step of past) {
          const before = bits(stand.save())
          opinion(stand, x)
          expect(bits(stand.save())).toBe(before)
          learn(stand, [step])
          learn(silent, [step])
        }
        expect(bits(stand.save())).toBe(bits(silent.save()))
      }),
      RUNS
    )
  },
  'an opinion depends on what the input holds, not on which buffer holds it or what it held before'(open) {
    fc.assert(
      fc.property(entries, entries, fc.nat(CLASSES - 1), (first, second, y) => {
        const stand = clumps(opened(open, 1), 20)
        const again = clumps(opened(open, 1), 20)
        const x = sparse(first)
        opinion(stand, x)
        sparse(second, x)
        expect(bits(opinion(stand, x))).toBe(bits(opinion(again, sparse(second))))
        sparse(first, x)
        stand.bank.learn(x, y, 1, true)
        again.bank.learn(sparse(first), y, 1, true)
        expect(bits(opinion(stand, x))).toBe(bits(opinion(again, sparse(first))))
        expect(bits(stand.save())).toBe(bits(again.save()))
      }),
      RUNS
    )
  },
  'learning a class raises its probability there'(open) {
    fc.assert(
      fc.property(steps, entries, fc.nat(CLASSES - 1), (past, next, y) => {
        const stand = learn(opened(open, 1), past)
        const before = opinion(stand, sparse(next))[y]!
        stand.bank.learn(sparse(next), y, 1, true)
        const after = opinion(stand, sparse(next))[y]!
        if (before < 0.99) expect(after).toBeGreaterThan(before)
        else expect(after).toBeGreaterThan(before - 0.01)
      }),
      RUNS
    )
  },
  'clumps that are apart are told apart after a few hundred labels, a tenth as frequent class too'(open) {
    const stand = clumps(opened(open, 1), 600)
    expect(opinion(stand, sparse([[1, -1], [2, 0.3], [3, 0]]))[0]).toBeGreaterThan(0.8) // biome-ignore format: one record
    expect(opinion(stand, sparse([[1, 1], [2, 0.3], [3, 0]]))[1]).toBeGreaterThan(0.8) // biome-ignore format: one record
    expect(opinion(stand, sparse([[1, -1], [2, 0.3], [3, 2]]))[2]).toBeGreaterThan(0.5) // biome-ignore format: one record
  },
  'a class that appears gets the next place and less than even odds, and leaves the odds of the others sane'(open) {
    fc.assert(
      fc.property(entries, next => {
        const stand = clumps(opened(open, 1), 300)
        const before = opinion(stand, sparse(next))
        stand.bank.addClass()
        const after = opinion(stand, sparse(next), CLASSES + 1)
        expect(after.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5)
        expect(after[CLASSES]!).toBeGreaterThan(0)
        expect(after[CLASSES]!).toBeLessThan(0.5)
        const kept = 1 - after[CLASSES]!
        for (let c = 0; c < CLASSES; c++) expect(Math.abs(after[c]! / kept - before[c]!)).toBeLessThan(0.1)
      }),
      RUNS
    )
  },
  'a class that appeared late is learned'(open) {
    const stand = clumps(opened(open, 1), 300)
    stand.bank.addClass()
    const x = sparse([[7, 1]])
    for (let i = 0; i < 500; i++) stand.bank.learn(x, CLASSES, 1, true)
    expect(opinion(stand, x, CLASSES + 1)[CLASSES]).toBeGreaterThan(0.6)
  },
  'saved and loaded it goes on bit for bit, through labels, classes and moved knots'(open) {
    fc.assert(
      fc.property(steps, steps, (first, second) => {
        const stand = learn(opened(open, 1), first)
        const again = open(1)
        again.load(stand.save())
        for (const each of [stand, again]) {
          learn(each, second)
          each.bank.addClass()
          each.bank.carry([
            carryOf(
              SPLINE,
              KNOTS,
              KNOTS.map(knot => knot * 0.9)
            )
          ])
          learn(each, second)
        }
        expect(bits(again.save())).toBe(bits(stand.save()))
        const x = sparse([[1, 1], [SPLINE, 1]]) // biome-ignore format: a pair
        expect(bits(opinion(again, x, CLASSES + 1))).toBe(bits(opinion(stand, x, CLASSES + 1)))
      }),
      RUNS
    )
  },
  'what was saved stays as it was when the bank goes on'(open) {
    const stand = clumps(opened(open, 1), 20)
    const saved = stand.save()
    const before = bits(saved)
    clumps(stand, 20)
    expect(bits(saved)).toBe(before)
  },
  'the same seed and labels give the same bytes, another seed others'(open) {
    fc.assert(
      fc.property(steps, all => {
        expect(bits(learn(opened(open, 1), all).save())).toBe(bits(learn(opened(open, 1), all).save()))
      }),
      RUNS
    )
    expect(bits(clumps(opened(open, 2), 20).save())).not.toBe(bits(clumps(opened(open, 1), 20).save()))
  },
  'when knots move, the opinion at every new knot stays as it was there within float32'(open) {
    const after = Float64Array.of(-2, -1.5, -0.2, 0.4, 1, 3)
    const stand = splined(opened(open, 1))
    const before = [...after].map(at => opinion(stand, sparse(hats(KNOTS, at))))
    stand.bank.carry([carryOf(SPLINE, KNOTS, after)])
    ;[...after].forEach((at, j) => {
      const moved = opinion(stand, sparse(hats(after, at)))
      for (let c = 0; c < CLASSES; c++) expect(Math.abs(moved[c]! - before[j]![c]!)).toBeLessThan(1e-5)
    })
  },
  'knots that stay where they were change no bit'(open) {
    const stand = splined(opened(open, 1))
    const before = bits(stand.save())
    stand.bank.carry([carryOf(SPLINE, KNOTS, KNOTS.slice())])
    expect(bits(stand.save())).toBe(before)
  },
  'an opinion costs more multiplications the more classes there are'(open) {
    const stand = opened(open, 1, 2)
    const two = stand.bank.cost(10)
    stand.bank.addClass()
    expect(two).toBeGreaterThan(0)
    expect(stand.bank.cost(10)).toBeGreaterThan(two)
  }
}

/** The laws as tests of one bank. */
export function bankLaws(name: string, open: Open): void {
  describe(`${name} keeps the laws of a bank`, () => {
    for (const [law, holds] of Object.entries(bankLawList)) test(law, () => holds(open))
  })
}
