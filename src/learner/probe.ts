/**
 * How much each expert's function changed: its opinions now on the inputs of the last probe, against those it gave then.
 * The inputs are a bounded sample of the memory, re-encoded as the encoder stands, so that what is compared is functions.
 */
import type { MixtureBank } from '../bank/mixture-bank.ts'
import type { RawTable } from '../encode/raw-table.ts'
import type { ClassMemory } from '../memory/class-memory.ts'
import { loadOthers, saveOthers } from '../memory/saved-others.ts'
import type { Saved } from '../numeric/saved.ts'
import { meanHellinger } from '../stability/hellinger.ts'
import type { EncodedRecord, Encodings } from './encodings.ts'

/** Examples between two probes. */
export const PROBE_EVERY = 1000
/** Inputs of a probe: the mean distance is known to about .05, and two passes over them cost less than one example in ten. */
const INPUTS = 64

interface Asked {
  readonly raw: Float64Array
  readonly domain: number
  readonly others: Float32Array | null
}

/** Fills in what other tasks said of a record, where the bank hears them. */
export type Hear = (record: EncodedRecord, others: Float32Array | null) => void

export class Probe {
  readonly #encodings: Encodings
  readonly #hear: Hear
  readonly #record: EncodedRecord
  #asked: readonly Asked[] = []
  /** Opinions then, (inputs, C, K), for the C classes there were. */
  #before: Float32Array = new Float32Array(0)
  #classes = 0

  constructor(encodings: Encodings, hear: Hear) {
    this.#encodings = encodings
    this.#hear = hear
    this.#record = encodings.record()
  }

  /** Mean Hellinger distance of each expert since the last probe, or null at the first; takes the next sample. */
  take(bank: MixtureBank, memory: ClassMemory): Float64Array | null {
    const n = this.#asked.length
    const change = n === 0 ? null : meanHellinger(this.#before, this.#opinions(bank, this.#classes), n, this.#classes, bank.K)
    const all = [...memory.all()]
    const size = Math.min(INPUTS, all.length)
    this.#asked = Array.from({ length: size }, (_, i) => all[Math.floor((i * all.length) / size)]!)
    this.#classes = bank.C
    this.#before = this.#opinions(bank, bank.C)
    return change
  }

  save(raws: RawTable): Saved {
    const others = saveOthers(this.#asked.map(each => each.others))
    return {
      ...(others === undefined ? {} : { others }),
      raws: Int32Array.from(this.#asked, ({ raw }) => raws.index(raw)),
      domains: Int32Array.from(this.#asked, ({ domain }) => domain),
      classes: this.#classes,
      before: this.#before.slice()
    }
  }

  load(saved: Saved, raws: RawTable): void {
    const from = saved as { raws: Int32Array; domains: Int32Array; classes: number; before: Float32Array; others?: Saved }
    const others = loadOthers(from.others, from.raws.length)
    this.#asked = Array.from(from.raws, (index, i) => ({ raw: raws.at(index), domain: from.domains[i]!, others: others[i]! }))
    this.#classes = from.classes
    this.#before = from.before.slice()
  }

  /** Experts' opinions on each input, (inputs, C, K), of the first `classes` classes. */
  #opinions(bank: MixtureBank, classes: number): Float32Array {
    const size = classes * bank.K
    const all = new Float32Array(this.#asked.length * size)
    const q = new Float32Array(bank.C)
    this.#asked.forEach(({ raw, domain, others }, i) => {
      this.#encodings.fill(this.#record, raw, domain, 'both')
      this.#hear(this.#record, others)
      bank.opinion(this.#record, q)
      all.set(bank.P.subarray(0, size), i * size)
    })
    return all
  }
}
