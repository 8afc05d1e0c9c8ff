/** What every bank promises. Each law throws where it is broken, so that planted faults can be tried. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Encoding, Input } from '../../src/bank/bank.ts'
import { carryOf, fraction, interval } from '../../src/encode/spline.ts'
import { Random } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { bits } from '../judge/stream.ts'
import {
  ADMITTED,
  type Entries,
  fill,
  fillSparse,
  HOME,
  metric,
  type Open,
  ROWS,
  raw,
  SPLINE_COLUMN,
  STRANGER,
  type Stand,
  slip
} from './stand.ts'

/** Runs few enough for banks that are slow, many enough that a fault shows. */
const RUNS = { numRuns: 30 }
const CLASSES = 3
/** Rows of a spline with knots, behind the bias. */
const SPLINE = 4
const KNOTS = Float64Array.of(-2, -1, 0, 0.5, 3)
/** What the votes of a memory are asked of. */
const NEIGHBOURS = 5

const value = fc.oneof(fc.float({ min: -4, max: 4, noNaN: true }), fc.constantFrom(0, 1, -1, 4, -4))
/** Distinct rows behind the bias, with values as an encoder gives them. */
const entries: fc.Arbitrary<Entries> = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: ROWS - 1 }), value), {
  selector: ([row]) => row,
  maxLength: 8
})
const domains = fc.constantFrom(...ADMITTED, STRANGER)
const weights = fc.double({ min: 0.05, max: 20, noNaN: true })
const steps = fc.array(fc.record({ x: entries, domain: domains, y: fc.nat(CLASSES - 1), w: weights, fresh: fc.boolean() }), {
  maxLength: 40
})
interface Step {
  readonly x: Entries
  readonly domain: number
  readonly y: number
  readonly w: number
  readonly fresh: boolean
}

function opened(open: Open, seed: number, classes = CLASSES): Stand {
  const stand = open(seed)
  for (let c = 0; c < classes; c++) stand.bank.addClass()
  return stand
}

/** A record of these entries. */
function record({ kernel }: Stand, x: Entries, domain: number = HOME, columns: Entries = x) {
  return fill(slip(kernel), x, domain, columns)
}

function learn(stand: Stand, all: readonly Step[]): Stand {
  const at = slip(stand.kernel)
  for (const { x, domain, y, w, fresh } of all) stand.bank.learn(fill(at, x, domain), y, w, fresh)
  return stand
}

/** What is said of a record, null where nothing is. */
function heard({ bank }: Stand, input: Input, classes = CLASSES): Float32Array | null {
  const q = new Float32Array(classes)
  return bank.opinion(input, q) ? q : null
}

/** What is said of a record of which something must be said. */
function opinion(stand: Stand, input: Input, classes = CLASSES): Float32Array {
  const q = heard(stand, input, classes)
  expect(q, 'nothing was said').not.toBeNull()
  return q!
}

/** Two clumps that differ in one input, and now and then a third class. */
function clumps(stand: Stand, n: number): Stand {
  const random = new Random(11)
  const at = slip(stand.kernel)
  for (let i = 0; i < n; i++) {
    const y = random.below(10) === 0 ? 2 : random.below(2)
    stand.bank.learn(fill(at, [[1, y === 1 ? 1 : -1], [2, random.normal()], [3, y === 2 ? 2 : 0]]), y, 1, true) // biome-ignore format: one record
  }
  return stand
}

const hats = (knots: Float64Array, at: number): Entries => {
  const i = interval(knots, at)
  const t = fraction(knots, i, at)
  return [[SPLINE + i, 1 - t], [SPLINE + i + 1, t]] // biome-ignore format: a pair
}

/** A record of one number, as seen through its knots. */
const seen = (stand: Stand, knots: Float64Array, at: number) => record(stand, hats(knots, at), HOME, [[SPLINE_COLUMN, at]])

function splined(stand: Stand): Stand {
  const random = new Random(5)
  for (let i = 0; i < 200; i++) {
    const at = random.next() * 6 - 2.5
    stand.bank.learn(seen(stand, KNOTS, at), at < -1 ? 0 : at < 1 ? 1 : 2, 1, true)
  }
  return stand
}

/** Whose knots move in a law: one that the bank follows, where it follows any. */
const moving = ({ follows }: Stand): Encoding => follows[0] ?? 'pooled'

function distribution(part: Float32Array): void {
  expect(part.every(p => Number.isFinite(p) && p >= 0)).toBe(true)
  expect(part.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5)
}

/** Whether two records are the same point to a memory, in float32. */
function alike(a: Entries, b: Entries): boolean {
  const [one, other] = [raw(a), raw(b)]
  return one.every((v, d) => {
    if (Number.isNaN(v) || Number.isNaN(other[d]!)) return Number.isNaN(v) && Number.isNaN(other[d]!)
    return metric.kinds[d] === 1 ? v === other[d] : Math.fround(Math.fround(v - other[d]!) ** 2) === 0
  })
}

export const bankLawList: Readonly<Record<string, (open: Open) => void>> = {
  'an opinion is finite, never negative and sums to one, and so do the shares, on any input after any labels'(open) {
    fc.assert(
      fc.property(steps, entries, domains, (past, next, domain) => {
        const stand = learn(opened(open, 1), past)
        const q = heard(stand, record(stand, next, domain))
        if (q === null) return
        distribution(q)
        distribution(stand.bank.shares())
        expect(stand.bank.sound()).toBe(true)
      }),
      RUNS
    )
  },
  'it speaks of every domain that was admitted, once it has a label there, and of others as its scope says'(open) {
    fc.assert(
      fc.property(steps, entries, domains, weights, (past, next, domain, w) => {
        const stand = learn(opened(open, 1), past)
        const x = record(stand, next, domain)
        stand.bank.learn(x, 1, w, true)
        const speaks = stand.everywhere || domain !== STRANGER
        expect(heard(stand, x) !== null).toBe(speaks)
        if (domain !== STRANGER) return
        stand.bank.admit(STRANGER)
        expect(heard(stand, x)).not.toBeNull()
      }),
      RUNS
    )
  },
  'where it has nothing to say it leaves the room for it alone, and a label changes nothing'(open) {
    const unheard = (stand: Stand, x: Input) => {
      const q = new Float32Array(CLASSES).fill(7)
      if (stand.bank.opinion(x, q)) return false
      expect(Array.from(q)).toEqual([7, 7, 7])
      return true
    }
    const empty = open(1)
    expect(unheard(empty, record(empty, []))).toBe(true)
    const stand = clumps(opened(open, 1), 20)
    const stranger = record(stand, [[1, 1]], STRANGER)
    if (!unheard(stand, stranger)) return
    const before = bits(stand.save())
    stand.bank.learn(stranger, 1, 1, true)
    expect(bits(stand.save())).toBe(before)
  },
  'with one class known it is certain'(open) {
    const stand = opened(open, 1, 1)
    const x = record(stand, [[1, 2]])
    const q = heard(stand, x, 1)
    if (q !== null) expect(q[0]).toBeCloseTo(1, 6)
    stand.bank.learn(x, 0, 1, true)
    expect(opinion(stand, x, 1)[0]).toBeCloseTo(1, 6)
  },
  'giving an opinion changes nothing that is saved, nor what is learned later'(open) {
    fc.assert(
      fc.property(steps, entries, domains, (past, asked, domain) => {
        const stand = opened(open, 1)
        const silent = opened(open, 1)
        const x = record(stand, asked, domain)
        for (const step of past) {
          const before = bits(stand.save())
          heard(stand, x)
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
      fc.property(
        entries,
        entries,
        fc.nat(CLASSES - 1),
        fc.constantFrom(...ADMITTED),
        fc.constantFrom(...ADMITTED),
        (first, second, y, a, b) => {
          const stand = clumps(opened(open, 1), 20)
          const again = clumps(opened(open, 1), 20)
          const x = record(stand, first, a)
          opinion(stand, record(stand, []))
          heard(stand, x)
          fill(x, second, b)
          const [said, expected] = [heard(stand, x), heard(again, record(again, second, b))]
          expect(said === null ? null : bits(said)).toBe(expected === null ? null : bits(expected))
          fill(x, first, a)
          stand.bank.learn(x, y, 1, true)
          again.bank.learn(record(again, first, a), y, 1, true)
          expect(bits(opinion(stand, x))).toBe(bits(opinion(again, record(again, first, a))))
          expect(bits(stand.save())).toBe(bits(again.save()))
        }
      ),
      RUNS
    )
  },
  'what of a record it does not read has no part in what it says or learns'(open) {
    fc.assert(
      fc.property(steps, entries, entries, (past, first, noise) => {
        const stand = opened(open, 1)
        const again = opened(open, 1)
        const disturbed = (x: ReturnType<typeof slip>) => {
          for (const view of ['pooled', 'own'] as const) if (stand.reads !== view) fillSparse(x[view], noise)
          if (stand.reads !== 'raw') x.raw = raw(noise)
          if (stand.hears !== true) fillSparse(x.others, noise)
          return x
        }
        for (const { x, domain, y, w, fresh } of past) {
          stand.bank.learn(disturbed(record(stand, x, domain)), y, w, fresh)
          again.bank.learn(record(again, x, domain), y, w, fresh)
        }
        expect(bits(stand.save())).toBe(bits(again.save()))
        const [said, expected] = [heard(stand, disturbed(record(stand, first))), heard(again, record(again, first))]
        expect(said === null ? null : bits(said)).toBe(expected === null ? null : bits(expected))
      }),
      RUNS
    )
  },
  'learning a class raises its probability there'(open) {
    fc.assert(
      fc.property(steps, entries, domains, fc.nat(CLASSES - 1), (past, next, domain, y) => {
        const stand = learn(opened(open, 1), past)
        const x = record(stand, next, domain)
        const before = heard(stand, x)?.[y]
        stand.bank.learn(x, y, 1, true)
        const after = heard(stand, x)?.[y]
        if (before === undefined) return
        // A memory whose voters are all this very record hears no one more: ties go to the lower place.
        const full = stand.costs === 'records' && past.filter(step => step.fresh && alike(step.x, next)).length >= NEIGHBOURS
        if (full) expect(after).toBe(before)
        else if (before < 0.99) expect(after!).toBeGreaterThan(before)
        else expect(after!).toBeGreaterThan(before - 0.01)
      }),
      RUNS
    )
  },
  'clumps that are apart are told apart after a few hundred labels, a tenth as frequent class too'(open) {
    const stand = clumps(opened(open, 1), 600)
    expect(opinion(stand, record(stand, [[1, -1], [2, 0.3], [3, 0]]))[0]).toBeGreaterThan(0.8) // biome-ignore format: one record
    expect(opinion(stand, record(stand, [[1, 1], [2, 0.3], [3, 0]]))[1]).toBeGreaterThan(0.8) // biome-ignore format: one record
    expect(opinion(stand, record(stand, [[1, -1], [2, 0.3], [3, 2]]))[2]).toBeGreaterThan(0.5) // biome-ignore format: one record
  },
  'a class that appears gets the next place and less than even odds, and leaves the odds of the others sane'(open) {
    fc.assert(
      fc.property(entries, next => {
        const stand = clumps(opened(open, 1), 300)
        const x = record(stand, next)
        const before = opinion(stand, x)
        stand.bank.addClass()
        const after = opinion(stand, x, CLASSES + 1)
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
    const x = record(stand, [[7, 1]])
    for (let i = 0; i < 500; i++) stand.bank.learn(x, CLASSES, 1, true)
    expect(opinion(stand, x, CLASSES + 1)[CLASSES]).toBeGreaterThan(0.6)
  },
  'a domain that is admitted starts from what was said of it before, and once is as good as twice'(open) {
    fc.assert(
      fc.property(steps, entries, (past, next) => {
        const stand = learn(opened(open, 1), past)
        const x = record(stand, next, STRANGER)
        const before = heard(stand, x)
        stand.bank.admit(STRANGER)
        const after = heard(stand, x)
        if (before !== null) expect(bits(after)).toBe(bits(before))
        const once = bits(stand.save())
        for (const domain of [STRANGER, ...ADMITTED]) stand.bank.admit(domain)
        expect(bits(stand.save())).toBe(once)
      }),
      RUNS
    )
  },
  'saved and loaded it goes on bit for bit, through labels, classes, domains and moved knots'(open) {
    fc.assert(
      fc.property(steps, steps, fc.boolean(), (first, second, late) => {
        const stand = opened(open, 1)
        if (late) stand.bank.admit(STRANGER)
        learn(stand, first)
        const again = open(1)
        again.load(stand.save())
        expect(bits(again.save())).toBe(bits(stand.save()))
        const moves = [carryOf(SPLINE, KNOTS, KNOTS.map(knot => knot * 0.9))] // biome-ignore format: one move
        for (const each of [stand, again]) {
          learn(each, second)
          each.bank.addClass()
          each.bank.admit(STRANGER)
          for (const encoding of ['pooled', ...ADMITTED, STRANGER] as const) each.carry(encoding, moves)
          learn(each, second)
        }
        expect(bits(again.save())).toBe(bits(stand.save()))
        for (const domain of [...ADMITTED, STRANGER]) {
          const [own, theirs] = [again, stand].map(each => heard(each, record(each, [[1, 1], [SPLINE, 1]], domain), CLASSES + 1)) // biome-ignore format: a pair
          expect(bits(own!)).toBe(bits(theirs!))
        }
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
  'the same seed and labels give the same bytes, another seed others where the first weights are drawn'(open) {
    fc.assert(
      fc.property(steps, all => {
        expect(bits(learn(opened(open, 1), all).save())).toBe(bits(learn(opened(open, 1), all).save()))
      }),
      RUNS
    )
    const [one, two] = [1, 2].map(seed => clumps(opened(open, seed), 20))
    expect(bits(one!.save()) === bits(two!.save())).toBe(!one!.seeded)
  },
  'when knots move, the opinion at every new knot stays as it was there within float32'(open) {
    const after = Float64Array.of(-2, -1.5, -0.2, 0.4, 1, 3)
    const stand = splined(opened(open, 1))
    stand.keepFollowing()
    const before = [...after].map(at => opinion(stand, seen(stand, KNOTS, at)))
    expect(Math.abs(before[0]![0]! - before[5]![0]!)).toBeGreaterThan(0.1)
    stand.carry(moving(stand), [carryOf(SPLINE, KNOTS, after)])
    ;[...after].forEach((at, j) => {
      const moved = opinion(stand, seen(stand, after, at))
      for (let c = 0; c < CLASSES; c++) expect(Math.abs(moved[c]! - before[j]![c]!)).toBeLessThan(1e-5)
    })
  },
  'knots that stay where they were change no bit'(open) {
    const stand = splined(opened(open, 1))
    const before = bits(stand.save())
    for (const encoding of ['pooled', ...ADMITTED, STRANGER] as const) stand.carry(encoding, [carryOf(SPLINE, KNOTS, KNOTS.slice())])
    expect(bits(stand.save())).toBe(before)
  },
  'knots of an encoding it does not stand on change no bit when they move, those of one it stands on do'(open) {
    const stand = opened(open, 1)
    const moves = [carryOf(SPLINE, KNOTS, KNOTS.map(knot => knot * 0.7))] // biome-ignore format: one move
    for (const domain of ADMITTED) learn(stand, [[4, 0], [5, 1], [6, 2]].map(([row, y]) => ({ x: [[row!, 1]], domain, y: y!, w: 1, fresh: true }))) // biome-ignore format: one log
    for (const encoding of ['pooled', ...ADMITTED, STRANGER] as const) {
      const before = bits(stand.save())
      stand.carry(encoding, moves)
      expect(bits(stand.save()) === before, `${encoding}`).toBe(!stand.follows.includes(encoding))
    }
  },
  'an opinion costs more multiplications the more classes there are, or the more records it is compared with'(open) {
    const stand = clumps(opened(open, 1, CLASSES), 3)
    const few = stand.bank.cost(10)
    if (stand.costs === 'classes') stand.bank.addClass()
    else clumps(stand, 1)
    expect(few).toBeGreaterThan(0)
    expect(stand.bank.cost(10)).toBeGreaterThan(few)
  },
  'its bytes are counted, and no fewer than the numbers it saves of what it learned'(open) {
    const stand = opened(open, 1)
    for (let c = 0; c < 9; c++) stand.bank.addClass()
    const before = stand.bank.bytes
    clumps(stand, 50)
    if (stand.costs === 'records') expect(stand.bank.bytes).toBeGreaterThan(before)
    // Weights and squares, or points, are nearly all that is saved; counts and means beside them are not counted.
    const counted = stand.bank.bytes / floatsOf(stand.bank.save())
    expect(counted).toBeGreaterThan(0.9)
    expect(counted).toBeLessThan(1.1)
  }
}

/** Bytes of all float32 numbers in a saved state. */
function floatsOf(saved: Saved): number {
  if (saved instanceof Float32Array) return saved.byteLength
  if (saved === null || typeof saved !== 'object' || ArrayBuffer.isView(saved)) return 0
  return Object.values(saved).reduce((sum: number, each) => sum + floatsOf(each as Saved), 0)
}

/** The laws as tests of one bank. */
export function bankLaws(name: string, open: Open): void {
  describe(`${name} keeps the laws of a bank`, () => {
    for (const [law, holds] of Object.entries(bankLawList)) test(law, () => holds(open))
  })
}
