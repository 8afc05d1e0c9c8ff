/**
 * Who helps and who harms whom among the domains of a task. Invariant: both banks are asked on arrival, before anyone has
 * learned the label, of the record as the encoder of the example's own domain sees it.
 */
import type { Input } from '../bank/bank.ts'
import type { Saved } from '../numeric/saved.ts'
import { Affinity } from '../pool/affinity.ts'
import type { Committee } from './committee.ts'

/** What half the say of one domain's own bank would gain another domain, or one task's choice another task. */
export interface AffinityReport {
  readonly from: string
  readonly to: string
  /** Comparisons made. */
  readonly n: number
  /** Nats an example of late; below 0 it would harm. */
  readonly gain: number
}

export class LineAffinity {
  readonly #affinity = new Affinity()
  #q = new Float32Array(0)

  /** A label came of the record that `committee` was asked of last. */
  observe({ solo, names, Q, spoke, C }: Committee, input: Input, y: number): void {
    if (solo === null) return
    const m = names.indexOf(solo.name)
    if (spoke[m] === 0) return
    const { domain } = input
    const other = this.#affinity.turn(domain, a => solo.of(a) !== undefined)
    if (this.#q.length !== C) this.#q = new Float32Array(C)
    if (solo.of(other)?.opinion(input, this.#q) !== true) return
    this.#affinity.add(other, domain, this.#q, Q.subarray(m * C, (m + 1) * C), y)
  }

  report(domains: readonly string[]): AffinityReport[] {
    return this.#affinity.report().map(({ from, to, n, gain }) => ({ from: domains[from] ?? '', to: domains[to] ?? '', n, gain }))
  }

  save(): Saved {
    return this.#affinity.save()
  }

  load(saved: Saved): void {
    this.#affinity.load(saved)
  }
}
