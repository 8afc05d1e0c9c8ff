/**
 * Parts whose truth is a mixture with a known number of experts: the range of one input is divided evenly among them, and in
 * its range each draws the defect from its own logistic curve of another input, or from a constant. How many experts are
 * needed, which of them is constant, and when one changes is then known from how the stream was made. The same seed gives the
 * same parts.
 */
import { exp } from '../numeric/exp-log.ts'
import { Random } from '../numeric/random.ts'

/** The log-odds of a defect are `bias + slope · x`; a slope of 0 is a constant expert. */
export interface TrueExpert {
  readonly bias: number
  readonly slope: number
}

export interface MixtureTruth {
  readonly experts: readonly TrueExpert[]
  /** From the part `at` on these hold, each in place of the one before it. */
  readonly drift?: { readonly at: number; readonly experts: readonly TrueExpert[] }
}

export interface MixturePart {
  readonly features: Readonly<Record<'range' | 'curve' | 'noise', number>>
  /** Which of the true experts drew it. */
  readonly expert: number
  readonly defect: 'none' | 'defect'
}

/**
 * Parts without end.
 *
 * @example
 * ```ts
 * import { mixtureParts } from '../src/simulate/mixtures.ts'
 * const sure = { bias: 50, slope: 0 }
 * const { value } = mixtureParts(1, { experts: [sure, sure] }).next()
 * value.defect // => 'defect'
 * value.expert === (value.features.range < 0 ? 0 : 1) // => true
 * ```
 */
export function* mixtureParts(seed: number, { experts, drift }: MixtureTruth): Generator<MixturePart, never> {
  const random = new Random(seed)
  for (let part = 0; ; part++) {
    const [range, curve, noise] = [0, 0, 0].map(() => 2 * random.next() - 1) as [number, number, number]
    const now = drift !== undefined && part >= drift.at ? drift.experts : experts
    const expert = Math.min(now.length - 1, Math.floor(((range + 1) / 2) * now.length))
    const { bias, slope } = now[expert]!
    const p = 1 / (1 + exp(-(bias + slope * curve)))
    yield { features: { range, curve, noise }, expert, defect: random.next() < p ? 'defect' : 'none' }
  }
}
