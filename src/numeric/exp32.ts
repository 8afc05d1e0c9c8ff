/**
 * Exponential in float32 with every operation rounded, so that a SIMD kernel that does the same operations in the same
 * order gives the same bits. Relative error below 2e-7.
 *
 * Source: Cephes expf (Moshier, 1992), Horner's form without fused multiply-add.
 */

const f = Math.fround
const LOG2_E = f(1.44269504088896341)
const LN2_HIGH = f(0.693359375)
const LN2_LOW = f(-2.1219444e-4)
const C0 = f(1.98756915e-4)
const C1 = f(1.3981999507e-3)
const C2 = f(8.3334519073e-3)
const C3 = f(4.1665795894e-2)
const C4 = f(1.6666665459e-1)
const C5 = f(5.0000001201e-1)

/** 2ⁿ for n from −126 to 127, by n + 126: the bits of its exponent. */
const powers = new Float32Array(Int32Array.from({ length: 254 }, (_, i) => (i + 1) << 23).buffer)

/**
 * eˣ of a float32, as a float32. Below −87 it is 0, above 88 Infinity.
 *
 * @example
 * ```ts
 * import { exp32 } from '../src/numeric/exp32.ts'
 * exp32(0) // => 1
 * exp32(-100) // => 0
 * ```
 */
export function exp32(x: number): number {
  if (!(x > -87)) return Number.isNaN(x) ? x : 0
  if (x > 88) return Number.POSITIVE_INFINITY
  const n = Math.floor(f(f(x * LOG2_E) + 0.5))
  const r = f(f(x - f(n * LN2_HIGH)) - f(n * LN2_LOW))
  let y = f(f(C0 * r) + C1)
  y = f(f(y * r) + C2)
  y = f(f(y * r) + C3)
  y = f(f(y * r) + C4)
  y = f(f(y * r) + C5)
  y = f(f(f(y * f(r * r)) + r) + 1)
  return f(y * powers[n + 126]!)
}
