/**
 * A linear map from a record to logits: rows of weights for its active inputs. `Plain` has one block of weights;
 * `Residual` has one that all domains share and one of each domain's own, and the logits are the sum of both.
 *
 * Shapes: `width` outputs are in use; blocks may be wider. Rows follow the columns of the encoding as they grow.
 */
import type { Carry } from '../numeric/carry.ts'
import type { Kernel, Pace } from '../numeric/kernel.ts'
import { RowBlock, type Span } from '../numeric/row-block.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Sparse } from '../numeric/sparse.ts'
import type { Encoding, Input } from './bank.ts'

/** The first weight of a row and a column, from nothing but the two, so that order of appearance is free. */
export type Initial = (row: number, column: number) => number

/** Where rows come from: the columns of an encoding, of which only the number of rows is asked. */
export interface Rows {
  readonly rows: number
}

/** Which vector of a record a map reads. */
export type View = (input: Input) => Sparse

export const pooled: View = input => input.pooled
export const own: View = input => input.own

/** The active experts of a step: groups of four, and how many of `groups` count. Null for all. */
export interface Active {
  readonly groups: Int32Array
  count: number
  /** Room for the kernel. */
  places: Int32Array
}

export interface Linear {
  readonly width: number
  /** Logits of the first `width` outputs. */
  gather(input: Input, out: Float32Array): void
  /** One step against the gradient `delta` (width). */
  update(input: Input, delta: Float32Array, pace: Pace): void
  /** The same for outputs that lie as (C, K), of the active groups of experts only. */
  updateActive(input: Input, delta: Float32Array, pace: Pace, K: number, active: Active): void
  /** Makes at least `width` outputs. */
  widen(width: number): void
  /** Sets the bias of outputs `from` to `to` and forgets what was learned of them. */
  startBias(from: number, to: number, value: number): void
  /** A domain gets weights of its own, where the map has such. */
  admit(domain: number): void
  carry(encoding: Encoding, moves: readonly Carry[]): void
  /** Keeps this part of the squared gradients, so that rates rise by 1/√kept. */
  quicken(kept: number): void
  readonly bytes: number
  /** Gives its memory back; it must not be used any more. */
  release(): void
  save(): Saved
  load(saved: Saved): void
}

const BIAS_ROW = 0
const f = Math.fround

export class Plain implements Linear {
  width = 0
  readonly #kernel: Kernel
  readonly #rows: Rows
  readonly #view: View
  readonly #follows: Encoding | null
  readonly #block: RowBlock
  readonly #span: Span

  /** `follows` is the encoding whose knots these weights stand for; null where they stand for quantiles whatever their place. */
  constructor(kernel: Kernel, rows: Rows, view: View, follows: Encoding | null, initial: Initial) {
    this.#kernel = kernel
    this.#rows = rows
    this.#view = view
    this.#follows = follows
    this.#block = new RowBlock(kernel)
    this.#span = this.#block.reserve(0, initial)
  }

  gather(input: Input, out: Float32Array): void {
    this.#gather(input, out, false)
  }

  /** Adds its logits to those in `out`. */
  addTo(input: Input, out: Float32Array): void {
    this.#gather(input, out, true)
  }

  update(input: Input, delta: Float32Array, pace: Pace): void {
    this.#extend()
    const { W, S, stride } = this.#block
    this.#kernel.update(W, S, stride, 0, this.width, this.#view(input), delta, pace)
  }

  updateActive(input: Input, delta: Float32Array, pace: Pace, K: number, { groups, count, places }: Active): void {
    this.#extend()
    const { W, S, stride } = this.#block
    this.#kernel.updateGroups(W, S, stride, 0, K, this.width / K, this.#view(input), delta, pace, groups, count, places)
  }

  widen(width: number): void {
    this.width = width
    if (width > this.#span.width) this.#block.widen(this.#span, this.#span.width === 0 ? width : Math.max(width, this.#span.width * 2))
  }

  startBias(from: number, to: number, value: number): void {
    this.#extend()
    const { W, S, stride } = this.#block
    W.fill(value, BIAS_ROW * stride + from, BIAS_ROW * stride + to)
    S.fill(0, BIAS_ROW * stride + from, BIAS_ROW * stride + to)
  }

  admit(): void {}

  carry(encoding: Encoding, moves: readonly Carry[]): void {
    if (encoding !== this.#follows) return
    this.#extend()
    const { W, S, stride } = this.#block
    for (const { row, from: lower, t } of moves) {
      const moved = new Float32Array(lower.length * stride)
      for (const M of [W, S]) {
        for (let j = 0; j < lower.length; j++) {
          const a = (row + lower[j]!) * stride
          const high = t[j]!
          const low = f(1 - high)
          for (let c = 0; c < stride; c++) {
            moved[j * stride + c] = high === 0 ? M[a + c]! : f(f(low * M[a + c]!) + f(high * M[a + stride + c]!))
          }
        }
        M.set(moved, row * stride)
      }
    }
  }

  quicken(kept: number): void {
    const { S, stride, rows } = this.#block
    for (let i = 0; i < rows * stride; i++) S[i] = S[i]! * kept
  }

  get bytes(): number {
    return this.#block.bytes
  }

  release(): void {
    this.#block.release()
  }

  save(): Saved {
    this.#extend()
    return { width: this.width, block: this.#block.save() }
  }

  load(saved: Saved): void {
    const { width, block } = saved as { width: number; block: Saved }
    this.#block.load(block)
    this.width = width
  }

  #gather(input: Input, out: Float32Array, add: boolean): void {
    this.#extend()
    this.#kernel.gather(this.#block.W, this.#block.stride, 0, this.width, this.#view(input), out, add)
  }

  /** Rows appear when an encoding does: saved states hold them all, so that asking changes no byte. */
  #extend(): void {
    if (this.#rows.rows > this.#block.rows) this.#block.extend(this.#rows.rows)
  }
}

/**
 * A + B_d on a domain's own encoding: A, shared, lives in the space of quantile indices and does not move with anyone's
 * knots; B_d starts at 0 and stands for the knots of domain d.
 */
export class Residual implements Linear {
  readonly #make: (follows: Encoding | null, initial: Initial) => Plain
  readonly #shared: Plain
  readonly #own = new Map<number, Plain>()

  constructor(kernel: Kernel, rows: Rows, view: View, initial: Initial) {
    this.#make = (follows, first) => new Plain(kernel, rows, view, follows, first)
    this.#shared = this.#make(null, initial)
  }

  get width(): number {
    return this.#shared.width
  }

  gather(input: Input, out: Float32Array): void {
    this.#shared.gather(input, out)
    this.#own.get(input.domain)?.addTo(input, out)
  }

  update(input: Input, delta: Float32Array, pace: Pace): void {
    this.#shared.update(input, delta, pace)
    this.#own.get(input.domain)?.update(input, delta, pace)
  }

  updateActive(input: Input, delta: Float32Array, pace: Pace, K: number, active: Active): void {
    this.#shared.updateActive(input, delta, pace, K, active)
    this.#own.get(input.domain)?.updateActive(input, delta, pace, K, active)
  }

  widen(width: number): void {
    this.#shared.widen(width)
    for (const each of this.#own.values()) each.widen(width)
  }

  /** Only of the shared part: the others start at 0. */
  startBias(from: number, to: number, value: number): void {
    this.#shared.startBias(from, to, value)
    for (const each of this.#own.values()) each.startBias(from, to, 0)
  }

  admit(domain: number): void {
    if (this.#own.has(domain)) return
    const added = this.#make(domain, () => 0)
    added.widen(this.width)
    this.#own.set(domain, added)
  }

  carry(encoding: Encoding, moves: readonly Carry[]): void {
    for (const each of this.#own.values()) each.carry(encoding, moves)
  }

  quicken(kept: number): void {
    for (const each of [this.#shared, ...this.#own.values()]) each.quicken(kept)
  }

  get bytes(): number {
    let { bytes } = this.#shared
    for (const each of this.#own.values()) bytes += each.bytes
    return bytes
  }

  release(): void {
    for (const each of [this.#shared, ...this.#own.values()]) each.release()
  }

  save(): Saved {
    return { shared: this.#shared.save(), own: [...this.#own].map(([domain, each]) => [domain, each.save()]) }
  }

  load(saved: Saved): void {
    const { shared, own } = saved as { shared: Saved; own: [number, Saved][] }
    this.#shared.load(shared)
    for (const [domain, each] of own) {
      this.admit(domain)
      this.#own.get(domain)!.load(each)
    }
  }
}
