/**
 * Looks for drift where no label has come: in the parts of each domain, the mean of every numeric feature; in what is said of
 * them, the rate at which each class is chosen and how undecided the gates are. Each is a series from 0 to 1 under an ADWIN.
 * What it finds is a control record: the fold answers it where that record stands in the log.
 *
 * It works beside the fold, in whoever predicts. Its state is not kept: after a start it knows nothing of before, and sees no
 * change of the first `REFERENCE` parts. Invariant: one change is told once; after it all series of its domain begin anew with
 * what came since.
 *
 * What is said is looked at from a model's 2,000th example on: before, it changes since the model learns, not since the parts
 * are others.
 *
 * A feature is measured against its own first `REFERENCE` parts: z of their mean and deviation, clipped at ±4; of one that was
 * the same in all of them, whether it still is. Sensors wander: a change by less than their deviation is none, however sure it
 * is. Means alone are looked at: a sensor that freezes at its own is not seen. The chance of a false alarm is shared as in
 * `line-watch.ts`, among features, gates, and classes; of series whose values depend on those before it is no promise.
 *
 * Bounded: 64 domains, of each 64 features and 64 pairs of task and class.
 */
import { Adwin } from '../drift/adwin.ts'
import type { Change } from '../drift/detector.ts'
import type { Control, DriftSeen, Observation, Prediction } from '../events/event.ts'
import { log } from '../numeric/exp-log.ts'
import { domainOf } from './inputs.ts'

/** δ of all series of a domain together, and kinds among which it is shared. */
const BUDGET = 0.1
const KINDS = 3
const MOST_DOMAINS = 64
const MOST_FEATURES = 64
const MOST_CLASSES = 64
/** Parts that say what is usual. */
const REFERENCE = 200
/** Values that a feature's memory is reckoned from, and the most memory that counts: a block then has 400. */
const HORIZON = 5000
const MOST_MEMORY = 0.99
/** Parts after a change within which whatever fires is of that change. */
const SETTLE = 200
/** Deviations that a feature's mean must have moved by; share by which a rate or the entropy of gates must. */
const LEAST_DEVIATIONS = 0.5
const LEAST_CHANGE = 0.1
const CLIP = 4
/** Weight of the newest value in the mean of the last. */
const RECENT = 0.1
/** A deviation below this share of the mean is none. */
const SAME = 1e-9
/** Examples until which a model changes what it says faster than its parts change. */
const YOUNG = 2000

class Feature {
  readonly series = new Adwin({ clock: 1, keep: true })
  /** Of all values, after the first as z: how many, at most `HORIZON`; mean, variance and covariance with the one before. */
  #n = 0
  #mean = 0
  #variance = 0
  #covariance = 0
  #off = 0
  /** Mean and deviation of the first values, in which the series is measured. */
  #usual = 0
  #unit = 0
  /** Whether it was the same in all of them: how long it remembers is not known then. */
  #still = false
  /** Mean of the last values as they are, which a change beyond what is clipped is told by. */
  #recent = 0
  /** The block under way. */
  #sum = 0
  #count = 0
  #mark = 0

  /** The change in the feature's own unit, where one is found. */
  update(value: number, mark: number): Change | null {
    const known = this.#unit > 0
    this.#recent += (value - this.#recent) * (this.#n === 0 ? 1 : RECENT)
    const z = known ? Math.max(-CLIP, Math.min(CLIP, (value - this.#usual) / this.#unit)) : value
    this.#weigh(z)
    if (!known) {
      if (this.#n < REFERENCE) return null
      this.#usual = this.#mean
      const deviation = Math.sqrt(this.#variance)
      this.#still = deviation <= SAME * Math.abs(this.#mean)
      // What never varied is measured so that any other value is beyond what is clipped.
      this.#unit = this.#still ? SAME * Math.max(1, Math.abs(this.#mean)) : deviation
      const scale = deviation / this.#unit
      this.#mean = 0
      this.#off /= this.#unit
      this.#variance = scale * scale
      this.#covariance /= this.#unit * this.#unit
      return null
    }
    if (this.#count === 0) this.#mark = mark
    this.#sum += z
    if (++this.#count < this.#block) return null
    const mean = this.#sum / this.#count
    const parts = this.#count
    this.#sum = 0
    this.#count = 0
    if (!this.series.update((mean + CLIP) / (2 * CLIP), this.#mark)) return null
    const { seen, before, after, since } = this.series.change!
    const clipped = Math.abs(this.#recent - this.#usual) > 0.75 * CLIP * this.#unit
    return { seen: seen * parts, before: this.#own(before), after: clipped ? this.#recent : this.#own(after), since }
  }

  #weigh(value: number): void {
    this.#n = Math.min(this.#n + 1, HORIZON)
    const off = value - this.#mean
    this.#mean += off / this.#n
    this.#variance += (off * (value - this.#mean) - this.#variance) / this.#n
    this.#covariance += (off * this.#off - this.#covariance) / this.#n
    this.#off = off
  }

  /** Whether a change is by more than the feature wanders. */
  matters({ before, after }: Change): boolean {
    return Math.abs(after - before) >= LEAST_DEVIATIONS * Math.sqrt(this.#variance) * this.#unit
  }

  /** Values that say as much as two that know nothing of each other, where each is φ of the one before and chance. */
  get #block(): number {
    if (this.#still) return 2
    const phi = Math.max(0, Math.min(MOST_MEMORY, this.#covariance / Math.max(this.#variance, Number.MIN_VALUE)))
    return Math.ceil((2 * (1 + phi)) / (1 - phi))
  }

  #own(share: number): number {
    return this.#usual + (share * 2 * CLIP - CLIP) * this.#unit
  }
}

interface Line {
  readonly features: Map<string, Feature>
  readonly gate: Map<string, Adwin>
  /** By task and class. */
  readonly rates: Map<string, { readonly task: string; readonly name: string; readonly series: Adwin }>
  n: number
  toldN: number
  toldAt: number
}

/** What was found, before it is a record. */
interface Sign {
  readonly what: DriftSeen['what']
  readonly task: string | null
  readonly class: string | null
  readonly feature: string | null
  readonly change: Change
}

export class LabelFreeWatch {
  readonly #fields: readonly string[]
  readonly #lines = new Map<string, Line>()

  /** `fields` of an observation together name its domain. */
  constructor(fields: readonly string[]) {
    this.#fields = fields
  }

  /** Takes a part and what was said of it; the record where a change is seen, else null. */
  observe(observation: Observation, prediction: Prediction): Control | null {
    const domain = domainOf(observation, this.#fields)
    const line = this.#line(domain)
    if (line === null) return null
    line.n++
    const { time } = observation
    const signs = [...this.#inputs(line, observation), ...this.#said(line, prediction, time)]
    const first = signs[0]
    if (first === undefined || line.n - line.toldN < SETTLE || first.change.since <= line.toldAt) return null
    line.toldN = line.n
    line.toldAt = time
    for (const series of seriesOf(line)) series.forgetBefore(first.change.since)
    const { what, task, class: name, feature, change } = first
    const { since, before: from, after: to, seen } = change
    const id = `drift-${domain}-${what}-${feature ?? name ?? ''}-${time}`
    return { id, time, kind: 'drift', task, value: seen, drift: { domain, what, class: name, feature, since, from, to, seen } }
  }

  #inputs(line: Line, { features, time }: Observation): Sign[] {
    const signs: Sign[] = []
    for (const name in features) {
      const value = features[name]
      if (typeof value !== 'number') continue
      let feature = line.features.get(name)
      if (feature === undefined) {
        if (line.features.size >= MOST_FEATURES) continue
        feature = new Feature()
        line.features.set(name, feature)
      }
      feature.series.delta = BUDGET / KINDS / line.features.size
      const change = feature.update(value, time)
      if (change !== null && feature.matters(change)) signs.push({ what: 'input', task: null, class: null, feature: name, change })
    }
    return signs
  }

  #said(line: Line, { tasks, learned }: Prediction, time: number): Sign[] {
    const signs: Sign[] = []
    if (learned < YOUNG) return signs
    const share = BUDGET / KINDS
    const look = (series: Adwin, value: number, delta: number, about: Omit<Sign, 'change'>): void => {
      series.delta = delta
      if (!series.update(value, time)) return
      const change = series.change!
      if (Math.abs(change.after - change.before) >= LEAST_CHANGE) signs.push({ ...about, change })
    }
    for (const { task, chosen, banks } of tasks) {
      const undecided = entropyOf(banks)
      if (undecided !== null) {
        const gate = line.gate.get(task) ?? new Adwin({ clock: 4, keep: true })
        if (line.gate.size < MOST_CLASSES) line.gate.set(task, gate)
        look(gate, undecided, share / tasks.length, { what: 'gate', task, class: null, feature: null })
      }
      const key = `${task}\u0000${chosen}`
      if (!line.rates.has(key) && line.rates.size < MOST_CLASSES)
        line.rates.set(key, { task, name: chosen, series: new Adwin({ clock: 8, keep: true }) })
    }
    for (const { task, name, series } of line.rates.values()) {
      const said = tasks.find(each => each.task === task)
      if (said === undefined) continue
      const value = said.chosen === name ? 1 : 0
      look(series, value, share / line.rates.size, { what: 'rate', task, class: name, feature: null })
    }
    return signs
  }

  #line(domain: string): Line | null {
    const known = this.#lines.get(domain)
    if (known !== undefined) return known
    if (this.#lines.size >= MOST_DOMAINS) return null
    const made: Line = {
      features: new Map(),
      gate: new Map(),
      rates: new Map(),
      n: 0,
      toldN: Number.NEGATIVE_INFINITY,
      toldAt: Number.NEGATIVE_INFINITY
    }
    this.#lines.set(domain, made)
    return made
  }
}

function* seriesOf({ features, gate, rates }: Line): Iterable<Adwin> {
  for (const { series } of features.values()) yield series
  yield* gate.values()
  for (const { series } of rates.values()) yield series
}

/** Entropy of the gates' shares, each over ln K, weighed as the banks are; null where no bank has a gate. */
function entropyOf(banks: Prediction['tasks'][number]['banks']): number | null {
  let [sum, weights] = [0, 0]
  for (const { weight, shares } of banks) {
    if (shares.length < 2) continue
    let entropy = 0
    for (const share of shares) if (share > 0) entropy -= share * log(share)
    sum += (weight * entropy) / log(shares.length)
    weights += weight
  }
  return weights > 0 ? Math.max(0, Math.min(1, sum / weights)) : null
}
