import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import { ClassMemory, type Remembered } from '../../src/memory/class-memory.ts'
import { Random } from '../../src/numeric/random.ts'
import { bits } from '../judge/stream.ts'

const CAPACITY = 4
const item = (id: number, y: number): Remembered => ({ id: `${id}`, raw: [id], y, domain: id % 3, others: null })
const ids = (memory: ClassMemory) => [...memory.all()].map(each => `${each.y}:${each.id}`)

/** A table whose every record is its own place. */
const place = (raw: readonly number[]) => raw[0]!
const at = (index: number) => [index]

type Step = { readonly kind: 'add' | 'correct'; readonly y: number; readonly to: number; readonly pick: number }
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('add' as const, 'add' as const, 'correct' as const),
    y: fc.nat(3),
    to: fc.nat(3),
    pick: fc.nat(1000)
  }),
  { maxLength: 50 }
)

/** The memory beside one list a class, oldest first. */
function run(all: readonly Step[]): { memory: ClassMemory; lists: Remembered[][] } {
  const memory = new ClassMemory(CAPACITY)
  const lists: Remembered[][] = [[], [], [], []]
  all.forEach(({ kind, y, to, pick }, i) => {
    const list = lists[y]!
    if (kind === 'add') {
      memory.add(item(i, y))
      list.push(item(i, y))
      if (list.length > CAPACITY) list.shift()
    } else if (to !== y) {
      const found = list[pick % Math.max(list.length, 1)]
      expect(memory.correct(found?.id ?? 'never', y, to)).toBe(found !== undefined)
      if (found === undefined) return
      list.splice(list.indexOf(found), 1)
      lists[to]!.push({ ...found, y: to })
      if (lists[to]!.length > CAPACITY) lists[to]!.shift()
    }
  })
  return { memory, lists }
}

describe('class-aware memory', () => {
  test('holds the last examples of every class, oldest first, through corrections, and no more', () => {
    fc.assert(
      fc.property(steps, all => {
        const { memory, lists } = run(all)
        expect(ids(memory)).toEqual(lists.flat().map(each => `${each.y}:${each.id}`))
        lists.forEach((list, y) => {
          expect(memory.count(y)).toBe(list.length)
        })
        expect(memory.size).toBe(lists.flat().length)
        expect(memory.size).toBeLessThanOrEqual(4 * CAPACITY)
        expect(memory.bytes).toBe(8 * memory.size)
      })
    )
  })

  test('spreads a sample evenly over the classes and their time, and gives all where there are no more', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 20 }), (all, n) => {
        const { memory } = run(all)
        const held = [...memory.all()]
        const size = Math.min(n, held.length)
        expect(memory.spread(n)).toEqual(Array.from({ length: size }, (_, i) => held[Math.floor((i * held.length) / size)]))
      })
    )
  })

  test('does not lose a rare class while a frequent one comes', () => {
    const memory = new ClassMemory(CAPACITY)
    memory.add(item(0, 1))
    for (let i = 1; i < 1000; i++) memory.add(item(i, 0))
    expect(ids(memory)).toEqual(['0:996', '0:997', '0:998', '0:999', '1:0'])
  })

  test('draws a class by the counts it is given and then its examples all alike', () => {
    const memory = new ClassMemory(CAPACITY)
    for (let i = 0; i < 9; i++) memory.add(item(i, 0))
    memory.add(item(100, 2))
    memory.add(item(101, 2))
    const counts = Float64Array.of(3, 50, 1)
    const random = new Random(1)
    const drawn = new Map<string, number>()
    const n = 20_000
    for (let i = 0; i < n; i++) {
      const { id } = memory.draw(random, counts, 3)!
      drawn.set(id, (drawn.get(id) ?? 0) + 1)
    }
    // Class 1 has no example, so its count is no part: .75 and .25 are left, shared by four and by two.
    const expected = new Map([...['5', '6', '7', '8'].map(id => [id, 0.75 / 4] as const), ['100', 0.125], ['101', 0.125]])
    expect([...drawn.keys()].sort()).toEqual([...expected.keys()].sort())
    for (const [id, p] of expected) expect(Math.abs(drawn.get(id)! / n - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / n))
  })

  test('draws nothing from nothing, nor a class beyond those it is asked for', () => {
    const memory = new ClassMemory(CAPACITY)
    const random = new Random(1)
    expect(memory.draw(random, Float64Array.of(1), 1)).toBeNull()
    memory.add(item(1, 1))
    expect(memory.draw(random, Float64Array.of(1), 1)).toBeNull()
    expect(memory.draw(random, Float64Array.of(1, 0), 2)).toBeNull()
    for (let i = 0; i < 100; i++) expect(memory.draw(random, Float64Array.of(1e300, 1e-300), 2)!.id).toBe('1')
  })

  test('saved, read back and loaded it draws and forgets alike', () => {
    fc.assert(
      fc.property(steps, fc.integer(), (all, seed) => {
        const { memory } = run(all)
        const again = new ClassMemory(CAPACITY)
        again.load(decodeSaved(encodeSaved(memory.save(place))), at)
        const counts = Float64Array.of(4, 1, 3, 2)
        const [a, b] = [new Random(seed), new Random(seed)]
        for (let i = 0; i < 20; i++) {
          expect(again.draw(b, counts, 4)).toEqual(memory.draw(a, counts, 4))
          for (const each of [memory, again]) each.add(item(1000 + i, i % 4))
        }
        expect(bits(again.save(place))).toBe(bits(memory.save(place)))
      })
    )
  })
})
