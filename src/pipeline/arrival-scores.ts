/**
 * Scores of what a committee says when a label comes, before it learns it. Without delay that is what was served; with
 * delay it is not: it knows the labels of rows served since, and flatters. So whoever shows these says which it is.
 */
import { Curve, type CurveReport } from '../judge/curve.ts'
import { Scoreboard } from '../judge/scoreboard.ts'
import { decide } from '../learner/decision.ts'
import type { Judged, Watcher } from '../learner/watcher.ts'

/** What a committee said of a task. */
export interface Heard {
  readonly classes: readonly string[]
  /** What decides, (C). */
  readonly p: Float64Array
  /** What is reported of it, after the class bias, (C), as a prediction carries it. */
  readonly reported: Float32Array
  readonly chosen: number
  /** Forgetting counts of the classes, (C). */
  readonly counts: Float64Array
  /** What the single model says, (C), and chooses; null where it does not run. */
  readonly single: { readonly probabilities: Float32Array; readonly chosen: number } | null
}

/** Keeps what was said of each task of the record taken last. */
export class LastJudged implements Watcher {
  readonly #heard = new Map<string, Heard>()

  /** Forgets the record before. */
  clear(): void {
    this.#heard.clear()
  }

  /** Null where the committee was not asked, as it knew no class. */
  of(task: string): Heard | null {
    return this.#heard.get(task) ?? null
  }

  judged({ task, classes, p, reported, chosen, single, counts }: Judged): void {
    this.#heard.set(task, {
      classes: classes.slice(),
      p: p.slice(),
      reported: Float32Array.from(reported),
      chosen,
      counts: counts.slice(),
      single: single === null ? null : { probabilities: Float32Array.from(single.probabilities), chosen: single.chosen }
    })
  }
}

export interface ArrivalReport {
  /** Labels that came. */
  readonly judged: number
  /** Expected calibration error of the class decided for, before and after the class bias. */
  readonly calibration: { readonly beforeBias: number | null; readonly afterBias: number | null }
  /** Along the decision exponents; null where none was asked for. */
  readonly curve: CurveReport | null
}

export class ArrivalScores {
  readonly #before = new Scoreboard({ window: 0, forget: 1 })
  readonly #after = new Scoreboard({ window: 0, forget: 1 })
  readonly #curve: Curve | null

  /** `exponents` of the curve, rising; empty for no curve. */
  constructor(exponents: readonly number[]) {
    this.#curve = exponents.length > 0 ? new Curve(exponents) : null
  }

  /** Judges what was heard of an example of class `truth`; `place` gives a class its index among those of the report. */
  add(truth: number, heard: Heard | null, place: (name: string) => number): void {
    if (heard === null) {
      this.#before.add(truth, [], -1)
      this.#after.add(truth, [], -1)
      this.#curve?.add(
        truth,
        this.#curve.exponents.map(() => -1)
      )
      return
    }
    const { classes, p, reported, chosen, counts } = heard
    const at = classes.map(place)
    this.#before.add(truth, ordered(p, at), at[chosen]!)
    this.#after.add(truth, ordered(reported, at), at[chosen]!)
    this.#curve?.add(
      truth,
      this.#curve.exponents.map(exponent => at[decide(p, counts, exponent)]!)
    )
  }

  report(classes: readonly string[]): ArrivalReport {
    const before = this.#before.report(classes)
    return {
      judged: before.n,
      calibration: { beforeBias: before.scores.ece, afterBias: this.#after.report(classes).scores.ece },
      curve: this.#curve?.report(classes) ?? null
    }
  }
}

function ordered(values: ArrayLike<number>, at: readonly number[]): Float64Array {
  const out = new Float64Array(Math.max(...at) + 1)
  at.forEach((c, i) => {
    out[c] = values[i]!
  })
  return out
}
