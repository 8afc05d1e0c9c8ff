/** What a mixture does beyond the laws of every bank, which `laws.test.ts` holds it to. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { activeGroups } from '../../src/bank/mixture.ts'
import { Random } from '../../src/numeric/random.ts'
import { bits } from '../judge/stream.ts'
import { type Entries, fill, jointStand, type MixtureStand, type PlainSaved, ROWS, slip, taskStand } from './stand.ts'

const record = (stand: MixtureStand, entries: Entries) => fill(slip(stand.kernel), entries)

function opinion(stand: MixtureStand, entries: Entries, bank = stand.bank): Float32Array {
  const q = new Float32Array(bank.C)
  bank.opinion(record(stand, entries), q)
  return q
}

describe('a mixture bank', () => {
  test('of one expert keeps the odds between known classes exactly when a class appears', () => {
    const stand = taskStand(1, { experts: 1 })
    const { bank } = stand
    bank.addClass()
    bank.addClass()
    const x = record(stand, [[1, 2]])
    for (let i = 0; i < 50; i++) bank.learn(x, i % 3 === 0 ? 1 : 0, 1, true)
    const before = opinion(stand, [[1, 2]])
    bank.addClass()
    const after = opinion(stand, [[1, 2]])
    expect(after[1]! / after[0]!).toBeCloseTo(before[1]! / before[0]!, 5)
    expect(after[2]).toBeGreaterThan(0)
  })

  test('gives a class that appears later in the stream lower odds', () => {
    const chance = (n: number): number => {
      const stand = taskStand(1)
      const { bank } = stand
      bank.addClass()
      bank.addClass()
      for (let i = 0; i < n; i++) bank.learn(record(stand, [[1, 1]]), i % 2, 1, true)
      bank.addClass()
      return opinion(stand, [[2, 1]])[2]!
    }
    expect(chance(0)).toBeCloseTo(1 / 3, 1)
    expect(chance(100)).toBeLessThan(chance(10))
    expect(chance(10)).toBeLessThan(chance(0))
  })

  test('counts replayed examples in no statistic, and learns from them as from fresh ones', () => {
    const [replaying, fresh] = [taskStand(1), taskStand(1)]
    for (const { bank } of [replaying, fresh]) for (let c = 0; c < 2; c++) bank.addClass()
    const counted = ({ bank }: MixtureStand) => {
      const { learned, gate } = bank.save() as unknown as { learned: number; gate: { meanGate: Float64Array } }
      return bits([learned, gate.meanGate])
    }
    const before = counted(replaying)
    replaying.bank.learn(record(replaying, [[1, 1]]), 1, 1, false)
    expect(counted(replaying)).toBe(before)
    fresh.bank.learn(record(fresh, [[1, 1]]), 1, 1, true)
    expect(counted(fresh)).not.toBe(before)
    expect(bits(opinion(replaying, [[1, 1]]))).toBe(bits(opinion(fresh, [[1, 1]])))
  })

  test('beside others on one kernel learns as it would alone', () => {
    const alone = taskStand(1)
    const neighbour = taskStand(9, { experts: 3, rate: 0.1, decay: 0.01 })
    const pair = taskStand(1, { kernel: () => neighbour.kernel })
    const all = [alone, neighbour, pair]
    for (const { bank } of all) bank.addClass()
    for (let i = 0; i < 100; i++) {
      if (i % 20 === 0) for (const { bank } of [...all, neighbour]) bank.addClass()
      for (const stand of all) stand.bank.learn(record(stand, [[1 + (i % 20), 1]]), i % stand.bank.C, 1, true)
    }
    for (let row = 1; row < 20; row++) expect(bits(opinion(pair, [[row, 2]]))).toBe(bits(opinion(alone, [[row, 2]])))
  })
})

describe('a sparse mixture', () => {
  test('steps in the groups of four experts of which one answers for the label, and in no other', () => {
    const least = 0.1
    fc.assert(
      fc.property(fc.nat(1e6), seed => {
        const [stand, dense] = [taskStand(seed, { experts: 12, sparse: least }), taskStand(seed, { experts: 12 })]
        const random = new Random(seed)
        // A gate that is sharp in some inputs.
        for (const { bank } of [stand, dense]) for (let c = 0; c < 2; c++) bank.addClass()
        const warm: Entries[] = Array.from({ length: 60 }, () => [[1 + random.below(4), random.normal() * 3]])
        for (const [i, x] of warm.entries()) for (const each of [stand, dense]) each.bank.learn(record(each, x), i % 2, 5, true)
        dense.load(stand.save())
        const weights = ({ bank }: MixtureStand) => (bank.save() as unknown as { head: PlainSaved }).head.block
        const before = weights(stand)
        const x: Entries = [[1 + random.below(4), 2]]
        for (const each of [stand, dense]) each.bank.learn(record(each, x), 1, 1, true)
        const { r } = stand.bank
        const most = r.indexOf(Math.max(...r))
        const [own, all] = [weights(stand), weights(dense)]
        const stride = own.widths.reduce((a, b) => a + b, 0)
        for (let row = 0; row < ROWS; row++) {
          for (let column = 0; column < 2 * 12; column++) {
            const group = (column % 12) >> 2
            const active = most >> 2 === group || r.subarray(4 * group, 4 * group + 4).some(each => each >= least)
            expect(own.W[row * stride + column]).toBe((active ? all : before).W[row * stride + column])
          }
        }
      }),
      { numRuns: 20 }
    )
  })

  test('always steps in the group of the most responsible', () => {
    const active = { groups: new Int32Array(3), count: 9, places: new Int32Array(0) }
    activeGroups(new Float32Array(12).fill(1 / 12), 0.5, active)
    expect([active.count, active.groups[0]]).toEqual([1, 0])
    activeGroups(Float32Array.of(0.1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.4, 0.5), 0.1, active)
    expect([active.count, ...active.groups.subarray(0, 2)]).toEqual([2, 0, 2])
  })
})

describe('a gate that tasks share', () => {
  const opened = () => {
    const stand = jointStand(1)
    for (const bank of [stand.bank, stand.other]) for (let c = 0; c < 3; c++) bank.addClass()
    return stand
  }

  test('is taught by each of them, and no head by another', () => {
    const stand = opened()
    const parts = () => {
      const { gate, bank, other } = stand.save() as { gate: Float64Array; bank: Float64Array; other: Float64Array }
      return [gate, bank, other].map(bits)
    }
    const [gate, bank, other] = parts()
    stand.other.learn(record(stand, [[1, 1]]), 1, 1, true)
    const [taught, still, learned] = parts()
    expect([taught === gate, still === bank, learned === other]).toEqual([false, true, false])
    stand.bank.learn(record(stand, [[1, 1]]), 1, 1, true)
    expect(parts()[0]).not.toBe(taught)
    expect(parts()[2]).toBe(learned)
  })

  test('gives both tasks the same shares of a record', () => {
    const stand = opened()
    stand.bank.learn(record(stand, [[1, 1]]), 1, 1, true)
    opinion(stand, [[2, 1]], stand.bank)
    const shares = bits(stand.bank.shares())
    opinion(stand, [[2, 1]], stand.other)
    expect(bits(stand.other.shares())).toBe(shares)
  })

  /** Whether a label teaches the same when the other task had its turn between the question and the label. */
  const undisturbed = (turn: (stand: ReturnType<typeof opened>, entries: Entries, i: number) => void, quietToo: boolean) =>
    fc.assert(
      fc.property(fc.nat(1e6), seed => {
        const [disturbed, quiet] = [opened(), opened()]
        const random = new Random(seed)
        for (let i = 0; i < 20; i++) {
          const [x, other]: Entries[] = [[[1 + random.below(5), random.normal()]], [[6 + random.below(5), random.normal()]]]
          const own = record(disturbed, x!)
          disturbed.bank.opinion(own, new Float32Array(3))
          turn(disturbed, other!, i)
          if (quietToo) turn(quiet, other!, i)
          disturbed.bank.learn(own, i % 3, 1, true)
          quiet.bank.learn(record(quiet, x!), i % 3, 1, true)
        }
        expect(bits(disturbed.save()) === bits(quiet.save())).toBe(true)
      }),
      { numRuns: 20 }
    )

  test('that the other task was asked of another record in between does not change what a label teaches', () => {
    undisturbed((stand, x) => void opinion(stand, x, stand.other), false)
  })

  test('that the other task was taught another record in between changes it as if nothing had been asked before', () => {
    undisturbed((stand, x, i) => stand.other.learn(record(stand, x), i % 3, 1, true), true)
  })
})
