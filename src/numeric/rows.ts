/**
 * The two inner loops of learning, on weights that lie in row blocks: one row per input, one column per output, so that
 * an example with n active inputs touches n contiguous rows. Float32 with every operation rounded: this is the reference
 * that a SIMD kernel must match bit for bit.
 *
 * Shapes: W and S are (rows, stride), row-major; a span of columns `from` to `to` belongs to one bank.
 */
import type { Sparse } from './sparse.ts'

const f = Math.fround

/** `out[j] = Σᵢ x[i]·W[i, from + j]` over the active inputs, in their order. */
export function gather(W: Float32Array, stride: number, from: number, to: number, x: Sparse, out: Float32Array): void {
  const width = to - from
  const { index, value, n } = x
  for (let j = 0; j < width; j++) out[j] = 0
  for (let i = 0; i < n; i++) {
    const base = index[i]! * stride + from
    const v = value[i]!
    for (let j = 0; j < width; j++) out[j] = f(out[j]! + f(v * W[base + j]!))
  }
}

/** How a weight moves. */
export interface Pace {
  /** η: step size. */
  readonly rate: number
  /** λ: decay towards zero of a weight that is touched, per step, times η. */
  readonly decay: number
  /** ρ: how much of the squared gradients is kept. */
  readonly forgetting: number
}

/** Keeps a rate finite before any gradient was seen; outside the root. */
export const EPSILON = f(1e-3)

/**
 * One step of every touched weight, with a rate of its own that forgets:
 * `d = x[i]·δ[j]; s ← ρ s + d²; W ← W − η d / (√s + ε) − η λ W`.
 *
 * Adagrad (Duchi et al., 2011) with forgetting, so that a weight keeps adapting after drift; unlike RMSProp the squares
 * are summed, not averaged, so that the rate falls while the world stays the same.
 */
export function update(
  W: Float32Array,
  S: Float32Array,
  stride: number,
  from: number,
  to: number,
  x: Sparse,
  delta: Float32Array,
  pace: Pace
): void {
  const width = to - from
  const { index, value, n } = x
  const rate = f(pace.rate)
  const shrink = f(rate * f(pace.decay))
  const keep = f(pace.forgetting)
  for (let i = 0; i < n; i++) {
    const base = index[i]! * stride + from
    const v = value[i]!
    for (let j = 0; j < width; j++) {
      const d = f(v * delta[j]!)
      const s = f(f(keep * S[base + j]!) + f(d * d))
      S[base + j] = s
      const w = W[base + j]!
      W[base + j] = f(f(w - f(f(rate * d) / f(f(Math.sqrt(s)) + EPSILON))) - f(shrink * w))
    }
  }
}
