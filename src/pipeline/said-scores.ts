/**
 * Scores of what a committee said that need more than a prediction carries: what decides before the class bias, and how
 * frequent the classes were then.
 */
import { Curve, type CurveReport } from '../judge/curve.ts'
import { Scoreboard } from '../judge/scoreboard.ts'
import { decide } from '../learner/decision.ts'
import type { Judged, Said, Watcher } from '../learner/watcher.ts'

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
  /** What the single model says, (C), and chooses, when a label came; null where it does not run. */
  readonly single: { readonly probabilities: Float32Array; readonly chosen: number } | null
}

/** Keeps what was said of each task of the record asked about last. */
export class LastSaid implements Watcher {
  readonly #heard = new Map<string, Heard>()

  /** Forgets the record before. */
  clear(): void {
    this.#heard.clear()
  }

  /** Null where the committee was not asked, as it knew no class. */
  of(task: string): Heard | null {
    return this.#heard.get(task) ?? null
  }

  judged(judged: Judged): void {
    const { single } = judged
    this.#keep(judged, single === null ? null : { probabilities: Float32Array.from(single.probabilities), chosen: single.chosen })
  }

  predicted(said: Said): void {
    this.#keep(said, null)
  }

  #keep({ task, classes, p, reported, chosen, counts }: Said, single: Heard['single']): void {
    const heard = { classes: classes.slice(), p: p.slice(), reported: Float32Array.from(reported), chosen, counts: counts.slice(), single }
    this.#heard.set(task, heard)
  }
}

export interface SaidReport {
  /** Labels that it was compared with. */
  readonly judged: number
  /** Expected calibration error of the class decided for, before and after the class bias. */
  readonly calibration: { readonly beforeBias: number | null; readonly afterBias: number | null }
  /** Along the decision exponents; null where none was asked for. */
  readonly curve: CurveReport | null
}

export class SaidScores {
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

  report(classes: readonly string[]): SaidReport {
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
