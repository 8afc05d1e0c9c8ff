/** What a learner is told once and for all. It is part of the state: other options are another learner. */
import type { GatePenalties } from '../bank/mixture.ts'
import type { Saved } from '../numeric/saved.ts'
import type { RareOptions } from './class-frequency.ts'

export interface LearnerOptions {
  readonly seed: number
  /** Fields of an observation that together name its domain: `line`, `station`, `product` or `features.NAME`. May be empty. */
  readonly domain: readonly string[]
  readonly experts: number
  readonly rate: number
  readonly decay: number
  readonly forgetting: number
  /** Learning steps per example: the example itself, then replayed ones. */
  readonly steps: number
  readonly memoryPerClass: number
  readonly knots: { readonly intervals: number; readonly refitAt: readonly number[]; readonly reservoir: number; readonly horizon: number }
  readonly rare: RareOptions
  readonly gate: GatePenalties & { readonly l2: number }
  readonly maxClasses: number
  readonly maxDomains: number
  readonly maxFeatures: number
  readonly maxCategories: number
  readonly maxTasks: number
  /** Whether a single model (one expert on the same encoding) learns beside, for comparison. */
  readonly single: boolean
  /** Ids remembered so that none is learned twice. */
  readonly maxIds: number
  readonly judge: { readonly window: number; readonly forgetting: number }
}

/** The recipe, with the figures in the README. */
export const defaultLearnerOptions: LearnerOptions = {
  seed: 1,
  domain: ['line'],
  experts: 16,
  rate: 0.06,
  decay: 0,
  forgetting: 0.9995,
  steps: 4,
  memoryPerClass: 600,
  knots: { intervals: 12, refitAt: [32, 128, 512, 2048], reservoir: 500, horizon: 5000 },
  rare: { exponent: 0.5, cap: 20, forgetting: 0.9995 },
  gate: { loadFloor: 0.01, zLoss: 0, entropy: 0, l2: 0 },
  maxClasses: 256,
  maxDomains: 256,
  maxFeatures: 4096,
  maxCategories: 64,
  maxTasks: 64,
  single: true,
  maxIds: 100_000,
  judge: { window: 1000, forgetting: 0.999 }
}

/** Throws an Error that names every option by which `options` are another learner than the one that was `saved`. */
export function checkSame(saved: Saved, options: LearnerOptions): void {
  const other = differences(saved, options as unknown as Saved)
  if (other.length === 0) return
  throw new Error(
    `expected the options the state was learned with, got others for ${other.join(', ')}: restore them, or replay the log with the new ones`
  )
}

/** Where two sets of options differ, by path; empty when they are the same learner. */
export function differences(a: Saved, b: Saved, path = ''): string[] {
  if (a !== null && b !== null && typeof a === 'object' && typeof b === 'object') {
    const left = a as Readonly<Record<string, Saved>>
    const right = b as Readonly<Record<string, Saved>>
    const keys = new Set([...Object.keys(left), ...Object.keys(right)])
    return [...keys].flatMap(key => differences(left[key] ?? null, right[key] ?? null, path === '' ? key : `${path}.${key}`))
  }
  return a === b ? [] : [path]
}
