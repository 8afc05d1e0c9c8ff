/**
 * Examples that came before their predictions, as topics of a cluster are read side by side: they wait for them, kept as notes
 * of the claim since their own positions are behind. Bounded: of more parts the oldest are forgotten, of one part the newest
 * examples stand.
 */
import type { Example } from '../events/event.ts'
import type { Saved } from '../numeric/saved.ts'

const MOST_PARTS = 1000
const MOST_OF_ONE = 16

export class EarlyExamples {
  readonly #waiting = new Map<string, readonly Example[]>()
  readonly #changed = new Set<string>()
  /** Parts of which a note is kept. */
  readonly #noted = new Set<string>()

  add(example: Example): void {
    const { id } = example.observation
    this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), example].slice(-MOST_OF_ONE))
    this.#changed.add(id)
    if (this.#waiting.size > MOST_PARTS) this.take(this.#waiting.keys().next().value!)
  }

  /** Those of a part, in the order in which they came; they wait no longer. */
  take(id: string): readonly Example[] {
    const examples = this.#waiting.get(id)
    if (examples === undefined) return []
    this.#waiting.delete(id)
    this.#changed.add(id)
    return examples
  }

  /** What changed since the last call, by part; null of what is to be kept no longer. */
  changes(): [id: string, saved: Saved | null][] {
    const told: [string, Saved | null][] = []
    for (const id of this.#changed) {
      const examples = this.#waiting.get(id)
      if (examples !== undefined) this.#noted.add(id)
      // Of what came and went since the last call nothing was kept.
      else if (!this.#noted.delete(id)) continue
      told.push([id, examples === undefined ? null : (examples as unknown as Saved)])
    }
    this.#changed.clear()
    return told
  }

  /** Takes back what `changes` gave out, in any order. */
  load(id: string, saved: Saved): void {
    this.#waiting.set(id, saved as unknown as readonly Example[])
    this.#noted.add(id)
  }
}
