/**
 * Exponential and logarithm that give the same bits on every machine. `Math.exp` and `Math.log` may differ between
 * engines in the last bit; these use + − × ÷ only, which IEEE 754 fixes.
 *
 * Sources: reduction and coefficients after Cody & Waite (1980) and fdlibm's e_exp.c and e_log.c (Sun, 1993).
 */

const float64 = new Float64Array(1)
const bits64 = new Int32Array(float64.buffer)
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0

const LN2_HIGH = 6.9314718036912381649e-1
const LN2_LOW = 1.90821492927058770002e-10
const LOG2_E = 1.4426950408889634

/** 2ⁿ for −1022 ≤ n ≤ 1023. */
function power2(n: number): number {
  bits64[1 - HIGH] = 0
  bits64[HIGH] = (n + 1023) << 20
  return float64[0]!
}

/**
 * eˣ in float64, within 1 unit in the last place. Below −708 it is 0, above 709 Infinity; NaN stays NaN.
 *
 * @example
 * ```ts
 * import { exp } from '../src/numeric/exp-log.ts'
 * exp(0) // => 1
 * exp(-1000) // => 0
 * ```
 */
export function exp(x: number): number {
  if (!(x > -708)) return Number.isNaN(x) ? x : 0
  if (x > 709) return Number.POSITIVE_INFINITY
  const n = Math.floor(x * LOG2_E + 0.5)
  const high = x - n * LN2_HIGH
  const low = n * LN2_LOW
  const r = high - low
  const t = r * r
  const c =
    r -
    t *
      (1.66666666666666019037e-1 +
        t *
          (-2.77777777770155933842e-3 + t * (6.61375632143793436117e-5 + t * (-1.6533902205465251539e-6 + t * 4.13813679705723846039e-8))))
  const y = 1 - (low - (r * c) / (2 - c) - high)
  return n === 1024 ? y * 2 * power2(1023) : y * power2(n)
}

/**
 * Natural logarithm in float64, within 1 unit in the last place. Of 0 it is −Infinity, of a negative number NaN.
 *
 * @example
 * ```ts
 * import { log } from '../src/numeric/exp-log.ts'
 * log(1) // => 0
 * ```
 */
export function log(x: number): number {
  if (x === 0) return Number.NEGATIVE_INFINITY
  if (!(x > 0)) return Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  let k = 0
  if (x < 2.2250738585072014e-308) {
    x *= 18014398509481984 // 2⁵⁴, out of the subnormal range
    k = -54
  }
  float64[0] = x
  let high = bits64[HIGH]!
  k += (high >> 20) - 1023
  high &= 0xfffff
  const i = (high + 0x95f64) & 0x100000 // mantissas above √2 count with the next power of two
  bits64[HIGH] = high | (i ^ 0x3ff00000)
  k += i >> 20
  const f = float64[0]! - 1
  if (f === 0) return k === 0 ? 0 : k * LN2_HIGH + k * LN2_LOW
  const s = f / (2 + f)
  const z = s * s
  const w = z * z
  const t1 = w * (0.3999999999940941908 + w * (0.2222219843214978396 + w * 0.1531383769920937332))
  const t2 = z * (0.666666666666673513 + w * (0.2857142874366239149 + w * (0.1818357216161805012 + w * 0.1479819860511658591)))
  const R = t2 + t1
  const half = 0.5 * f * f
  return k * LN2_HIGH - (half - (s * (half + R) + k * LN2_LOW) - f)
}
