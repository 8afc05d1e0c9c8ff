/**
 * Who may rest: a bank whose weight has gone is asked and trained at one example in `EVERY` only, until its weight returns or
 * the world drifts. A drift is told by the loss of what is said: a fast mean of it far above a slow one wakes everybody for a
 * while.
 *
 * Shapes: M banks.
 */
import { log } from '../numeric/exp-log.ts'
import type { Saved } from '../numeric/saved.ts'

export interface RestOptions {
  /** A bank rests below this share of what is said, 0 for never; it wakes above three times as much. */
  readonly below: number
}

/** A resting bank looks in at one example in this many: enough to be found useful again within a few hundred. */
const EVERY = 16
/** Nobody rests before the pool has had time to learn whom to trust. */
const GRACE = 500
/** Rates of the fast and the slow mean of the loss: about 50 and 1,000 examples. */
const FAST = 0.02
const SLOW = 0.001
/** Nats that the fast mean must lie above the slow one, beside half of it. */
const MARGIN = 0.25
/** Examples that everybody stays awake after a drift. */
const AWAKE = 500
/** Least probability that counts, as in the guard. */
const FLOOR = 1e-6

export class Rest {
  readonly #below: number
  readonly #resting: Uint8Array
  #learned = 0
  #fast = 0
  #slow = 0
  #wakeUntil = GRACE

  constructor(M: number, { below }: RestOptions) {
    this.#below = below
    this.#resting = new Uint8Array(M)
  }

  /** Whether bank m is left alone at the next example. */
  sleeps(m: number): boolean {
    return this.#resting[m] === 1 && this.#learned % EVERY !== 0
  }

  /** Whether bank m rests, whether or not it looks in just now. */
  rests(m: number): boolean {
    return this.#resting[m] === 1
  }

  /** An example came of whose class the committee had said `p`; `weights` (M) are the shares of the banks since. */
  learn(p: number, weights: () => ArrayLike<number>): void {
    if (this.#below === 0) return
    const loss = -log(Math.max(FLOOR, p))
    const n = ++this.#learned
    this.#fast += Math.max(FAST, 1 / n) * (loss - this.#fast)
    this.#slow += Math.max(SLOW, 1 / n) * (loss - this.#slow)
    if (n >= GRACE && this.#fast > 1.5 * this.#slow + MARGIN) {
      this.#wakeUntil = n + AWAKE
      this.#resting.fill(0)
    }
    if (n < this.#wakeUntil || n % EVERY !== 0) return
    const shares = weights()
    for (let m = 0; m < this.#resting.length; m++) {
      const share = shares[m]!
      if (share < this.#below) this.#resting[m] = 1
      else if (share > 3 * this.#below) this.#resting[m] = 0
    }
  }

  /** Wakes everybody for a while. */
  wake(): void {
    this.#wakeUntil = Math.max(GRACE, this.#learned + AWAKE)
    this.#resting.fill(0)
  }

  save(): Saved {
    return { resting: this.#resting.slice(), sums: Float64Array.of(this.#learned, this.#fast, this.#slow, this.#wakeUntil) }
  }

  load(saved: Saved): void {
    const { resting, sums } = saved as { resting: Uint8Array; sums: Float64Array }
    this.#resting.set(resting)
    const [learned, fast, slow, wakeUntil] = sums
    this.#learned = learned!
    this.#fast = fast!
    this.#slow = slow!
    this.#wakeUntil = wakeUntil!
  }
}
