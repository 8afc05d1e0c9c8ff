/**
 * What a bank is: a group of experts that gives one opinion, a distribution over a task's classes, and learns from labels
 * on its own likelihood. The learner asks every bank in the same way and never which kind it is. The law-suite
 * `test/bank/bank.laws.ts` holds every bank to what is written here.
 */
import type { Carry } from '../numeric/carry.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Sparse } from '../numeric/sparse.ts'

export interface Bank {
  readonly name: string

  /**
   * Writes the distribution over the classes known so far into `q` (C): finite, positive or zero, summing to one within
   * float32. Changes nothing that is saved.
   */
  opinion(x: Sparse, q: Float32Array): void

  /** How the last opinion was shared among the experts, (K), summing to one. Valid until the next call. */
  shares(): Float32Array

  /** One step on an example of class `y` with weight `w`. `fresh` is false for a replayed one, which no statistic counts. */
  learn(x: Sparse, y: number, w: number, fresh: boolean): void

  /** A class appeared: it gets the next index. */
  addClass(): void

  /** The encoder moved its knots: the learned function must not jump. */
  carry(moves: readonly Carry[]): void

  /** Multiplications of one opinion on `inputs` active inputs: what the bank costs. */
  cost(inputs: number): number

  save(): Saved
  /** Continues from what `save` returned, bit for bit. */
  load(saved: Saved): void
}
