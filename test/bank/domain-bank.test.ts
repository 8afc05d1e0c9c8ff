/** A bank of each domain's own shares nothing: it is what sharing is measured against. */
import { describe, expect, test } from 'vitest'
import { carryOf } from '../../src/encode/spline.ts'
import { Random } from '../../src/numeric/random.ts'
import { bits } from '../judge/stream.ts'
import { type Entries, fill, type SoloStand, STRANGER, slip, soloStand } from './stand.ts'

const CLASSES = 3

function opened(): SoloStand {
  const stand = soloStand(1)
  for (let c = 0; c < CLASSES; c++) stand.bank.addClass()
  return stand
}

function learn(stand: SoloStand, domains: readonly number[], n: number): void {
  const random = new Random(4)
  const x = slip(stand.kernel)
  for (let i = 0; i < n; i++) {
    const entries: Entries = [[1 + random.below(8), random.normal()]]
    stand.bank.learn(fill(x, entries, domains[i % domains.length]!), random.below(CLASSES), 1, true)
  }
}

const of = (stand: SoloStand, domain: number) => bits(stand.bank.of(domain)!.save())

describe('a bank of each domain', () => {
  test('learns in one domain without changing a bit of another', () => {
    const stand = opened()
    learn(stand, [0, 1], 40)
    const before = [of(stand, 0), of(stand, 1)]
    learn(stand, [0], 40)
    expect([of(stand, 0) === before[0], of(stand, 1) === before[1]]).toEqual([false, true])
  })

  test('learns in a domain what a bank that saw nothing else would have learned', () => {
    const [mixed, alone] = [opened(), opened()]
    const [x, y] = [slip(mixed.kernel), slip(alone.kernel)]
    const random = new Random(6)
    for (let i = 0; i < 100; i++) {
      const entries: Entries = [[1 + random.below(8), random.normal()]]
      const label = random.below(CLASSES)
      mixed.bank.learn(fill(x, entries, i % 3), label, 1, true)
      if (i % 3 === 1) alone.bank.learn(fill(y, entries, 1), label, 1, true)
    }
    expect(of(mixed, 1)).toBe(of(alone, 1))
  })

  test("moves with its domain's knots, and leaves the other domains' banks where they are", () => {
    const stand = opened()
    learn(stand, [0, 1], 40)
    const before = [of(stand, 0), of(stand, 1)]
    const knots = Float64Array.of(0, 1, 2, 3)
    stand.carry(1, [carryOf(2, knots, knots.map(each => each * 0.6))]) // biome-ignore format: one move
    expect([of(stand, 0) === before[0], of(stand, 1) === before[1]]).toEqual([true, false])
  })

  test('gives a domain that is admitted late every class there is, and draws its weights by the domain', () => {
    const [early, late] = [opened(), opened()]
    late.bank.addClass()
    early.bank.admit(STRANGER)
    early.bank.addClass()
    late.bank.admit(STRANGER)
    expect(of(late, STRANGER)).toBe(of(early, STRANGER))
    expect(of(late, STRANGER)).not.toBe(of(late, 1))
    expect([...late.bank.all.keys()]).toEqual([0, 1, STRANGER])
    expect(late.bank.of(9)).toBeUndefined()
  })

  test('costs as much as one of them, and nothing while there is none', () => {
    expect(opened().bank.cost(10)).toBe(opened().bank.of(0)!.cost(10))
    const { bank } = opened()
    const before = bank.bytes
    bank.admit(STRANGER)
    expect(bank.bytes).toBe(before * 1.5)
  })
})
