/**
 * The names that lie beyond a limit and were told, so that each is told once and not at every record that brings it.
 * Bounded: whoever sends names without number fills neither the state nor the signals.
 */
import type { Signal } from '../events/event.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Signals } from './signals.ts'

/** Names told at most: who reads a thousand knows. */
const MOST = 1000

export class Overflow {
  /** What was said of each. */
  readonly #told = new Set<string>()
  readonly #signals: Signals

  constructor(signals: Signals) {
    this.#signals = signals
  }

  /** Tells that a name lies beyond its limit, the first time it comes. */
  tell(kind: 'feature' | 'category' | 'class' | 'task', about: Partial<Signal>, message: string): void {
    if (this.#told.size >= MOST || this.#told.has(message)) return
    this.#told.add(message)
    this.#signals.tell(`${kind}-overflowed`, about, message)
  }

  save(): Saved {
    return [...this.#told]
  }

  load(saved: Saved): void {
    for (const key of saved as string[]) this.#told.add(key)
  }
}
