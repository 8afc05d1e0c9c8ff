/**
 * What the probes have said of the experts of one bank: the last figures of each, their trend, and the state they lead to.
 * Invariant: states change at probes only, so that what is told between two of them does not waver.
 */
import type { Saved } from '../numeric/saved.ts'
import { cureOf, type Diagnosed } from './cure.ts'
import type { DomainShares } from './domain-shares.ts'
import type { BankReport } from './expert-report.ts'
import type { ExpertTracker } from './expert-tracker.ts'
import type { FunctionFigures } from './functions.ts'
import { ExpertLife, isUnsound, type Judged } from './state.ts'
import { Trend } from './trend.ts'

/** What a probe found. */
export interface Probed {
  /** Examples of the task learned, and how many of them since the last probe. */
  readonly learned: number
  readonly since: number
  /** Change in 1,000 examples (K); null at the first probe. */
  readonly change: Float64Array | null
  readonly figures: FunctionFigures
}

/** An expert that came into a state that matters, or is sound again. */
export interface Turn {
  readonly expert: number
  readonly sound: boolean
  readonly now: Judged
}

const THOUSAND = 1000

export class BankStability {
  readonly #K: number
  #lives: ExpertLife[]
  readonly #trends: Trend[]
  /** Variation, distance, nearest and need (4, K) of the last probe, NaN before. */
  readonly #last: Float64Array

  constructor(K: number) {
    this.#K = K
    this.#lives = Array.from({ length: K }, () => new ExpertLife())
    this.#trends = Array.from({ length: K }, () => new Trend())
    this.#last = new Float64Array(4 * K).fill(Number.NaN)
  }

  /** Takes what a probe found, beside what the tracker knows. Returns whose state turned so that it matters. */
  take({ learned, since, change, figures: { variation, distance, nearest, need } }: Probed, tracker: ExpertTracker): readonly Turn[] {
    const K = this.#K
    const turns: Turn[] = []
    for (let k = 0; k < K; k++) {
      const life = this.#lives[k]!
      const before = isUnsound(life.judged)
      if (change !== null) this.#trends[k]!.add(since / THOUSAND, change[k]!)
      life.take({
        learned,
        K,
        share: tracker.share(k),
        examples: tracker.learnedBy(k),
        change: change === null ? Number.NaN : change[k]!,
        variation: variation[k]!,
        distance: distance[k]!,
        need: need[k]!
      })
      this.#last.set([variation[k]!, distance[k]!, nearest[k]!, need[k]!], 4 * k)
      const now = life.judged
      if (isUnsound(now) !== before) turns.push({ expert: k, sound: before, now })
    }
    return turns
  }

  report(bank: string, classes: readonly string[], tracker: ExpertTracker, shares: DomainShares, domains: readonly string[]): BankReport {
    const activity = tracker.report(bank, classes)
    const experts = activity.experts.map(each => {
      const k = each.expert
      const [variation, distance, nearest, need] = this.#last.subarray(4 * k, 4 * k + 4)
      const diagnosed: Diagnosed = {
        ...each,
        perDomain: shares.of(k, domains),
        trend: this.#trends[k]!.slope,
        variation: known(variation!),
        nearest: known(nearest! >= 0 ? nearest! : Number.NaN),
        distance: known(distance!),
        need: known(need!),
        ...this.#lives[k]!.judged
      }
      return { ...diagnosed, cure: cureOf(diagnosed) }
    })
    return { ...activity, experts }
  }

  save(): Saved {
    return { lives: this.#lives.map(life => life.save()), trends: this.#trends.map(trend => trend.save()), last: this.#last.slice() }
  }

  load(saved: Saved): void {
    const { lives, trends, last } = saved as { lives: Saved[]; trends: Saved[]; last: Float64Array }
    this.#lives = lives.map(life => ExpertLife.load(life))
    for (const [k, trend] of trends.entries()) this.#trends[k]!.load(trend)
    this.#last.set(last)
  }
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value
}
