/**
 * A difference and how sure it is: two variants over the same seeds, Student's t on their paired differences d (n),
 * `mean(d) ± t_{.975, n−1} · sd(d)/√n`. Source: Student (1908).
 */

export interface Difference {
  readonly mean: number
  /** Null of one pair. */
  readonly interval: readonly [low: number, high: number] | null
}

/** t_{.975} for 1 to 30 degrees of freedom (Fisher & Yates, table III). */
const T_975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086,
  2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042
]
/** The same of the normal distribution. */
const Z_975 = 1.959964

/**
 * `values` less `against`, pair by pair. Null where a pair has no figure, or there is none.
 *
 * @example
 * ```ts
 * import { paired } from '../src/ablation/paired.ts'
 * paired([3], [1]) // => { mean: 2, interval: null }
 * paired([1, null], [1, 1]) // => null
 * ```
 */
export function paired(values: readonly (number | null)[], against: readonly (number | null)[]): Difference | null {
  const n = values.length
  if (n === 0) return null
  const d: number[] = []
  for (let i = 0; i < n; i++) {
    const value = values[i] ?? null
    const other = against[i] ?? null
    if (value === null || other === null) return null
    d.push(value - other)
  }
  const mean = d.reduce((sum, each) => sum + each, 0) / n
  if (n === 1) return { mean, interval: null }
  const variance = d.reduce((sum, each) => sum + (each - mean) * (each - mean), 0) / (n - 1)
  const half = student(n - 1) * Math.sqrt(variance / n)
  return { mean, interval: [mean - half, mean + half] }
}

/** t_{.975}; beyond the table two terms around the normal, right to 1e-4 (Abramowitz & Stegun, 26.7.5). */
function student(freedom: number): number {
  const z = Z_975
  const cube = z * z * z
  return T_975[freedom - 1] ?? z + (cube + z) / (4 * freedom) + (5 * cube * z * z + 16 * cube + 3 * z) / (96 * freedom * freedom)
}
