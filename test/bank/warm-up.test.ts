/** In its warm-up a mixture's experts learn alike, afterwards as ever. */
import { describe, expect, test } from 'vitest'
import { blameEvenly } from '../../src/bank/warm-up.ts'
import { openKernel } from '../../src/numeric/open-kernel.ts'
import { Random } from '../../src/numeric/random.ts'

const K = 4
const C = 3
const random = new Random(8)
const distribution = (n: number): number[] => {
  const drawn = Array.from({ length: n }, () => 0.05 + random.next())
  const sum = drawn.reduce((a, b) => a + b, 0)
  return drawn.map(p => p / sum)
}

/** Arrays of a kernel with an opinion in them. */
function blamed(name: 'simd' | 'plain', g: readonly number[], experts: readonly number[][], y: number, w: number) {
  const kernel = openKernel(name)
  const filled = (values: readonly number[]) => {
    const array = kernel.floats(values.length)
    array.set(values)
    return array
  }
  const opinion = { g: filled(g), P: filled(Array.from({ length: C * K }, (_, i) => experts[i % K]![Math.floor(i / K)]!)) }
  const q = filled(Array.from({ length: C }, (_, c) => g.reduce((sum, share, k) => sum + share * experts[k]![c]!, 0)))
  const gradients = { r: kernel.floats(K), deltaGate: kernel.floats(K), delta: kernel.floats(C * K) }
  kernel.blame(opinion.g, opinion.P, q, y, w, K, C, gradients.r, gradients.deltaGate, gradients.delta)
  return { ...opinion, ...gradients }
}

const evenly = (a: number, it: ReturnType<typeof blamed>, y: number, w: number) => {
  blameEvenly(a, it.g, it.P, y, w, it.r, it.deltaGate, it.delta)
  return it
}

describe('blame made even', () => {
  const g = distribution(K)
  const experts = Array.from({ length: K }, () => distribution(C))

  test('altogether gives every expert the same part, and draws the gate to even shares', () => {
    const { P, r, deltaGate, delta } = evenly(1, blamed('plain', g, experts, 1, 3), 1, 3)
    for (let k = 0; k < K; k++) {
      expect(r[k]).toBe(0.25)
      expect(deltaGate[k]).toBeCloseTo(3 * (g[k]! - 0.25), 6)
      for (let c = 0; c < C; c++) expect(delta[c * K + k]).toBeCloseTo(0.75 * (P[c * K + k]! - (c === 1 ? 1 : 0)), 6)
    }
  })

  test('by half lies half way, and still sums to one', () => {
    const { r: own } = blamed('plain', g, experts, 2, 1)
    const { r } = evenly(0.5, blamed('plain', g, experts, 2, 1), 2, 1)
    for (let k = 0; k < K; k++) expect(r[k]).toBeCloseTo((own[k]! + 0.25) / 2, 6)
    expect(r.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6)
  })

  test('not at all is the blame of the kernel, bit for bit', () => {
    expect(evenly(0, blamed('plain', g, experts, 0, 2.5), 0, 2.5)).toEqual(blamed('plain', g, experts, 0, 2.5))
  })

  test('gives the same bits over the arrays of either kernel', () => {
    for (let i = 0; i < 50; i++) {
      const [some, all] = [distribution(K), Array.from({ length: K }, () => distribution(C))]
      const [plain, simd] = (['plain', 'simd'] as const).map(name => evenly(i / 50, blamed(name, some, all, i % C, 1 + i), i % C, 1 + i))
      for (const part of ['r', 'deltaGate', 'delta'] as const) expect(Array.from(simd![part])).toEqual(Array.from(plain![part]))
    }
  })
})
