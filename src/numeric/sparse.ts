/**
 * A short sparse vector: the active inputs of one record. Buffers are reused, so an encoder writes and a bank reads
 * without allocating; `stamp` changes at every refill, which lets a reader know that it has seen this content.
 */
import type { Kernel } from './kernel.ts'
import { plainKernel } from './plain-kernel.ts'

/** Active inputs a vector has room for at first. */
const ROOM = 64

export class Sparse {
  /** Rows that are active, in the order they were pushed; each at most once. */
  index: Int32Array
  /** Their values. */
  value: Float32Array
  /** How many are active. */
  n = 0
  stamp = 0
  readonly #kernel: Kernel

  constructor(kernel: Kernel = plainKernel()) {
    this.#kernel = kernel
    this.index = kernel.ints(ROOM)
    this.value = kernel.floats(ROOM)
  }

  clear(): void {
    this.n = 0
    this.stamp++
  }

  push(index: number, value: number): void {
    if (this.n === this.index.length) this.#widen()
    this.index[this.n] = index
    this.value[this.n++] = value
  }

  #widen(): void {
    const index = this.#kernel.ints(this.n * 2)
    const value = this.#kernel.floats(this.n * 2)
    index.set(this.index)
    value.set(this.value)
    this.#kernel.release(this.index)
    this.#kernel.release(this.value)
    this.index = index
    this.value = value
  }
}
