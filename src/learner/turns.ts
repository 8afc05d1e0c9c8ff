/**
 * Signals of experts whose states turned at a probe. Invariant: one signal a turn that matters, so that whoever counts
 * `expert-unstable` up and `expert-stable` down, by bank and expert, knows who is unsound.
 */
import type { Turn } from '../stability/bank-stability.ts'
import type { Signals } from './signals.ts'

/** Whose experts: of a bank of one domain's own, or of one of all (null). */
export interface Of {
  readonly task: string
  readonly bank: string
  readonly domain: string | null
}

export function tellTurns(signals: Signals, { task, bank, domain }: Of, turns: readonly Turn[]): void {
  for (const { expert, sound, value, now } of turns) {
    const what = sound ? 'sound again' : now.interpretable ? now.state : `${now.state} and not needed, not interpretable`
    const message = `expert ${expert} of bank ${bank} of ${task}${domain === null ? '' : ` on ${domain}`}: ${what}`
    signals.tell(sound ? 'expert-stable' : 'expert-unstable', { domain, task, bank, expert, value }, message)
  }
}
