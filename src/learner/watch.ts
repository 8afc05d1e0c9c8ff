/**
 * What the experts of one mixture bank do: their shares, and at every probe what their functions are like on inputs that are
 * remembered, from which their states follow. Of a bank that still chooses where it starts, those of the mixture that leads.
 */
import type { MixtureBank } from '../bank/mixture-bank.ts'
import type { RawTable } from '../encode/raw-table.ts'
import type { ClassMemory } from '../memory/class-memory.ts'
import type { Saved } from '../numeric/saved.ts'
import { BankStability, type Turn } from '../stability/bank-stability.ts'
import { DomainShares } from '../stability/domain-shares.ts'
import type { BankReport } from '../stability/expert-report.ts'
import { ExpertTracker } from '../stability/expert-tracker.ts'
import { levels } from '../stability/state.ts'
import type { Encodings, Reads } from './encodings.ts'
import { type Hear, isEarly, nextProbe, PROBE_EVERY, Probe } from './probe.ts'

/**
 * Whether an example is looked at closely: one in four, as logarithms cost as much as a forward pass. By the golden ratio,
 * which keeps step with no period of a stream.
 */
function isLookedAt(learned: number): boolean {
  return Math.imul(learned, 0x9e3779b1) >>> 30 === 0
}

/** Who watches the experts of a bank, be it one for all domains or one for each. */
export interface Watching {
  /** The bank learned an example of class `y` and weight `w` of a domain, the `learned`-th of what it learns from, which `memory` remembers. */
  observe(y: number, w: number, domain: number, learned: number, memory: ClassMemory): void
  report(classes: readonly string[], domains: readonly string[]): readonly BankReport[]
  /** The bank is about to be made anew, where each domain has its own that of one alone. */
  end(domain: number): void
  save(raws: RawTable): Saved
  load(saved: Saved, raws: RawTable): void
}

/** Told of the experts whose states turned at a probe, of one domain's bank or of that of all (null). */
export type TellTurns = (domain: number | null, turns: readonly Turn[]) => void

export interface WatchOptions {
  readonly bank: string
  /** The domain that it is the own bank of; null where it is that of all. */
  readonly domain: number | null
  /** Its experts. */
  readonly K: number
  readonly mixture: () => MixtureBank
  readonly encodings: Encodings
  readonly reads: Reads
  readonly hear: Hear
  readonly tell: TellTurns
}

export class Watch implements Watching {
  readonly #options: WatchOptions
  readonly #probe: Probe
  #tracker: ExpertTracker
  readonly #shares: DomainShares
  readonly #stability: BankStability
  /** Examples learned at the last probe. */
  #probed = 0

  constructor(options: WatchOptions) {
    const { K, encodings, reads, hear } = options
    this.#options = options
    this.#probe = new Probe(encodings, reads, hear)
    this.#tracker = new ExpertTracker(K)
    this.#shares = new DomainShares(K)
    this.#stability = new BankStability(K)
  }

  observe(y: number, w: number, domain: number, learned: number, memory: ClassMemory): void {
    const mixture = this.#options.mixture()
    const close = isLookedAt(learned)
    this.#tracker.observe(mixture.gate.g, mixture.r, y, 1, close)
    if (close) {
      this.#shares.observe(domain, mixture.gate.g)
      this.#stability.observe(mixture.gate.g, mixture.P, y, w)
    }
    // A bank that rested over a probe is probed when it wakes.
    if (learned >= nextProbe(this.#probed)) this.#take(learned, memory)
  }

  report(classes: readonly string[], domains: readonly string[]): readonly BankReport[] {
    const { bank, domain } = this.#options
    const report = this.#stability.report(bank, classes, this.#tracker, this.#shares, domains)
    return [{ ...report, domain: domain === null ? null : (domains[domain] ?? '') }]
  }

  end(): void {
    const { domain, tell } = this.#options
    tell(domain, this.#stability.end())
  }

  save(raws: RawTable): Saved {
    return {
      tracker: this.#tracker.save(),
      probe: this.#probe.save(raws),
      shares: this.#shares.save(),
      stability: this.#stability.save(),
      probed: this.#probed
    }
  }

  load(saved: Saved, raws: RawTable): void {
    const { tracker, probe, shares, stability, probed } = saved as Readonly<Record<'tracker' | 'probe' | 'shares' | 'stability', Saved>> & {
      probed: number
    }
    this.#tracker = ExpertTracker.load(tracker)
    this.#probe.load(probe, raws)
    this.#shares.load(shares)
    this.#stability.load(stability)
    this.#probed = probed
  }

  #take(learned: number, memory: ClassMemory): void {
    const { domain, K, tell } = this.#options
    const mixture = this.#options.mixture()
    const asked = Uint8Array.from({ length: K }, (_, k) => (this.#tracker.share(k) * K > levels.dead.enter ? 1 : 0))
    const { change, figures } = this.#probe.take(mixture, memory, asked, isEarly(learned))
    const since = learned - this.#probed
    this.#probed = learned
    // Learning at a constant pace is a walk, whose distance grows with the root of its steps.
    const scale = Math.sqrt(PROBE_EVERY / since)
    const inThousand = (measured: Float64Array): Float64Array => measured.map(each => Math.min(1, each * scale))
    const opinion = change === null ? null : inThousand(change.opinion)
    const shift = change === null ? null : inThousand(change.shift)
    if (opinion !== null) this.#tracker.setChange(opinion)
    const turns = this.#stability.take({ learned, since, change: opinion, shift, figures }, this.#tracker)
    if (turns.length > 0) tell(domain, turns)
  }
}
