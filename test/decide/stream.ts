/** Parts with their truth and a prediction that is worth something, for tests of decisions. */
import { type DecideOptions, defaultDecideOptions } from '../../src/decide/options.ts'
import type { Example, Prediction } from '../../src/events/event.ts'
import { Random } from '../../src/numeric/random.ts'

export interface Seen {
  readonly prediction: Prediction
  readonly truth: string
}

export const classes = ['good', 'crack', 'stain'] as const
/** Shares of the classes. */
export const shares = [0.9, 0.08, 0.02] as const

export const options = (change: Partial<DecideOptions> = {}): DecideOptions => ({
  ...defaultDecideOptions,
  tasks: { fault: {} },
  ...change
})

export const budget = (perThousand: number, change: Partial<DecideOptions['inspection']> = {}): DecideOptions['inspection'] => ({
  ...defaultDecideOptions.inspection,
  perThousand,
  ...change
})

/** `sharpness` of the predictions: 0 knows nothing. */
export function parts(n: number, seed: number, sharpness = 2): Seen[] {
  const random = new Random(seed)
  return Array.from({ length: n }, (_, i) => {
    const u = random.next()
    const y = u < shares[0] ? 0 : u < shares[0] + shares[1] ? 1 : 2
    const scores = classes.map((_, c) => shares[c]! * Math.E ** (random.normal() + (c === y ? sharpness : 0)))
    const sum = scores.reduce((total, each) => total + each, 0)
    const probabilities = scores.map(each => Math.fround(each / sum))
    const best = probabilities.indexOf(Math.max(...probabilities))
    const prediction: Prediction = {
      observation: `part-${seed}-${i}`,
      line: `line-${i % 2}`,
      station: null,
      time: 1_773_480_413_000 + i,
      learned: i,
      fold: 2,
      tasks: [{ task: 'fault', classes, probabilities, chosen: classes[best]!, set: [], banks: [] }]
    }
    return { prediction, truth: classes[y]! }
  })
}

export function exampleOf({ prediction, truth }: Seen): Example {
  const { observation: id, line, time } = prediction
  return {
    observation: { id, line, station: null, product: null, time, features: {} },
    labels: { fault: truth },
    labelTime: time,
    source: null,
    prediction
  }
}
