/**
 * A bank that is a softmax gate over K multinomial logistic experts, all reading the same sparse vector. Its weights are a
 * span of columns of a row block: the gate's K columns, then K columns a class.
 */
import type { Carry } from '../numeric/carry.ts'
import { log } from '../numeric/exp-log.ts'
import { hashNormal } from '../numeric/random.ts'
import type { RowBlock, Span } from '../numeric/row-block.ts'
import { gather, update } from '../numeric/rows.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Sparse } from '../numeric/sparse.ts'
import type { Bank } from './bank.ts'
import { expertGradient, experts, type GatePenalties, gateGradient, gatePenalties, mix, responsibility, softmax } from './mixture.ts'

const f = Math.fround

/** What a mixture bank is like. */
export interface Temperament {
  /** K: number of experts. */
  readonly experts: number
  /** η: step size. */
  readonly rate: number
  /** λ: decay of touched expert weights towards zero. */
  readonly decay: number
  /** ρ: how much of the squared gradients is kept a step. */
  readonly forgetting: number
  readonly gate: GatePenalties & { /** L2 penalty of the gate's weights. */ readonly l2: number }
}

/** Spread of the gate's first weights over √D for D active inputs; the bias's is undivided. It breaks the symmetry of the experts. */
const GATE_SPREAD = 0.3
/** The same of the experts: small, so that at the start the bank has no opinion. */
const EXPERT_SPREAD = 0.09
/**
 * A class that appears after n examples starts at logit −.35 ln(1 + n), at least −4: somewhat above its prior odds as the
 * square root of the rare-class weight tempers them (−½ ln). The slope was chosen on steel_plates over nine seeds, where 0,
 * ¼ and ½ were .7, .3 and .4 points of κ worse; on the other streams the three are alike.
 */
const NEW_CLASS_SLOPE = -0.35
const LEAST_NEW_CLASS_LOGIT = -4
/** Rate of the running mean of the gate that the load floor looks at: about the last 1,000 examples. */
const LOAD_RATE = 0.001
const BIAS_ROW = 0

export class MixtureBank implements Bank {
  readonly name: string
  readonly K: number
  /** C: classes known. */
  C = 0
  /** Running mean of the gate, (K). */
  readonly meanGate: Float64Array
  /** Experts' opinions of the last call of `opinion` or `learn`, (C, K). */
  P = new Float32Array(0)
  /** Gate and responsibilities of the last call, (K). */
  readonly g: Float32Array
  readonly r: Float32Array

  readonly #block: RowBlock
  readonly #span: Span
  readonly #temperament: Temperament
  readonly #top: Float32Array
  readonly #sum: Float32Array
  #z = new Float32Array(0)
  #delta = new Float32Array(0)
  #q = new Float32Array(0)
  #inputs = 1
  #learned = 0
  #seen: { x: Sparse; stamp: number } | null = null

  /** `inputs` is D, the number of inputs active at the start, which scales the first weights. */
  constructor(name: string, block: RowBlock, temperament: Temperament, seed: number, inputs: number) {
    this.name = name
    this.K = temperament.experts
    this.#temperament = temperament
    this.#block = block
    this.#inputs = inputs
    this.meanGate = new Float64Array(this.K).fill(1 / this.K)
    this.g = new Float32Array(this.K)
    this.r = new Float32Array(this.K)
    this.#top = new Float32Array(this.K)
    this.#sum = new Float32Array(this.K)
    this.#span = block.reserve(this.K, (row, column) => this.#initial(seed, row, column))
  }

  opinion(x: Sparse, q: Float32Array): void {
    this.#forward(x)
    for (let c = 0; c < this.C; c++) q[c] = this.#q[c]!
  }

  shares(): Float32Array {
    return this.g
  }

  learn(x: Sparse, y: number, w: number, fresh: boolean): void {
    const { K, C, g, r, P } = this
    const { rate, decay, forgetting, gate } = this.#temperament
    if (this.#seen?.x !== x || this.#seen.stamp !== x.stamp) this.#forward(x)
    this.#seen = null
    const delta = this.#delta
    responsibility(g, P, this.#q, y, r)
    gateGradient(g, r, f(w), delta)
    gatePenalties(this.#z, g, this.meanGate, gate, delta)
    expertGradient(P, r, y, f(w), C, delta)
    if (fresh) this.#learned++
    if (fresh) for (let k = 0; k < K; k++) this.meanGate[k]! += LOAD_RATE * (g[k]! - this.meanGate[k]!)
    const { W, S, stride } = this.#block
    const { from } = this.#span
    if (gate.l2 === decay) {
      update(W, S, stride, from, from + (1 + C) * K, x, delta, { rate, decay, forgetting })
    } else {
      update(W, S, stride, from, from + K, x, delta, { rate, decay: gate.l2, forgetting })
      update(W, S, stride, from + K, from + (1 + C) * K, x, delta.subarray(K), { rate, decay, forgetting })
    }
  }

  addClass(): void {
    this.C++
    this.#seen = null
    if ((1 + this.C) * this.K > this.#span.width) this.#block.widen(this.#span, (1 + Math.max(2, this.C * 2)) * this.K)
    if (this.C > 1) this.#startClass(this.C - 1)
    this.#makeRoom()
  }

  carry(moves: readonly Carry[]): void {
    const { W, S, stride } = this.#block
    const { from, width } = this.#span
    for (const { row, from: lower, t } of moves) {
      const moved = new Float32Array(lower.length * width)
      for (const M of [W, S]) {
        for (let j = 0; j < lower.length; j++) {
          const a = (row + lower[j]!) * stride + from
          const high = t[j]!
          const low = f(1 - high)
          for (let c = 0; c < width; c++) {
            moved[j * width + c] = high === 0 ? M[a + c]! : f(f(low * M[a + c]!) + f(high * M[a + stride + c]!))
          }
        }
        for (let j = 0; j < lower.length; j++) M.set(moved.subarray(j * width, (j + 1) * width), (row + j) * stride + from)
      }
    }
    this.#seen = null
  }

  cost(inputs: number): number {
    return inputs * (1 + this.C) * this.K
  }

  /** Bytes of its weights and their sums of squares. */
  get bytes(): number {
    return this.#block.rows * this.#span.width * 8
  }

  save(): Saved {
    return { C: this.C, inputs: this.#inputs, learned: this.#learned, meanGate: this.meanGate.slice() }
  }

  load(saved: Saved): void {
    const { C, inputs, learned, meanGate } = saved as { C: number; inputs: number; learned: number; meanGate: Float64Array }
    this.#inputs = inputs
    this.#learned = learned
    this.C = C
    this.meanGate.set(meanGate)
    this.#makeRoom()
    this.#seen = null
  }

  #forward(x: Sparse): void {
    const { K, C } = this
    const { W, stride } = this.#block
    const { from } = this.#span
    gather(W, stride, from, from + (1 + C) * K, x, this.#z)
    softmax(this.#z, 0, K, this.g)
    experts(this.#z, K, C, this.P, this.#top, this.#sum)
    mix(this.g, this.P, C, this.#q)
    this.#seen = { x, stamp: x.stamp }
  }

  /** Zero weights but for the bias. */
  #startClass(c: number): void {
    const { W, S, stride } = this.#block
    const logit = f(Math.max(LEAST_NEW_CLASS_LOGIT, NEW_CLASS_SLOPE * log(1 + this.#learned)))
    const at = BIAS_ROW * stride + this.#span.from + (1 + c) * this.K
    W.fill(logit, at, at + this.K)
    S.fill(0, at, at + this.K)
  }

  #makeRoom(): void {
    const { K, C } = this
    this.#z = new Float32Array((1 + C) * K)
    this.#delta = new Float32Array((1 + C) * K)
    this.P = new Float32Array(C * K)
    this.#q = new Float32Array(C)
  }

  #initial(seed: number, row: number, column: number): number {
    if (column >= 2 * this.K) return 0
    const spread = column < this.K ? GATE_SPREAD : EXPERT_SPREAD
    return f((spread / (row === BIAS_ROW ? 1 : Math.sqrt(this.#inputs))) * hashNormal(seed, row, column))
  }
}
