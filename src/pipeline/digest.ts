/**
 * A fingerprint of a topic that does not depend on where its records stand, only on what they are and on their order
 * within a key. So a copy with other partitions and offsets has the same one.
 *
 *     h(k, 0) = 32 zero bytes         h(k, i) = SHA-256(h(k, i − 1) ‖ value of the i-th record of key k)
 *     n       = Σ SHA-256(value) over records without a key, modulo 2²⁵⁶
 *     digest  = SHA-256(n ‖ for each key in the order of its UTF-8 bytes: its length (u32), the key, h)
 *
 * Keeps 32 bytes a key.
 */
import { createHash } from 'node:crypto'

const BYTES = 32
const MASK = (1n << 256n) - 1n

export class Digest {
  readonly #keys = new Map<string, Buffer>()
  #keyless = 0n
  #records = 0

  get records(): number {
    return this.#records
  }

  add({ key, value }: { readonly key: string | null; readonly value: Uint8Array }): void {
    this.#records++
    if (key === null) this.#keyless = (this.#keyless + BigInt(`0x${createHash('sha256').update(value).digest('hex')}`)) & MASK
    else {
      const before = this.#keys.get(key) ?? Buffer.alloc(BYTES)
      this.#keys.set(key, createHash('sha256').update(before).update(value).digest())
    }
  }

  /** Hexadecimal. */
  sum(): string {
    const hash = createHash('sha256').update(Buffer.from(this.#keyless.toString(16).padStart(2 * BYTES, '0'), 'hex'))
    const keys = [...this.#keys].map(([key, chain]) => ({ key: Buffer.from(key), chain })).sort((a, b) => Buffer.compare(a.key, b.key))
    for (const { key, chain } of keys) {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(key.length)
      hash.update(length).update(key).update(chain)
    }
    return hash.digest('hex')
  }
}
