/**
 * Which task's choice would add to what another task's committee knows. Compared are tasks labelled of the same
 * observation: both at once, or the second when its label comes later, as what was chosen of the first is remembered.
 * Invariant: every opinion is that on arrival of its own label, before the task learns it.
 */
import type { Saved } from '../numeric/saved.ts'
import { SecondOpinion } from '../pool/second-opinion.ts'
import type { AffinityReport } from './line-affinity.ts'

/** Tasks compared, by place: the 240 pairs of 16 take 2 MB at most. Those beyond are left out, and the documents say so. */
export const AFFINITY_TASKS = 16

/** What became of one task of an example. */
export interface Said {
  /** Place of the task. */
  readonly task: number
  /** Index of the class chosen, −1 for none. */
  readonly chosen: number
}

export interface Labelled extends Said {
  /** Index of the label's class, −1 of one that had not occurred. */
  readonly y: number
  /** What was reported, (C). */
  readonly p: Float64Array
}

export class TaskAffinity {
  readonly #pairs = new Map<number, SecondOpinion>()

  /** `labelled` are the tasks whose label has just come, `before` those of the same observation whose label came earlier. */
  observe(labelled: readonly Labelled[], before: readonly Said[]): void {
    for (const { task: u, y, p } of labelled) {
      if (y < 0 || u >= AFFINITY_TASKS) continue
      for (const { task: t, chosen } of [...before, ...labelled]) {
        if (t === u || chosen < 0 || t >= AFFINITY_TASKS) continue
        this.#of(t, u).add(chosen, p, y)
      }
    }
  }

  report(tasks: readonly string[]): AffinityReport[] {
    return [...this.#pairs].map(([key, pair]) => {
      const { n, gain } = pair.report()
      return { from: tasks[Math.floor(key / AFFINITY_TASKS)] ?? '', to: tasks[key % AFFINITY_TASKS] ?? '', n, gain }
    })
  }

  save(): Saved {
    return [...this.#pairs].map(([key, pair]) => [key, pair.save()])
  }

  load(saved: Saved): void {
    for (const [key, pair] of saved as [number, Saved][]) {
      const loaded = new SecondOpinion()
      loaded.load(pair)
      this.#pairs.set(key, loaded)
    }
  }

  #of(t: number, u: number): SecondOpinion {
    const key = t * AFFINITY_TASKS + u
    let pair = this.#pairs.get(key)
    if (pair === undefined) {
      pair = new SecondOpinion()
      this.#pairs.set(key, pair)
    }
    return pair
  }
}
