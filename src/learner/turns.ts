/**
 * Signals of experts whose states turned at a probe. Invariant: at most one signal a bank, state and probe, so that a drift
 * that moves all experts of a bank is told once.
 */
import type { Turn } from '../stability/bank-stability.ts'
import type { Signals } from './signals.ts'

export function tellTurns(signals: Signals, task: string, bank: string, turns: readonly Turn[]): void {
  const told = new Map<string, number[]>()
  for (const turn of turns) {
    const what = sentence(turn)
    const before = told.get(what)
    if (before === undefined) told.set(what, [turn.expert])
    else before.push(turn.expert)
  }
  for (const [what, experts] of told) {
    const sound = what === SOUND
    const who = experts.length === 1 ? `expert ${experts[0]}` : `experts ${experts.join(', ')}`
    const about = { task, bank, expert: experts.length === 1 ? experts[0]! : null, value: experts.length }
    signals.tell(sound ? 'expert-stable' : 'expert-unstable', about, `${who} of bank ${bank} of ${task}: ${what}`)
  }
}

const SOUND = 'sound again'

function sentence({ sound, now: { state, interpretable } }: Turn): string {
  if (sound) return SOUND
  return interpretable ? state : `${state} and not needed, not interpretable`
}
