/**
 * Where a figure is going: the slope of a line through its last values by least squares, older ones counting less and less.
 * Invariant: a figure that stays has slope 0, one that rises evenly has just its rise, however unevenly it was taken.
 */
import type { Saved } from '../numeric/saved.ts'

/** What a value keeps of its weight when the next one comes: about the last five speak. */
const KEEP = 0.8
/** S, Sx, Sxx, Sy, Sxy: fading sums over times x, the newest being 0, and values y. */
const SUMS = 5

/**
 * @example
 * ```ts
 * import { Trend } from '../src/stability/trend.ts'
 * const trend = new Trend()
 * for (const value of [0.4, 0.3, 0.2]) trend.add(1, value)
 * trend.slope?.toFixed(3) // => '-0.100'
 * ```
 */
export class Trend {
  readonly #sums = new Float64Array(SUMS)

  /** Takes a value, `later` after the one before. */
  add(later: number, value: number): void {
    const sums = this.#sums
    const [S, Sx, Sxx, Sy, Sxy] = sums as unknown as [number, number, number, number, number]
    sums[0] = KEEP * S + 1
    sums[1] = KEEP * (Sx - later * S)
    sums[2] = KEEP * (Sxx - 2 * later * Sx + later * later * S)
    sums[3] = KEEP * Sy + value
    sums[4] = KEEP * (Sxy - later * Sy)
  }

  /** Null before two values. */
  get slope(): number | null {
    const [S, Sx, Sxx, Sy, Sxy] = this.#sums as unknown as [number, number, number, number, number]
    const spread = S * Sxx - Sx * Sx
    return spread > 1e-12 ? (S * Sxy - Sx * Sy) / spread : null
  }

  save(): Saved {
    return this.#sums.slice()
  }

  load(saved: Saved): void {
    this.#sums.set(saved as Float64Array)
  }
}
