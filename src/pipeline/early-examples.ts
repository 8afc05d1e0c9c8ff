/**
 * Examples that came before their predictions, as topics of a cluster are read side by side: they wait for them, each kept as a
 * note of the claim since its own position is behind. Bounded: of more parts the oldest are forgotten, of one part the newest
 * examples stand.
 */
import type { Example } from '../events/event.ts'
import type { Saved } from '../numeric/saved.ts'

const MOST_PARTS = 1000
const MOST_OF_ONE = 16

/** An example, and its place among all that ever waited. */
interface Early {
  readonly number: number
  readonly example: Example
}

export class EarlyExamples {
  readonly #waiting = new Map<string, readonly Early[]>()
  /** Since the last call of `changes`, by number; null of what was told before and waits no longer. */
  readonly #changed = new Map<number, Example | null>()
  #next = 0

  add(example: Example): void {
    const { id } = example.observation
    const early = { number: this.#next++, example }
    const all = [...(this.#waiting.get(id) ?? []), early]
    this.#changed.set(early.number, example)
    this.#forget(all.slice(0, -MOST_OF_ONE))
    this.#waiting.set(id, all.slice(-MOST_OF_ONE))
    if (this.#waiting.size > MOST_PARTS) this.take(this.#waiting.keys().next().value!)
  }

  /** Those of a part, in the order in which they came; they wait no longer. */
  take(id: string): readonly Example[] {
    const all = this.#waiting.get(id)
    if (all === undefined) return []
    this.#waiting.delete(id)
    this.#forget(all)
    return all.map(({ example }) => example)
  }

  /** What changed since the last call, by number; null of what is to be kept no longer. */
  changes(): [number: string, saved: Saved | null][] {
    const told = [...this.#changed].map(([number, example]): [string, Saved | null] => [String(number), example as unknown as Saved])
    this.#changed.clear()
    return told
  }

  /** Takes back what `changes` gave out, in any order. */
  load(number: string, saved: Saved): void {
    const early = { number: Number(number), example: saved as unknown as Example }
    const { id } = early.example.observation
    this.#waiting.set(
      id,
      [...(this.#waiting.get(id) ?? []), early].sort((a, b) => a.number - b.number)
    )
    this.#next = Math.max(this.#next, early.number + 1)
  }

  #forget(early: readonly Early[]): void {
    for (const { number } of early) if (!this.#changed.delete(number)) this.#changed.set(number, null)
  }
}
