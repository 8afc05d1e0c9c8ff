/**
 * The softmax gate of a mixture: g = softmax(G x), how much each of K experts is asked. A gate may serve several heads, one
 * a task; each teaches it.
 */
import type { Carry } from '../numeric/carry.ts'
import type { Kernel, Pace } from '../numeric/kernel.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Encoding, Input } from './bank.ts'
import type { Linear } from './linear.ts'
import { type GatePenalties, gatePenalties } from './mixture.ts'

export interface GateOptions extends GatePenalties {
  /** L2 penalty of the gate's weights. */
  readonly l2: number
}

/** Rate of the running mean of the gate that the load floor looks at: about the last 1,000 examples. */
const LOAD_RATE = 0.001

export class Gate {
  readonly K: number
  /** Gate of the last record, (K). */
  readonly g: Float32Array
  /** Running mean of the gate, (K). */
  readonly meanGate: Float64Array
  /** The record of which g is: another head that shares the gate may have asked it of another one. */
  asked: Input | null = null
  /** Changes whenever the gate's function does. */
  version = 0
  /** Gradient in the gate's logits of the last step, (K): what one head asked of it. */
  readonly delta: Float32Array
  readonly #kernel: Kernel
  readonly #linear: Linear
  readonly #pace: Pace
  readonly #options: GateOptions
  /** Logits of the last record, (K). */
  readonly z: Float32Array

  constructor(kernel: Kernel, linear: Linear, K: number, pace: Pace, options: GateOptions) {
    this.K = K
    this.g = kernel.floats(K)
    this.delta = kernel.floats(K)
    this.z = kernel.floats(K)
    this.meanGate = new Float64Array(K).fill(1 / K)
    this.#kernel = kernel
    this.#linear = linear
    this.#pace = { ...pace, decay: options.l2 }
    this.#options = options
    linear.widen(K)
  }

  /** Writes the logits of a record; the softmax of them, g, is taken with the experts'. */
  gather(input: Input): void {
    this.#linear.gather(input, this.z)
    this.asked = input
  }

  /** One step against `delta`, to which it adds its penalties, on the record whose logits and g stand. */
  learn(input: Input, fresh: boolean): void {
    const { K, g, delta } = this
    gatePenalties(this.z, g, this.meanGate, this.#options, delta)
    if (fresh) for (let k = 0; k < K; k++) this.meanGate[k]! += LOAD_RATE * (g[k]! - this.meanGate[k]!)
    this.#linear.update(input, delta, this.#pace)
    this.version++
  }

  admit(domain: number): void {
    this.#linear.admit(domain)
  }

  carry(encoding: Encoding, moves: readonly Carry[]): void {
    this.#linear.carry(encoding, moves)
    this.version++
  }

  /** Keeps this part of the squared gradients, so that rates rise by 1/√kept. */
  quicken(kept: number): void {
    this.#linear.quicken(kept)
  }

  get bytes(): number {
    return this.#linear.bytes
  }

  release(): void {
    this.#linear.release()
    for (const array of [this.g, this.delta, this.z]) this.#kernel.release(array)
  }

  save(): Saved {
    return { meanGate: this.meanGate.slice(), weights: this.#linear.save() }
  }

  load(saved: Saved): void {
    const { meanGate, weights } = saved as { meanGate: Float64Array; weights: Saved }
    this.meanGate.set(meanGate)
    this.#linear.load(weights)
    this.version++
  }
}
