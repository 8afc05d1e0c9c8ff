/** A + B_d: what of a residual is everyone's and what a domain's own. */
import { describe, expect, test } from 'vitest'
import type { Bank } from '../../src/bank/bank.ts'
import { carryOf } from '../../src/encode/spline.ts'
import { Random } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { bits } from '../judge/stream.ts'
import {
  type Entries,
  fill,
  type MixtureStand,
  type ResidualSaved,
  residualStand,
  STRANGER,
  type Stand,
  sharedMap,
  slip,
  taskStand
} from './stand.ts'

const CLASSES = 3

function opened(experts = 4): MixtureStand {
  const stand = residualStand(1, { experts })
  for (let c = 0; c < CLASSES; c++) stand.bank.addClass()
  return stand
}

const entry = (random: Random): Entries => [[1 + random.below(8), random.normal()], [9, random.normal()]] // biome-ignore format: a pair

function learn(stand: Stand, domains: readonly number[], n: number, seed = 2): void {
  const random = new Random(seed)
  const x = slip(stand.kernel)
  for (let i = 0; i < n; i++) stand.bank.learn(fill(x, entry(random), domains[i % domains.length]!), random.below(CLASSES), 1, true)
}

/** Everything it says of some records in a domain. */
function said(stand: Stand, domain: number, bank: Bank = stand.bank): string {
  const random = new Random(8)
  const x = slip(stand.kernel)
  const q = new Float32Array(CLASSES)
  return bits(
    Array.from({ length: 20 }, () => {
      bank.opinion(fill(x, entry(random), domain), q)
      return q.slice()
    })
  )
}

/** Of the saved state: what is shared, and the parts of domains 0 and 1. */
function parts(stand: Stand): { shared: string; own: string[] } {
  const { gate, head } = stand.save() as unknown as { gate: { weights: ResidualSaved }; head: ResidualSaved }
  const maps = [gate.weights, head]
  const part = (domain: number) => bits(maps.map(map => map.own.find(([d]) => d === domain)![1] as unknown as Saved))
  return { shared: bits(maps.map(map => map.shared as unknown as Saved)), own: [part(0), part(1)] }
}

describe('a residual', () => {
  test('in a domain never seen, admitted or not, is the shared part alone', () => {
    const stand = opened()
    learn(stand, [0, 1], 200)
    const saved = stand.save() as unknown as { gate: { weights: ResidualSaved }; head: ResidualSaved }
    const alone = taskStand(1, { kernel: () => stand.kernel }, sharedMap)
    alone.load({ ...saved, gate: { ...saved.gate, weights: saved.gate.weights.shared }, head: saved.head.shared } as unknown as Saved)
    expect(said(stand, STRANGER)).toBe(said(alone, STRANGER))
    stand.bank.admit(STRANGER)
    expect(said(stand, STRANGER)).toBe(said(alone, STRANGER))
    for (const domain of [0, 1]) expect(said(stand, domain)).not.toBe(said(alone, domain))
  })

  test("learns in a domain's own part and in the shared one, and in no other's", () => {
    const stand = opened()
    learn(stand, [0, 1], 50)
    const before = parts(stand)
    learn(stand, [1], 1)
    const after = parts(stand)
    expect(after.shared).not.toBe(before.shared)
    expect([after.own[0] === before.own[0], after.own[1] === before.own[1]]).toEqual([true, false])
  })

  test('learns of a domain without a part of its own in the shared part only', () => {
    const stand = opened()
    const before = parts(stand)
    learn(stand, [STRANGER], 20)
    const after = parts(stand)
    expect(after.own).toEqual(before.own)
    expect(after.shared).not.toBe(before.shared)
  })

  test('does so where it is sparse too', () => {
    const stand = residualStand(1, { experts: 8, sparse: 0.05 })
    for (let c = 0; c < CLASSES; c++) stand.bank.addClass()
    const before = parts(stand)
    learn(stand, [0], 5)
    const after = parts(stand)
    expect([after.own[0] === before.own[0], after.own[1] === before.own[1]]).toEqual([false, true])
    expect(after.shared).not.toBe(before.shared)
  })

  test('sums the logits of both parts: the same step in each moves it twice as far as in one', () => {
    const [both, shared] = [opened(1), opened(1)]
    const x = slip(both.kernel)
    const odds = (stand: MixtureStand, domain: number) => {
      const q = new Float32Array(CLASSES)
      stand.bank.opinion(fill(x, [[1, 1]], domain), q)
      return Math.log(q[1]! / q[0]!)
    }
    const start = odds(both, 0)
    both.bank.learn(fill(x, [[1, 1]], 0), 1, 1, true)
    shared.bank.learn(fill(slip(shared.kernel), [[1, 1]], STRANGER), 1, 1, true)
    expect(odds(both, 0) - start).toBeCloseTo(2 * (odds(both, STRANGER) - start), 5)
    expect(odds(both, STRANGER)).toBeCloseTo(odds(shared, STRANGER), 6)
  })

  test('keeps its shared part still when knots move, whose ever, and another domain’s part when they are not its own', () => {
    const stand = opened()
    learn(stand, [0, 1], 50)
    const before = parts(stand)
    const knots = Float64Array.of(0, 1, 2, 3)
    const moves = [carryOf(3, knots, knots.map(each => each * 0.6))] // biome-ignore format: one move
    for (const encoding of ['pooled', STRANGER] as const) stand.carry(encoding, moves)
    expect(parts(stand)).toEqual(before)
    stand.carry(1, moves)
    const after = parts(stand)
    expect([after.shared === before.shared, after.own[0] === before.own[0], after.own[1] === before.own[1]]).toEqual([true, true, false])
  })

  test('starts a class that appears by its shared part alone', () => {
    const stand = opened()
    learn(stand, [0, 1], 100)
    stand.bank.addClass()
    const { head } = stand.save() as unknown as { head: ResidualSaved }
    const bias = ({ block, width }: ResidualSaved['shared']) => Array.from(block.W.subarray(width - 4, width))
    // −.35 ln(1 + n) after n = 100.
    for (const each of bias(head.shared)) expect(each).toBeCloseTo(-0.35 * Math.log(101), 5)
    for (const [, part] of head.own) expect(bias(part)).toEqual([0, 0, 0, 0])
  })
})
