/**
 * How often an address may come with a wrong token. Each has a bucket that holds `burst` failures and gets one back every
 * `refillMs`; while it is empty what it brings is not looked at, so that guessing is no faster than that. Bounded: beyond
 * `most` addresses the one that failed longest ago is forgotten.
 */

export interface AttemptBounds {
  readonly burst: number
  readonly refillMs: number
  readonly most: number
}

/** A gateway with an old token, at one post a second, is told so each time; a guesser has one guess a second. */
export const attemptBounds: AttemptBounds = { burst: 20, refillMs: 1000, most: 4096 }

export class Attempts {
  readonly #bounds: AttemptBounds
  readonly #clock: () => number
  /** Failures not yet made good, and when that was. The one that failed last stands last. */
  readonly #failed = new Map<string, { readonly failures: number; readonly at: number }>()

  constructor(clock: () => number, bounds: AttemptBounds = attemptBounds) {
    this.#clock = clock
    this.#bounds = bounds
  }

  get size(): number {
    return this.#failed.size
  }

  /** Whether what an address brings is looked at now. */
  allows(address: string): boolean {
    return this.#failures(networkOf(address)) <= this.#bounds.burst - 1
  }

  /** An address has come with a wrong token. */
  fail(address: string): void {
    const key = networkOf(address)
    const failures = this.#failures(key) + 1
    this.#failed.delete(key)
    this.#failed.set(key, { failures, at: this.#clock() })
    if (this.#failed.size > this.#bounds.most) this.#failed.delete(this.#failed.keys().next().value!)
  }

  #failures(key: string): number {
    const known = this.#failed.get(key)
    if (known === undefined) return 0
    // A clock that was set back gives nothing back.
    return Math.max(0, known.failures - Math.max(0, this.#clock() - known.at) / this.#bounds.refillMs)
  }
}

/**
 * Whom an address counts for: one of version 6 for its /64, as whoever has one has all of it.
 *
 * @example
 * ```ts
 * import { networkOf } from '../src/http/attempts.ts'
 * networkOf('192.0.2.7') // => '192.0.2.7'
 * networkOf('::ffff:192.0.2.7') // => '192.0.2.7'
 * networkOf('2001:db8::1') // => '2001:db8:0:0'
 * ```
 */
export function networkOf(address: string): string {
  const plain = plainAddress(address)
  if (!plain.includes(':')) return plain.slice(0, 64)
  const [head = '', tail] = plain.split('%')[0]!.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  return [...left, ...zeros, ...right].slice(0, 4).join(':').slice(0, 64)
}

/** An address of version 4 that came in the clothes of version 6, plain again. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '')
