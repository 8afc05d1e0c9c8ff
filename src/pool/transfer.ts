/**
 * What sharing gained or cost a domain: Σ ln p[y] − ln q_solo[y], the served distribution against that of the bank which
 * knows nothing but this domain. Above 0 the others helped.
 */
import { log } from '../numeric/exp-log.ts'
import type { Saved } from '../numeric/saved.ts'

/** Least probability that counts, as in the guard. */
const FLOOR = 1e-6
/** What is forgotten of the present an example: about the last 1,000. */
const RATE = 0.001

export interface TransferReport {
  /** Examples compared. */
  readonly n: number
  /** Nats in all. */
  readonly gain: number
  /** Nats an example, over all and over about the last 1,000. */
  readonly perExample: number
  readonly recent: number
}

/**
 * @example
 * ```ts
 * import { Transfer } from '../src/pool/transfer.ts'
 * const transfer = new Transfer()
 * transfer.add([0.5, 0.5], [0.5, 0.5], 0)
 * transfer.report() // => { n: 1, gain: 0, perExample: 0, recent: 0 }
 * ```
 */
export class Transfer {
  #n = 0
  #gain = 0
  #recent = 0
  #weight = 0

  add(p: ArrayLike<number>, solo: ArrayLike<number>, y: number): void {
    const gain = log(Math.max(FLOOR, p[y]!)) - log(Math.max(FLOOR, solo[y]!))
    this.#n++
    this.#gain += gain
    this.#recent += RATE * (gain - this.#recent)
    this.#weight += RATE * (1 - this.#weight)
  }

  report(): TransferReport {
    const n = this.#n
    return { n, gain: this.#gain, perExample: n > 0 ? this.#gain / n : 0, recent: n > 0 ? this.#recent / this.#weight : 0 }
  }

  save(): Saved {
    return Float64Array.of(this.#n, this.#gain, this.#recent, this.#weight)
  }

  load(saved: Saved): void {
    const [n, gain, recent, weight] = saved as Float64Array
    this.#n = n!
    this.#gain = gain!
    this.#recent = recent!
    this.#weight = weight!
  }
}
