/** The whole fold on either kernel: what SIMD computes, the reference computes, to the last bit of the state. */
import { describe, expect, test } from 'vitest'
import { encodeSaved } from '../../src/adapter/file/saved.ts'
import { Learner } from '../../src/learner/learner.ts'
import { noMeter } from '../../src/learner/meter.ts'
import type { LearnerOptions } from '../../src/learner/options.ts'
import type { Kernel } from '../../src/numeric/kernel.ts'
import { plainKernel } from '../../src/numeric/plain-kernel.ts'
import { simdKernel } from '../../src/numeric/simd-kernel.ts'
import { log, small } from './stream.ts'

function bytes(kernel: Kernel, options: LearnerOptions, seed: number): Buffer {
  const learner = new Learner(options, noMeter, null, kernel)
  for (const entry of log(seed, 150)) learner.take(entry)
  return Buffer.from(encodeSaved(learner.save()))
}

const variants: Readonly<Record<string, LearnerOptions>> = {
  'the default banks': { ...small, experts: 4 },
  'experts that fill no vector': { ...small, experts: 3 },
  'sparse routing': { ...small, experts: 8, sparse: 0.05 },
  'shared gates': { ...small, experts: 4, sharing: 'cheap' },
  'no domain': { ...small, experts: 4, domain: [] },
  'every option that adds to it': { ...small, experts: 4, chain: true, lastLabel: true, gateInput: 'bounded', start: 'evidence' }
}

describe('the fold gives the same bytes on SIMD and on the reference', () => {
  test.each(Object.entries(variants))('with %s', (_name, options) => {
    const simd = simdKernel()
    expect(simd, 'this engine has SIMD').not.toBeNull()
    for (const seed of [1, 2]) expect(bytes(simd!, options, seed).equals(bytes(plainKernel(), options, seed))).toBe(true)
  })

  test('and other bytes where the kernel adds up in another order', () => {
    const plain = plainKernel()
    const other: Kernel = {
      ...plain,
      gather(W, stride, from, width, x, out, add) {
        plain.gather(W, stride, from, width, x, out, add)
        for (let j = 0; j < width; j++) out[j] = Math.fround(out[j]! * (1 + 2 ** -23))
      }
    }
    expect(bytes(other, small, 1).equals(bytes(plain, small, 1))).toBe(false)
  })
})
