/**
 * What the experts of one mixture bank do: their shares, and how much their functions change on inputs that are remembered.
 * Of a bank that still chooses where it starts, those of the mixture that leads.
 */
import type { Mixed } from '../bank/mixture-bank.ts'
import type { RawTable } from '../encode/raw-table.ts'
import type { ClassMemory } from '../memory/class-memory.ts'
import type { Saved } from '../numeric/saved.ts'
import type { BankReport } from '../stability/expert-report.ts'
import { ExpertTracker } from '../stability/expert-tracker.ts'
import type { Encodings } from './encodings.ts'
import { type Hear, PROBE_EVERY, Probe } from './probe.ts'

export class Watch {
  readonly #bank: Mixed
  readonly #probe: Probe
  #tracker: ExpertTracker

  constructor(bank: Mixed, encodings: Encodings, hear: Hear) {
    this.#bank = bank
    this.#probe = new Probe(encodings, hear)
    this.#tracker = new ExpertTracker(bank.mixture.K)
  }

  /** The bank learned an example of class `y`, the `learned`-th of its task. */
  observe(y: number, learned: number, memory: ClassMemory): void {
    const { mixture } = this.#bank
    this.#tracker.observe(mixture.gate.g, mixture.r, y)
    if (learned % PROBE_EVERY !== 0) return
    const change = this.#probe.take(mixture, memory)
    if (change !== null) this.#tracker.setChange(change)
  }

  report(classes: readonly string[]): BankReport {
    return this.#tracker.report(this.#bank.name, classes)
  }

  save(raws: RawTable): Saved {
    return { tracker: this.#tracker.save(), probe: this.#probe.save(raws) }
  }

  load(saved: Saved, raws: RawTable): void {
    const { tracker, probe } = saved as { tracker: Saved; probe: Saved }
    this.#tracker = ExpertTracker.load(tracker)
    this.#probe.load(probe, raws)
  }
}
