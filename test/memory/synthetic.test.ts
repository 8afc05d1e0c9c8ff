import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { ClassMemory, type Remembered } from '../../src/memory/class-memory.ts'
import { between, drawSynthetic, rareBelow } from '../../src/memory/synthetic.ts'
import { Random } from '../../src/numeric/random.ts'

/** Columns of the records here: two numbers, a category, a number. */
const KINDS = Int32Array.of(0, 0, 1, 0)

const number = fc.oneof(fc.constant(Number.NaN), fc.double({ min: -1e100, max: 1e100, noNaN: true }))
const category = fc.oneof(fc.constant(Number.NaN), fc.integer({ min: -1, max: 5 }))
const record = fc.tuple(number, number, category, number, fc.nat(4)).map(([a, b, c, d, length]) => [a, b, c, d].slice(0, length))
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const item = (id: string, raw: readonly number[], over: Partial<Remembered> = {}): Remembered => ({
  id,
  raw,
  y: 2,
  domain: 1,
  others: null,
  ...over
})

describe('what stands between two examples', () => {
  test('lies between them in every column, is missing where either is, and has a category of the nearer', () => {
    fc.assert(
      fc.property(record, record, share, (left, right, t) => {
        const { raw } = between(item('a', left), item('b', right), t, KINDS)
        expect(raw.length).toBe(Math.max(left.length, right.length))
        raw.forEach((value, slot) => {
          const [a, b] = [left[slot] ?? Number.NaN, right[slot] ?? Number.NaN]
          if (Number.isNaN(a) || Number.isNaN(b)) expect(value).toBeNaN()
          else if (KINDS[slot] === 1) expect(value).toBe(t >= 0.5 ? a : b)
          else {
            expect(value).toBeGreaterThanOrEqual(Math.min(a, b))
            expect(value).toBeLessThanOrEqual(Math.max(a, b))
            expect(Math.abs(value - (t * a + (1 - t) * b))).toBeLessThanOrEqual(1e-15 * Math.max(Math.abs(a), Math.abs(b)))
          }
        })
      })
    )
  })

  test('keeps class and domain, is marked, has no id, and holds no record of another', () => {
    const [a, b] = [item('a', [1, 2]), item('b', [1, 2])]
    const made = between(a, b, 0.3, KINDS)
    expect(made).toEqual({ synthetic: true, raw: [1, 2], y: 2, domain: 1, others: null })
    expect(made).not.toHaveProperty('id')
    for (const { raw } of [a, b]) expect(made.raw).not.toBe(raw)
  })

  test('hears between what its ends heard, as far as both heard it; nothing where one end did not', () => {
    const [a, b] = [Float32Array.of(0.5, Number.NaN, 1), Float32Array.of(0.25, 0.5)]
    const raw = [1]
    expect(Array.from(between(item('a', raw, { others: a }), item('b', raw, { others: b }), 0.5, KINDS).others!)).toEqual([
      0.375,
      Number.NaN
    ])
    expect(between(item('a', raw, { others: a }), item('b', raw), 0.5, KINDS).others).toBeNull()
  })
})

function remember(all: readonly Remembered[]): ClassMemory {
  const memory = new ClassMemory(100)
  for (const each of all) memory.add(each)
  return memory
}

describe('the other end', () => {
  const own = Array.from({ length: 4 }, (_, i) => item(`own ${i}`, [i]))
  const memory = remember([...own, item('elsewhere', [50], { domain: 0 }), item('another', [90], { y: 0 })])

  test('is any other example of the class and domain, all alike', () => {
    const random = new Random(1)
    const drawn = new Map<number, number>()
    const n = 3000
    for (let i = 0; i < n; i++) {
      const { raw, y, domain } = memory.partner(random, own[1]!)!
      expect([y, domain]).toEqual([2, 1])
      drawn.set(raw[0]!, (drawn.get(raw[0]!) ?? 0) + 1)
    }
    expect([...drawn.keys()].sort()).toEqual([0, 2, 3])
    for (const count of drawn.values()) expect(Math.abs(count / n - 1 / 3)).toBeLessThan(0.05)
  })

  test('is none for one that is alone, and then no chance is drawn', () => {
    const random = new Random(1)
    expect(drawSynthetic(random, [...memory.all()].find(({ id }) => id === 'elsewhere')!, memory, KINDS)).toBeNull()
    expect(random.save()).toEqual(new Random(1).save())
  })

  test('and the place between are of the generator that is given, and the memory is left as it was', () => {
    const before = [...memory.all()]
    const unseeded = vi.spyOn(Math, 'random')
    const draw = (seed: number) => drawSynthetic(new Random(seed), own[0]!, memory, KINDS)!.raw[0]!
    const places = Array.from({ length: 200 }, (_, seed) => draw(seed))
    expect(places.map((_, seed) => draw(seed))).toEqual(places)
    expect(new Set(places).size).toBeGreaterThan(150)
    expect(unseeded).not.toHaveBeenCalled()
    unseeded.mockRestore()
    expect([...memory.all()]).toEqual(before)
  })
})

test('a class is rare below half of the mean count', () => {
  expect(rareBelow(Float64Array.of(50, 75, 25))).toBe(25)
  expect(rareBelow(Float64Array.of(1))).toBe(0.5)
})
