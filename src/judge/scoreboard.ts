/**
 * A task's scores: over all, over a sliding window and with forgetting. Invariant: a board that was saved and loaded
 * gives the same bits from then on as one that was not.
 */
import type { Saved } from '../numeric/saved.ts'
import { Baselines } from './baselines.ts'
import { checkClass, emptyJudgement, type Judgement, judge } from './judgement.ts'
import { Recent } from './recent.ts'
import type { Report } from './report.ts'
import { score } from './score.ts'
import { Tally } from './tally.ts'

export interface ScoreboardOptions {
  /** Judgements in the window, default 1,000; 0 keeps none, and the window's report is empty. */
  readonly window?: number
  /** What each judgement keeps of its weight when the next one comes, default .999 (about the last 1,000); 1 forgets nothing. */
  readonly forget?: number
}

/** What is known of a prediction whose label is corrected, beside its class indices. */
export interface Judged {
  /** The probabilities as judged, with which loss, Brier and calibration can be moved. */
  readonly probabilities?: ArrayLike<number> | undefined
  /** What `judged` was when it was added: finds it in the window, and its weight where scores forget. */
  readonly at?: number | undefined
}

type SavedScoreboard = {
  readonly judged: number
  readonly forget: number
  readonly weight: number
  readonly total: Saved
  readonly fading: Saved
  readonly recent: Saved
  readonly known: Saved
}

/** Past this the forgetting sums are scaled back to weight 1; far from the end of float64, far too rare to cost anything. */
const HEAVY = 1e100

/**
 * Feed a board by `add` where labels come at once, or by `addWithBaselines` where they come late, not by both in turns.
 *
 * @example
 * ```ts
 * import { Scoreboard } from '../src/judge/scoreboard.ts'
 * const board = new Scoreboard({ window: 100 })
 * board.add(0, [0.8, 0.2], 0)
 * board.add(1, [0.4, 0.6], 1)
 * board.add(1, [0.7, 0.3], 0)
 * board.add(0, [0.9, 0.1], 0)
 * const { scores } = board.report(['good', 'scratch'])
 * scores.accuracy // => 0.75
 * scores.kappa // => 0.5
 * scores.macroRecall // => 0.75
 * ```
 */
export class Scoreboard {
  #judged = 0
  #forget: number
  /** Weight of the newest judgement where scores forget: growing it fades all others without touching them. */
  #weight = 1
  #total = new Tally()
  #fading = new Tally()
  #recent: Recent
  #known = new Baselines()
  #scratch: Judgement = emptyJudgement()

  /** Throws `RangeError` on a window that is no whole number from 0 on, or a `forget` outside (0, 1]. */
  constructor(options: ScoreboardOptions = {}) {
    const { window = 1000, forget = 0.999 } = options
    if (!Number.isInteger(window) || window < 0)
      throw new RangeError(`expected a window of 0 or more judgements, got ${window}: give a whole number`)
    if (!(forget > 0 && forget <= 1))
      throw new RangeError(`expected forget above 0 and up to 1, got ${forget}: give what a judgement keeps, as .999`)
    this.#forget = forget
    this.#recent = new Recent(window)
  }

  /** Predictions judged. */
  get judged(): number {
    return this.#judged
  }

  /**
   * Judges a prediction whose label came at once: the baselines know every truth added before, none at the first.
   *
   * @param truth class index; a class beyond `probabilities` was unknown when served and counts with 1e-6
   * @param probabilities by class index; its length may change from call to call
   * @param chosen class index, or −1 where nothing was chosen
   */
  add(truth: number, probabilities: ArrayLike<number>, chosen: number): void {
    this.addWithBaselines(truth, probabilities, chosen, this.#known.noChange, this.#known.majority)
    this.#known.learn(truth)
  }

  /**
   * Judges a prediction whose label came late: the guesses are what the caller's own `Baselines` said when the prediction
   * was made, −1 where no label was known then, which counts as wrong. Throws `RangeError` on what is no class index,
   * and then nothing has changed.
   */
  addWithBaselines(truth: number, probabilities: ArrayLike<number>, chosen: number, noChange: number, majority: number): void {
    checkClass('the truth', truth, false)
    checkClass('the chosen class', chosen, true)
    checkClass('the no-change guess', noChange, true)
    checkClass('the majority guess', majority, true)
    const j = this.#scratch
    judge(truth, probabilities, chosen, j)
    j.noChange = noChange
    j.majority = majority
    this.#total.add(j, 1)
    this.#recent.push(j)
    this.#judged++
    if (this.#forget === 1) return
    this.#weight /= this.#forget
    this.#fading.add(j, this.#weight)
    if (this.#weight > HEAVY) {
      this.#fading.scale(1 / this.#weight)
      this.#weight = 1
    }
  }

  /**
   * Moves an earlier judgement from truth `from` to truth `to`, as when a label is corrected. What moves:
   * - accuracy, κ, G-mean, macro scores and per-class scores over all: always;
   * - log loss, Brier and calibration: with `probabilities`, else they stay as first judged;
   * - the baselines, and so κ_T and κ_M's base: with `at` while it is in the window (their guesses are kept there),
   *   else they stay as first judged;
   * - the window: with `at`, if still in it; the forgetting scores: with `at`. Without, both forget it in time.
   *
   * The baselines' knowledge of class counts follows where `add` fed it. Guesses already made from the wrong label stand,
   * as they would have been made. Throws `RangeError` where no such judgement is counted, and then nothing has changed.
   */
  correct(from: number, to: number, chosen: number, judged: Judged = {}): void {
    checkClass('the withdrawn truth', from, false)
    checkClass('the corrected truth', to, false)
    checkClass('the chosen class', chosen, true)
    const { probabilities, at } = judged
    const age = at === undefined ? Number.POSITIVE_INFINITY : this.#judged - 1 - at
    const place = this.#recent.length - 1 - age
    const before = emptyJudgement()
    const found = place >= 0
    if (!(age >= 0)) throw new RangeError(`expected a judgement before ${this.#judged}, got ${at}: give what judged was when it was added`)
    if (found) this.#recent.read(place, before)
    const counted = this.#total.count(from, chosen) >= 1 && (!found || (before.truth === from && before.chosen === chosen))
    if (!counted)
      throw new RangeError(
        `expected a judgement of truth ${from} and choice ${chosen}${at === undefined ? '' : ` at ${at}`}, none is counted: correct only what was added, once`
      )
    if (probabilities) judge(from, probabilities, chosen, before)
    const after = { ...before, truth: to }
    if (probabilities) judge(to, probabilities, chosen, after)

    const move = (tally: Tally, w: number): void => {
      tally.addChoice(from, chosen, -w)
      tally.addChoice(to, chosen, w)
      if (probabilities) {
        tally.addProbabilities(before, -w)
        tally.addProbabilities(after, w)
      }
      if (found) {
        tally.addGuesses(before, -w)
        tally.addGuesses(after, w)
      }
    }
    move(this.#total, 1)
    if (found) this.#recent.replace(place, after)
    if (at !== undefined && this.#forget < 1) move(this.#fading, this.#weight * power(this.#forget, age))
    if (this.#known.count(from) > 0) this.#known.correct(from, to, age === 0)
  }

  /** Scores over all judgements. `names` names every class met, in the order of their indices; it may name more. */
  report(names: readonly string[]): Report {
    return score(this.#total, 1, names)
  }

  /** Scores over the window: what a fresh board says after the same judgements. Takes time in proportion to the window. */
  windowReport(names: readonly string[]): Report {
    const tally = new Tally()
    const j = emptyJudgement()
    for (let i = 0; i < this.#recent.length; i++) tally.add(this.#recent.read(i, j), 1)
    return score(tally, 1, names)
  }

  /**
   * Scores with forgetting. n, support and predicted are then sums of fading weights, the newest judgement weighing 1;
   * a class whose support has faded below .05 has no score.
   */
  forgettingReport(names: readonly string[]): Report {
    return this.#forget === 1 ? this.report(names) : score(this.#fading, this.#weight, names)
  }

  save(): Saved {
    return {
      judged: this.#judged,
      forget: this.#forget,
      weight: this.#weight,
      total: this.#total.save(),
      fading: this.#fading.save(),
      recent: this.#recent.save(),
      known: this.#known.save()
    }
  }

  static load(saved: Saved): Scoreboard {
    const from = saved as SavedScoreboard
    const recent = Recent.load(from.recent)
    const board = new Scoreboard({ window: recent.window, forget: from.forget })
    board.#judged = from.judged
    board.#weight = from.weight
    board.#total = Tally.load(from.total)
    board.#fading = Tally.load(from.fading)
    board.#recent = recent
    board.#known = Baselines.load(from.known)
    return board
  }
}

/** xⁿ for a whole n ≥ 0, by squaring. */
function power(x: number, n: number): number {
  let result = 1
  for (let e = n, square = x; e > 0; e = Math.floor(e / 2), square *= square) if (e % 2 === 1) result *= square
  return result
}
