/**
 * What a bank is: a group of experts that gives one opinion, a distribution over a task's classes, and learns from labels
 * on its own likelihood. The learner asks every bank in the same way and never which kind it is. The law-suite
 * `test/bank/bank.laws.ts` holds every bank to what is written here.
 */
import type { Carry } from '../numeric/carry.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Sparse } from '../numeric/sparse.ts'

/** A record as banks may see it. */
export interface Input {
  /** Its number among the examples learned, by which a correction finds it again; −1 of one that is not being learned. */
  readonly serial: number
  /** Place of its domain in the order of appearance. */
  readonly domain: number
  /** By the encoder of all domains. */
  readonly pooled: Sparse
  /** By the encoder of its own domain, whose rows are the same but stand for the domain's own quantiles. */
  readonly own: Sparse
  /** What other tasks say of it, for a bank that hears them: see `chained.ts`. Empty where none does. */
  readonly others: Sparse
  /** Its features in column slots, NaN for missing. Never changed. */
  readonly raw: readonly number[]
}

/** Whose knots moved: all domains' encoder, or that of one domain. */
export type Encoding = 'pooled' | number

/** Shows the examples of a domain that are remembered, an input valid until the next; none where nothing is. */
export type FirstExamples = (domain: number, visit: (input: Input, y: number) => void) => void

export interface Bank {
  readonly name: string

  /**
   * Writes the distribution over the classes known so far into `q` (C): finite, positive or zero, summing to one within
   * float32. False where the bank has nothing to say yet of such an input; `q` is then left alone. Changes nothing that is
   * saved.
   */
  opinion(input: Input, q: Float32Array): boolean

  /** How the last opinion was shared among the experts, (K), summing to one. Valid until the next call. */
  shares(): Float32Array

  /** One step on an example of class `y` with weight `w`. `fresh` is false for a replayed one, which no statistic counts. */
  learn(input: Input, y: number, w: number, fresh: boolean): void

  /** The example `serial` was of class `after`, of weight `w`, all along: a bank that keeps examples keeps it so from now on. */
  correct(serial: number, after: number, w: number): void

  /** A class appeared: it gets the next index. */
  addClass(): void

  /** Whether the numbers behind its last opinion were finite. Where they were not it is past mending, and is to be made anew. */
  sound(): boolean

  /**
   * A domain has labels enough for weights of its own, where the bank has such. `first` shows them, for a bank that chooses by
   * them where those weights start.
   */
  admit(domain: number, first?: FirstExamples): void

  /** An encoder moved its knots: the learned function must not jump. */
  carry(encoding: Encoding, moves: readonly Carry[]): void

  /**
   * The concept of a domain has drifted, and `seen` of its examples are of the new one: rates rise, and a bank that keeps
   * examples hears older ones less.
   */
  renew(domain: number, seen: number): void

  /** Multiplications of one opinion on `inputs` active inputs: what the bank costs. */
  cost(inputs: number): number

  /** Bytes of what it has learned. */
  readonly bytes: number

  /** Gives its memory back to the kernel; it must not be used any more. */
  release(): void

  save(): Saved
  /** Continues from what `save` returned, bit for bit. */
  load(saved: Saved): void
}
