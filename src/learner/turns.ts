/**
 * Signals of experts whose states turned at a probe. Invariant: one signal a turn that matters, so that whoever counts
 * `expert-unstable` up and `expert-stable` down, by bank and expert, knows who is unsound.
 */
import type { Turn } from '../stability/bank-stability.ts'
import type { Signals } from './signals.ts'

export function tellTurns(signals: Signals, task: string, bank: string, turns: readonly Turn[]): void {
  for (const { expert, sound, value, now } of turns) {
    const what = sound ? 'sound again' : now.interpretable ? now.state : `${now.state} and not needed, not interpretable`
    const message = `expert ${expert} of bank ${bank} of ${task}: ${what}`
    signals.tell(sound ? 'expert-stable' : 'expert-unstable', { task, bank, expert, value }, message)
  }
}
