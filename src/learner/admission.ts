/**
 * Whether synthetic examples help a class: they are practised in some stretches of its fresh examples and not in others, and
 * what the committee said on arrival is compared. Invariant: only fresh examples are judged, before anything learned them,
 * so that no class is admitted for knowing what it was shown.
 *
 * A class's loss is that of telling it from the rest, in the weights by which banks learn: of an example of the class
 * −ln p[c], and for all others that came since the one before Σ (w_y/w_c)·(−ln(1 − p[c])). By the first alone whatever makes
 * the class likelier everywhere would seem to help it.
 *
 * The gain is the mean of (loss without − loss with) over pairs of neighbouring stretches, of which one had them. Means of the
 * two over all time would be compared across months: a class is learned meanwhile, and drifts.
 */
import { log } from '../numeric/exp-log.ts'
import type { Saved } from '../numeric/saved.ts'

/** Examples of the class before any is tried: the loss of a new class falls fast, and would be laid to the arm. */
export const WARM_UP = 20
/** Examples of the class in a stretch: banks practise it some hundred times in one, so that a change of arm can show. */
export const STRETCH = 10
/** Pairs to decide by: of fewer the error is itself a guess. */
const LEAST = 4
/** Stretches after which what is still in doubt is off: gains of a fifth of the spread of one loss have shown by then. */
const TRIAL = 20
/** One stretch in as many measures the arm that is not in use. */
const ONE_IN = 8
/** How much of the past is kept a pair: the last 20 or so decide, two trials' worth. */
const KEEP = 0.95
/** Rate of the two means that are told: about the last 50 examples of each arm. */
const RATE = 0.02
/**
 * Standard errors that a gain must exceed. One: of what gains nothing one look in five admits and does no harm, what harms by
 * two errors is taken once in 50, and two would want more examples than a rare class has.
 */
const ERRORS = 1
/** Least probability that counts, as in every score: one surprise costs at most 13.8 nats. */
const LEAST_P = 1e-6

/** `tried` while in doubt, every other stretch; `admitted` or `off` but for one stretch in eight. */
export type State = 'tried' | 'admitted' | 'off'

export interface AdmissionReport {
  readonly state: State
  /** Mean loss of telling the class from the rest, nats an example of it, by whether synthetic ones were practised; null before any. */
  readonly lossWith: number | null
  readonly lossWithout: number | null
  /** Mean of loss without − loss with over neighbouring stretches, and what it must exceed; null before there are pairs enough. */
  readonly gain: number | null
  readonly margin: number | null
  /** Fresh examples of the class that were judged. */
  readonly judged: number
  /** Synthetic examples practised so far, by all banks. */
  readonly practised: number
}

/** All that is saved, in the order of the class's examples. */
const start = {
  state: 'tried' as State,
  judged: 0,
  practised: 0,
  /** Loss of the others since the last example of the class. */
  others: 0,
  /** Σ loss of this stretch. */
  sum: 0,
  /** Of the stretch before: its mean loss and whether it had synthetic examples. */
  before: 0,
  beforeOn: false,
  /** Forgetting sums over pairs: how many, of their gains and the squares. */
  pairs: 0,
  gains: 0,
  squares: 0,
  /** Examples and mean loss by arm. */
  nWith: 0,
  meanWith: 0,
  nWithout: 0,
  meanWithout: 0
}

export class Admission {
  readonly #it = { ...start }

  /**
   * Whether synthetic examples of the class are practised now. While tried it goes with, without, without, with, …: every other
   * pair begins with the other arm, so that a loss that falls evenly favours neither.
   */
  get on(): boolean {
    const { judged, state } = this.#it
    const stretch = Math.floor((judged - WARM_UP) / STRETCH)
    if (stretch < 0) return false
    if (state === 'tried') return stretch % 4 === 0 || stretch % 4 === 3
    return (stretch % ONE_IN === 0) !== (state === 'admitted')
  }

  /** A fresh example of another class came, to which the committee gave `p` of being of this one; `w` is its weight by that of this class. */
  judgeOther(p: number, w: number): void {
    this.#it.others -= w * log(Math.max(1 - p, LEAST_P))
  }

  /** A fresh example of the class came, to which the committee gave the probability `p` on arrival. */
  judge(p: number): void {
    const it = this.#it
    const loss = it.others - log(Math.max(p, LEAST_P))
    it.others = 0
    const { on } = this
    if (it.judged++ < WARM_UP) return
    const past = it.judged - WARM_UP
    if (on) it.meanWith += Math.max(RATE, 1 / ++it.nWith) * (loss - it.meanWith)
    else it.meanWithout += Math.max(RATE, 1 / ++it.nWithout) * (loss - it.meanWithout)
    it.sum += loss
    if (past % STRETCH === 0) this.#close(on, past / STRETCH)
  }

  /** A synthetic example of the class was practised by a bank. No score. */
  practise(): void {
    this.#it.practised++
  }

  report(): AdmissionReport {
    const { state, judged, practised, nWith, meanWith, nWithout, meanWithout } = this.#it
    return {
      state,
      lossWith: nWith > 0 ? meanWith : null,
      lossWithout: nWithout > 0 ? meanWithout : null,
      ...(this.#gain() ?? { gain: null, margin: null }),
      judged,
      practised
    }
  }

  save(): Saved {
    return { ...this.#it }
  }

  load(saved: Saved): void {
    Object.assign(this.#it, saved)
  }

  /** A stretch is over: compares it with the one before where the arm changed, and decides how to go on. */
  #close(on: boolean, stretches: number): void {
    const it = this.#it
    const mean = it.sum / STRETCH
    if (stretches > 1 && on !== it.beforeOn) {
      const gain = on ? it.before - mean : mean - it.before
      it.pairs = KEEP * it.pairs + 1
      it.gains = KEEP * it.gains + gain
      it.squares = KEEP * it.squares + gain * gain
    }
    it.sum = 0
    it.before = mean
    it.beforeOn = on
    const found = this.#gain()
    if (found === null) return
    const { gain, margin } = found
    it.state = gain > margin ? 'admitted' : gain < -margin || stretches >= TRIAL ? 'off' : 'tried'
  }

  #gain(): { readonly gain: number; readonly margin: number } | null {
    const { pairs, gains, squares } = this.#it
    if (pairs < LEAST * KEEP * KEEP) return null
    const gain = gains / pairs
    return { gain, margin: ERRORS * Math.sqrt(Math.max(0, squares / pairs - gain * gain) / (pairs - 1)) }
  }
}
