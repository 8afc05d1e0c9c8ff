/**
 * When a bank is past mending: its opinions have long been worse than to know nothing, or its numbers are finite no more. It
 * is then made anew with another seed; the pool needs no telling, as it weighs opinions by what they are worth.
 *
 * Over fresh examples, −ln q(y) of the opinion before it learned, averaged over the last hundred or so. Knowing nothing
 * costs ln C; a bank that is unsure of a new kind of defect costs a little more for a while; only one that runs away is sure
 * and wrong most of the time.
 */
import { log } from '../numeric/exp-log.ts'
import type { Saved } from '../numeric/saved.ts'

/** Rate of the mean. */
const RATE = 0.01
/** Examples after a start before a bank is judged: until then it is learning the classes. */
const PATIENCE = 200
/** Nats beyond ln C: e² times as sure of other classes as chance would be, on average. */
const MARGIN = 2
/**
 * Examples in a row that it must stay above: the time of the mean, which one block of surprises does not fill. On the
 * streams of the README no bank came nearer to the margin after its patience than 1 nat (`quick` on valve).
 */
const STAYS = 100
/** Least probability that counts: one label costs at most 69 nats, .69 of the mean. */
const LEAST = 1e-30
/** Seeds of two starts differ by this, a prime of no other part. */
export const RESTART_SEED = 1_299_709

export class Divergence {
  /** How often the bank was made anew. */
  restarts = 0
  /** Mean of −ln q(y) in nats; over fewer examples than 1/rate it is the plain mean, so that none of it is a guess. */
  mean = 0
  #n = 0
  /** Examples in a row after which it stood above. */
  #above = 0

  /** Takes the probability `q` that the bank gave to the label of a fresh example, of `C` classes. True when it has diverged. */
  judge(q: number, C: number): boolean {
    if (!Number.isFinite(q)) return true
    this.#n++
    this.mean += Math.max(RATE, 1 / this.#n) * (-log(Math.max(q, LEAST)) - this.mean)
    this.#above = this.mean > log(C) + MARGIN ? this.#above + 1 : 0
    return this.#n >= PATIENCE && this.#above >= STAYS
  }

  /** The bank is made anew: all is forgotten but that it was. */
  restart(): void {
    this.restarts++
    this.mean = 0
    this.#n = 0
    this.#above = 0
  }

  save(): Saved {
    return { restarts: this.restarts, n: this.#n, above: this.#above, mean: this.mean }
  }

  load(saved: Saved): void {
    const { restarts, n, above, mean } = saved as Readonly<Record<'restarts' | 'n' | 'above' | 'mean', number>>
    this.restarts = restarts
    this.#n = n
    this.#above = above
    this.mean = mean
  }
}
