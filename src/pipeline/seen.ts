/**
 * Identities that were taken lately, so that what a killed process wrote again is taken once. They are saved as they came,
 * step by step: a step saves its own, and forgets the oldest ones beyond the bound.
 */
import type { Saved } from '../numeric/saved.ts'

export class Seen {
  readonly #most: number
  readonly #ids = new Set<string>()
  /** What each step has added, oldest first; the last may still grow. */
  readonly #steps = new Map<number, readonly string[]>()
  #step: string[] = []
  #next = 0

  /** At least the newest `most` are known. */
  constructor(most: number) {
    this.#most = most
  }

  /** Whether it comes for the first time. */
  take(id: string): boolean {
    if (this.#ids.has(id)) return false
    this.#ids.add(id)
    this.#step.push(id)
    return true
  }

  /** What is to be saved of the step that ends here, by its key; null for what is forgotten. */
  changes(): readonly (readonly [string, Saved | null])[] {
    if (this.#step.length === 0) return []
    const added = this.#step
    const number = this.#next++
    this.#steps.set(number, added)
    this.#step = []
    const changes: [string, Saved | null][] = [[String(number), added]]
    for (const [oldest, ids] of this.#steps) {
      if (this.#ids.size - ids.length < this.#most) break
      for (const id of ids) this.#ids.delete(id)
      this.#steps.delete(oldest)
      changes.push([String(oldest), null])
    }
    return changes
  }

  /** Takes what a step saved, in any order; `restored` follows the last. */
  load(key: string, saved: Saved): void {
    this.#steps.set(Number(key), saved as readonly string[])
  }

  restored(): void {
    const steps = [...this.#steps].sort(([a], [b]) => a - b)
    this.#steps.clear()
    for (const [number, ids] of steps) {
      this.#steps.set(number, ids)
      for (const id of ids) this.#ids.add(id)
      this.#next = number + 1
    }
  }
}
