/** Cases whose truth is known, learned by the real learner with one mixture bank: what it told of its experts, probe by probe. */
import { encodeSaved } from '../../src/adapter/file/saved.ts'
import type { Signal } from '../../src/events/event.ts'
import { Learner } from '../../src/learner/learner.ts'
import { type BankOptions, defaultLearnerOptions, type LearnerOptions } from '../../src/learner/options.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { type MixtureTruth, mixtureParts } from '../../src/simulate/mixtures.ts'
import type { BankReport } from '../../src/stability/expert-report.ts'

const up = { bias: 0, slope: 5 }
const down = { bias: 0, slope: -5 }
const constant = { bias: 2, slope: 0 }

export interface Case {
  readonly truth: MixtureTruth
  /** Experts of the bank. */
  readonly K: number
  readonly examples: number
  readonly bank?: Partial<BankOptions>
  /** Changes the state after so many examples. */
  readonly plant?: { readonly at: number; readonly change: (state: Saved) => void }
}

/** Part at which the truth changes, after everything has settled. */
export const driftAt = 6000
export const starvedAt = 1000
export const starved = 1

export const cases = {
  'as many experts as the truth has': { truth: { experts: [up, down] }, K: 2, examples: 12_000 },
  'six experts for a truth of two': { truth: { experts: [up, down] }, K: 6, examples: 12_000 },
  'a constant expert that is needed': { truth: { experts: [up, constant] }, K: 2, examples: 12_000 },
  'a truth that is one constant': { truth: { experts: [constant] }, K: 3, examples: 8000 },
  'an expert whose gate is shut': {
    truth: { experts: [up, down] },
    K: 3,
    examples: 9000,
    plant: { at: starvedAt, change: shut }
  },
  'a truth that turns round': {
    truth: { experts: [up, down], drift: { at: driftAt, experts: [down, up] } },
    K: 2,
    examples: 12_000
  },
  'strong decay': { truth: { experts: [up, down] }, K: 2, examples: 12_000, bank: { rate: 0.2, decay: 0.1 } }
} as const satisfies Record<string, Case>
export type CaseName = keyof typeof cases

export interface Told {
  /** At the end. */
  readonly bank: BankReport
  readonly signals: readonly Signal[]
  /** Every thousand examples. */
  readonly history: readonly { readonly learned: number; readonly bank: BankReport }[]
}

export function optionsOf({ K, bank }: Case, seed: number): LearnerOptions {
  const only: BankOptions = {
    name: 'bank',
    scope: 'task',
    joint: false,
    rate: 0.1,
    decay: 0,
    steps: null,
    gate: 'all',
    experts: K,
    ...bank
  }
  return { ...defaultLearnerOptions, seed, single: false, domain: [], banks: [only] }
}

export function* examplesOf({ truth, examples }: Case, seed: number) {
  const parts = mixtureParts(seed, truth)
  for (let i = 0; i < examples; i++) {
    const { features, defect } = parts.next().value
    const observation = { id: `p${i}`, line: 'l', station: null, product: null, time: i, features }
    yield { observation, labels: { defect }, labelTime: i, source: null, prediction: null }
  }
}

const told = new Map<string, Told>()
/** What is told of a case, learned once. */
export function toldOf(name: CaseName, seed: number): Told {
  const key = `${name} ${seed}`
  const known = told.get(key)
  if (known !== undefined) return known
  const of: Case = cases[name]
  const options = optionsOf(of, seed)
  let learner = new Learner(options)
  const signals: Signal[] = []
  const history: { learned: number; bank: BankReport }[] = []
  for (const example of examplesOf(of, seed)) {
    if (learner.learned === of.plant?.at) {
      const state = learner.save()
      of.plant.change(state)
      learner = Learner.load(state, options)
    }
    signals.push(...learner.take(example).signals.filter(({ kind }) => kind.startsWith('expert-')))
    if (learner.learned % 1000 === 0) history.push({ learned: learner.learned, bank: bankOf(learner) })
  }
  const result = { bank: bankOf(learner), signals, history }
  told.set(key, result)
  return result
}

export function bankOf(learner: Learner): BankReport {
  return learner.status().tasks[0]!.banks[0]!
}

export function bytesOf(learner: Learner): string {
  return Buffer.from(encodeSaved(learner.save())).toString('base64')
}

/** The gate's bias of one expert becomes so low that nobody ever asks it. */
function shut(state: Saved): void {
  const { tasks } = state as unknown as { tasks: { committee: { banks: { gate: { weights: { block: { W: Float32Array } } } }[] } }[] }
  tasks[0]!.committee.banks[0]!.gate.weights.block.W[starved] = -30
}
