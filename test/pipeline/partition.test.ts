import { describe, expect, test } from 'vitest'
import { murmur2, partitionOf } from '../../src/pipeline/partition.ts'

// The vectors of Apache Kafka's UtilsTest.testMurmur2.
const vectors: readonly (readonly [string, number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107]
]

describe('partitioning', () => {
  test.each(vectors)("murmur2 of %s is what Kafka's own tests expect", (text, hash) => {
    expect(murmur2(new TextEncoder().encode(text))).toBe(hash)
  })

  test('a partition is the hash without its sign bit, modulo the count', () => {
    for (const [text, hash] of vectors)
      for (const count of [1, 2, 3, 6, 7, 50]) expect(partitionOf(text, count)).toBe((hash & 0x7fffffff) % count)
  })

  test('keys spread over every partition', () => {
    const seen = new Set<number>()
    for (let i = 0; i < 200; i++) seen.add(partitionOf(`line-${i}`, 6))
    expect(seen.size).toBe(6)
  })
})
