import { describe, expect, test } from 'vitest'
import type { Bank } from '../../src/bank/bank.ts'
import { MixtureBank } from '../../src/bank/mixture-bank.ts'
import { defaultLearnerOptions } from '../../src/learner/options.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import type { Sparse } from '../../src/numeric/sparse.ts'
import { bits } from '../judge/stream.ts'
import { bankLawList, bankLaws } from './bank.laws.ts'
import { mixtureStand, type Open, sparse } from './stand.ts'

bankLaws('a mixture of 4 experts', seed => mixtureStand(seed))
bankLaws('a single model', seed => mixtureStand(seed, { experts: 1 }))
bankLaws('the default recipe', seed => mixtureStand(seed, defaultLearnerOptions))
bankLaws('a mixture with decay and every penalty', seed =>
  mixtureStand(seed, { decay: 0.001, gate: { loadFloor: 0.05, zLoss: 0.001, entropy: 0.01, l2: 0.01 } })
)

/** A mixture with some of its methods planted over. */
function planted(fault: (right: Bank, stand: ReturnType<typeof mixtureStand>) => Partial<Bank>): Open {
  return seed => {
    const stand = mixtureStand(seed)
    const right: Bank = {
      name: 'faulty',
      opinion: (x, q) => stand.bank.opinion(x, q),
      shares: () => stand.bank.shares(),
      learn: (x, y, w, fresh) => stand.bank.learn(x, y, w, fresh),
      addClass: () => stand.bank.addClass(),
      carry: moves => stand.bank.carry(moves),
      cost: inputs => stand.bank.cost(inputs),
      save: () => stand.bank.save(),
      load: saved => stand.bank.load(saved)
    }
    return { ...stand, bank: { ...right, ...fault(right, stand) } }
  }
}

/** Each with the law that tells it. */
const faults: Readonly<Record<string, { readonly breaks: string; readonly open: Open }>> = {
  'learns from its own opinion': {
    breaks: 'giving an opinion changes nothing',
    open: planted(right => ({
      opinion(x, q) {
        right.opinion(x, q)
        right.learn(x, 0, 0.01, false)
      }
    }))
  },
  'keeps an opinion for a buffer that was refilled': {
    breaks: 'an opinion depends on what the input holds',
    open: planted(right => {
      let last: { x: Sparse; q: Float32Array } | null = null
      return {
        opinion(x, q) {
          if (last?.x === x) q.set(last.q.subarray(0, q.length))
          else right.opinion(x, q)
          last = { x, q: q.slice() }
        },
        learn(x, y, w, fresh) {
          last = null
          right.learn(x, y, w, fresh)
        }
      }
    })
  },
  'sums to more than one': {
    breaks: 'an opinion is finite',
    open: planted(right => ({
      opinion(x, q) {
        right.opinion(x, q)
        q[0]! += 0.001
      }
    }))
  },
  'is pushed away by a label': {
    breaks: 'learning a class raises',
    open: planted(right => ({ learn: (x, y, w, fresh) => right.learn(x, y, -w, fresh) }))
  },
  'learns every label as the first class': {
    breaks: 'learning a class raises',
    open: planted(right => ({ learn: (x, _, w, fresh) => right.learn(x, 0, w, fresh) }))
  },
  'leaves its knots behind': { breaks: 'when knots move', open: planted(() => ({ carry() {} })) },
  'draws without its seed': { breaks: 'the same seed', open: () => mixtureStand(Math.floor(Math.random() * 1e9)) },
  'ignores its seed': { breaks: 'the same seed', open: () => mixtureStand(1) },
  'starts a class sure of it': {
    breaks: 'a class that appears gets',
    open: planted((right, { bank, block }) => ({
      addClass() {
        right.addClass()
        block.W.fill(9 * bank.C, bank.C * bank.K, (bank.C + 1) * bank.K)
      }
    }))
  },
  'forgets its block when saved': {
    breaks: 'saved and loaded',
    open: seed => {
      const stand = mixtureStand(seed)
      return { ...stand, save: () => stand.bank.save(), load: saved => stand.bank.load(saved) }
    }
  },
  'forgets the mean of its gate when saved': {
    breaks: 'saved and loaded',
    open: seed => {
      const stand = mixtureStand(seed)
      const save = () => stand.save() as { bank: { [key: string]: Saved }; block: Saved }
      return {
        ...stand,
        load(saved) {
          const { bank, block } = saved as ReturnType<typeof save>
          stand.load({ bank: { ...bank, meanGate: new Float64Array(4).fill(0.25) }, block })
        }
      }
    }
  },
  'saves what it goes on to change': {
    breaks: 'what was saved stays',
    open: seed => {
      const stand = mixtureStand(seed)
      return { ...stand, save: () => ({ bank: stand.bank.save(), block: { ...(stand.block.save() as object), W: stand.block.W } }) }
    }
  }
}

describe('a planted fault breaks a law', () => {
  for (const [fault, { breaks, open }] of Object.entries(faults)) {
    test(fault, () => {
      const broken = Object.entries(bankLawList).flatMap(([law, holds]) => {
        try {
          holds(open)
          return []
        } catch {
          return [law]
        }
      })
      expect(broken).toContain(Object.keys(bankLawList).find(law => law.startsWith(breaks)))
    })
  }
})

describe('a mixture bank', () => {
  test('of one expert keeps the odds between known classes exactly when a class appears', () => {
    const { bank } = mixtureStand(1, { experts: 1 })
    bank.addClass()
    bank.addClass()
    const x = sparse([[1, 2]])
    for (let i = 0; i < 50; i++) bank.learn(x, i % 3 === 0 ? 1 : 0, 1, true)
    const q = new Float32Array(3)
    bank.opinion(x, q)
    const odds = q[1]! / q[0]!
    bank.addClass()
    bank.opinion(x, q)
    expect(q[1]! / q[0]!).toBeCloseTo(odds, 5)
    expect(q[2]).toBeGreaterThan(0)
  })

  test('gives a class that appears later in the stream lower odds', () => {
    const chance = (n: number): number => {
      const { bank } = mixtureStand(1)
      bank.addClass()
      bank.addClass()
      for (let i = 0; i < n; i++) bank.learn(sparse([[1, 1]]), i % 2, 1, true)
      bank.addClass()
      const q = new Float32Array(3)
      bank.opinion(sparse([[2, 1]]), q)
      return q[2]!
    }
    expect(chance(0)).toBeCloseTo(1 / 3, 1)
    expect(chance(100)).toBeLessThan(chance(10))
    expect(chance(10)).toBeLessThan(chance(0))
  })

  test('counts replayed examples in no statistic', () => {
    const { bank } = mixtureStand(1)
    bank.addClass()
    bank.addClass()
    const before = bits(bank.save())
    bank.learn(sparse([[1, 1]]), 1, 1, false)
    expect(bits(bank.save())).toBe(before)
    bank.learn(sparse([[1, 1]]), 1, 1, true)
    expect(bits(bank.save())).not.toBe(before)
  })

  test('two banks on one block learn as each would alone', () => {
    const alone = mixtureStand(1)
    const pair = mixtureStand(1)
    const shared = new MixtureBank(
      'neighbour',
      pair.block,
      { experts: 3, rate: 0.1, decay: 0.01, forgetting: 1, gate: { loadFloor: 0, zLoss: 0, entropy: 0, l2: 0 } },
      9,
      4
    )
    for (const bank of [alone.bank, pair.bank, shared]) bank.addClass()
    for (let i = 0; i < 100; i++) {
      if (i % 20 === 0) for (const bank of [alone.bank, pair.bank, shared, shared]) bank.addClass()
      const x = sparse([[1 + (i % 20), 1]])
      for (const bank of [alone.bank, shared, pair.bank]) bank.learn(x, i % bank.C, 1, true)
    }
    const [q, p] = [new Float32Array(alone.bank.C), new Float32Array(alone.bank.C)]
    for (let row = 1; row < 20; row++) {
      alone.bank.opinion(sparse([[row, 2]]), q)
      pair.bank.opinion(sparse([[row, 2]]), p)
      expect(bits(p)).toBe(bits(q))
    }
  })
})
