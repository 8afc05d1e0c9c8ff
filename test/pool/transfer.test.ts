import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../../src/numeric/random.ts'
import { Transfer } from '../../src/pool/transfer.ts'
import { bits } from '../judge/stream.ts'
import { opinion } from './opinions.ts'

/** An account of n examples. */
function filled(seed: number, n: number, C = 3): Transfer {
  const transfer = new Transfer()
  const random = new Random(seed)
  for (let i = 0; i < n; i++) transfer.add(opinion(random, C), opinion(random, C), random.below(C))
  return transfer
}

test('without an example there is neither gain nor harm', () => {
  expect(new Transfer().report()).toEqual({ n: 0, gain: 0, perExample: 0, recent: 0 })
})

test('it is Σ ln p[y] − ln q_solo[y], in all, an example, and of the last ones a little more', () => {
  const transfer = new Transfer()
  transfer.add([0.8, 0.2], [0.4, 0.6], 0) // ln 2 gained
  transfer.add([0.8, 0.2], [0.2, 0.8], 1) // ln 4 lost
  transfer.add([0.5, 0.5], [0.5, 0.5], 0)
  const { n, gain, perExample, recent } = transfer.report()
  expect(n).toBe(3)
  expect(gain).toBeCloseTo(-Math.LN2, 12)
  expect(perExample).toBeCloseTo(-Math.LN2 / 3, 12)
  // Weights .999², .999 and 1, the oldest first.
  expect(recent).toBeCloseTo((0.999 ** 2 * Math.LN2 - 0.999 * 2 * Math.LN2) / (0.999 ** 2 + 0.999 + 1), 12)
})

test('what was ruled out counts as one in a million: no example costs more than that', () => {
  const transfer = new Transfer()
  transfer.add([0, 1], [1, 0], 0)
  expect(transfer.report().gain).toBeCloseTo(Math.log(1e-6), 12)
  transfer.add([0, 1], [0, 1], 0)
  expect(transfer.report().gain).toBeCloseTo(Math.log(1e-6), 12)
  transfer.add([1, 0], [0, 1], 0)
  expect(transfer.report().gain).toBeCloseTo(0, 12)
})

test('every number of it is finite, and exchanging the two turns its sign', () => {
  fc.assert(
    fc.property(fc.nat(1e9), fc.integer({ min: 1, max: 100 }), (seed, n) => {
      const [forth, back] = [new Transfer(), new Transfer()]
      const random = new Random(seed)
      for (let i = 0; i < n; i++) {
        const [p, q, y] = [opinion(random, 3), opinion(random, 3), random.below(3)]
        forth.add(p, q, y)
        back.add(q, p, y)
      }
      const [own, turned] = [forth.report(), back.report()]
      expect(Object.values(own).every(Number.isFinite)).toBe(true)
      for (const each of ['gain', 'perExample', 'recent'] as const) expect(own[each] + turned[each] === 0).toBe(true)
    })
  )
})

test('the recent gain follows what is so now, the sum keeps all', () => {
  const transfer = new Transfer()
  for (let i = 0; i < 5000; i++) transfer.add([0.8, 0.2], [0.4, 0.6], 0)
  for (let i = 0; i < 5000; i++) transfer.add([0.4, 0.6], [0.8, 0.2], 0)
  const { gain, recent } = transfer.report()
  expect(gain).toBeCloseTo(0, 8)
  expect(recent).toBeLessThan(-0.95 * Math.LN2)
})

test('saved and loaded it goes on bit for bit, and what was saved does not move', () => {
  fc.assert(
    fc.property(fc.nat(1e9), fc.nat(50), (seed, n) => {
      const transfer = filled(seed, n)
      const saved = transfer.save()
      const before = bits(saved)
      const again = new Transfer()
      again.load(saved)
      expect(again.report()).toEqual(transfer.report())
      for (const each of [transfer, again]) each.add([0.3, 0.7], [0.6, 0.4], 1)
      expect(bits(again.save())).toBe(bits(transfer.save()))
      expect(bits(saved)).toBe(before)
    })
  )
})
