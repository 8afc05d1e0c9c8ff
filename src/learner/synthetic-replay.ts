/**
 * Synthetic examples in a task's practice: a share of what is drawn of a rare class gives way to points between its
 * remembered examples, while that helps the class. Invariant: where it does not apply no chance is drawn, so that a class that
 * is not rare, or not admitted, is practised as without.
 */
import type { ClassMemory, Remembered } from '../memory/class-memory.ts'
import { drawSynthetic, LEAST_REMEMBERED, rareBelow, type Synthetic } from '../memory/synthetic.ts'
import type { Random } from '../numeric/random.ts'
import type { Saved } from '../numeric/saved.ts'
import { Admission, type AdmissionReport } from './admission.ts'
import type { ClassFrequency } from './class-frequency.ts'

export interface SyntheticReport extends AdmissionReport {
  readonly class: string
}

export class SyntheticReplay {
  readonly #share: number
  /** By class; none of a class that was never rare. */
  readonly #admissions: (Admission | undefined)[] = []

  constructor(share: number) {
    this.#share = share
  }

  /** A fresh example of class `y` came, of which the committee said `p` (C) before anything learned it; frequency and memory are the task's. */
  judge(y: number, p: Float64Array, frequency: ClassFrequency, memory: ClassMemory): void {
    const { counts } = frequency
    const limit = rareBelow(counts)
    for (let c = 0; c < counts.length; c++) {
      if (counts[c]! >= limit || memory.count(c) < LEAST_REMEMBERED) continue
      const admission = this.#admissions[c] ?? new Admission()
      this.#admissions[c] = admission
      if (c === y) admission.judge(p[c]!)
      else admission.judgeOther(p[c]!, frequency.weight(y) / frequency.weight(c))
    }
  }

  /**
   * What is practised in the place of a remembered example that a bank drew: itself, or a synthetic one. Chance, counts and memory
   * are those the bank draws from.
   */
  inPlaceOf(past: Remembered, random: Random, counts: Float64Array, memory: ClassMemory, kinds: Int32Array): Remembered | Synthetic {
    const admission = this.#admissions[past.y]
    if (admission === undefined || !admission.on) return past
    if (memory.count(past.y) < LEAST_REMEMBERED || counts[past.y]! >= rareBelow(counts)) return past
    if (random.next() >= this.#share) return past
    const made = drawSynthetic(random, past, memory, kinds)
    if (made === null) return past
    admission.practise()
    return made
  }

  report(classes: readonly string[]): SyntheticReport[] {
    return this.#admissions.flatMap((admission, y) => (admission === undefined ? [] : [{ class: classes[y]!, ...admission.report() }]))
  }

  save(): Saved {
    return Array.from(this.#admissions, admission => admission?.save() ?? null)
  }

  load(saved: Saved): void {
    for (const [y, from] of (saved as readonly Saved[]).entries()) {
      if (from === null) continue
      this.#admissions[y] = new Admission()
      this.#admissions[y].load(from)
    }
  }
}
