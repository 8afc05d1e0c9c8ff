/** What a committee is made of, by preset. One recipe for all streams: how each was chosen stands in docs/learner.md. */
import type { GateInput } from './gate-rows.ts'
import type { BankOptions, Effort, LearnerOptions } from './options.ts'

export type Preset = 'fast' | 'default' | 'thorough'

export interface Recipe {
  /** Banks where records name a domain. */
  readonly withDomain: readonly BankOptions[]
  /** Banks where they name none. */
  readonly withoutDomain: readonly BankOptions[]
  readonly effort: Effort
}

/** The banks and the effort of a learner. */
export function recipeOf({ preset, sharing, banks, effort, domain, gateInput, chain }: LearnerOptions): {
  readonly banks: readonly BankOptions[]
  readonly effort: Effort
} {
  const recipe = presets[preset]
  const full = banks ?? (domain.length > 0 ? recipe.withDomain : recipe.withoutDomain)
  const own = sharing === 'cheap' && banks === null ? cheapOf(full) : full
  const all = chain && !own.some(({ scope }) => scope === 'chain') ? [...own, chained] : own
  return { banks: gateInput === 'all' ? all : all.map(bank => gated(bank, gateInput)), effort: effort ?? recipe.effort }
}

const mixture = { joint: false, steps: null, gate: 'all' } as const
const memory: BankOptions = { ...mixture, name: 'memory', scope: 'memory', rate: 0, decay: 0 }
/** A task's bank that also hears the other tasks. */
const chained: BankOptions = { ...mixture, name: 'chain', scope: 'chain', rate: 0.1, decay: 0 }

/** A bank whose gate reads what it is told, unless it says so itself. */
function gated(bank: BankOptions, gate: GateInput): BankOptions {
  return bank.gate === 'all' && bank.scope !== 'memory' ? { ...bank, gate } : bank
}

/**
 * Slow: what is learned over thousands of examples. Without domains it practises as much as the effort says; beside banks that
 * know a domain's own curves it does not, so that noise that is gone over too often is not all that the pool hears.
 */
const task: BankOptions = { ...mixture, name: 'task', scope: 'task', rate: 0.1, decay: 0 }
const common: BankOptions = { ...task, steps: 8 }
const residual: BankOptions = { ...mixture, name: 'residual', scope: 'residual', rate: 0.2, decay: 0.001 }
/** Half the experts: a domain alone has fewer examples to tell them apart, and costs as much again for every domain. */
const solo: BankOptions = { ...mixture, name: 'solo', scope: 'solo', rate: 0.1, decay: 0.001, experts: 8 }
/**
 * Follows the last few hundred examples: it has no use for many experts, nor for going over the past. At its pace experts that
 * part before they know anything never come back, so it starts warm.
 */
const quick: BankOptions = { ...mixture, name: 'quick', scope: 'task', rate: 0.3, decay: 0.03, steps: 2, experts: 4, start: 'warm' }
/** Without domains two more temperaments stand between slow and quick, in what they forget and in how much they practise. */
const brisk: BankOptions = { ...mixture, name: 'brisk', scope: 'task', rate: 0.2, decay: 0.001, steps: 8 }
const fading: BankOptions = { ...mixture, name: 'fading', scope: 'task', rate: 0.2, decay: 0.01, steps: 4, experts: 8 }

const withDomain = [common, residual, solo, quick, memory]
const withoutDomain = [task, brisk, fading, quick, memory]

export const presets: Readonly<Record<Preset, Recipe>> = {
  fast: { withDomain: [task, solo], withoutDomain: [task], effort: { least: 1, most: 8, scale: 4000 } },
  default: { withDomain, withoutDomain, effort: { least: 1, most: 24, scale: 12_000 } },
  thorough: { withDomain, withoutDomain, effort: { least: 4, most: 48, scale: 48_000 } }
}

/**
 * The cheap set: of the mixtures with the whole range of practice one a scope is kept, its gate shared by all tasks, so that
 * D domains and T tasks cost 2 + D gates instead of 3T + DT; the memory stays.
 */
function cheapOf(banks: readonly BankOptions[]): readonly BankOptions[] {
  const first = (scope: BankOptions['scope']): readonly BankOptions[] => banks.filter(bank => bank.scope === scope).slice(0, 1)
  return [...(['task', 'residual', 'solo'] as const).flatMap(first).map(bank => ({ ...bank, joint: true })), ...first('memory')]
}
