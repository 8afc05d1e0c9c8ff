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
import { type Beside, Needs, type Way, ways } from './needs.ts'
import { EARLY, ExpertLife, isUnsound, type Judged, moveOf } from './state.ts'
import { Trend } from './trend.ts'

/** What a probe found. */
export interface Probed {
  /** Examples of the task learned, and how many of them since the last probe. */
  readonly learned: number
  readonly since: number
  /** Change in 1,000 examples of what each says, and of where it is asked (K); null at the first probe. */
  readonly change: Float64Array | null
  readonly shift: Float64Array | null
  readonly figures: FunctionFigures
}

/** An expert that came into a state that matters, or is sound again. */
export interface Turn {
  readonly expert: number
  readonly sound: boolean
  /** The figure behind: its share of the dead, what moved of the drifting, what is lost without it of who means nothing; null of the sound. */
  readonly value: number | null
  readonly now: Judged
}

const THOUSAND = 1000
const FIGURES = 3 + ways.length
/** Nats that its variation may be worth where it is asked whether it could share a constant: well above where it counts as one. */
const NEARLY_FLAT = 0.1

export class BankStability {
  readonly #K: number
  #lives: ExpertLife[]
  readonly #trends: Trend[]
  readonly #needs: Needs
  /** Shift, variation, distance and what is lost in each way (K, 7) at the last probe, NaN before. */
  readonly #last: Float64Array
  /** Who was nearest and what each said on average then. */
  #beside: Beside

  constructor(K: number) {
    this.#K = K
    this.#lives = Array.from({ length: K }, () => new ExpertLife())
    this.#trends = Array.from({ length: K }, () => new Trend())
    this.#needs = new Needs(K)
    this.#last = new Float64Array(FIGURES * K).fill(Number.NaN)
    this.#beside = { nearest: new Int32Array(K).fill(-1), flat: new Uint8Array(K), mean: new Float32Array(0), pooled: new Float32Array(0) }
  }

  /** An example of class `y` and weight `w` was learned: gate (K) and opinions (C, K) before that. */
  observe(g: Float32Array, P: Float32Array, y: number, w: number): void {
    this.#needs.observe(g, P, y, w, this.#beside)
  }

  /** Takes what a probe found, beside what the tracker knows. Returns whose state turned so that it matters. */
  take(
    { learned, since, change, shift, figures: { variation, distance, nearest, mean, pooled } }: Probed,
    tracker: ExpertTracker
  ): readonly Turn[] {
    const K = this.#K
    const turns: Turn[] = []
    const flat = new Uint8Array(K)
    const [needs, last] = [this.#needs, this.#last]
    for (let k = 0; k < K; k++) {
      const life = this.#lives[k]!
      const before = isUnsound(life.judged)
      if (change !== null) this.#trends[k]!.add(since / THOUSAND, change[k]!)
      flat[k] = needs.lost(k, 'flattened') <= NEARLY_FLAT ? 1 : 0
      if (flat[k] === 0) needs.forget(k, 'pooled')
      const without = {
        leftOut: needs.lost(k, 'leftOut'),
        replaced: needs.lost(k, 'replaced'),
        flattened: needs.lost(k, 'flattened'),
        pooled: needs.lost(k, 'pooled')
      }
      const moved = shift?.[k] ?? Number.NaN
      life.take({
        learned,
        K,
        work: tracker.work(k),
        share: tracker.share(k),
        examples: tracker.learnedBy(k),
        change: change?.[k] ?? Number.NaN,
        shift: moved,
        distance: distance[k]!,
        without
      })
      const at = FIGURES * k
      last[at] = moved
      last[at + 1] = variation[k]!
      last[at + 2] = distance[k]!
      for (let i = 0; i < ways.length; i++) last[at + 3 + i] = without[ways[i]!]
      const now = life.judged
      // While experts part, and while one drifts, what was found of it before is soon forgotten.
      if (learned < EARLY || now.state === 'drifting') this.#needs.halve(k)
      if (isUnsound(now) !== before) {
        const figure = now.state === 'dead' ? tracker.share(k) : now.interpretable ? moveOf(change?.[k] ?? 0, moved || 0) : without.leftOut
        turns.push({ expert: k, sound: before, value: before ? null : known(figure), now })
      }
    }
    this.#beside = { nearest, flat, mean, pooled }
    return turns
  }

  /** Its experts are no more: whoever was unsound is so no longer. */
  end(): readonly Turn[] {
    return this.#lives.flatMap(({ judged: now }, expert) => (isUnsound(now) ? [{ expert, sound: true, value: null, now }] : []))
  }

  report(
    bank: string,
    classes: readonly string[],
    tracker: ExpertTracker,
    shares: DomainShares,
    domains: readonly string[]
  ): Omit<BankReport, 'domain'> {
    const activity = tracker.report(bank, classes)
    const experts = activity.experts.map(each => {
      const k = each.expert
      const [shift, variation, distance, ...lost] = this.#last.subarray(FIGURES * k, FIGURES * (k + 1))
      const nearest = this.#beside.nearest[k]!
      const diagnosed: Diagnosed = {
        ...each,
        perDomain: shares.of(k, domains),
        trend: this.#trends[k]!.slope,
        shift: known(shift!),
        variation: known(variation!),
        nearest: nearest < 0 ? null : nearest,
        distance: known(distance!),
        without: Object.fromEntries(ways.map((way, i) => [way, known(lost[i]!)])) as Record<Way, number | null>,
        ...this.#lives[k]!.judged
      }
      return { ...diagnosed, cure: cureOf(diagnosed) }
    })
    return { ...activity, experts }
  }

  save(): Saved {
    return {
      lives: this.#lives.map(life => life.save()),
      trends: this.#trends.map(trend => trend.save()),
      needs: this.#needs.save(),
      last: this.#last.slice(),
      nearest: this.#beside.nearest.slice(),
      flat: this.#beside.flat.slice(),
      mean: this.#beside.mean.slice(),
      pooled: this.#beside.pooled.slice()
    }
  }

  load(saved: Saved): void {
    const { lives, trends, needs, last, nearest, flat, mean, pooled } = saved as {
      lives: Saved[]
      trends: Saved[]
      needs: Saved
      last: Float64Array
      nearest: Int32Array
      flat: Uint8Array
      mean: Float32Array
      pooled: Float32Array
    }
    this.#lives = lives.map(life => ExpertLife.load(life))
    for (const [k, trend] of trends.entries()) this.#trends[k]!.load(trend)
    this.#needs.load(needs)
    this.#last.set(last)
    this.#beside = { nearest: nearest.slice(), flat: flat.slice(), mean: mean.slice(), pooled: pooled.slice() }
  }
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value
}
