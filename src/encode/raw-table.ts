/**
 * Records in column slots, each once: memories and reservoirs hold the same records, so a saved state names them by their
 * place in one table, and after loading they are shared again.
 */
import type { Saved } from '../numeric/saved.ts'
import type { Raw } from './columns.ts'

export class RawTable {
  readonly #raws: Raw[] = []
  readonly #places = new Map<Raw, number>()

  /** The place of a record, by identity, in order of first mention. */
  index(raw: Raw): number {
    const known = this.#places.get(raw)
    if (known !== undefined) return known
    this.#places.set(raw, this.#raws.length)
    return this.#raws.push(raw) - 1
  }

  at(index: number): Raw {
    return this.#raws[index]!
  }

  /** As one matrix, (records, width or at least 1); a slot that a record lacks is missing. */
  save(width: number): Saved {
    const stride = Math.max(width, 1) // without columns the number of records must still be told
    const all = new Float64Array(this.#raws.length * stride).fill(Number.NaN)
    this.#raws.forEach((raw, i) => {
      all.set(raw, i * stride)
    })
    return all
  }

  static load(saved: Saved, width: number): RawTable {
    const all = saved as Float64Array
    const stride = Math.max(width, 1)
    const table = new RawTable()
    for (let i = 0; i < all.length / stride; i++) table.index(Array.from(all.subarray(i * stride, i * stride + width)))
    return table
  }
}
