/**
 * What brings reported probabilities back to the true rates of the classes after rare-class weighting: reported ∝ p·exp(b),
 * with b (C) learned by gradient on the log loss of what is reported, `b ← b − η (reported − 1_y)`, and centred.
 */
import { exp } from '../numeric/exp-log.ts'
import type { Saved } from '../numeric/saved.ts'

/** η: about the last hundred examples of a class decide its bias. */
const RATE = 0.01

export class ClassBias {
  /** b, (C). */
  b = new Float64Array(0)
  #out = new Float64Array(0)

  addClass(): void {
    const b = new Float64Array(this.b.length + 1)
    b.set(this.b)
    this.b = b
    this.#out = new Float64Array(b.length)
  }

  /** Writes what is reported of `p` into `out`, both (C). */
  apply(p: Float64Array, C: number, out: Float64Array): void {
    let sum = 0
    for (let c = 0; c < C; c++) {
      out[c] = p[c]! * exp(this.b[c]!)
      sum += out[c]!
    }
    for (let c = 0; c < C; c++) out[c]! /= sum
  }

  learn(p: Float64Array, C: number, y: number): void {
    const { b } = this
    this.apply(p, C, this.#out)
    let mean = 0
    for (let c = 0; c < C; c++) {
      b[c]! -= RATE * (this.#out[c]! - (c === y ? 1 : 0))
      mean += b[c]! / C
    }
    for (let c = 0; c < C; c++) b[c]! -= mean
  }

  save(): Saved {
    return this.b.slice()
  }

  load(saved: Saved): void {
    this.b = (saved as Float64Array).slice()
    this.#out = new Float64Array(this.b.length)
  }
}
