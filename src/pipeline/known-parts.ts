/** The last parts, to be looked up by their id, and what is typical of a line. Bounded: the oldest leave. */
import type { Example, FeatureValue, Observation, Prediction } from '../events/event.ts'
import type { KnownPart } from './board.ts'

/** At 200 parts a second the last half minute, at one in ten seconds the last day. */
const MOST = 8000
/** Values of features of all of them together, about 60 bytes each: of wide parts fewer are kept. */
const MOST_VALUES = 500_000
/** Predictions that wait for their part: topics are read side by side, and either may be ahead. */
const MOST_EARLY = 2000
/** Parts of a line that what is typical of it is made of. */
const TYPICAL = 200

export class KnownParts {
  readonly #parts = new Map<string, KnownPart>()
  /** Stands before the oldest: one made anew for every part that leaves would pass by those that left before. */
  readonly #oldest = this.#parts.entries()
  readonly #early = new Map<string, Prediction>()
  #values = 0

  takeObservation({ id, line, station, product, time, features }: Observation): void {
    if (this.#parts.has(id)) return
    this.#parts.set(id, { observation: id, line, station, product, time, features, prediction: null, labels: {} })
    this.#values += widthOf(features)
    const early = this.#early.get(id)
    if (early !== undefined) {
      this.#early.delete(id)
      this.takePrediction(early)
    }
    while (this.#parts.size > MOST || (this.#values > MOST_VALUES && this.#parts.size > 1)) {
      const [oldest, part] = this.#oldest.next().value!
      this.#parts.delete(oldest)
      this.#values -= widthOf(part.features)
    }
  }

  takePrediction(prediction: Prediction): void {
    const part = this.#parts.get(prediction.observation)
    if (part !== undefined && part.prediction !== null) return
    // What the banks said is most of it, and is asked anew by who explains.
    const lean = { ...prediction, tasks: prediction.tasks.map(task => ({ ...task, banks: [] })) }
    if (part !== undefined) {
      this.#parts.set(prediction.observation, { ...part, prediction: lean })
      return
    }
    this.#early.set(prediction.observation, lean)
    if (this.#early.size > MOST_EARLY) this.#early.delete(this.#early.keys().next().value!)
  }

  takeExample({ observation, labels }: Example): void {
    const part = this.#parts.get(observation.id)
    if (part !== undefined) this.#parts.set(observation.id, { ...part, labels: { ...part.labels, ...labels } })
  }

  get(id: string): KnownPart | null {
    return this.#parts.get(id) ?? null
  }

  /** Those that have been predicted, newest first, of all lines or one: where predicting is behind the newest have not. */
  newest(line: string | null, limit: number): readonly KnownPart[] {
    return this.#last(limit, part => part.prediction !== null && (line === null || part.line === line))
  }

  /** Of the last parts of a line, per feature the median of its numbers or its most frequent category. */
  typical(line: string): { readonly of: number; readonly features: Readonly<Record<string, FeatureValue>> } {
    const parts = this.#last(TYPICAL, part => part.line === line)
    const names = new Set(parts.flatMap(({ features }) => Object.keys(features)))
    const features = Object.fromEntries([...names].map(name => [name, middle(parts.map(part => part.features[name] ?? null))]))
    return { of: parts.length, features }
  }

  #last(limit: number, wanted: (part: KnownPart) => boolean): readonly KnownPart[] {
    const parts = [...this.#parts.values()]
    const found: KnownPart[] = []
    for (let i = parts.length - 1; i >= 0 && found.length < limit; i--) if (wanted(parts[i]!)) found.push(parts[i]!)
    return found
  }
}

const widthOf = (features: Observation['features']): number => Object.keys(features).length

function middle(values: readonly FeatureValue[]): FeatureValue {
  const numbers = values.filter(value => typeof value === 'number').sort((a, b) => a - b)
  if (2 * numbers.length >= values.length) return numbers[numbers.length >> 1] ?? null
  const times = new Map<FeatureValue, number>()
  for (const value of values) times.set(value, (times.get(value) ?? 0) + 1)
  return [...times].reduce((best, next) => (next[1] > best[1] ? next : best))[0]
}
