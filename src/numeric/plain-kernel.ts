/** The kernel in plain TypeScript: the reference that SIMD must match bit for bit, and what runs where SIMD is missing. */
import { exp32 } from './exp32.ts'
import type { Kernel, Pace } from './kernel.ts'
import type { Sparse } from './sparse.ts'

const f = Math.fround

/**
 * A logit counts as at most this far below the largest: no probability is under e⁻³⁰, so that an expert that is wrong can
 * still learn it, and no product of two falls among the denormal numbers, which are slow.
 */
const LEAST_LOGIT = -30
/** A gradient smaller than this moves no weight that float32 could tell, and its square would be denormal: it is 0. */
const NEGLIGIBLE = f(1e-12)

/** Opinions below this carry no responsibility: it keeps r finite when no expert explains the label. */
const LEAST = f(1e-30)

/** Keeps a rate finite before any gradient was seen; outside the root. */
const EPSILON = f(1e-3)

/** Eˣ of a softmax's logit below the largest, x ≤ 0. */
function numerator(x: number): number {
  return exp32(x > LEAST_LOGIT ? x : LEAST_LOGIT)
}

/** One weight: d against it, s and w as they were; writes both. */
function step(W: Float32Array, S: Float32Array, at: number, d: number, rate: number, shrink: number, keep: number): void {
  const s = f(f(keep * S[at]!) + f(d * d))
  S[at] = s
  const w = W[at]!
  W[at] = f(f(w - f(f(rate * d) / f(f(Math.sqrt(s)) + EPSILON))) - f(shrink * w))
}

/** Four partial sums, k mod 4, then (0 + 1) + (2 + 3): the lanes of a vector. */
function sumOf(K: number, term: (k: number) => number): number {
  let [a, b, c, d] = [0, 0, 0, 0]
  for (let k = 0; k < K; k++) {
    const t = term(k)
    const lane = k & 3
    if (lane === 0) a = f(a + t)
    else if (lane === 1) b = f(b + t)
    else if (lane === 2) c = f(c + t)
    else d = f(d + t)
  }
  return f(f(a + b) + f(c + d))
}

export function plainKernel(): Kernel {
  return {
    name: 'plain',
    floats: n => new Float32Array(n),
    ints: n => new Int32Array(n),
    release() {},
    clear() {},

    gather(W, stride, from, width, x, out, add) {
      const { index, value, n } = x
      if (!add) for (let j = 0; j < width; j++) out[j] = 0
      for (let i = 0; i < n; i++) {
        const base = index[i]! * stride + from
        const v = value[i]!
        for (let j = 0; j < width; j++) out[j] = f(out[j]! + f(v * W[base + j]!))
      }
    },

    update(W, S, stride, from, width, x, delta, pace) {
      const { rate, shrink, keep } = rounded(pace)
      eachRow(x, stride, from, (base, v) => {
        for (let j = 0; j < width; j++) step(W, S, base + j, f(v * delta[j]!), rate, shrink, keep)
      })
    },

    updateGroups(W, S, stride, from, K, C, x, delta, pace, groups, count) {
      const { rate, shrink, keep } = rounded(pace)
      eachRow(x, stride, from, (base, v) => {
        for (let c = 0; c < C; c++) {
          for (let i = 0; i < count; i++) {
            const first = c * K + 4 * groups[i]!
            for (let j = first; j < first + 4; j++) step(W, S, base + j, f(v * delta[j]!), rate, shrink, keep)
          }
        }
      })
    },

    forward(zg, z, K, C, g, P, q) {
      let top = zg[0]!
      for (let k = 1; k < K; k++) if (zg[k]! > top) top = zg[k]!
      for (let k = 0; k < K; k++) g[k] = numerator(f(zg[k]! - top))
      const scale = f(1 / sumOf(K, k => g[k]!))
      for (let k = 0; k < K; k++) g[k] = f(g[k]! * scale)
      for (let k = 0; k < K; k++) expert(z, K, C, k, P)
      for (let c = 0; c < C; c++) q[c] = sumOf(K, k => f(g[k]! * P[c * K + k]!))
    },

    blame(g, P, q, y, w, K, C, r, deltaGate, delta) {
      const weight = f(w)
      const whole = Math.max(q[y]!, LEAST)
      for (let k = 0; k < K; k++) {
        r[k] = f(f(g[k]! * P[y * K + k]!) / whole)
        deltaGate[k] = orNothing(f(weight * f(g[k]! - r[k]!)))
      }
      for (let c = 0; c < C; c++) {
        const own = c === y ? 1 : 0
        for (let k = 0; k < K; k++) delta[c * K + k] = orNothing(f(f(weight * r[k]!) * f(P[c * K + k]! - own)))
      }
    },

    nearest(M, capacity, n, D, kinds, scale, x, room, count, nearest, squares) {
      for (let i = 0; i < n; i++) {
        let sum = 0
        for (let d = 0; d < D; d++) sum = f(sum + f(scale[d]! * apart(x[d]!, M[d * capacity + i]!, kinds[d] === 1)))
        room[i] = sum
      }
      let found = 0
      for (let i = 0; i < n; i++) {
        const own = room[i]!
        if (found === count && own >= squares[found - 1]!) continue
        if (found < count) found++
        let j = found - 1
        for (; j > 0 && squares[j - 1]! > own; j--) {
          squares[j] = squares[j - 1]!
          nearest[j] = nearest[j - 1]!
        }
        squares[j] = own
        nearest[j] = i
      }
      return found
    }
  }
}

/** Softmax of one expert over the classes: column k of P from column k of z. */
function expert(z: Float32Array, K: number, C: number, k: number, P: Float32Array): void {
  let top = z[k]!
  for (let c = 1; c < C; c++) if (z[c * K + k]! > top) top = z[c * K + k]!
  let sum = 0
  for (let c = 0; c < C; c++) {
    const e = numerator(f(z[c * K + k]! - top))
    P[c * K + k] = e
    sum = f(sum + e)
  }
  const scale = f(1 / sum)
  for (let c = 0; c < C; c++) P[c * K + k] = f(P[c * K + k]! * scale)
}

function orNothing(d: number): number {
  return Math.abs(d) >= NEGLIGIBLE ? d : 0
}

/** Squared distance of two values of a column. */
function apart(own: number, other: number, category: boolean): number {
  if (Number.isNaN(own) || Number.isNaN(other)) return Number.isNaN(own) === Number.isNaN(other) ? 0 : 1
  if (category) return own === other ? 0 : 1
  const difference = f(own - other)
  return f(difference * difference)
}

function rounded({ rate, decay, forgetting }: Pace): { rate: number; shrink: number; keep: number } {
  return { rate: f(rate), shrink: f(f(rate) * f(decay)), keep: f(forgetting) }
}

function eachRow(x: Sparse, stride: number, from: number, visit: (base: number, v: number) => void): void {
  for (let i = 0; i < x.n; i++) visit(x.index[i]! * stride + from, x.value[i]!)
}
