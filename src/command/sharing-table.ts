/** What `andon evaluate` tells of sharing: what each domain gained by the others, and who helps or harms whom. */
import type { AffinityReport } from '../learner/line-affinity.ts'
import type { LearnerOptions } from '../learner/options.ts'
import { recipeOf } from '../learner/presets.ts'
import type { TaskStatus } from '../learner/status.ts'
import type { TransferReport } from '../pool/transfer.ts'
import { table } from './output.ts'

/** Domains shown, those with most examples: a screen's worth. `--json` has all. */
const SHOWN = 20
/** A pair compared less often may say anything. */
const LEAST_COMPARED = 20

export interface Gain {
  /** Labels compared. */
  readonly compared: number
  /** Σ ln p − ln p_solo, nats. */
  readonly gain: number
  readonly perExample: number
  /** Over about the last 1,000. */
  readonly recent: number
}

export interface DomainSharing extends Gain {
  readonly domain: string
  /** The same of what was served, where predictions came with the labels. */
  readonly asServed: Gain | null
  /** The most sharing can have cost where labels come at once, but for the floors: ln(M + 1) − (n − 1) ln(1 − α). */
  readonly bound: number
  readonly banks: readonly { readonly bank: string; readonly weight: number }[]
}

export interface Sharing {
  readonly domains: readonly DomainSharing[]
  readonly affinity: readonly AffinityReport[]
}

/** Null where no domain has a bank of its own to compare with. */
export function sharingOf(
  { committee, sharingAsServed, affinity }: TaskStatus,
  { guardShare }: Pick<LearnerOptions, 'guardShare'>
): Sharing | null {
  const domains = Object.entries(committee).flatMap(([domain, { learned, banks, transfer }]): DomainSharing[] => {
    if (transfer === null) return []
    const bound = Math.log(banks.length + 1) - Math.max(0, learned - 1) * Math.log1p(-guardShare)
    const served = sharingAsServed[domain]
    return [
      {
        domain,
        ...gainOf(transfer),
        asServed: served === undefined ? null : gainOf(served),
        bound,
        banks: banks.map(({ bank, weight }) => ({ bank, weight }))
      }
    ]
  })
  return domains.length === 0 ? null : { domains, affinity }
}

/** The table of a task. */
export function sharingTable({ domains, affinity }: Sharing, options: LearnerOptions): string {
  const solos = new Set(recipeOf(options).banks.flatMap(({ name, scope }) => (scope === 'solo' ? [name] : [])))
  const shown = [...domains].sort((a, b) => b.compared - a.compared).slice(0, SHOWN)
  const served = shown.some(({ asServed }) => asServed !== null)
  const rows = shown.map(({ domain, banks, asServed, ...onArrival }) => {
    const { compared, gain, perExample, recent } = asServed ?? onArrival
    const solo = banks.reduce((sum, { bank, weight }) => sum + (solos.has(bank) ? weight : 0), 0)
    return [domain, String(compared), nats(gain, 1), nats(perExample, 3), nats(recent, 3), solo.toFixed(2)]
  })
  const lines = [
    table([served ? 'sharing, as served' : 'sharing', 'labels', 'nats gained', 'a label', 'last 1,000', 'own bank’s weight'], rows)
  ]
  if (shown.length < domains.length) lines.push(`and ${domains.length - shown.length} more: see --json`)
  const extremes = extremesOf(affinity, betweenDomains)
  if (extremes !== null) lines.push(extremes)
  return lines.join('\n')
}

/** How the ends of a list of affinities are called, and that there is none. */
interface Words {
  readonly most: string
  readonly none: string
  readonly least: string
  readonly noneBelow: string
}

const betweenDomains: Words = { most: 'helps most', none: 'nobody helps', least: 'harms most', noneBelow: 'nobody harms' }
export const betweenTasks: Words = { most: 'adds most', none: 'none adds', least: 'repeats most', noneBelow: 'none repeats' }

/** Who helps most and who harms most; null where nobody was compared often enough to tell. */
export function extremesOf(affinity: readonly AffinityReport[], words: Words): string | null {
  const told = affinity.filter(({ n }) => n >= LEAST_COMPARED).sort((a, b) => b.gain - a.gain)
  if (told.length === 0) return null
  const pair = ({ from, to, gain }: AffinityReport): string => `${from} → ${to} ${nats(gain, 3)}`
  const [best, worst] = [told[0]!, told.at(-1)!]
  const parts = [
    best.gain > 0 ? `${words.most}: ${pair(best)} nats a label` : words.none,
    worst.gain < 0 ? `${words.least}: ${pair(worst)} nats a label` : words.noneBelow
  ]
  return parts.join('; ')
}

function gainOf({ n, gain, perExample, recent }: TransferReport): Gain {
  return { compared: n, gain, perExample, recent }
}

function nats(value: number, digits: number): string {
  return value.toFixed(digits).replace('-', '−')
}
