/**
 * Examples that never were: points between two remembered ones of the same class and domain, so that a rare class fills the
 * space between the few it has. Invariant: one is practised and dropped. It has no id and no place to be kept at, so that no
 * memory, score, lineage or statistic of real examples can hold it.
 *
 * Source: SMOTE (Chawla, Bowyer, Hall & Kegelmeyer 2002, doi:10.1613/jair.953), categories as there in SMOTE-N by one end. Not
 * as there: the other end is any remembered example of the class, not one of the nearest, as distances change with every
 * refit and cost a search each; whether that helps a class is measured (`learner/admission.ts`), not assumed.
 */
import type { Random } from '../numeric/random.ts'
import type { ClassMemory, Remembered } from './class-memory.ts'

/** What stands between two remembered examples. The mark tells it from a `Remembered`, which has an id. */
export interface Synthetic {
  readonly synthetic: true
  /** Its own: no one else holds it. As long as the longer end, missing where the shorter ends. */
  readonly raw: readonly number[]
  readonly y: number
  readonly domain: number
  /** What other tasks said, between what they said of both; null where one end has none. */
  readonly others: Float32Array | null
}

/** A class counted less often than this share of the mean count is rare. */
const RARE = 0.5
/** Fewer remembered examples span too little to be filled: four have six pairs. */
export const LEAST_REMEMBERED = 5

/** Below which forgetting count a class is rare, by those of all (C). */
export function rareBelow(counts: Float64Array): number {
  let n = 0
  for (let c = 0; c < counts.length; c++) n += counts[c]!
  return (RARE * n) / counts.length
}

/** A synthetic example between one remembered and another of its class and domain, drawn all alike; null when it is alone. */
export function drawSynthetic(random: Random, one: Remembered, memory: ClassMemory, kinds: Int32Array): Synthetic | null {
  const other = memory.partner(random, one)
  return other === null ? null : between(one, other, random.next(), kinds)
}

/**
 * t·a + (1 − t)·b of two examples of the same class and domain, t in [0, 1): a number that is missing in either is missing, a
 * category is that of the nearer end. `kinds` is per column slot: 0 a number, 1 a category.
 *
 * @example
 * ```ts
 * import { between } from '../src/memory/synthetic.ts'
 * const end = (...raw) => ({ id: '1', raw, y: 3, domain: 0, others: null })
 * between(end(4, 1), end(0, 2), 0.75, Int32Array.of(0, 1)).raw // => [3, 1]
 * ```
 */
export function between(a: Remembered, b: Remembered, t: number, kinds: Int32Array): Synthetic {
  const raw = new Array<number>(Math.max(a.raw.length, b.raw.length)).fill(Number.NaN)
  const both = Math.min(a.raw.length, b.raw.length)
  for (let slot = 0; slot < both; slot++) {
    const [left, right] = [a.raw[slot]!, b.raw[slot]!]
    raw[slot] = kinds[slot] === 0 || Number.isNaN(left + right) ? mean(left, right, t) : t >= 0.5 ? left : right
  }
  return { synthetic: true, raw, y: a.y, domain: a.domain, others: meanOf(a.others, b.others, t) }
}

/** Rows of classes that came later are missing in what was said before. */
function meanOf(a: Float32Array | null, b: Float32Array | null, t: number): Float32Array | null {
  if (a === null || b === null) return null
  return Float32Array.from({ length: Math.min(a.length, b.length) }, (_, row) => mean(a[row]!, b[row]!, t))
}

/** Never beyond its ends, whatever is rounded; equal ends stand. NaN where either is. */
function mean(a: number, b: number, t: number): number {
  const value = t * a + (1 - t) * b
  return Math.min(Math.max(value, Math.min(a, b)), Math.max(a, b))
}
