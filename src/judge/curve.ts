/**
 * How scores move along a family of decisions on the same predictions, each with its exponent. Invariant: every point is
 * judged on the same rows.
 */
import type { ClassScore } from './report.ts'
import { Scoreboard } from './scoreboard.ts'

export interface CurvePoint {
  readonly exponent: number
  readonly kappa: number | null
  readonly gMean: number | null
  readonly macroF1: number | null
  /** Recall of the class that occurred least. */
  readonly rarestRecall: number | null
}

export interface CurveReport {
  /** The class that occurred least, the first of several; null where nothing was judged. */
  readonly rarest: { readonly class: string; readonly support: number } | null
  readonly points: readonly CurvePoint[]
}

/**
 * @example
 * ```ts
 * import { Curve } from '../src/judge/curve.ts'
 * const curve = new Curve([0, 1])
 * curve.add(0, [0, 0])
 * curve.add(0, [0, 1])
 * curve.add(1, [0, 1])
 * const { rarest, points } = curve.report(['good', 'scratch'])
 * rarest // => { class: 'scratch', support: 1 }
 * points.map(point => point.rarestRecall) // => [0, 1]
 * ```
 */
export class Curve {
  readonly exponents: readonly number[]
  readonly #boards: readonly Scoreboard[]

  constructor(exponents: readonly number[]) {
    this.exponents = exponents
    this.#boards = exponents.map(() => new Scoreboard({ window: 0, forget: 1 }))
  }

  /** Judges what was chosen with each exponent, −1 for nothing, in their order. */
  add(truth: number, chosen: readonly number[]): void {
    this.#boards.forEach((board, i) => {
      board.add(truth, [], chosen[i]!)
    })
  }

  report(classes: readonly string[]): CurveReport {
    const reports = this.#boards.map(board => board.report(classes))
    const least = rarestOf(reports[0]?.perClass ?? [])
    return {
      rarest: least === null ? null : { class: least.class, support: least.support },
      points: reports.map(({ scores: { kappa, gMean, macroF1 }, perClass }, i) => ({
        exponent: this.exponents[i]!,
        kappa,
        gMean,
        macroF1,
        rarestRecall: rarestOf(perClass)?.recall ?? null
      }))
    }
  }
}

function rarestOf(perClass: readonly ClassScore[]): ClassScore | null {
  const met = perClass.filter(each => each.support > 0)
  return met.length === 0 ? null : met.reduce((least, each) => (each.support < least.support ? each : least))
}
