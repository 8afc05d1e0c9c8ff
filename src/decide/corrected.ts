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
import { kappa } from '../judge/score.ts'
import { exp, log } from '../numeric/exp-log.ts'

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

  /** `times` is −1 for what is taken back. A weight is that of one part at least: 1 over the chance of having been looked at. */
  add(weight: number, { right, passed, outside }: Result, times: 1 | -1 = 1): void {
    const more = [weight, weight * weight, right ? weight : 0, passed ? weight : 0, outside ? weight : 0, 1, right ? 1 : 0]
    // Of what was added and taken back rounding leaves a trace, far below one part.
    this.#sums = this.#sums.map((sum, i) => sum + times * more[i]!).map(sum => (sum < 0.5 ? 0 : sum))
  }

  save(): SavedSums {
    return this.#sums.slice() as unknown as SavedSums
  }

  load(saved: SavedSums): void {
    this.#sums = [...saved]
  }
}

/** Labelled parts for which a class was chosen: Σ w and Σ w². */
export type Chosen = readonly [w: number, w2: number]

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
  /** Share of the parts for which the class was chosen that are of it. */
  readonly precision: Estimate | null
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
  /** Cohen's, and the geometric mean of the recalls of the classes with labels: null without. */
  readonly kappa: number | null
  readonly gMean: number | null
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
 * const { classes, kappa } = corrected([['crack', rare, [10, 10]], ['good', good, [990, 98010]]])
 * classes[0]?.rate?.value // => 0.01
 * classes[0]?.rateOfLabelled // => 0.5
 * kappa // => 1
 * ```
 */
export function corrected(classes: readonly (readonly [name: string, sums: WeightedSums, chosen: Chosen])[]): Corrected {
  const sums = classes.map(([name, each, called]) => ({ name, of: each.save(), called }))
  const total = (at: 0 | 1 | 2 | 5 | 6): number => sums.reduce((sum, { of }) => sum + of[at], 0)
  const [w, w2, right, n, rightRaw] = [total(0), total(1), total(2), total(5), total(6)]
  const accuracy = estimate(right, w, w2)
  const chance = sums.reduce((sum, { of: [wc], called }) => sum + (wc / w) * (called[0] / w), 0)
  const recalls = sums.filter(({ of: [wc] }) => wc > 0).map(({ of: [wc, , rightOf] }) => rightOf / wc)
  return {
    labels: n,
    effective: w2 > 0 ? (w * w) / w2 : 0,
    accuracy,
    accuracyOfLabelled: n > 0 ? rightRaw / n : null,
    kappa: kappa(accuracy?.value ?? null, chance),
    gMean: recalls.length > 0 ? exp(recalls.reduce((sum, recall) => sum + log(recall), 0) / recalls.length) : null,
    classes: sums.map(({ name, of: [wc, wc2, rightOf, passed, outside, nc], called }) => ({
      class: name,
      rate: estimate(wc, w, w2),
      rateOfLabelled: n > 0 ? nc / n : null,
      recall: estimate(rightOf, wc, wc2),
      precision: estimate(rightOf, ...called),
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
