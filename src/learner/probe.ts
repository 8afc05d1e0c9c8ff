/**
 * How much each expert's function changed: its opinions now on the inputs of the last probe, against those it gave then.
 * The inputs are a bounded sample of the memory, re-encoded as the encoder stands, so that what is compared is functions.
 */
import type { MixtureBank } from '../bank/mixture-bank.ts'
import type { Raw } from '../encode/columns.ts'
import type { RawTable } from '../encode/raw-table.ts'
import type { ClassMemory } from '../memory/class-memory.ts'
import { loadOthers, saveOthers } from '../memory/saved-others.ts'
import type { Saved } from '../numeric/saved.ts'
import { type FunctionFigures, figuresOf } from '../stability/functions.ts'
import { meanHellinger, shiftOf } from '../stability/hellinger.ts'
import type { EncodedRecord, Encodings, Reads } from './encodings.ts'

/** Examples between two probes. */
export const PROBE_EVERY = 1000
/** The same while data are few: then experts find their places, and as much is practised that probes cost nothing beside it. */
const PROBE_EVERY_EARLY = 250
const EARLY = 2000
/** Inputs of a probe: the mean distance is known to about .05, and a pass over them costs less than learning sixteen examples. */
const INPUTS = 64
/** Of them so many are exchanged for newer ones at a probe. */
const EXCHANGED = 16

/** Whether data are still few after so many examples. */
export function isEarly(learned: number): boolean {
  return learned < EARLY
}

/** Examples learned at the probe after the one at `learned`. */
export function nextProbe(learned: number): number {
  const every = isEarly(learned) ? PROBE_EVERY_EARLY : PROBE_EVERY
  return (Math.floor(learned / every) + 1) * every
}

interface Asked {
  readonly raw: Raw
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
  readonly #reads: Reads
  readonly #record: EncodedRecord
  /** Which part of the inputs is exchanged next. */
  #turn = 0
  #asked: readonly Asked[] = []
  /** What was said then, for the C classes there were. */
  #before: Answers = { P: new Float32Array(0), g: new Float32Array(0) }
  #classes = 0

  /** `reads` is what the bank does. */
  constructor(encodings: Encodings, reads: Reads, hear: Hear) {
    this.#encodings = encodings
    this.#reads = reads
    this.#hear = hear
    this.#record = encodings.record()
  }

  /**
   * How each expert changed since the last probe, null at the first, and what its function is like now. `asked` (K) is 0 of
   * experts that nobody asks. A part of the inputs is exchanged for newer ones, all of them where `anew`: what was answered
   * for the change serves for the figures and for the next change too.
   */
  take(bank: MixtureBank, memory: ClassMemory, asked: Uint8Array, anew: boolean): { change: Change | null; figures: FunctionFigures } {
    const { C, K } = bank
    const sample = memory.spread(INPUTS)
    const n = sample.length
    const now = this.#answers(bank, this.#asked)
    const change = this.#asked.length === 0 ? null : this.#change(now, C, K)
    const all = anew || this.#asked.length !== n
    const [from, to] = all ? [0, n] : [this.#turn * EXCHANGED, Math.min(n, (this.#turn + 1) * EXCHANGED)]
    this.#turn = to >= n ? 0 : this.#turn + 1
    this.#asked = sample.map((each, i) => (i >= from && i < to ? each : this.#asked[i]!))
    this.#before = all ? { P: new Float32Array(n * C * K), g: new Float32Array(n * K) } : now
    const newer = this.#answers(bank, this.#asked.slice(from, to))
    this.#before.P.set(newer.P, from * C * K)
    this.#before.g.set(newer.g, from * K)
    this.#classes = C
    return { change, figures: figuresOf({ n, C, K, ...this.#before }, asked) }
  }

  save(raws: RawTable): Saved {
    const others = saveOthers(this.#asked.map(each => each.others))
    return {
      ...(others === undefined ? {} : { others }),
      raws: Int32Array.from(this.#asked, ({ raw }) => raws.index(raw)),
      domains: Int32Array.from(this.#asked, ({ domain }) => domain),
      classes: this.#classes,
      turn: this.#turn,
      before: this.#before.P.slice(),
      gates: this.#before.g.slice()
    }
  }

  load(saved: Saved, raws: RawTable): void {
    const from = saved as {
      raws: Int32Array
      domains: Int32Array
      classes: number
      turn: number
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
    this.#turn = from.turn
    this.#before = { P: from.before.slice(), g: from.gates.slice() }
  }

  /** Over the classes that there were; the others had no opinion then. */
  #change({ P, g }: Answers, C: number, K: number): Change {
    const n = this.#asked.length
    const size = this.#classes * K
    const known = size === C * K ? P : new Float32Array(n * size)
    if (known !== P) for (let i = 0; i < n; i++) known.set(P.subarray(i * C * K, i * C * K + size), i * size)
    return { opinion: meanHellinger(this.#before.P, known, n, this.#classes, K, g), shift: shiftOf(this.#before.g, g, K) }
  }

  #answers(bank: MixtureBank, inputs: readonly Asked[]): Answers {
    const { C, K } = bank
    const P = new Float32Array(inputs.length * C * K)
    const g = new Float32Array(inputs.length * K)
    const q = new Float32Array(C)
    inputs.forEach(({ raw, domain, others }, i) => {
      this.#encodings.fill(this.#record, raw, domain, this.#reads)
      this.#hear(this.#record, others)
      bank.opinion(this.#record, q)
      P.set(bank.P, i * C * K)
      g.set(bank.gate.g, i * K)
    })
    return { P, g }
  }
}
