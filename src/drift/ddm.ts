/**
 * DDM: of a learner that improves, the rate of errors p falls; where p + s has risen three deviations above the least that it
 * ever was, the concept has changed.
 *
 *     s = √(p (1 − p) / n);   warns where p + s > p_min + 2 s_min, fires where p + s > p_min + 3 s_min
 *
 * Source: Gama, Medas, Castillo & Rodrigues, "Learning with drift detection", SBIA 2004; values as River 0.26 gives them.
 *
 * Stated run length: the paper states none, and there is none that holds: the least of p + s is taken over all that came, so
 * that the test is run anew at every value, and how often it errs depends on p. What is stated is what simulation gives at the
 * worst p tried (.05 to .5), 400 values. It is here for comparison; the learner does not use it.
 */
import type { Saved } from '../numeric/saved.ts'
import type { Change, Detector } from './detector.ts'
import { loadNumbers, saveNumbers } from './saved-change.ts'

export interface DdmOptions {
  /** Errors and hits before which it does not fire. */
  readonly least: number
  readonly warning: number
  readonly drift: number
}

/** As the paper's. */
export const defaultDdm: DdmOptions = { least: 30, warning: 2, drift: 3 }

const start = {
  fired: 0,
  warns: 0,
  n: 0,
  p: 0,
  total: 0,
  leastP: 0,
  leastS: 0,
  leastSum: Number.POSITIVE_INFINITY,
  leastN: 0,
  leastTotal: 0,
  mark: 0
}

/**
 * @example
 * ```ts
 * import { Ddm } from '../src/drift/ddm.ts'
 * const ddm = new Ddm()
 * Array.from({ length: 400 }, (_, i) => ddm.update(i < 200 ? i % 4 === 0 : true)).indexOf(true) // => 217
 * ```
 */
export class Ddm implements Detector {
  readonly averageRunLength: number
  readonly #options: DdmOptions
  #it = { ...start }
  #change: Change | null = null

  constructor(options: Partial<DdmOptions> = {}) {
    this.#options = { ...defaultDdm, ...options }
    this.averageRunLength = this.#options.drift >= 3 ? 400 : this.#options.least
  }

  get change(): Change | null {
    return this.#change
  }

  /** Whether errors have become frequent enough to be wary. */
  get warns(): boolean {
    return this.#it.warns === 1
  }

  /** `value` is 1 or true for an error, 0 or false for a hit. */
  update(value: number | boolean, mark = 0): boolean {
    if (this.#it.fired === 1) this.reset()
    this.#change = null
    const it = this.#it
    const { least, warning, drift } = this.#options
    const error = Number(value)
    if (it.leastN === it.n) it.mark = mark
    it.n++
    it.total += error
    it.p += (error - it.p) / it.n
    const s = Math.sqrt((it.p * (1 - it.p)) / it.n)
    if (it.n <= least) return false
    if (it.p + s <= it.leastSum) {
      it.leastP = it.p
      it.leastS = s
      it.leastSum = it.p + s
      it.leastN = it.n
      it.leastTotal = it.total
    }
    it.warns = it.p + s > it.leastP + warning * it.leastS ? 1 : 0
    if (!(it.p + s > it.leastP + drift * it.leastS)) return false
    it.warns = 0
    it.fired = 1
    const seen = it.n - it.leastN
    this.#change = { seen, before: it.leastP, after: (it.total - it.leastTotal) / seen, since: it.mark }
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
}
