/** Random logs for the fold: everything that may appear, repeat, be missing or be corrected does. */
import type { Control, Example, FeatureValue, Observation } from '../../src/events/event.ts'
import { defaultLearnerOptions, type LearnerOptions } from '../../src/learner/options.ts'
import { Random } from '../../src/numeric/random.ts'

export type Entry = Example | Control

/** Small in every bound, so that a short log meets them all. */
export const small: LearnerOptions = {
  ...defaultLearnerOptions,
  experts: 3,
  effort: { least: 3, most: 3, scale: 0 },
  memoryPerClass: 6,
  knots: { intervals: 4, refitAt: [8, 20, 50], reservoir: 16, horizon: 40 },
  maxClasses: 4,
  maxDomains: 3,
  maxFeatures: 7,
  maxCategories: 3,
  maxTasks: 3,
  maxIds: 40,
  judge: { window: 20, forgetting: 0.95, readyRecall: 0.8 }
}

const START = 1_700_000_000_000

export function observation(i: number, features: Readonly<Record<string, FeatureValue>>, line = 'a'): Observation {
  return { id: `part-${i}`, line, station: null, product: null, time: START + i * 1000, features }
}

export function example(of: Observation, labels: Readonly<Record<string, string>>): Example {
  return { observation: of, labels, labelTime: of.time + 500, source: null, prediction: null }
}

/** `n` records. Lines, features, categories, tasks and classes come up as it goes on; labels repeat, change and are missing. */
export function log(seed: number, n: number): Entry[] {
  const random = new Random(seed)
  const all: Entry[] = []
  const examples: Example[] = []
  for (let i = 0; i < n; i++) {
    const grown = 1 + Math.floor((6 * i) / n)
    const kind = random.below(20)
    if (kind === 0) {
      all.push({ id: `control-${i}`, time: START + i * 1000, kind: 'effort', task: null, value: 1 + random.below(5), drift: null })
      continue
    }
    const past = examples.length > 0 ? examples[Math.max(0, examples.length - 1 - random.below(60))]! : null
    if (past !== null && kind < 3) {
      all.push(past)
      continue
    }
    if (past !== null && kind < 6) {
      all.push({ ...past, labels: labels(random, grown), labelTime: START + i * 1000 })
      continue
    }
    const features: Record<string, FeatureValue> = {}
    for (let f = 0; f < 2 + grown; f++) {
      const value = random.below(8)
      if (value > 0) features[`f${f}`] = value === 1 ? null : f % 3 === 2 ? `word ${random.below(grown + 1)}` : random.normal() * 10 ** f
    }
    const made = {
      ...example(observation(i, features, `line ${random.below(grown)}`), labels(random, grown)),
      source: random.below(2) === 0 ? 'camera' : null
    }
    examples.push(made)
    all.push(made)
  }
  return all
}

function labels(random: Random, grown: number): Record<string, string> {
  const some: Record<string, string> = {}
  for (let t = 0; t < grown; t++) if (random.below(3) > 0) some[`task ${t}`] = `class ${random.below(grown + 1)}`
  return Object.keys(some).length > 0 ? some : { 'task 0': 'class 0' }
}
