import { expect, test } from 'vitest'
import { BankStability, type Probed } from '../../src/stability/bank-stability.ts'
import { DomainShares } from '../../src/stability/domain-shares.ts'
import { ExpertTracker } from '../../src/stability/expert-tracker.ts'

const K = 2

/** Two experts that are near one another, and what both say of two classes on average. */
const probed: Probed = {
  learned: 5000,
  since: 1000,
  change: Float64Array.of(0, 0),
  shift: Float64Array.of(0, 0),
  figures: {
    variation: Float64Array.of(0, 0),
    distance: Float64Array.of(0.1, 0.1),
    nearest: Int32Array.of(1, 0),
    mean: Float32Array.of(0.5, 0.5, 0.5, 0.5),
    pooled: Float32Array.of(0.5, 0.5, 0.5, 0.5)
  } as Probed['figures']
}

test('what two constants would lose by saying the same is forgotten when one varies: it is no way to do without it any more', () => {
  const bank = new BankStability(K)
  const tracker = new ExpertTracker(K)
  const g = Float32Array.of(0.5, 0.5)
  /** Both say the same of the truth, `sure` of it. */
  const learn = (examples: number, sure: number): void => {
    for (let i = 0; i < examples; i++) {
      const y = i % 2
      bank.observe(g, y === 0 ? Float32Array.of(sure, sure, 1 - sure, 1 - sure) : Float32Array.of(1 - sure, 1 - sure, sure, sure), y, 1)
      tracker.observe(g, g, y)
    }
    bank.take(probed, tracker)
  }
  const pooled = (): number | null =>
    bank.report('shared', ['good', 'scratch'], tracker, new DomainShares(K), []).experts[0]!.without.pooled
  learn(100, 0.5)
  learn(100, 0.5)
  learn(100, 0.5)
  expect(pooled()).toBeCloseTo(0, 9)
  learn(2000, 0.95)
  expect(pooled()).toBeNull()
})
