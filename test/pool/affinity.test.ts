import { expect, test } from 'vitest'
import { Random } from '../../src/numeric/random.ts'
import { AFFINITY_DOMAINS, Affinity } from '../../src/pool/affinity.ts'
import { bits } from '../judge/stream.ts'

const anyone = () => true

test('half the say of one that is right gains up to ln ½q, of one that is wrong costs up to ln 2, of one alike nothing', () => {
  const affinity = new Affinity()
  affinity.add(0, 3, [1, 0], [0.1, 0.9], 0)
  affinity.add(1, 3, [0, 1], [0.9, 0.1], 0)
  affinity.add(2, 3, [0.3, 0.7], [0.3, 0.7], 1)
  const [right, wrong, alike] = affinity.report()
  expect(right).toMatchObject({ from: 0, to: 3, n: 1 })
  expect(right!.gain).toBeCloseTo(Math.log(0.55 / 0.1), 12)
  expect(wrong!.gain).toBeCloseTo(-Math.LN2, 5)
  expect(alike!.gain).toBeCloseTo(0, 12)
})

test('no comparison costs more than ln 2 or gains more than the floor allows, whatever was said', () => {
  const affinity = new Affinity()
  for (const qa of [0, 1e-9, 0.5, 1]) for (const qb of [0, 1e-9, 0.5, 1]) affinity.add(qa * 9, 63, [qa], [qb], 0)
  for (const { gain } of affinity.report()) {
    expect(gain).toBeGreaterThanOrEqual(-Math.LN2)
    expect(gain).toBeLessThanOrEqual(Math.log(0.5e6 + 0.5))
  }
})

test('the mean forgets: what was so a thousand comparisons ago no longer tells', () => {
  const affinity = new Affinity()
  for (let i = 0; i < 1000; i++) affinity.add(0, 1, [1], [0.5], 0)
  for (let i = 0; i < 1000; i++) affinity.add(0, 1, [0.25], [0.5], 0)
  const [pair] = affinity.report()
  expect(pair!.n).toBe(2000)
  expect(pair!.gain).toBeCloseTo(Math.log(0.375 / 0.5), 3)
})

test('of every fourth example of a domain one other is asked, each in turn, however the domains take turns', () => {
  const affinity = new Affinity()
  const asked = new Map<string, number>()
  for (let i = 0; i < 4 * 240; i++) {
    const b = i % 4
    const a = affinity.turn(b, each => each < 4)
    if (a >= 0) asked.set(`${a} ${b}`, (asked.get(`${a} ${b}`) ?? 0) + 1)
  }
  expect(asked.size).toBe(12)
  expect([...asked.values()].every(n => n === 20)).toBe(true)
})

test('none is asked who is the same, has no bank or lies beyond the limit', () => {
  const affinity = new Affinity()
  const asked = (b: number, speaks: (a: number) => boolean) => Array.from({ length: 40 }, () => affinity.turn(b, speaks))
  expect(asked(0, a => a === 0).every(a => a === -1)).toBe(true)
  expect(asked(AFFINITY_DOMAINS, anyone).every(a => a === -1)).toBe(true)
  expect(asked(-1, anyone).every(a => a === -1)).toBe(true)
  expect(new Set(asked(1, a => a === 0 || a === 1 || a === 5))).toEqual(new Set([-1, 0, 5]))
  expect(Math.max(...Array.from({ length: 1000 }, () => affinity.turn(2, anyone)))).toBe(AFFINITY_DOMAINS - 1)
})

test('saved and loaded it goes on bit for bit, and what was saved does not move', () => {
  const random = new Random(1)
  const step = (affinity: Affinity, b: number, qa: number, qb: number) => {
    const a = affinity.turn(b, each => each < 5)
    if (a >= 0) affinity.add(a, b, [qa, 1 - qa], [qb, 1 - qb], 0)
  }
  const affinity = new Affinity()
  for (let i = 0; i < 333; i++) step(affinity, random.below(5), random.next(), random.next())
  const saved = affinity.save()
  const before = bits(saved)
  const again = new Affinity()
  again.load(saved)
  for (let i = 0; i < 50; i++) {
    const [b, qa, qb] = [random.below(5), random.next(), random.next()]
    for (const each of [affinity, again]) step(each, b, qa, qb)
  }
  expect(bits(again.save())).toBe(bits(affinity.save()))
  expect(again.report()).toEqual(affinity.report())
  expect(bits(saved)).toBe(before)
})
