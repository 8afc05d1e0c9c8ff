/** What an expert's state means and what would help, in plain words for who has never heard of a gate. */
import type { ExpertReport } from './expert-report.ts'
import { moveOf, YOUNG } from './state.ts'

/** Labels of a class, in effect, from which an expert is said to know it. */
export const ENOUGH = 40
/** The part of a class that an expert must answer for to be asked for it. */
const ITS_OWN = 0.2

export type Diagnosed = Omit<ExpertReport, 'cure'>

/** What an expert knows too few of: a class, how many labels more, and the line that asks it most. */
export interface Missing {
  readonly class: string
  readonly labels: number
  readonly domain: string | null
}

/**
 * The class that an expert answers for and knows least; null where it knows all of its own well enough. A label teaches an
 * expert in proportion to its part of the class, so that more are to be collected than it lacks.
 *
 * @example
 * ```ts
 * import { missingOf } from '../src/stability/cure.ts'
 * const expert = { perClass: { good: 0.02, Dirtiness: 0.5 }, effectiveSampleSize: { good: 900, Dirtiness: 20 }, perDomain: { 'line-3': 0.4 } }
 * missingOf(expert) // => { class: 'Dirtiness', labels: 40, domain: 'line-3' }
 * ```
 */
export function missingOf({
  perClass,
  effectiveSampleSize,
  perDomain
}: Pick<ExpertReport, 'perClass' | 'effectiveSampleSize' | 'perDomain'>): Missing | null {
  let scarce: Missing | null = null
  let least = ENOUGH
  for (const [name, part] of Object.entries(perClass)) {
    const known = effectiveSampleSize[name] ?? 0
    if (part < ITS_OWN || known >= least) continue
    least = known
    scarce = { class: name, labels: Math.ceil((ENOUGH - known) / part), domain: mostOf(perDomain) }
  }
  return scarce
}

/** One sentence, or two. */
export function cureOf(expert: Diagnosed): string {
  const { expert: k, state, nearest, interpretable, dominating, examples } = expert
  const missing = missingOf(expert)
  const collect =
    missing === null
      ? null
      : `collect ${missing.labels} ${missing.class} labels${missing.domain === null || missing.domain === '' ? '' : ` on ${missing.domain}`}`
  switch (state) {
    case 'dead':
      return 'It is hardly ever asked and learns nothing. Fewer experts would do as well, or a higher load floor keeps it alive.'
    case 'duplicate':
      return interpretable
        ? `Experts ${k} and ${nearest} say nearly the same, and both are needed where they are asked: read them as one.`
        : `Experts ${k} and ${nearest} say the same, and nothing is lost without this one: fewer experts would do as well.`
    case 'vanishing':
      return interpretable
        ? 'It says the same of every part it is asked about, and its bank needs that: nothing to do.'
        : 'It says the same of every part it is asked about, and others could say it: fewer experts, or fewer inputs for the gate.'
    case 'drifting':
      return `${moved(expert)} in 1,000 examples: see what changed on ${mostOf(expert.perDomain) || 'the line'}${collect === null ? '; it settles when the line does.' : `, and ${collect}.`}`
    case 'learning':
      if (collect !== null) return `It still learns: ${collect}.`
      if (examples < YOUNG) return `It still learns, from ${Math.floor(examples)} examples so far: wait.`
      return `It still learns. ${moved(expert)} in 1,000 examples: wait.`
    case 'stable':
      if (collect !== null) return `Sound so far as it knows: ${collect}.`
      return dominating ? 'Sound, and its bank is little more than this one: fewer experts would do.' : 'Sound: nothing to do.'
  }
}

/** What moved most. */
function moved({ change, shift }: Diagnosed): string {
  if (change === null || shift === null) return 'How much it moves is not known yet'
  return moveOf(change, shift) > change
    ? `${Math.round(100 * shift)} % of what it is asked about changed`
    : `Its opinions moved by ${figure(change)}`
}

function mostOf(shares: Readonly<Record<string, number>>): string | null {
  let most: string | null = null
  for (const [name, share] of Object.entries(shares)) if (most === null || share > shares[most]!) most = name
  return most
}

function figure(value: number): string {
  return value.toFixed(2).replace(/^0/, '')
}
