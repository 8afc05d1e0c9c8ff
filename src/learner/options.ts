/** What a learner is told once and for all. It is part of the state: other options are another learner. */
import type { GateOptions } from '../bank/gate.ts'
import type { NeighbourOptions } from '../bank/neighbour-bank.ts'
import type { Saved } from '../numeric/saved.ts'
import type { PoolOptions } from '../pool/pool.ts'
import type { RestOptions } from '../pool/rest.ts'
import type { RareOptions } from './class-frequency.ts'
import type { GateInput } from './gate-rows.ts'
import type { Preset } from './presets.ts'
import type { StartKind } from './starts.ts'

export interface BankOptions {
  readonly name: string
  /** `task`: all domains; `residual`: all domains with a part of each's own; `solo`: each domain for itself; `memory`: neighbours; `chain`: all domains, and what other tasks say. */
  readonly scope: 'task' | 'residual' | 'solo' | 'memory' | 'chain'
  /** Whether all tasks share one gate. */
  readonly joint: boolean
  /** K, where it is not that of the learner. */
  readonly experts?: number
  /** Where it starts, where that is not as the learner's. */
  readonly start?: StartKind
  /** η: step size. */
  readonly rate: number
  /** λ: decay of touched weights. */
  readonly decay: number
  /** Most learning steps an example, the example itself and replayed ones, where the effort says more; null for no such limit. */
  readonly steps: number | null
  /** What its gate reads; `all` leaves it to `gateInput`. */
  readonly gate: GateInput
}

/**
 * Learning steps an example, of banks that adapt them: `max(least, min(most, scale/n))` after n examples, so that while data
 * are few they are gone over often, and the cost of an endless stream is that of `least`.
 */
export interface Effort {
  readonly least: number
  readonly most: number
  /** Examples × steps. */
  readonly scale: number
}

export interface LearnerOptions {
  readonly seed: number
  /** Fields of an observation that together name its domain: `line`, `station`, `product` or `features.NAME`. May be empty. */
  readonly domain: readonly string[]
  /** Which banks answer and how much they practise, where the two below do not say otherwise. */
  readonly preset: Preset
  /** `full`: banks of every task; `cheap`: gates that all tasks share, 2 + domains in number, for many lines and tasks. */
  readonly sharing: 'full' | 'cheap'
  /** The banks of every task; null for those of the preset. */
  readonly banks: readonly BankOptions[] | null
  /** Learning steps an example; null for those of the preset. */
  readonly effort: Effort | null
  /** K: experts in a mixture. */
  readonly experts: number
  /** ρ: how much of the squared gradients behind a weight's rate is kept a step. */
  readonly forgetting: number
  /** Experts whose responsibility is below this are not touched in a step. */
  readonly sparse: number
  readonly memoryPerClass: number
  readonly neighbours: NeighbourOptions
  readonly pool: PoolOptions
  /** α of the guard: the share of weight that is spread anew at every label. */
  readonly guardShare: number
  readonly rest: RestOptions
  /** Where mixtures start: see `starts.ts`. */
  readonly start: StartKind
  /** Labels a domain must have before it gets weights of its own. */
  readonly admitAfter: number
  /** Mebibytes of weights, empty room included, from which on no domain gets weights of its own. */
  readonly maxMiB: number
  readonly knots: { readonly intervals: number; readonly refitAt: readonly number[]; readonly reservoir: number; readonly horizon: number }
  readonly rare: RareOptions
  readonly gate: GateOptions
  /** What the gate reads of every mixture bank that does not say it itself. */
  readonly gateInput: GateInput
  /** Whether the last known label of a record's domain and its age are inputs. */
  readonly lastLabel: boolean
  /** Whether every task has a bank that hears what the others say. */
  readonly chain: boolean
  /** γ of the decision: how much more a rare class is chosen than its probability says. */
  readonly decisionExponent: number
  readonly maxClasses: number
  readonly maxDomains: number
  readonly maxFeatures: number
  readonly maxCategories: number
  readonly maxTasks: number
  /** Whether a single model (one expert on the same encoding) learns beside, for comparison. */
  readonly single: boolean
  /** Ids remembered so that none is learned twice. */
  readonly maxIds: number
  /** What becomes of a drift: it is told and the learner answers it; it is told alone; it is not looked for. */
  readonly drift: 'answer' | 'tell' | 'off'
  /** `readyRecall`: recall that a class must be sure to reach where it is to count as ready; it is only told, and so no part of what makes a learner. */
  readonly judge: { readonly window: number; readonly forgetting: number; readonly readyRecall: number }
}

/** The recipe, with the figures in the README. */
export const defaultLearnerOptions: LearnerOptions = {
  seed: 1,
  domain: ['line'],
  preset: 'default',
  sharing: 'full',
  banks: null,
  effort: null,
  experts: 16,
  forgetting: 0.9995,
  sparse: 0,
  memoryPerClass: 300,
  neighbours: { capacity: 2000, neighbours: 5 },
  pool: { rate: 0.003, clip: 5, floor: 1e-4 },
  guardShare: 0.001,
  rest: { below: 0.02 },
  start: 'random',
  admitAfter: 0,
  maxMiB: 1024,
  knots: { intervals: 16, refitAt: [32, 128, 512, 2048], reservoir: 500, horizon: 5000 },
  rare: { exponent: 0.5, cap: 20, forgetting: 0.9995, synthetic: 0 },
  gate: { loadFloor: 0.01, zLoss: 0, entropy: 0, l2: 0 },
  gateInput: 'all',
  lastLabel: false,
  chain: false,
  decisionExponent: 0,
  maxClasses: 256,
  maxDomains: 256,
  maxFeatures: 4096,
  maxCategories: 64,
  maxTasks: 64,
  single: true,
  maxIds: 100_000,
  drift: 'answer',
  judge: { window: 1000, forgetting: 0.999, readyRecall: 0.8 }
}

/** Options by which nothing is learned or said otherwise. */
const TOLD: readonly string[] = ['judge.readyRecall']

/** Throws an Error that names every option by which `options` are another learner than the one that was `saved`. */
export function checkSame(saved: Saved, options: LearnerOptions): void {
  const other = differences(saved, options as unknown as Saved).filter(path => !TOLD.includes(path))
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
