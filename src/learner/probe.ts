/**
 * How much each expert's function changed: its opinions now on the inputs of the last probe, against those it gave then.
 * The inputs are a bounded sample of the memory, re-encoded as the encoder stands, so that what is compared is functions.
 */
import type { MixtureBank } from '../bank/mixture-bank.ts'
import type { Encoder, Raw } from '../encode/encoder.ts'
import { flatten, unflatten } from '../encode/encoder.ts'
import type { ClassMemory } from '../memory/class-memory.ts'
import type { Saved } from '../numeric/saved.ts'
import { Sparse } from '../numeric/sparse.ts'
import { meanHellinger } from '../stability/hellinger.ts'

/** Examples between two probes. */
export const PROBE_EVERY = 1000
/** Inputs of a probe: the mean distance is known to about .05, and two passes over them cost less than one example in ten. */
const INPUTS = 64

export class Probe {
  #raws: Raw[] = []
  /** Opinions then, (inputs, C, K), for the C classes there were. */
  #before: Float32Array = new Float32Array(0)
  #classes = 0

  /** Mean Hellinger distance of each expert since the last probe, or null at the first; takes the next sample. */
  take(bank: MixtureBank, encoder: Encoder, memory: ClassMemory): Float64Array | null {
    const change =
      this.#raws.length === 0
        ? null
        : meanHellinger(this.#before, opinions(bank, encoder, this.#raws, this.#classes), this.#raws.length, this.#classes, bank.K)
    const all = [...memory.all()]
    const n = Math.min(INPUTS, all.length)
    this.#raws = Array.from({ length: n }, (_, i) => all[Math.floor((i * all.length) / n)]!.raw)
    this.#classes = bank.C
    this.#before = opinions(bank, encoder, this.#raws, bank.C)
    return change
  }

  save(width: number): Saved {
    return { raws: flatten(this.#raws, width), classes: this.#classes, before: this.#before.slice() }
  }

  load(saved: Saved, width: number): void {
    const { raws, classes, before } = saved as { raws: Float64Array; classes: number; before: Float32Array }
    this.#raws = unflatten(raws, width)
    this.#classes = classes
    this.#before = before.slice()
  }
}

/** Experts' opinions on each input, (inputs, C, K), of the first `classes` classes. */
function opinions(bank: MixtureBank, encoder: Encoder, raws: readonly Raw[], classes: number): Float32Array {
  const size = classes * bank.K
  const all = new Float32Array(raws.length * size)
  const x = new Sparse()
  const q = new Float32Array(bank.C)
  raws.forEach((raw, i) => {
    encoder.encode(raw, x)
    bank.opinion(x, q)
    all.set(bank.P.subarray(0, size), i * size)
  })
  return all
}
