/**
 * A linear map of a record and of what other tasks say of it: the logits are the sum of one map over the record's encoding
 * and one over the opinions, W x + V o. V starts at 0, so that a bank begins as if it heard no one.
 *
 * A chain of classifiers (Read, Pfahringer, Holmes and Frank, "Classifier Chains for Multi-label Classification", 2011) in
 * which every task hears all others, and hears opinions, not labels: those are known when it predicts.
 */
import type { Carry } from '../numeric/carry.ts'
import type { Pace } from '../numeric/kernel.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Encoding, Input } from './bank.ts'
import type { Active, Linear, Plain, View } from './linear.ts'

export const others: View = input => input.others

export class Chained implements Linear {
  readonly #record: Plain
  readonly #others: Plain

  /** The second map reads the opinions: it follows no encoding, and its row 0 is never active. */
  constructor(record: Plain, others: Plain) {
    this.#record = record
    this.#others = others
  }

  get width(): number {
    return this.#record.width
  }

  gather(input: Input, out: Float32Array): void {
    this.#record.gather(input, out)
    this.#others.addTo(input, out)
  }

  update(input: Input, delta: Float32Array, pace: Pace): void {
    this.#record.update(input, delta, pace)
    this.#others.update(input, delta, pace)
  }

  updateActive(input: Input, delta: Float32Array, pace: Pace, K: number, active: Active): void {
    this.#record.updateActive(input, delta, pace, K, active)
    this.#others.updateActive(input, delta, pace, K, active)
  }

  widen(width: number): void {
    this.#record.widen(width)
    this.#others.widen(width)
  }

  /** The record's bias is the only one. */
  startBias(from: number, to: number, value: number): void {
    this.#record.startBias(from, to, value)
  }

  admit(): void {}

  carry(encoding: Encoding, moves: readonly Carry[]): void {
    this.#record.carry(encoding, moves)
  }

  quicken(kept: number): void {
    this.#record.quicken(kept)
    this.#others.quicken(kept)
  }

  get bytes(): number {
    return this.#record.bytes + this.#others.bytes
  }

  release(): void {
    this.#record.release()
    this.#others.release()
  }

  save(): Saved {
    return { record: this.#record.save(), others: this.#others.save() }
  }

  load(saved: Saved): void {
    const from = saved as Readonly<Record<'record' | 'others', Saved>>
    this.#record.load(from.record)
    this.#others.load(from.others)
  }
}
