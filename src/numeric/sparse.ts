/**
 * A short sparse vector: the active inputs of one record. Buffers are reused, so an encoder writes and a bank reads
 * without allocating; `stamp` changes at every refill, which lets a reader know that it has seen this content.
 */

export class Sparse {
  /** Rows that are active, in the order they were pushed; each at most once. */
  index = new Int32Array(64)
  /** Their values. */
  value = new Float32Array(64)
  /** How many are active. */
  n = 0
  stamp = 0

  clear(): void {
    this.n = 0
    this.stamp++
  }

  push(index: number, value: number): void {
    if (this.n === this.index.length) {
      const wider = new Int32Array(this.n * 2)
      wider.set(this.index)
      this.index = wider
      const values = new Float32Array(this.n * 2)
      values.set(this.value)
      this.value = values
    }
    this.index[this.n] = index
    this.value[this.n++] = value
  }
}
