import { expect, test } from 'vitest'
import { Random } from '../../src/numeric/random.ts'
import { COUNTED_CLASSES, SecondOpinion } from '../../src/pool/second-opinion.ts'
import { bits } from '../judge/stream.ts'

/** What it tells after `n` examples as they are drawn. */
function told(n: number, draw: (random: Random) => readonly [k: number, p: readonly number[], y: number]) {
  const second = new SecondOpinion()
  const random = new Random(7)
  for (let i = 0; i < n; i++) second.add(...draw(random))
  return second.report()
}

test('a choice that tells the class where the committee knows nothing gains nearly all there is to know', () => {
  const { n, gain } = told(3000, random => {
    const y = random.below(3)
    return [y, [1 / 3, 1 / 3, 1 / 3], y]
  })
  expect(n).toBe(3000)
  expect(gain).toBeGreaterThan(0.95 * Math.log(3))
})

test('a choice that repeats what the committee said costs: it says the same twice', () => {
  const { gain } = told(3000, random => {
    const k = random.below(2)
    const y = random.next() < 0.7 ? k : 1 - k
    return [k, k === 0 ? [0.7, 0.3] : [0.3, 0.7], y]
  })
  expect(gain).toBeLessThan(-0.02)
})

test('a choice that has nothing to do with the class neither gains nor costs much, one that never changes nothing at all', () => {
  const free = told(3000, random => [random.below(4), [0.5, 0.5], random.below(2)])
  expect(Math.abs(free.gain)).toBeLessThan(0.01)
  expect(told(3000, random => [0, [0.8, 0.1, 0.1], random.below(3)]).gain).toBeCloseTo(0, 12)
})

test('what was never met says nothing: neither a choice nor a class', () => {
  const second = new SecondOpinion()
  for (let i = 0; i < 500; i++) second.add(0, [0.98, 0.02], i % 50 === 0 ? 1 : 0)
  const before = second.report().gain
  second.add(5, [0.9, 0.1], 1)
  expect(second.report().gain).toBeCloseTo(before, 12)
  expect(told(1, () => [0, [0.5, 0.5], 1])).toEqual({ n: 1, gain: 0 })
})

test('it stays finite where a class was ruled out, and through as many examples as make the counts start anew', () => {
  const { gain } = told(60_000, random => [random.below(2), [1, 0], random.below(2)])
  expect(Number.isFinite(gain)).toBe(true)
})

test('tasks of more classes than are counted are left out', () => {
  const many = new Array(COUNTED_CLASSES + 1).fill(1 / (COUNTED_CLASSES + 1))
  expect(told(5, () => [0, many, 0])).toEqual({ n: 0, gain: 0 })
  expect(told(5, () => [COUNTED_CLASSES, [0.5, 0.5], 0])).toEqual({ n: 0, gain: 0 })
})

test('saved and loaded it goes on bit for bit while classes are still coming, and what was saved does not move', () => {
  const random = new Random(3)
  const draw = (C: number) => [random.below(C), new Array(C).fill(1 / C), random.below(C)] as const
  const second = new SecondOpinion()
  for (let i = 0; i < 100; i++) second.add(...draw(2 + Math.floor(i / 40)))
  const saved = second.save()
  const before = bits(saved)
  const again = new SecondOpinion()
  again.load(saved)
  for (let i = 0; i < 100; i++) {
    const drawn = draw(4 + Math.floor(i / 40))
    for (const each of [second, again]) each.add(...drawn)
  }
  expect(bits(again.save())).toBe(bits(second.save()))
  expect(bits(saved)).toBe(before)
})
