/**
 * A bank that is a softmax gate over K multinomial logistic experts. What it reads and whose weights it sums is the affair
 * of its linear maps: the same bank is a task's, a domain's residual or a domain's own.
 */
import type { Carry } from '../numeric/carry.ts'
import { log } from '../numeric/exp-log.ts'
import type { Kernel, Pace } from '../numeric/kernel.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Bank, Encoding, Input } from './bank.ts'
import type { Gate } from './gate.ts'
import type { Active, Linear } from './linear.ts'
import { activeGroups } from './mixture.ts'
import { blameEvenly, evenness, WARM_UP } from './warm-up.ts'

const f = Math.fround

/**
 * A class that appears after n examples starts at logit −.35 ln(1 + n), at least −4: somewhat above its prior odds as the
 * square root of the rare-class weight tempers them (−½ ln). The slope was chosen on steel_plates over nine seeds, where 0,
 * ¼ and ½ were .7, .3 and .4 points of κ worse; on the other streams the three are alike.
 */
const NEW_CLASS_SLOPE = -0.35
const LEAST_NEW_CLASS_LOGIT = -4

/** Part of the squared gradients that is kept of a concept that has drifted: rates rise by 1.8. */
const RENEWED = 0.3

export interface MixtureOptions extends Pace {
  /** Experts whose responsibility is below this are not touched in a step; 0 touches all. */
  readonly sparse: number
  /** Whether its experts first learn the same and then part. */
  readonly warm?: boolean
}

/** Whoever has a mixture, or is one: what is watched of experts. */
export interface Mixed extends Bank {
  readonly mixture: MixtureBank
}

export class MixtureBank implements Bank, Mixed {
  readonly name: string
  readonly gate: Gate
  /** C: classes known. */
  C = 0
  /** Experts' opinions of the last record, (C, K). */
  P: Float32Array = new Float32Array(0)
  /** Responsibilities of the last step, (K). */
  readonly r: Float32Array

  readonly #kernel: Kernel
  readonly #head: Linear
  readonly #ownsGate: boolean
  readonly #options: MixtureOptions
  readonly #active: Active
  #z: Float32Array = new Float32Array(0)
  #delta: Float32Array = new Float32Array(0)
  #q: Float32Array = new Float32Array(0)
  #learned = 0
  /** Fresh examples until its experts are to blame for their own. */
  readonly #warm: number
  #input: Input | null = null
  #stamps = [0, 0, 0, 0]

  /** `ownsGate` is false where the gate is shared and saved by another. */
  constructor(name: string, kernel: Kernel, gate: Gate, head: Linear, options: MixtureOptions, ownsGate = true) {
    this.name = name
    this.gate = gate
    this.r = kernel.floats(gate.K)
    this.#kernel = kernel
    this.#head = head
    this.#options = options
    this.#ownsGate = ownsGate
    this.#warm = options.warm === true ? WARM_UP : 0
    this.#active = { groups: kernel.ints(Math.ceil(gate.K / 4)), count: 0, places: kernel.ints(0) }
  }

  get K(): number {
    return this.gate.K
  }

  get mixture(): MixtureBank {
    return this
  }

  /** Fresh examples learned. */
  get learned(): number {
    return this.#learned
  }

  opinion(input: Input, q: Float32Array): boolean {
    if (this.C === 0) return false
    this.#forward(input)
    for (let c = 0; c < this.C; c++) q[c] = this.#q[c]!
    return true
  }

  shares(): Float32Array {
    return this.gate.g
  }

  learn(input: Input, y: number, w: number, fresh: boolean): void {
    const { K, C, gate, r, P } = this
    if (!this.#isLast(input)) this.#forward(input)
    this.#input = null
    this.#kernel.blame(gate.g, P, this.#q, y, w, K, C, r, gate.delta, this.#delta)
    if (this.#learned < this.#warm) blameEvenly(evenness(this.#learned), gate.g, P, y, w, r, gate.delta, this.#delta)
    if (fresh) this.#learned++
    gate.learn(input, fresh)
    if (this.#options.sparse > 0 && K % 4 === 0) {
      activeGroups(r, this.#options.sparse, this.#active)
      this.#head.updateActive(input, this.#delta, this.#options, K, this.#active)
    } else this.#head.update(input, this.#delta, this.#options)
  }

  correct(): void {}

  addClass(): void {
    this.C++
    this.#input = null
    const { K, C } = this
    this.#head.widen(C * K)
    if (C > 1) this.#head.startBias((C - 1) * K, C * K, f(Math.max(LEAST_NEW_CLASS_LOGIT, NEW_CLASS_SLOPE * log(1 + this.#learned))))
    this.#makeRoom()
  }

  /** A domain gets weights of its own. */
  admit(domain: number): void {
    this.gate.admit(domain)
    this.#head.admit(domain)
    this.#input = null
  }

  carry(encoding: Encoding, moves: readonly Carry[]): void {
    if (this.#ownsGate) this.gate.carry(encoding, moves)
    this.#head.carry(encoding, moves)
    this.#input = null
  }

  cost(inputs: number): number {
    return inputs * (1 + this.C) * this.K
  }

  get bytes(): number {
    return this.#head.bytes + (this.#ownsGate ? this.gate.bytes : 0)
  }

  /** A logit that is not finite times 0 is no number. */
  sound(): boolean {
    return sound(this.gate.z) && sound(this.#z)
  }

  release(): void {
    this.#head.release()
    if (this.#ownsGate) this.gate.release()
    for (const array of [this.r, this.#active.groups, this.#active.places, this.#z, this.#delta, this.P, this.#q])
      if (array.length > 0) this.#kernel.release(array)
  }

  /** The weights that answer in the domain, where it has such, and those of all. */
  renew(): void {
    this.#head.quicken(RENEWED)
    if (this.#ownsGate) this.gate.quicken(RENEWED)
  }

  /** Starts as a copy of another of the same shape, with this part of its squared gradients. */
  startFrom(other: MixtureBank, kept: number): void {
    this.load(other.save())
    this.#head.quicken(kept)
    this.gate.quicken(kept)
  }

  save(): Saved {
    return { C: this.C, learned: this.#learned, gate: this.#ownsGate ? this.gate.save() : null, head: this.#head.save() }
  }

  load(saved: Saved): void {
    const { C, learned, gate, head } = saved as { C: number; learned: number; gate: Saved; head: Saved }
    this.#learned = learned
    this.C = C
    if (this.#ownsGate) this.gate.load(gate)
    this.#head.load(head)
    this.#makeRoom()
    this.#input = null
  }

  #forward(input: Input): void {
    const { K, C, gate } = this
    gate.gather(input)
    this.#head.gather(input, this.#z)
    this.#kernel.forward(gate.z, this.#z, K, C, gate.g, this.P, this.#q)
    this.#input = input
    this.#stamps[0] = input.pooled.stamp
    this.#stamps[1] = input.own.stamp
    this.#stamps[2] = gate.version
    this.#stamps[3] = input.others.stamp
  }

  #isLast(input: Input): boolean {
    const [pooled, own, version, others] = this.#stamps
    if (this.#input !== input || this.gate.asked !== input || this.gate.version !== version) return false
    return input.pooled.stamp === pooled && input.own.stamp === own && input.others.stamp === others
  }

  #makeRoom(): void {
    const { K, C } = this
    for (const array of [this.#z, this.#delta, this.P, this.#q]) if (array.length > 0) this.#kernel.release(array)
    this.#z = this.#kernel.floats(C * K)
    this.#delta = this.#kernel.floats(C * K)
    this.P = this.#kernel.floats(C * K)
    this.#q = this.#kernel.floats(C)
    if (this.#options.sparse === 0) return
    if (this.#active.places.length > 0) this.#kernel.release(this.#active.places)
    this.#active.places = this.#kernel.ints(C * Math.ceil(K / 4))
  }
}

/** Whether every number is finite: 0 · x is 0 of those alone. In four sums, as each waits for the one before it. */
function sound(all: Float32Array): boolean {
  let [a, b, c, d] = [0, 0, 0, 0]
  let i = 0
  for (; i + 4 <= all.length; i += 4) {
    a += all[i]! * 0
    b += all[i + 1]! * 0
    c += all[i + 2]! * 0
    d += all[i + 3]! * 0
  }
  for (; i < all.length; i++) a += all[i]! * 0
  return a + b + c + d === 0
}
