/**
 * Which expert speaks where: the mean gate share of each on each line or other domain. Invariant: a domain fades with its own
 * examples, so that a line that stands still is told as it was when it last ran; and it keeps a bounded number of domains.
 */
import type { Saved } from '../numeric/saved.ts'

/** About the last 250 examples of a domain that are looked at. */
const RATE = 0.004

/**
 * @example
 * ```ts
 * import { DomainShares } from '../src/stability/domain-shares.ts'
 * const shares = new DomainShares(2)
 * shares.observe(0, Float32Array.of(0.25, 0.75))
 * shares.of(1, ['line-1']) // => { 'line-1': 0.75 }
 * ```
 */
export class DomainShares {
  readonly #K: number
  readonly #most: number
  /** Per domain (K): fading Σ g; the sum over its experts is the weight of its examples. */
  readonly #sums: (Float64Array | undefined)[] = []

  /** Domains from the `most`-th on are not kept. */
  constructor(K: number, most = 64) {
    this.#K = K
    this.#most = most
  }

  /** An example of a domain, by its place, came to a gate that stood at `g` (K). */
  observe(domain: number, g: Float32Array): void {
    if (domain < 0 || domain >= this.#most) return
    const sums = this.#sums[domain] ?? new Float64Array(this.#K)
    this.#sums[domain] = sums
    for (let k = 0; k < this.#K; k++) sums[k] = (1 - RATE) * sums[k]! + g[k]!
  }

  /** Expert `k`'s share by the name of the domain, of those met. */
  of(k: number, domains: readonly string[]): Readonly<Record<string, number>> {
    return Object.fromEntries(
      this.#sums.flatMap((sums, place): [string, number][] => {
        const name = domains[place]
        const whole = sums?.reduce((sum, each) => sum + each, 0) ?? 0
        return sums === undefined || name === undefined || whole === 0 ? [] : [[name, sums[k]! / whole]]
      })
    )
  }

  save(): Saved {
    return Array.from(this.#sums, sums => sums?.slice() ?? null)
  }

  load(saved: Saved): void {
    for (const [place, sums] of (saved as (Float64Array | null)[]).entries()) {
      if (sums !== null) this.#sums[place] = Float64Array.from(sums)
    }
  }
}
