/**
 * Page-Hinkley: sums how far values lie above their running mean, less a tolerance, and fires when the sum has risen too far
 * above its least; and the same downwards.
 *
 *     x̄ ← mean(x₁…x_t),  U ← α U + x − x̄ − δ,  D ← α D + x − x̄ + δ;   fires where U − min U > λ or max D − D > λ
 *
 * Sources: Page, "Continuous inspection schemes", Biometrika 1954; values as River 0.26 gives them. Disagreements of River with
 * the paper, which we share: α forgets, and max D starts at −1, so that at first a fall must be 1 deeper.
 *
 * Stated run length, of values in [0, 1]: that of a random walk with drift −δ and the greatest variance such values have, a
 * quarter (Siegmund 1985, equation 2.57 with its boundary, halved for two sides), as a bound in the known mean. A mean that is
 * still being learned makes it shorter, up to a third in simulation: the third is taken off.
 */
import { exp } from '../numeric/exp-log.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Change, Detector } from './detector.ts'
import { loadNumbers, saveNumbers } from './saved-change.ts'

export interface PageHinkleyOptions {
  /** Values before which it does not fire. */
  readonly least: number
  /** δ: what a value may lie off the mean for nothing. */
  readonly tolerance: number
  /** λ */
  readonly threshold: number
  /** α */
  readonly forgetting: number
}

/** As River's. */
export const defaultPageHinkley: PageHinkleyOptions = { least: 30, tolerance: 0.005, threshold: 50, forgetting: 0.9999 }

/** All that is saved: of either side the extreme of its sum, and n, Σ x and the mark of the next value when it was reached. */
const start = {
  fired: 0,
  n: 0,
  mean: 0,
  total: 0,
  up: 0,
  down: 0,
  least: Number.POSITIVE_INFINITY,
  leastN: 0,
  leastTotal: 0,
  leastMark: 0,
  most: -1,
  mostN: 0,
  mostTotal: 0,
  mostMark: 0
}

/**
 * @example
 * ```ts
 * import { PageHinkley } from '../src/drift/page-hinkley.ts'
 * const test = new PageHinkley({ threshold: 10 })
 * Array.from({ length: 400 }, (_, i) => test.update(i < 200 ? 0 : 1)).indexOf(true) // => 210
 * test.change // => null
 * ```
 */
export class PageHinkley implements Detector {
  readonly averageRunLength: number
  readonly #options: PageHinkleyOptions
  #it = { ...start }
  #change: Change | null = null

  constructor(options: Partial<PageHinkleyOptions> = {}) {
    this.#options = { ...defaultPageHinkley, ...options }
    const { tolerance, threshold } = this.#options
    const a = 8 * tolerance * threshold // 2δλ/σ² at σ² = 1/4
    this.averageRunLength = (exp(a) - 1 - a) / (8 * tolerance * tolerance) / 2 / 1.5
  }

  get change(): Change | null {
    return this.#change
  }

  update(value: number, mark = 0): boolean {
    if (this.#it.fired === 1) this.reset()
    this.#change = null
    const it = this.#it
    const { least, tolerance, threshold, forgetting } = this.#options
    if (it.leastN === it.n) it.leastMark = mark
    if (it.mostN === it.n) it.mostMark = mark
    it.n++
    it.total += value
    it.mean += (value - it.mean) / it.n
    const off = value - it.mean
    it.up = forgetting * it.up + off - tolerance
    it.down = forgetting * it.down + off + tolerance
    if (it.up < it.least) {
      it.least = it.up
      it.leastN = it.n
      it.leastTotal = it.total
    }
    if (it.down > it.most) {
      it.most = it.down
      it.mostN = it.n
      it.mostTotal = it.total
    }
    if (it.n < least) return false
    const rose = it.up - it.least > threshold
    if (!rose && !(it.most - it.down > threshold)) return false
    it.fired = 1
    this.#change = rose ? this.#since(it.leastN, it.leastTotal, it.leastMark) : this.#since(it.mostN, it.mostTotal, it.mostMark)
    return true
  }

  reset(): void {
    this.#it = { ...start }
    this.#change = null
  }

  save(): Saved {
    return saveNumbers(this.#it, this.#change)
  }

  load(saved: Saved): void {
    const { numbers, change } = loadNumbers(saved, start)
    this.#it = numbers
    this.#change = change
  }

  #since(n: number, total: number, since: number): Change {
    const it = this.#it
    const seen = it.n - n
    return { seen, before: n > 0 ? total / n : it.mean, after: (it.total - total) / seen, since }
  }
}
