/**
 * The weights of every bank that reads one encoding: banks side by side in columns, inputs in rows. A bank asks for a
 * span of columns and may widen it; the encoder asks for rows as inputs appear. Both grow by doubling, and a weight keeps
 * its value when its block moves.
 */
import type { Kernel } from './kernel.ts'
import { plainKernel } from './plain-kernel.ts'
import type { Saved } from './saved.ts'

/** Columns of one bank. `from` and `width` change when a neighbour grows: read them at every use. */
export interface Span {
  from: number
  width: number
  /** First weight of a row and a column of the span, from nothing but the two, so that order of appearance is free. */
  readonly initial: (row: number, column: number) => number
}

/** The same tree without the squared gradients of its blocks, which only learning needs. */
export function withoutSquares(saved: Saved): Saved {
  if (saved === null || typeof saved !== 'object' || ArrayBuffer.isView(saved)) return saved
  if (Array.isArray(saved)) return saved.map(withoutSquares)
  return Object.fromEntries(Object.entries(saved).flatMap(([key, value]) => (key === 'S' ? [] : [[key, withoutSquares(value)]])))
}

/** Columns come in fours, the lanes of a 128-bit vector. */
const LANES = 4

export class RowBlock {
  W: Float32Array = new Float32Array(0)
  /** Forgetting sums of squared gradients, beside their weights. */
  S: Float32Array = new Float32Array(0)
  stride = 0
  rows = 0
  readonly #spans: Span[] = []
  readonly #kernel: Kernel
  #capacity = 0

  constructor(kernel: Kernel = plainKernel()) {
    this.#kernel = kernel
  }

  /** A span of `width` columns, filled with its initial weights. */
  reserve(width: number, initial: (row: number, column: number) => number): Span {
    const span = { from: this.stride, width: 0, initial }
    this.#spans.push(span)
    this.widen(span, width)
    return span
  }

  /** Makes a span at least `width` columns wide; new columns get their initial weights. */
  widen(span: Span, width: number): void {
    const wide = Math.ceil(width / LANES) * LANES
    if (wide <= span.width) return
    const grown = wide - span.width
    const stride = this.stride + grown
    const split = span.from + span.width
    this.#resize(this.#capacity, stride, split, grown)
    for (const other of this.#spans) if (other !== span && other.from >= split) other.from += grown
    const first = span.width
    span.width = wide
    for (let row = 0; row < this.rows; row++) this.#fill(span, row, first)
  }

  /** Makes rows up to `rows` exist, with the initial weights of every span. */
  extend(rows: number): void {
    if (rows <= this.rows) return
    if (rows > this.#capacity) this.#resize(Math.max(64, rows, this.#capacity * 2), this.stride, this.stride, 0)
    const first = this.rows
    this.rows = rows
    for (let row = first; row < rows; row++) for (const span of this.#spans) this.#fill(span, row, 0)
  }

  get bytes(): number {
    return this.rows * this.stride * 8
  }

  /** Gives its memory back to the kernel; it must not be used any more. */
  release(): void {
    for (const array of [this.W, this.S]) if (array.length > 0) this.#kernel.release(array)
  }

  save(): Saved {
    const used = this.rows * this.stride
    return { rows: this.rows, widths: this.#spans.map(s => s.width), W: this.W.slice(0, used), S: this.S.slice(0, used) }
  }

  /** Fills a block whose spans were reserved in the same order as when it was saved. */
  load(saved: Saved): void {
    const { rows, widths, W, S } = saved as { rows: number; widths: number[]; W: Float32Array; S?: Float32Array }
    this.#spans.forEach((span, i) => {
      this.widen(span, widths[i]!)
    })
    // Not by `extend`: first weights are dear to make, and none of them would stay.
    this.#resize(Math.max(64, rows), this.stride, this.stride, 0)
    this.rows = rows
    this.W.set(W)
    if (S !== undefined) this.S.set(S)
  }

  #fill(span: Span, row: number, first: number): void {
    for (let j = first; j < span.width; j++) {
      this.W[row * this.stride + span.from + j] = span.initial(row, j)
      this.S[row * this.stride + span.from + j] = 0
    }
  }

  #resize(capacity: number, stride: number, split: number, grown: number): void {
    const W = this.#kernel.floats(capacity * stride)
    const S = this.#kernel.floats(capacity * stride)
    for (let row = 0; row < this.rows; row++) {
      const from = row * this.stride
      const to = row * stride
      W.set(this.W.subarray(from, from + split), to)
      S.set(this.S.subarray(from, from + split), to)
      W.set(this.W.subarray(from + split, from + this.stride), to + split + grown)
      S.set(this.S.subarray(from + split, from + this.stride), to + split + grown)
    }
    for (const outgrown of [this.W, this.S]) if (outgrown.length > 0) this.#kernel.release(outgrown)
    this.W = W
    this.S = S
    this.stride = stride
    this.#capacity = capacity
  }
}
