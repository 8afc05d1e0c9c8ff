/**
 * What every kernel promises: the bits of the plain one for every function of the contract, whatever the shapes and numbers,
 * and memory that is zeroed, never shared and stays where it is. Each law throws where it is broken, so that planted faults
 * can be tried.
 */
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Kernel, Pace } from '../../src/numeric/kernel.ts'
import { plainKernel } from '../../src/numeric/plain-kernel.ts'
import { Random } from '../../src/numeric/random.ts'
import { RowBlock, type Span } from '../../src/numeric/row-block.ts'
import { Sparse } from '../../src/numeric/sparse.ts'
import { bits } from '../judge/stream.ts'

const RUNS = { numRuns: 150 }
const f = Math.fround

/** Denormal and huge numbers, both zeros, and what is just below a rounding step. */
const ODD = [0, -0, 1, -1, 1e-45, -1e-45, 1e-40, -3e-39, 1e-30, -1e-20, 1e19, -1e19, 3e38, -3e38, f(1 / 3), 1 - 2 ** -24]

/** How numbers are drawn: by a seed, so that a counterexample is short; `odd` of a hundred are odd ones. */
interface Draw {
  readonly seed: number
  readonly odd: number
}
const draws: fc.Arbitrary<Draw> = fc.record({ seed: fc.nat(1e9), odd: fc.constantFrom(0, 0, 5, 50) })

function numbers({ seed, odd }: Draw, salt: number, n: number, spread = 2): Float32Array {
  const random = new Random(seed * 16 + salt)
  return Float32Array.from({ length: n }, () => (random.below(100) < odd ? ODD[random.below(ODD.length)]! : spread * random.normal()))
}

/** What a kernel works on: every array stands in its own memory, and all of them are compared afterwards. */
class Desk {
  readonly kernel: Kernel
  readonly #lent: (Float32Array | Int32Array)[] = []

  constructor(kernel: Kernel) {
    this.kernel = kernel
  }

  floats(values: ArrayLike<number>): Float32Array {
    const array = this.kernel.floats(values.length)
    array.set(values)
    this.#lent.push(array)
    return array
  }

  ints(values: ArrayLike<number>): Int32Array {
    const array = this.kernel.ints(values.length)
    array.set(values)
    this.#lent.push(array)
    return array
  }

  sparse(index: readonly number[], values: ArrayLike<number>): Sparse {
    const x = new Sparse(this.kernel)
    index.forEach((row, i) => {
      x.push(row, values[i]!)
    })
    this.#lent.push(x.index, x.value)
    return x
  }

  /** Bits of all arrays, one NaN like another: which of its bits an engine gives is not fixed. */
  clear(): string[] {
    const all = this.#lent.map(array => bits(array instanceof Float32Array ? array.map(v => (Number.isNaN(v) ? Number.NaN : v)) : array))
    for (const array of this.#lent) this.kernel.release(array)
    return all
  }
}

/** Runs the same on a kernel and on the reference, and compares everything either could have written. */
function alike(open: () => Kernel, run: (desk: Desk) => unknown): void {
  const [own, theirs] = [new Desk(open()), new Desk(plainKernel())]
  const [said, expected] = [run(own), run(theirs)]
  expect(said).toEqual(expected)
  expect(own.clear()).toEqual(theirs.clear())
}

/** A block of weights, a span inside it, and some of its rows active. */
interface Block {
  readonly rows: number
  readonly stride: number
  readonly from: number
  readonly width: number
  readonly active: readonly number[]
}
const blocks: fc.Arbitrary<Block> = fc
  .record({ rows: fc.integer({ min: 1, max: 12 }), before: fc.nat(9), width: fc.nat(80), behind: fc.nat(9) })
  .chain(({ rows, before, width, behind }) =>
    fc
      .shuffledSubarray(Array.from({ length: rows }, (_, i) => i))
      .map(active => ({ rows, stride: before + width + behind, from: before, width, active }))
  )

/** Behind every output, so that writing too far shows. */
const GUARD = 5

const paces: fc.Arbitrary<Pace> = fc.record({
  rate: fc.double({ min: 0.001, max: 1, noNaN: true }),
  decay: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.1, noNaN: true })),
  forgetting: fc.oneof(fc.constant(1), fc.double({ min: 0.9, max: 1, noNaN: true }))
})

/** Sums of squares are never negative. */
const squares = (draw: Draw, salt: number, n: number) => numbers(draw, salt, n, 1).map(Math.abs)

const shapes = fc.record({ K: fc.integer({ min: 1, max: 21 }), C: fc.integer({ min: 1, max: 9 }) })

/** Probabilities, some of them 0, denormal or 1. */
function chances({ seed, odd }: Draw, salt: number, n: number): Float32Array {
  const random = new Random(seed * 16 + salt)
  const rare = [0, 1, 1e-45, 1e-38, 1e-31, 1e-30, 1e-13, f(1 - 2 ** -24)]
  return Float32Array.from({ length: n }, () => (random.below(100) < odd ? rare[random.below(rare.length)]! : random.next()))
}

export const kernelLaws: Readonly<Record<string, (open: () => Kernel) => void>> = {
  'gather gives the bits of the reference, anew and on top of what is there, and writes no further'(open) {
    fc.assert(
      fc.property(blocks, draws, fc.boolean(), ({ rows, stride, from, width, active }, draw, add) => {
        alike(open, desk => {
          const W = desk.floats(numbers(draw, 0, rows * stride))
          const out = desk.floats(numbers(draw, 1, width + GUARD))
          desk.kernel.gather(W, stride, from, width, desk.sparse(active, numbers(draw, 2, rows)), out, add)
        })
      }),
      RUNS
    )
  },
  'gather is the sum over active inputs in their order, every operation rounded'(open) {
    fc.assert(
      fc.property(blocks, draws, fc.boolean(), ({ rows, stride, from, width, active }, draw, add) => {
        const desk = new Desk(open())
        const [W, values, before] = [numbers(draw, 0, rows * stride), numbers(draw, 2, rows), numbers(draw, 1, width)]
        const out = desk.floats(before)
        desk.kernel.gather(desk.floats(W), stride, from, width, desk.sparse(active, values), out, add)
        const sums = before.map((old, j) =>
          active.reduce((sum, row, i) => f(sum + f(values[i]! * W[row * stride + from + j]!)), add ? old : 0)
        )
        expect(Array.from(out)).toEqual(Array.from(sums))
        desk.clear()
      }),
      RUNS
    )
  },
  'update gives the bits of the reference, and touches active rows and own columns only'(open) {
    fc.assert(
      fc.property(blocks, draws, paces, ({ rows, stride, from, width, active }, draw, pace) => {
        alike(open, desk => {
          const W = desk.floats(numbers(draw, 0, rows * stride))
          const S = desk.floats(squares(draw, 1, rows * stride))
          const delta = desk.floats(numbers(draw, 3, width))
          desk.kernel.update(W, S, stride, from, width, desk.sparse(active, numbers(draw, 2, rows)), delta, pace)
        })
      }),
      RUNS
    )
  },
  'update is its equation, every operation rounded'(open) {
    fc.assert(
      fc.property(blocks, draws, paces, ({ rows, stride, from, width, active }, draw, pace) => {
        const desk = new Desk(open())
        const [W, S] = [numbers(draw, 0, rows * stride), squares(draw, 1, rows * stride)]
        const [values, delta] = [numbers(draw, 2, rows), numbers(draw, 3, width)]
        const [ownW, ownS] = [desk.floats(W), desk.floats(S)]
        desk.kernel.update(ownW, ownS, stride, from, width, desk.sparse(active, values), desk.floats(delta), pace)
        const [eta, rho] = [f(pace.rate), f(pace.forgetting)]
        const shrink = f(eta * f(pace.decay))
        active.forEach((row, i) => {
          for (let j = 0; j < width; j++) {
            const at = row * stride + from + j
            const d = f(values[i]! * delta[j]!)
            S[at] = f(f(rho * S[at]!) + f(d * d))
            const move = f(f(eta * d) / f(f(Math.sqrt(S[at]!)) + f(1e-3)))
            W[at] = f(f(W[at]! - move) - f(shrink * W[at]!))
          }
        })
        expect(Array.from(ownW)).toEqual(Array.from(W))
        expect(Array.from(ownS)).toEqual(Array.from(S))
        desk.clear()
      }),
      RUNS
    )
  },
  'updateGroups does to the columns of the groups it lists what update does to all, and nothing to the others'(open) {
    const listed = fc
      .record({
        groups: fc.integer({ min: 1, max: 5 }),
        C: fc.integer({ min: 1, max: 6 }),
        rows: fc.integer({ min: 1, max: 6 }),
        before: fc.nat(5)
      })
      .chain(shape => fc.record({ ...fixed(shape), chosen: fc.subarray(Array.from({ length: shape.groups }, (_, j) => j)) }))
    fc.assert(
      fc.property(listed, draws, paces, ({ groups, C, rows, before, chosen }, draw, pace) => {
        const K = 4 * groups
        const stride = before + C * K + 3
        const active = Array.from({ length: rows }, (_, i) => i).filter(i => i % 3 !== 1)
        const [W, S] = [numbers(draw, 0, rows * stride), squares(draw, 1, rows * stride)]
        const [values, delta] = [numbers(draw, 2, rows), numbers(draw, 3, C * K)]
        const step = (desk: Desk) => {
          const [ownW, ownS] = [desk.floats(W), desk.floats(S)]
          const x = desk.sparse(active, values)
          // Longer than the count says: what stands behind is not to be read.
          const list = desk.ints([...chosen, ...Array.from({ length: groups }, () => 0)])
          const room = desk.kernel.ints(Math.max(1, chosen.length * C))
          desk.kernel.updateGroups(ownW, ownS, stride, before, K, C, x, desk.floats(delta), pace, list, chosen.length, room)
          return [ownW, ownS] as const
        }
        alike(open, desk => void step(desk))
        const [own, all] = [new Desk(open()), new Desk(plainKernel())]
        const [ownW, ownS] = step(own)
        const [allW, allS] = [all.floats(W), all.floats(S)]
        all.kernel.update(allW, allS, stride, before, C * K, all.sparse(active, values), all.floats(delta), pace)
        for (let at = 0; at < rows * stride; at++) {
          const column = (at % stride) - before
          const touched = column >= 0 && column < C * K && chosen.includes((column % K) >> 2)
          expect(Object.is(ownW[at], touched ? allW[at] : W[at]) || Number.isNaN(allW[at]), `weight ${at}`).toBe(true)
          expect(Object.is(ownS[at], touched ? allS[at] : S[at]) || Number.isNaN(allS[at]), `square ${at}`).toBe(true)
        }
        own.clear()
      }),
      RUNS
    )
  },
  'forward gives the bits of the reference for any logits'(open) {
    fc.assert(
      fc.property(shapes, draws, fc.constantFrom(0.1, 3, 40), ({ K, C }, draw, spread) => {
        alike(open, desk => {
          const [zg, z] = [desk.floats(numbers(draw, 0, K, spread)), desk.floats(numbers(draw, 1, C * K, spread))]
          const [g, P, q] = [K, C * K, C].map(n => desk.floats(new Float32Array(n + GUARD).fill(9))) as Three
          desk.kernel.forward(zg, z, K, C, g, P, q)
        })
      }),
      RUNS
    )
  },
  'forward is the mixture of softmaxes, and all that it gives are distributions'(open) {
    fc.assert(
      fc.property(shapes, draws, ({ K, C }, draw) => {
        const desk = new Desk(open())
        const [zg, z] = [numbers(draw, 0, K, 3), numbers(draw, 1, C * K, 3)]
        const [g, P, q] = [K, C * K, C].map(n => desk.floats(new Float32Array(n))) as Three
        desk.kernel.forward(desk.floats(zg), desk.floats(z), K, C, g, P, q)
        const share = softmax(Array.from(zg))
        const opinions = Array.from({ length: K }, (_, k) => softmax(Array.from({ length: C }, (_, c) => z[c * K + k]!)))
        for (let k = 0; k < K; k++) expect(Math.abs(g[k]! - share[k]!)).toBeLessThan(2e-6)
        for (let c = 0; c < C; c++) {
          for (let k = 0; k < K; k++) expect(Math.abs(P[c * K + k]! - opinions[k]![c]!)).toBeLessThan(2e-6)
          const mixed = share.reduce((sum, each, k) => sum + each * opinions[k]![c]!, 0)
          expect(Math.abs(q[c]! - mixed)).toBeLessThan(4e-6)
        }
        expect(q.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5)
        desk.clear()
      }),
      RUNS
    )
  },
  'no expert gives a class less than e⁻³⁰ of what it gives the likeliest'(open) {
    const desk = new Desk(open())
    const [g, P, q] = [5, 10, 2].map(n => desk.floats(new Float32Array(n))) as Three
    desk.kernel.forward(desk.floats([0, -100, 0, 0, -1e30]), desk.floats([0, 0, 0, 0, 0, -31, -1e30, -3e38, -29, -60]), 5, 2, g, P, q)
    const least = Math.exp(-30)
    for (const [own, expected] of [
      [g[1]! / g[0]!, least],
      [g[4]! / g[0]!, least],
      [P[5]!, least],
      [P[6]!, least],
      [P[7]!, least],
      [P[8]!, Math.exp(-29)],
      [P[9]!, least]
    ] as const) {
      // biome-ignore format: pairs
      expect(Math.abs(own / expected - 1)).toBeLessThan(1e-5)
    }
    desk.clear()
  },
  'blame gives the bits of the reference, for opinions that rule the label out too'(open) {
    const weights = fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constantFrom(1, 0, 1e-12, 1e-9, 20))
    fc.assert(
      fc.property(shapes, draws, weights, fc.nat(8), ({ K, C }, draw, w, label) => {
        alike(open, desk => {
          const [g, P, q] = [K, C * K, C].map((n, i) => desk.floats(chances(draw, i, n))) as Three
          const [r, deltaGate, delta] = [K, K, C * K].map(n => desk.floats(new Float32Array(n + GUARD).fill(9))) as Three
          desk.kernel.blame(g, P, q, label % C, w, K, C, r, deltaGate, delta)
        })
      }),
      RUNS
    )
  },
  'blame gives no gradient below 1e-12, and none that is −0'(open) {
    const desk = new Desk(open())
    const [g, P, q] = [desk.floats([0.5, 0.5, 0, 0, 0]), desk.floats(new Float32Array(10).fill(0.5)), desk.floats([0.5, 0.5])]
    for (const w of [1e-13, 9e-13, 1e-9]) {
      const [r, deltaGate, delta] = [5, 5, 10].map(n => desk.floats(new Float32Array(n).fill(9))) as Three
      desk.kernel.blame(g, P, q, 1, w, 5, 2, r, deltaGate, delta)
      for (const d of [...deltaGate, ...delta]) expect(Object.is(d, 0) || Math.abs(d) >= f(1e-12), `${d}`).toBe(true)
      expect(delta[0] === 0).toBe(w < 1e-11)
    }
    desk.clear()
  },
  'blame is the gradient in closed form, and responsibilities sum to one'(open) {
    fc.assert(
      fc.property(shapes, draws, fc.nat(8), ({ K, C }, draw, label) => {
        const y = label % C
        const desk = new Desk(open())
        const [g, P, q, r, deltaGate, delta] = [K, C * K, C, K, K, C * K].map(n => desk.floats(new Float32Array(n))) as Six
        desk.kernel.forward(desk.floats(numbers(draw, 0, K)), desk.floats(numbers(draw, 1, C * K)), K, C, g, P, q)
        desk.kernel.blame(g, P, q, y, 1.5, K, C, r, deltaGate, delta)
        expect(r.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5)
        for (let k = 0; k < K; k++) {
          const part = (g[k]! * P[y * K + k]!) / q[y]!
          expect(Math.abs(deltaGate[k]! - 1.5 * (g[k]! - part))).toBeLessThan(1e-6)
          for (let c = 0; c < C; c++) {
            expect(Math.abs(delta[c * K + k]! - 1.5 * part * (P[c * K + k]! - (c === y ? 1 : 0)))).toBeLessThan(1e-6)
          }
        }
        desk.clear()
      }),
      RUNS
    )
  },
  'nearest gives the places and bits of the reference, with missing values, categories and ties'(open) {
    fc.assert(
      fc.property(clouds, ({ n, behind, D, count, kinds, seed, missing, huge }) => {
        alike(open, desk => {
          const { M, x, scale } = cloud(seed, n + behind, D, missing, huge, kinds)
          const [place, square] = [desk.ints(new Int32Array(count + GUARD).fill(-7)), desk.floats(new Float32Array(count + GUARD).fill(-7))]
          const room = desk.kernel.floats(n)
          const found = desk.kernel.nearest(
            desk.floats(M),
            n + behind,
            n,
            D,
            desk.ints(kinds),
            desk.floats(scale),
            desk.floats(x),
            room,
            count,
            place,
            square
          )
          desk.kernel.release(room)
          return found
        })
      }),
      RUNS
    )
  },
  'nearest finds what sorting all points by distance finds, ties to the lower place'(open) {
    fc.assert(
      fc.property(clouds, ({ n, behind, D, count, kinds, seed, missing }) => {
        const desk = new Desk(open())
        const { M, x, scale } = cloud(seed, n + behind, D, missing, false, kinds)
        const apart = (d: number, i: number): number => {
          const [own, other] = [x[d]!, M[d * (n + behind) + i]!]
          if (Number.isNaN(own) || Number.isNaN(other)) return Number.isNaN(own) && Number.isNaN(other) ? 0 : 1
          return kinds[d] === 1 ? Number(own !== other) : (own - other) ** 2
        }
        const all = Array.from({ length: n }, (_, i) => ({
          i,
          at: kinds.slice(0, D).reduce((sum: number, _, d) => sum + scale[d]! * apart(d, i), 0)
        }))
        const sorted = all.sort((a, b) => a.at - b.at || a.i - b.i).slice(0, count)
        const [place, square] = [desk.ints(new Int32Array(count)), desk.floats(new Float32Array(count))]
        const room = desk.floats(new Float32Array(n))
        const found = desk.kernel.nearest(
          desk.floats(M),
          n + behind,
          n,
          D,
          desk.ints(kinds),
          desk.floats(scale),
          desk.floats(x),
          room,
          count,
          place,
          square
        )
        expect(Array.from(place.subarray(0, found))).toEqual(sorted.map(({ i }) => i))
        expect(Array.from(square.subarray(0, found))).toEqual(sorted.map(({ at }) => at))
        desk.clear()
      }),
      RUNS
    )
  },
  'what it gives is zeroed, also where it was used before, and belongs to no one else'(open) {
    const turn = { n: fc.nat(300), ints: fc.boolean(), back: fc.boolean(), which: fc.nat(30), clear: fc.nat(15).map(k => k === 0) }
    const turns = fc.array(fc.record(turn), { maxLength: 60 })
    fc.assert(
      fc.property(turns, all => {
        const kernel = open()
        const held: { readonly array: Float32Array | Int32Array; readonly mark: number }[] = []
        all.forEach(({ n, ints, back, which, clear }, turn) => {
          if (clear) {
            kernel.clear()
            held.length = 0
          }
          if (back && held.length > 0) kernel.release(held.splice(which % held.length, 1)[0]!.array)
          const array = ints ? kernel.ints(n) : kernel.floats(n)
          expect(array.length).toBe(n)
          expect(array.every(v => Object.is(v, 0))).toBe(true)
          array.fill(turn + 1)
          held.push({ array, mark: turn + 1 })
          for (const { array: other, mark } of held) expect(other.every(v => v === mark)).toBe(true)
        })
        for (const { array } of held) kernel.release(array)
      }),
      RUNS
    )
  },
  'memory grows past a page, and what was given before stays valid'(open) {
    const kernel = open()
    const [W, S] = [kernel.floats(12), kernel.floats(12)]
    const early = new Sparse(kernel)
    early.push(1, 2)
    W.fill(3)
    const pages = Array.from({ length: 20 }, () => kernel.floats(40_000)) // 160 kB each
    pages.forEach((page, i) => {
      page.fill(i)
    })
    expect(Array.from(W)).toEqual(new Array(12).fill(3))
    const late = pages[19]!
    kernel.gather(W, 4, 0, 4, early, late, false)
    expect(Array.from(late.subarray(0, 5))).toEqual([6, 6, 6, 6, 19])
    kernel.update(W, S, 4, 0, 4, early, late, { rate: 0.5, decay: 0, forgetting: 1 })
    expect(S[4]).toBe(144)
    expect(W[4]).toBeCloseTo(2.5, 3)
    pages.slice(0, 19).forEach((page, i) => {
      expect(page.every(v => v === i)).toBe(true)
    })
    for (const array of [W, S, early.index, early.value, ...pages]) kernel.release(array)
  },
  'row blocks grow to the same bits'(open) {
    const steps = fc.array(fc.record({ kind: fc.constantFrom('reserve', 'widen', 'extend', 'learn'), a: fc.nat(20), b: fc.nat(150) }), {
      maxLength: 30
    })
    fc.assert(
      fc.property(steps, fc.nat(1e6), (all, seed) => {
        const [own, theirs] = [open(), plainKernel()].map(kernel => {
          const block = new RowBlock(kernel)
          const spans: Span[] = []
          const random = new Random(seed)
          for (const { kind, a, b } of all) {
            const span = spans[b % Math.max(1, spans.length)]
            if (kind === 'reserve' && spans.length < 4) spans.push(block.reserve(a, (row, column) => Math.sin(row + column / 7)))
            else if (kind === 'extend') block.extend(b)
            else if (kind === 'widen' && span !== undefined) block.widen(span, a + (b % 30))
            else if (kind === 'learn' && span !== undefined && block.rows > 0) {
              const x = new Sparse(kernel)
              x.push(b % block.rows, random.normal())
              const delta = kernel.floats(span.width)
              for (let j = 0; j < span.width; j++) delta[j] = random.normal()
              kernel.update(block.W, block.S, block.stride, span.from, span.width, x, delta, { rate: 0.1, decay: 0.01, forgetting: 0.9 })
              for (const array of [x.index, x.value, delta]) kernel.release(array)
            }
          }
          const saved = bits(block.save())
          for (const array of [block.W, block.S]) if (array.length > 0) kernel.release(array)
          return saved
        })
        expect(own).toBe(theirs)
      }),
      RUNS
    )
  }
}

type Three = [Float32Array, Float32Array, Float32Array]
type Six = [...Three, ...Three]

function softmax(z: readonly number[]): number[] {
  const top = Math.max(...z)
  // As the contract says: no logit counts as more than 30 below the largest.
  const e = z.map(each => Math.exp(Math.max(-30, each - top)))
  const sum = e.reduce((a, b) => a + b, 0)
  return e.map(each => each / sum)
}

const clouds = fc.record({
  n: fc.nat(70),
  behind: fc.nat(10),
  D: fc.nat(6),
  count: fc.integer({ min: 1, max: 9 }),
  kinds: fc.array(fc.constantFrom(0, 1, 2), { minLength: 6, maxLength: 6 }),
  seed: fc.nat(1e9),
  missing: fc.constantFrom(0, 20, 60),
  huge: fc.boolean()
})

/** Points on few places, so that there are ties; their distances are exact in float32 unless some are huge. None lacks a number of kind 0. */
function cloud(
  seed: number,
  capacity: number,
  D: number,
  missing: number,
  huge: boolean,
  kinds: readonly number[]
): { M: Float32Array; x: Float32Array; scale: Float32Array } {
  const random = new Random(seed)
  const one = () => {
    if (random.below(100) < missing) return Number.NaN
    if (huge && random.below(10) === 0) return ODD[random.below(ODD.length)]!
    return huge ? random.normal() : [0, -0, 0.5, 1, -1, 3][random.below(6)]!
  }
  const scale = () => (huge ? random.next() * 3 : [0.25, 1, 1, 2][random.below(4)]!)
  return {
    M: Float32Array.from({ length: D * capacity }, (_, i) => {
      const value = one()
      return kinds[Math.floor(i / capacity)] === 0 && Number.isNaN(value) ? 0.5 : value
    }),
    x: Float32Array.from({ length: D }, one),
    scale: Float32Array.from({ length: D }, scale)
  }
}

function fixed<T extends object>(shape: T): { [name in keyof T]: fc.Arbitrary<T[name]> } {
  return Object.fromEntries(Object.entries(shape).map(([name, value]) => [name, fc.constant(value)])) as {
    [name in keyof T]: fc.Arbitrary<T[name]>
  }
}
