/**
 * Rates and scores from labels that were not picked evenly: each labelled part stands for 1/π parts, π the propensity with
 * which it was picked when it was decided (Hájek's ratio of Horvitz–Thompson sums). Without it a budget spent on rare
 * classes makes them look frequent, and one spent where the model doubts makes it look worse than it is.
 *
 *     share = Σ wᵢ zᵢ / Σ wᵢ      w = 1/π      interval: Wilson's at n = (Σ w)² / Σ w², Kish's effective sample size
 *
 * Sources: Hájek (1971), in "Foundations of statistical inference"; Kish (1965), "Survey sampling", 11.7.
 */
import { wilson } from '../judge/interval.ts'

/** Σ w, Σ w², Σ w of those chosen right, of those passed and of those outside their set, how many, and how many right. */
export type SavedSums = readonly [w: number, w2: number, right: number, passed: number, outside: number, n: number, rightRaw: number]

/** What became of a labelled part. */
export interface Result {
  readonly right: boolean
  readonly passed: boolean
  readonly outside: boolean
}

export class WeightedSums {
  #sums: number[] = [0, 0, 0, 0, 0, 0, 0]

  /** Parts that the labels stand for. */
  get weight(): number {
    return this.#sums[0]!
  }

  /** `times` is −1 for what is taken back. */
  add(weight: number, { right, passed, outside }: Result, times: 1 | -1 = 1): void {
    const more = [weight, weight * weight, right ? weight : 0, passed ? weight : 0, outside ? weight : 0, 1, right ? 1 : 0]
    this.#sums = this.#sums.map((sum, i) => sum + times * more[i]!)
  }

  save(): SavedSums {
    return this.#sums.slice() as unknown as SavedSums
  }

  load(saved: SavedSums): void {
    this.#sums = [...saved]
  }
}

/** A share with its 95 % interval; null without labels. */
export interface Estimate {
  readonly value: number
  readonly interval: readonly [number, number]
}

export interface CorrectedClass {
  readonly class: string
  /** Share of all parts that are of this class. */
  readonly rate: Estimate | null
  /** Share of the labelled parts that are: what it looks like uncorrected. */
  readonly rateOfLabelled: number | null
  /** Share of the class chosen right. */
  readonly recall: Estimate | null
  /** Share of the class that passed, and that was outside its set. */
  readonly passed: Estimate | null
  readonly outside: Estimate | null
}

export interface Corrected {
  /** Labels of the sample, and how many evenly picked ones tell as much. */
  readonly labels: number
  readonly effective: number
  readonly accuracy: Estimate | null
  readonly accuracyOfLabelled: number | null
  readonly classes: readonly CorrectedClass[]
}

/** Share of the parts whose class had not been ruled out, as their labels tell of all of them; null without labels. */
export function coverageOf(sums: WeightedSums): Estimate | null {
  const [w, w2, , , outside] = sums.save()
  const missed = estimate(outside, w, w2)
  return missed === null ? null : { value: 1 - missed.value, interval: [1 - missed.interval[1], 1 - missed.interval[0]] }
}

/**
 * What the labels say of all parts.
 *
 * @example
 * ```ts
 * import { corrected, WeightedSums } from '../src/decide/corrected.ts'
 * const rare = new WeightedSums()
 * const good = new WeightedSums()
 * for (let i = 0; i < 10; i++) rare.add(1, { right: true, passed: false, outside: false }) // every crack was looked at
 * for (let i = 0; i < 10; i++) good.add(99, { right: true, passed: true, outside: false }) // one good part in 99
 * const { classes } = corrected([['crack', rare], ['good', good]])
 * classes[0]?.rate?.value // => 0.01
 * classes[0]?.rateOfLabelled // => 0.5
 * ```
 */
export function corrected(classes: readonly (readonly [name: string, sums: WeightedSums])[]): Corrected {
  const sums = classes.map(([name, each]) => ({ name, of: each.save() }))
  const total = (at: 0 | 1 | 2 | 5 | 6): number => sums.reduce((sum, { of }) => sum + of[at], 0)
  const [w, w2, chosen, n, rightRaw] = [total(0), total(1), total(2), total(5), total(6)]
  return {
    labels: n,
    effective: w2 > 0 ? (w * w) / w2 : 0,
    accuracy: estimate(chosen, w, w2),
    accuracyOfLabelled: n > 0 ? rightRaw / n : null,
    classes: sums.map(({ name, of: [wc, wc2, right, passed, outside, nc] }) => ({
      class: name,
      rate: estimate(wc, w, w2),
      rateOfLabelled: n > 0 ? nc / n : null,
      recall: estimate(right, wc, wc2),
      passed: estimate(passed, wc, wc2),
      outside: estimate(outside, wc, wc2)
    }))
  }
}

function estimate(part: number, whole: number, squares: number): Estimate | null {
  if (!(whole > 0)) return null
  const value = Math.min(1, part / whole)
  const effective = (whole * whole) / squares
  return { value, interval: wilson(value * effective, effective)! }
}
