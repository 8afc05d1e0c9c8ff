/**
 * Where the mixtures of a task start, and how much the start mattered. `random`: at first weights drawn by the seed.
 * `warm`: the same, and their experts learn alike before they part. `sibling`: a new domain's bank at a copy of the most alike
 * domain's. `evidence`: all of these contend, and the data choose.
 */
import type { Bank } from '../bank/bank.ts'
import { DomainBank, type Inherit } from '../bank/domain-bank.ts'
import type { Mixed, MixtureBank } from '../bank/mixture-bank.ts'
import { KEPT_SQUARES } from '../bank/sibling.ts'
import { type Start, StartingBank, type StartReport } from '../bank/starting-bank.ts'
import type { BankOptions } from './options.ts'

export type StartKind = 'random' | 'warm' | 'sibling' | 'evidence'

/** S: seeds that contend. Three are the fewest of which a spread says anything. */
const SEEDS = 3
/** Siblings that contend beside them: a first example alone cannot tell which domain is the most alike. */
const SIBLINGS = 3
/** Seeds of two starts differ by this, a prime of no other part. */
const START_SEED = 611_953

/** What contends for every mixture. The first is what `random` would have begun with. */
const contenders: readonly Start[] = [...Array.from({ length: SEEDS }, (_, at): Start => ({ kind: 'random', at })), { kind: 'warm', at: 0 }]

/** Where a bank's mixtures start. A gate that tasks share belongs to none of them: neither can one bank choose it, nor copy it. */
export function startOf({ joint, start }: BankOptions, learner: StartKind): StartKind {
  const kind = start ?? learner
  return joint && (kind === 'sibling' || kind === 'evidence') ? 'random' : kind
}

/** A mixture, or several that contend; `make` gives one that knows no class, with first weights drawn by a seed. */
export function startingAt(kind: StartKind, name: string, seed: number, make: (seed: number, warm: boolean) => MixtureBank): Mixed {
  switch (kind) {
    case 'random':
    case 'sibling':
      return make(seed, false)
    case 'warm':
      return make(seed, true)
    case 'evidence':
      return new StartingBank(name, contenders, ({ kind: of, at }) => make(seed + (of === 'random' ? at * START_SEED : 0), of === 'warm'))
  }
}

/** What a new domain's bank takes over from the others; null for nothing. */
export function inheritanceOf(kind: StartKind): Inherit | null {
  switch (kind) {
    case 'random':
    case 'warm':
      return null
    case 'sibling':
      return ({ mixture }, siblings) => {
        const best = siblings[0]
        if (best === undefined) return null
        mixture.startFrom(best.bank, KEPT_SQUARES)
        const candidates = siblings.map(({ domain: at, evidence }) => ({ start: { kind: 'sibling' as const, at }, evidence }))
        return { examples: best.examples, settled: true, chosen: candidates[0]!.start, candidates }
      }
    case 'evidence':
      return (bank, siblings) => {
        if (bank instanceof StartingBank) for (const { domain, bank: sibling } of siblings.slice(0, SIBLINGS)) bank.add(domain, sibling)
        return null
      }
  }
}

/** Where one bank started. */
export interface StartStatus {
  readonly bank: string
  /** The domain whose own bank it is; null for one of all. */
  readonly domain: string | null
  /** Examples behind the evidence. */
  readonly examples: number
  /** Whether the choice is made; until then `chosen` leads. */
  readonly settled: boolean
  readonly chosen: string
  /** Mean ln q(y) an example, in nats: 0 would be to know every label. Null before the first. */
  readonly candidates: readonly { readonly start: string; readonly evidence: number | null }[]
  /** Standard deviation of that over the random starts: what chance alone does. Null for fewer than two. */
  readonly spread: number | null
}

/** Of all banks of which there was a choice; `domains` are the names by place. */
export function startsOf(members: readonly { readonly bank: Bank }[], domains: readonly string[]): StartStatus[] {
  return members.flatMap(({ bank }) => {
    if (bank instanceof StartingBank) return [statusOf(bank.name, null, bank.report(), domains)]
    if (!(bank instanceof DomainBank)) return []
    return [...bank.starts()].map(([domain, report]) => statusOf(bank.name, domains[domain] ?? '', report, domains))
  })
}

function statusOf(bank: string, domain: string | null, report: StartReport, domains: readonly string[]): StartStatus {
  const { examples, settled, chosen } = report
  const nameOf = ({ kind, at }: Start): string =>
    kind === 'random' ? `random ${at + 1}` : kind === 'warm' ? 'warm' : `sibling ${domains[at] ?? ''}`
  const drawn = report.candidates.flatMap(({ start, evidence }) => (start.kind === 'random' && evidence !== null ? [evidence] : []))
  const candidates = report.candidates.map(({ start, evidence }) => ({ start: nameOf(start), evidence }))
  return { bank, domain, examples, settled, chosen: nameOf(chosen), candidates, spread: deviation(drawn) }
}

/** Of a sample, with n − 1. */
function deviation(values: readonly number[]): number | null {
  if (values.length < 2) return null
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / (values.length - 1))
}
