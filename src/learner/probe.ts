/**
 * How much each expert's function changed: its opinions now on the inputs of the last probe, against those it gave then.
 * The inputs are a bounded sample of the memory, re-encoded as the encoder stands, so that what is compared is functions.
 */
import type { MixtureBank } from '../bank/mixture-bank.ts'
import type { RawTable } from '../encode/raw-table.ts'
import type { ClassMemory } from '../memory/class-memory.ts'
import { loadOthers, saveOthers } from '../memory/saved-others.ts'
import type { Saved } from '../numeric/saved.ts'
import { type FunctionFigures, figuresOf } from '../stability/functions.ts'
import { meanHellinger, shiftOf } from '../stability/hellinger.ts'
import type { EncodedRecord, Encodings } from './encodings.ts'

/** Examples between two probes. */
export const PROBE_EVERY = 1000
/** The same while data are few: then experts find their places, and as much is practised that probes cost nothing beside it. */
const PROBE_EVERY_EARLY = 250
const EARLY = 2000
/** Inputs of a probe: the mean distance is known to about .05, and two passes over them cost less than one example in ten. */
const INPUTS = 64

/** Examples learned at the probe after the one at `learned`. */
export function nextProbe(learned: number): number {
  const every = learned < EARLY ? PROBE_EVERY_EARLY : PROBE_EVERY
  return (Math.floor(learned / every) + 1) * every
}

interface Asked {
  readonly raw: Float64Array
  readonly domain: number
  readonly others: Float32Array | null
}

/** What experts say of the inputs of a probe: opinions (n, C, K) and gates (n, K). */
interface Answers {
  readonly P: Float32Array
  readonly g: Float32Array
}

/** How each expert (K) changed in what it says, and in where it is asked. */
export interface Change {
  readonly opinion: Float64Array
  readonly shift: Float64Array
}

/** Fills in what other tasks said of a record, where the bank hears them. */
export type Hear = (record: EncodedRecord, others: Float32Array | null) => void

export class Probe {
  readonly #encodings: Encodings
  readonly #hear: Hear
  readonly #record: EncodedRecord
  #asked: readonly Asked[] = []
  /** What was said then, for the C classes there were. */
  #before: Answers = { P: new Float32Array(0), g: new Float32Array(0) }
  #classes = 0

  constructor(encodings: Encodings, hear: Hear) {
    this.#encodings = encodings
    this.#hear = hear
    this.#record = encodings.record()
  }

  /**
   * How each expert changed since the last probe, null at the first, and what its function is like now, on the next sample.
   * `asked` (K) is 0 of experts that nobody asks.
   */
  take(bank: MixtureBank, memory: ClassMemory, asked: Uint8Array): { change: Change | null; figures: FunctionFigures } {
    const change = this.#asked.length === 0 ? null : this.#change(bank)
    const all = [...memory.all()]
    const n = Math.min(INPUTS, all.length)
    this.#asked = Array.from({ length: n }, (_, i) => all[Math.floor((i * all.length) / n)]!)
    this.#classes = bank.C
    this.#before = this.#answers(bank, bank.C)
    return { change, figures: figuresOf({ n, C: bank.C, K: bank.K, ...this.#before }, asked) }
  }

  save(raws: RawTable): Saved {
    const others = saveOthers(this.#asked.map(each => each.others))
    return {
      ...(others === undefined ? {} : { others }),
      raws: Int32Array.from(this.#asked, ({ raw }) => raws.index(raw)),
      domains: Int32Array.from(this.#asked, ({ domain }) => domain),
      classes: this.#classes,
      before: this.#before.P.slice(),
      gates: this.#before.g.slice()
    }
  }

  load(saved: Saved, raws: RawTable): void {
    const from = saved as {
      raws: Int32Array
      domains: Int32Array
      classes: number
      before: Float32Array
      gates: Float32Array
      others?: Saved
    }
    const others = loadOthers(from.others, from.raws.length)
    this.#asked = Array.from(from.raws, (index, i) => ({
      raw: raws.at(index),
      domain: from.domains[i]!,
      others: others[i]!
    }))
    this.#classes = from.classes
    this.#before = { P: from.before.slice(), g: from.gates.slice() }
  }

  #change(bank: MixtureBank): Change {
    const { P, g } = this.#answers(bank, this.#classes)
    const n = this.#asked.length
    return {
      opinion: meanHellinger(this.#before.P, P, n, this.#classes, bank.K, g),
      shift: shiftOf(this.#before.g, g, bank.K)
    }
  }

  /** Of the first `classes` classes. */
  #answers(bank: MixtureBank, classes: number): Answers {
    const { K } = bank
    const size = classes * K
    const P = new Float32Array(this.#asked.length * size)
    const g = new Float32Array(this.#asked.length * K)
    const q = new Float32Array(bank.C)
    this.#asked.forEach(({ raw, domain, others }, i) => {
      this.#encodings.fill(this.#record, raw, domain, 'both')
      this.#hear(this.#record, others)
      bank.opinion(this.#record, q)
      P.set(bank.P.subarray(0, size), i * size)
      g.set(bank.gate.g, i * K)
    })
    return { P, g }
  }
}
