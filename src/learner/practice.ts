/**
 * How a bank learns an example: the example itself, then replayed ones, as many as the effort says, drawn from all domains or
 * from its own as the bank's scope is. Invariant: a replayed example is never fresh, so that no statistic counts it twice.
 */
import type { FirstExamples } from '../bank/bank.ts'
import { type Ground, readsOf } from './banks.ts'
import type { Heard } from './chain.ts'
import type { EncodedRecord } from './encodings.ts'
import type { Effort } from './options.ts'
import type { Parts } from './parts.ts'
import type { Pupil } from './pupil.ts'
import type { SyntheticReplay } from './synthetic-replay.ts'

/** Remembered examples of a new domain by which those are compared that it may start from. */
const FIRST = 100

export interface PracticeOptions {
  readonly ground: Ground
  readonly parts: Parts
  readonly effort: Effort
  /** Null where it is off. */
  readonly synthetic: SyntheticReplay | null
  /** Fills in what other tasks said of a record. */
  readonly hear: (record: EncodedRecord, heard: Heard | null) => void
}

export class Practice {
  readonly #options: PracticeOptions
  readonly #replayed: EncodedRecord

  constructor(options: PracticeOptions) {
    this.#options = options
    this.#replayed = options.ground.encodings.record()
  }

  /** At most `most` steps in all, of a task of `C` classes. */
  teach({ bank, options, random, watch }: Pupil, record: EncodedRecord, y: number, C: number, most: number): void {
    const { ground, parts, effort, synthetic, hear } = this.#options
    const { frequency, memory, learned } = options.scope === 'solo' ? parts.of(record.domain) : parts.whole
    bank.learn(record, y, frequency.weight(y), true)
    watch?.observe(y, frequency.weight(y), record.domain, learned, memory)
    if (options.scope === 'memory') return
    const steps = Math.min(most, options.steps ?? most, stepsAfter(learned, effort))
    const reads = readsOf(options)
    for (let step = 1; step < steps; step++) {
      const drawn = memory.draw(random, frequency.counts, C)
      if (drawn === null) return
      const past = synthetic?.inPlaceOf(drawn, random, frequency.counts, memory, ground.encodings.columns.kinds) ?? drawn
      ground.encodings.fill(this.#replayed, past.raw, past.domain, reads)
      if (options.scope === 'chain') hear(this.#replayed, past.others)
      bank.learn(this.#replayed, past.y, frequency.weight(past.y), false)
    }
  }

  /** What is remembered of a domain, evenly over the classes and their time where it is more than is asked for. */
  readonly first: FirstExamples = (domain, visit) => {
    const { ground, parts } = this.#options
    const all = [...parts.of(domain).memory.all()]
    const size = Math.min(FIRST, all.length)
    for (let i = 0; i < size; i++) {
      const { raw, y } = all[Math.floor((i * all.length) / size)]!
      ground.encodings.fill(this.#replayed, raw, domain, 'both')
      visit(this.#replayed, y)
    }
  }
}

/** Learning steps after `n` examples. */
function stepsAfter(n: number, { least, most, scale }: Effort): number {
  return Math.max(least, Math.min(most, Math.floor(scale / n)))
}
