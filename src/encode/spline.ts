/**
 * Linear splines: a value becomes the weights of the two knots around it (hat functions, which sum to one), so that a
 * linear model on them is a piecewise linear function of the value. Outside the knots the function is constant.
 */
import type { Carry } from '../numeric/carry.ts'

/**
 * The interval of a value: the index i of the knot below, so that knots[i] ≤ value < knots[i + 1], clamped to the ends.
 *
 * @example
 * ```ts
 * import { interval } from '../src/encode/spline.ts'
 * interval(Float64Array.of(0, 1, 4), 2) // => 1
 * ```
 */
export function interval(knots: Float64Array, value: number): number {
  let low = 0
  let high = knots.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (knots[middle]! <= value) low = middle
    else high = middle
  }
  return low
}

/** How far the value lies from the knot below to the knot above, 0 to 1. */
export function fraction(knots: Float64Array, i: number, value: number): number {
  const low = knots[i]!
  const t = (value - low) / (knots[i + 1]! - low)
  return t < 0 ? 0 : Math.min(t, 1)
}

/**
 * Knots at evenly spaced quantiles of `values`, both ends included, without repeats: at most `intervals + 1`. Sorts `values`.
 *
 * @example
 * ```ts
 * import { quantileKnots } from '../src/encode/spline.ts'
 * Array.from(quantileKnots(Float64Array.of(3, 1, 2, 5, 4), 2)) // => [1, 3, 5]
 * ```
 */
export function quantileKnots(values: Float64Array, intervals: number): Float64Array {
  values.sort()
  const knots: number[] = []
  for (let j = 0; j <= intervals; j++) {
    const at = (j / intervals) * (values.length - 1)
    const i = Math.min(Math.floor(at), values.length - 2)
    const low = values[Math.max(i, 0)]!
    const high = values[i + 1]!
    // Rounded, the whole way from a value to one of another magnitude may end elsewhere.
    const knot = at - i === 1 ? high : Math.min(low + (at - i) * (high - low), high)
    if (knots.length === 0 || knot > knots[knots.length - 1]!) knots.push(knot)
  }
  return Float64Array.from(knots)
}

/** How weights on the old knots become weights on the new ones, so that at every new knot the function keeps its value. */
export function carryOf(row: number, before: Float64Array, after: Float64Array): Carry {
  const from = new Int32Array(after.length)
  const t = new Float32Array(after.length)
  for (let j = 0; j < after.length; j++) {
    from[j] = interval(before, after[j]!)
    t[j] = before.length > 1 ? fraction(before, from[j]!, after[j]!) : 0
  }
  return { row, from, t }
}
