/**
 * Which partition a key belongs to. The same key goes to the same partition as with Kafka's Java client, so that a
 * line keeps its order when it moves from one log to another.
 */

const SEED = 0x9747b28c | 0
const M = 0x5bd1e995

/**
 * murmur2 of `bytes` as Kafka's Java client computes it: a signed 32-bit integer.
 *
 * Source: Appleby's MurmurHash2 with Kafka's seed, `org.apache.kafka.common.utils.Utils.murmur2`.
 *
 * @example
 * ```ts
 * import { murmur2 } from '../src/pipeline/partition.ts'
 * murmur2(new TextEncoder().encode('foobar')) // => -790332482
 * ```
 */
export function murmur2(bytes: Uint8Array): number {
  const n = bytes.length
  const words = n & ~3
  let h = SEED ^ n
  for (let i = 0; i < words; i += 4) {
    let k = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    k = Math.imul(k, M)
    k ^= k >>> 24
    k = Math.imul(k, M)
    h = Math.imul(h, M) ^ k
  }
  const rest = n - words
  if (rest === 3) h ^= bytes[words + 2]! << 16
  if (rest >= 2) h ^= bytes[words + 1]! << 8
  if (rest >= 1) h = Math.imul(h ^ bytes[words]!, M)
  h ^= h >>> 13
  h = Math.imul(h, M)
  return h ^ (h >>> 15)
}

const utf8 = new TextEncoder()

/**
 * The partition of `key` among `count`, from 0. The sign bit is dropped, as Kafka's `toPositive` does, not negated.
 *
 * @example
 * ```ts
 * import { partitionOf } from '../src/pipeline/partition.ts'
 * partitionOf('foobar', 6) // => 0
 * ```
 */
export function partitionOf(key: string, count: number): number {
  return count === 1 ? 0 : (murmur2(utf8.encode(key)) & 0x7fffffff) % count
}
