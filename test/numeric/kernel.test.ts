import { afterEach, describe, expect, test, vi } from 'vitest'
import { exp32 } from '../../src/numeric/exp32.ts'
import type { Kernel } from '../../src/numeric/kernel.ts'
import { openKernel } from '../../src/numeric/open-kernel.ts'
import { plainKernel } from '../../src/numeric/plain-kernel.ts'
import { simdKernel } from '../../src/numeric/simd-kernel.ts'
import { kernelLaws } from './kernel.laws.ts'
import { expectBroken } from './planted.ts'

const f = Math.fround

describe('the SIMD kernel keeps the laws of a kernel', () => {
  // One for all runs of a law, so that memory that was used before is used again.
  for (const [law, holds] of Object.entries(kernelLaws)) {
    test(law, () => {
      const kernel = simdKernel()!
      holds(() => kernel)
    })
  }
})

/** Laws that say what the reference itself must be, not that another is like it. */
const absolute = [
  'is the sum',
  'is its equation',
  'is the mixture',
  'no expert',
  'no gradient',
  'is the gradient',
  'sorting',
  'zeroed',
  'grows past'
]

describe('the plain kernel keeps those laws that do not refer to it', () => {
  for (const [law, holds] of Object.entries(kernelLaws)) {
    if (absolute.some(part => law.includes(part))) test(law, () => holds(plainKernel))
  }
})

const right = plainKernel()
/** The plain kernel with one of its functions planted over. */
const planted = (fault: Partial<Kernel>) => () => ({ ...right, ...fault })

/** `update` of one weight, with its parts planted over. */
function moving(
  step: (w: number, s: number, d: number, rate: number, shrink: number, keep: number) => readonly [w: number, s: number]
): Kernel['update'] {
  return (W, S, stride, from, width, x, delta, { rate, decay, forgetting }) => {
    for (let i = 0; i < x.n; i++) {
      for (let j = 0; j < width; j++) {
        const at = x.index[i]! * stride + from + j
        const d = f(x.value[i]! * delta[j]!)
        const [w, s] = step(W[at]!, S[at]!, d, f(rate), f(f(rate) * f(decay)), f(forgetting))
        W[at] = w
        S[at] = s
      }
    }
  }
}

/** `nearest` by sorting, with its parts planted over. */
function sorting(order: (a: Point, b: Point) => number, apart: (own: number, other: number, kind: number) => number): Kernel['nearest'] {
  return (M, capacity, n, D, kinds, scale, x, _room, count, nearest, squares) => {
    const all: Point[] = Array.from({ length: n }, (_, i) => {
      let at = 0
      for (let d = 0; d < D; d++) at = f(at + f(scale[d]! * apart(x[d]!, M[d * capacity + i]!, kinds[d]!)))
      return { i, at }
    })
    const found = all.sort(order).slice(0, count)
    found.forEach(({ i, at }, j) => {
      nearest[j] = i
      squares[j] = at
    })
    return found.length
  }
}
interface Point {
  readonly i: number
  readonly at: number
}
const lower = (a: Point, b: Point) => a.at - b.at || a.i - b.i
const distance = (own: number, other: number, kind: number): number => {
  if (Number.isNaN(own) || Number.isNaN(other)) return Number(Number.isNaN(own) !== Number.isNaN(other))
  return kind === 1 ? Number(own !== other) : f(f(own - other) * f(own - other))
}

/** Each with the law that tells it. */
const faults: Readonly<Record<string, { readonly breaks: string; readonly open: () => Kernel }>> = {
  'does not round products before it adds them, as a fused multiply-add': {
    breaks: 'gather gives the bits',
    open: planted({
      gather(W, stride, from, width, { index, value, n }, out, add) {
        for (let j = 0; j < width; j++) {
          let sum = add ? out[j]! : 0
          for (let i = 0; i < n; i++) sum = f(sum + value[i]! * W[index[i]! * stride + from + j]!)
          out[j] = sum
        }
      }
    })
  },
  'sums active inputs from the last to the first': {
    breaks: 'gather gives the bits',
    open: planted({
      gather(W, stride, from, width, { index, value, n }, out, add) {
        for (let j = 0; j < width; j++) {
          let sum = add ? out[j]! : 0
          for (let i = n - 1; i >= 0; i--) sum = f(sum + f(value[i]! * W[index[i]! * stride + from + j]!))
          out[j] = sum
        }
      }
    })
  },
  'forgets what was there when told to add': {
    breaks: 'gather is the sum',
    open: planted({ gather: (W, stride, from, width, x, out) => right.gather(W, stride, from, width, x, out, false) })
  },
  'gathers whole vectors, beyond its span': {
    breaks: 'gather gives the bits',
    open: planted({
      gather(W, stride, from, width, x, out, add) {
        right.gather(W, stride, from, Math.min(Math.ceil(width / 4) * 4, out.length), x, out, add)
      }
    })
  },
  'updates whole vectors only, and leaves the last columns of a span': {
    breaks: 'update gives the bits',
    open: planted({ update: (W, S, stride, from, width, x, delta, pace) => right.update(W, S, stride, from, width & ~3, x, delta, pace) })
  },
  'takes ε inside the root': {
    breaks: 'update is its equation',
    open: planted({
      update: moving((w, s, d, rate, shrink, keep) => {
        const sum = f(f(keep * s) + f(d * d))
        return [f(f(w - f(f(rate * d) / f(Math.sqrt(f(sum + f(1e-6)))))) - f(shrink * w)), sum]
      })
    })
  },
  'lets a weight decay after its step': {
    breaks: 'update gives the bits',
    open: planted({
      update: moving((w, s, d, rate, shrink, keep) => {
        const sum = f(f(keep * s) + f(d * d))
        const moved = f(w - f(f(rate * d) / f(f(Math.sqrt(sum)) + f(1e-3))))
        return [f(moved - f(shrink * moved)), sum]
      })
    })
  },
  'keeps the sum of squares unrounded until it is stored': {
    breaks: 'update gives the bits',
    open: planted({
      update: moving((w, s, d, rate, shrink, keep) => {
        const sum = f(keep * s + d * d)
        return [f(f(w - f(f(rate * d) / f(f(Math.sqrt(sum)) + f(1e-3)))) - f(shrink * w)), sum]
      })
    })
  },
  'updates all groups': {
    breaks: 'updateGroups does',
    open: planted({
      updateGroups: (W, S, stride, from, K, C, x, delta, pace) => right.update(W, S, stride, from, K * C, x, delta, pace)
    })
  },
  'updates the listed groups of the first class only': {
    breaks: 'updateGroups does',
    open: planted({
      updateGroups(W, S, stride, from, K, _C, x, delta, pace, groups, count, places) {
        right.updateGroups(W, S, stride, from, K, 1, x, delta, pace, groups, count, places)
      }
    })
  },
  'sums over experts from left to right': {
    breaks: 'forward gives the bits',
    open: planted({
      forward(zg, z, K, C, g, P, q) {
        right.forward(zg, z, K, C, g, P, q)
        for (let c = 0; c < C; c++) {
          let sum = 0
          for (let k = 0; k < K; k++) sum = f(sum + f(g[k]! * P[c * K + k]!))
          q[c] = sum
        }
      }
    })
  },
  'lets a logit fall as far as it likes': {
    breaks: 'no expert gives',
    open: planted({
      forward(zg, z, K, C, g, P, q) {
        right.forward(zg, z, K, C, g, P, q)
        for (let k = 0; k < K; k++) {
          const top = Math.max(...Array.from({ length: C }, (_, c) => z[c * K + k]!))
          for (let c = 0; c < C; c++) if (z[c * K + k]! - top < -30) P[c * K + k] = exp32(f(z[c * K + k]! - top))
        }
      }
    })
  },
  'forgets that a negligible gradient is 0': {
    breaks: 'blame gives no gradient below',
    open: planted({
      blame(g, P, q, y, w, K, C, r, deltaGate, delta) {
        right.blame(g, P, q, y, w, K, C, r, deltaGate, delta)
        for (let k = 0; k < K; k++) deltaGate[k] = f(f(w) * f(g[k]! - r[k]!))
        for (let c = 0; c < C; c++) for (let k = 0; k < K; k++) delta[c * K + k] = f(f(f(w) * r[k]!) * f(P[c * K + k]! - (c === y ? 1 : 0)))
      }
    })
  },
  'divides by an opinion of nearly nothing': {
    breaks: 'blame gives the bits',
    open: planted({
      blame(g, P, q, y, w, K, C, r, deltaGate, delta) {
        right.blame(g, P, q, y, w, K, C, r, deltaGate, delta)
        for (let k = 0; k < K; k++) r[k] = f(f(g[k]! * P[y * K + k]!) / q[y]!)
      }
    })
  },
  'blames for the wrong class': {
    breaks: 'blame is the gradient',
    open: planted({
      blame: (g, P, q, y, w, K, C, r, deltaGate, delta) => right.blame(g, P, q, (y + 1) % C, w, K, C, r, deltaGate, delta)
    })
  },
  'gives ties to the higher place': {
    breaks: 'nearest finds what sorting',
    open: planted({ nearest: sorting((a, b) => a.at - b.at || b.i - a.i, distance) })
  },
  'counts two missing values as apart': {
    breaks: 'nearest gives the places',
    open: planted({ nearest: sorting(lower, (a, b, kind) => (Number.isNaN(a) && Number.isNaN(b) ? 1 : distance(a, b, kind))) })
  },
  'takes categories for numbers': {
    breaks: 'nearest finds what sorting',
    open: planted({ nearest: sorting(lower, (a, b) => distance(a, b, 0)) })
  },
  'counts every column alike': {
    breaks: 'nearest gives the places',
    open: planted({
      nearest: (M, capacity, n, D, kinds, scale, ...rest) =>
        right.nearest(
          M,
          capacity,
          n,
          D,
          kinds,
          scale.map(() => 1),
          ...rest
        )
    })
  },
  'looks at points behind the last': {
    breaks: 'nearest gives the places',
    open: planted({
      nearest: (M, capacity, _n, D, kinds, scale, x, _room, count, nearest, squares) =>
        right.nearest(M, capacity, capacity, D, kinds, scale, x, new Float32Array(capacity), count, nearest, squares)
    })
  },
  'gives back memory as it was left': {
    breaks: 'what it gives is zeroed',
    open: () => {
      const free: Float32Array[] = []
      const size = (n: number) => 2 ** Math.ceil(Math.log2(Math.max(4, n)))
      return {
        ...right,
        floats(n) {
          const used = free.findIndex(array => array.length === size(n))
          return (used >= 0 ? free.splice(used, 1)[0]! : new Float32Array(size(n))).subarray(0, n)
        },
        release: array => void (array instanceof Float32Array && free.push(new Float32Array(array.buffer)))
      }
    }
  },
  'lends a place that is not wide enough': {
    breaks: 'what it gives is zeroed',
    open: () => {
      const memory = new Float32Array(40_000)
      let end = 0
      return {
        ...right,
        floats(n) {
          const array = memory.subarray(end, end + n).fill(0)
          end += Math.max(0, n - 1)
          return array
        }
      }
    }
  },
  'moves its memory when it grows': {
    breaks: 'memory grows past a page',
    open: () => {
      let memory = new Float32Array(20_000)
      let end = 0
      return {
        ...right,
        floats(n) {
          if (end + n > memory.length) {
            const wider = new Float32Array(2 * (memory.length + n))
            wider.set(memory)
            memory.fill(0)
            memory = wider
          }
          end += n
          return memory.subarray(end - n, end)
        }
      }
    }
  },
  'loses a row when a block grows': {
    breaks: 'row blocks grow',
    open: planted({
      floats(n) {
        const array = new Float32Array(n)
        const set = array.set.bind(array)
        array.set = (from, at = 0) => (at === 0 && from.length > 0 ? undefined : set(from, at))
        return array
      }
    })
  }
}

describe('a planted fault breaks the law that is meant for it', () => {
  for (const [fault, { breaks, open }] of Object.entries(faults)) {
    test(fault, () => {
      const [, holds] = Object.entries(kernelLaws).find(([law]) => law.startsWith(breaks))!
      expectBroken(() => holds(open))
    })
  }

  test('sorting without a fault does not break it', () => {
    for (const [law, holds] of Object.entries(kernelLaws)) {
      if (law.startsWith('nearest')) expect(() => holds(planted({ nearest: sorting(lower, distance) }))).not.toThrow()
    }
  })
})

describe('openKernel', () => {
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllGlobals()
    vi.resetModules()
  })
  const afresh = async () => {
    vi.resetModules()
    return (await import('../../src/numeric/open-kernel.ts')).openKernel
  }

  test('gives SIMD unless told otherwise, and the plain one when asked', () => {
    expect([openKernel().name, openKernel('simd').name, openKernel('plain').name]).toEqual(['simd', 'simd', 'plain'])
  })

  test('gives the plain one where the engine refuses SIMD', async () => {
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(false)
    const open = await afresh()
    expect([open().name, open('simd').name]).toEqual(['plain', 'plain'])
  })

  test('gives the plain one where the engine has no WebAssembly, as Node has none under --jitless', async () => {
    vi.stubGlobal('WebAssembly', undefined)
    const open = await afresh()
    expect(open().name).toBe('plain')
  })

  test('two kernels do not share memory', () => {
    const [a, b] = [openKernel('simd'), openKernel('simd')]
    a.floats(100).fill(1)
    expect(b.floats(100).every(v => v === 0)).toBe(true)
  })
})
