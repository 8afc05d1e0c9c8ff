/** What a memory does beyond the laws of every bank. */
import { describe, expect, test } from 'vitest'
import type { Metric } from '../../src/bank/neighbour-bank.ts'
import type { Kernel } from '../../src/numeric/kernel.ts'
import { openKernel } from '../../src/numeric/open-kernel.ts'
import { Random } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { bits } from '../judge/stream.ts'
import { type Entries, fill, type MemoryStand, memoryStand, slip } from './stand.ts'

function opened(capacity = 400, classes = 2, metric?: Metric): MemoryStand {
  const stand = memoryStand(1, { capacity, ...(metric && { metric }) })
  for (let c = 0; c < classes; c++) stand.bank.addClass()
  return stand
}

function learn(stand: MemoryStand, entries: Entries, y: number, fresh = true, w = 1): void {
  stand.bank.learn(fill(slip(stand.kernel), entries), y, w, fresh)
}

function opinion(stand: MemoryStand, entries: Entries, classes = 2): Float32Array {
  const q = new Float32Array(classes)
  expect(stand.bank.opinion(fill(slip(stand.kernel), entries), q)).toBe(true)
  return q
}

/** A metric whose columns appear while it is used. */
function metricOf(wide: { columns: number }): Metric {
  return {
    get width() {
      return wide.columns
    },
    get kinds() {
      return new Int32Array(wide.columns)
    },
    standardise({ raw }, point) {
      for (let d = 0; d < wide.columns; d++) point[d] = raw[d]!
    }
  }
}

describe('a memory', () => {
  test('lets the nearest vote by the inverse of their distance, every class with a little before', () => {
    const stand = opened()
    learn(stand, [[1, 0]], 0)
    learn(stand, [[1, 3]], 1)
    const votes = [0.02 + 1 / (1e-6 + 1), 0.02 + 1 / (1e-6 + 2)]
    const sum = votes[0]! + votes[1]!
    const q = opinion(stand, [[1, 1]])
    expect(q[0]).toBeCloseTo(votes[0]! / sum, 6)
    expect(q[1]).toBeCloseTo(votes[1]! / sum, 6)
  })

  test('asks five at most', () => {
    const stand = opened()
    for (let i = 0; i < 5; i++) learn(stand, [[1, 1]], 0)
    for (let i = 0; i < 50; i++) learn(stand, [[1, 2]], 1)
    expect(opinion(stand, [[1, 1]])[1]).toBeLessThan(1e-6)
  })

  test('takes a missing value and another category for 1 away, and two missing for alike', () => {
    const stand = opened()
    learn(stand, [[7, 4]], 0)
    learn(stand, [[2, 5]], 1)
    // To the first: another category in column 7. To the second: 7 and 2 are missing on one side each.
    const [near, far] = [1 / (1e-6 + 1), 1 / (1e-6 + Math.sqrt(2))]
    expect(opinion(stand, [[7, 100]])[0]).toBeCloseTo((0.02 + near) / (0.04 + near + far), 6)
  })

  test('forgets the oldest when it is full', () => {
    const stand = opened(10)
    learn(stand, [[1, 0]], 0)
    for (let i = 0; i < 9; i++) learn(stand, [[1, 9]], 1)
    expect(opinion(stand, [[1, 0]])[0]).toBeGreaterThan(0.9)
    learn(stand, [[1, 9]], 1)
    expect(opinion(stand, [[1, 0]])[0]).toBeLessThan(0.1)
  })

  test('takes a replayed example for one it has', () => {
    const stand = opened()
    learn(stand, [[1, 1]], 1)
    const before = bits(stand.save())
    learn(stand, [[1, 2]], 0, false)
    expect(bits(stand.save())).toBe(before)
  })

  test('votes for the corrected class of an example it holds, also after saving, and leaves the others as they are', () => {
    const [stand, loaded] = [opened(), opened()]
    for (const [serial, x] of [0, 5].entries()) stand.bank.learn(Object.assign(fill(slip(stand.kernel), [[1, x]]), { serial }), 0, 1, true)
    loaded.load(stand.save())
    for (const each of [stand, loaded]) {
      each.bank.correct(1, 1, 4)
      each.bank.correct(7, 1, 4)
      expect(opinion(each, [[1, 5]])[1]).toBeGreaterThan(0.9)
      expect(opinion(each, [[1, 0]])[0]).toBeGreaterThan(0.9)
      // Each lies 2.5 away; the corrected one votes with the root of its new weight.
      const [a, b] = opinion(each, [[1, 2.5]])
      expect(b! / a!).toBeCloseTo((0.02 + 2 / 2.5) / (0.02 + 1 / 2.5), 3)
    }
  })

  test('lets an example vote with the root of the weight that it came with', () => {
    const stand = opened()
    learn(stand, [[1, 0]], 0, true, 0.25)
    learn(stand, [[1, 2]], 1, true, 9)
    // Both lie 1 away.
    expect(opinion(stand, [[1, 1]])[1]).toBeCloseTo((0.02 + 3 / (1 + 1e-6)) / (0.04 + 3.5 / (1 + 1e-6)), 6)
  })

  test('hears columns that tell the classes apart more than those that do not', () => {
    // Column 1 is the class, column 2 noise; column 7 is a category and counts once.
    const stand = opened()
    const random = new Random(2)
    for (let i = 0; i < 200; i++) learn(stand, [[1, i % 2], [2, random.normal()], [7, i % 2]], i % 2) // biome-ignore format: one record
    const { scale } = (stand.save() as { relevance: { scale: Float32Array } }).relevance
    expect(scale[1]!).toBeGreaterThan(4 * scale[2]!)
    expect(scale[2]!).toBeGreaterThan(0)
    expect(scale[7]).toBe(1)
    // On average a number counts once.
    const numbers = Array.from(scale).filter((_, d) => d !== 7)
    expect(numbers.reduce((a, b) => a + b, 0) / numbers.length).toBeCloseTo(1, 5)
  })

  test('takes a column that appears for missing in what it remembers, also after saving', () => {
    const wide = { columns: 2 }
    const growing = metricOf(wide)
    const stand = opened(20, 2, growing)
    learn(stand, [[0, 1], [1, 1]], 0) // biome-ignore format: a pair
    wide.columns = 9
    // Asked before any example has the new columns, it judges by those it knows.
    expect(opinion(stand, [[0, 1], [1, 1], [8, 50]])[0]).toBeGreaterThan(0.99) // biome-ignore format: one record
    learn(stand, [[0, 1], [1, 1], [8, 2]], 1) // biome-ignore format: one record
    const again = opened(20, 0, growing)
    again.load(stand.save())
    for (const each of [stand, again]) {
      learn(each, [[8, 3]], 1)
      const q = opinion(each, [[0, 1], [1, 1], [8, 2]]) // biome-ignore format: one record
      expect(q[1]).toBeGreaterThan(0.99)
      // The first record lies 1 away: its column 8 is missing.
      const before = opinion(each, [[0, 1], [1, 1], [8, 2.5]]) // biome-ignore format: one record
      const votes = [1 / (1e-6 + 1), 1 / (1e-6 + 0.5) + 1 / (1e-6 + Math.sqrt(2.25))]
      expect(before[0]).toBeCloseTo((0.02 + votes[0]!) / (0.04 + votes[0]! + votes[1]!), 5)
    }
    expect(bits(again.save())).toBe(bits(stand.save()))
    const { D } = stand.save() as { D: Saved }
    expect(D).toBe(9)
  })

  test('gives back to the kernel what it outgrew as columns appeared', () => {
    const plain = openKernel('plain')
    const lent = new Set<Float32Array | Int32Array>()
    const lend = <A extends Float32Array | Int32Array>(array: A): A => {
      if (array.length > 0) lent.add(array)
      return array
    }
    const kernel: Kernel = {
      ...plain,
      floats: n => lend(plain.floats(n)),
      ints: n => lend(plain.ints(n)),
      release: array => void lent.delete(array)
    }
    const wide = { columns: 1 }
    const stand = memoryStand(1, { capacity: 10, kernel: () => kernel, metric: metricOf(wide) })
    stand.bank.addClass()
    const x = fill(slip(plain), [[0, 1]])
    stand.bank.learn(x, 0, 1, true)
    const held = lent.size
    for (wide.columns = 2; wide.columns < 20; wide.columns++) stand.bank.learn(x, 0, 1, true)
    expect(lent.size).toBe(held)
  })
})
