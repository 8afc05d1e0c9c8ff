/**
 * The elements of a typed array from `from` up to `to`, as numbers: `Array.from` goes through an iterator and takes several
 * times as long.
 *
 * @example
 * ```ts
 * import { numbersOf } from '../src/numeric/numbers-of.ts'
 * numbersOf(Float32Array.of(0.5, 0.25, 2), 1) // => [0.25, 2]
 * ```
 */
export function numbersOf(all: Float32Array | Float64Array, from = 0, to: number = all.length): number[] {
  const numbers = new Array<number>(to - from)
  for (let i = from; i < to; i++) numbers[i - from] = all[i]!
  return numbers
}
