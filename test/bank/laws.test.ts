/** The law-suite on banks of every kind, under both kernels, and on banks with a fault. */
import { describe, expect, test } from 'vitest'
import type { Bank, Input } from '../../src/bank/bank.ts'
import type { Kernel } from '../../src/numeric/kernel.ts'
import { openKernel } from '../../src/numeric/open-kernel.ts'
import { Random } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { bits } from '../judge/stream.ts'
import { expectBroken } from '../numeric/planted.ts'
import { bankLawList, bankLaws } from './bank.laws.ts'
import {
  fill,
  type JointStand,
  jointStand,
  kernels,
  memoryStand,
  type Open,
  residualStand,
  type Settings,
  STRANGER,
  type Stand,
  slip,
  soloStand,
  startingStand,
  taskStand
} from './stand.ts'

const penalties = { loadFloor: 0.05, zLoss: 0.001, entropy: 0.01, l2: 0.01 }

/** One of every kind. */
const kinds: Readonly<Record<string, (seed: number, kernel: Settings['kernel']) => Stand>> = {
  "a task's mixture of 4 experts": (seed, kernel) => taskStand(seed, { kernel }),
  'a single expert': (seed, kernel) => taskStand(seed, { kernel, experts: 1 }),
  'a mixture of 7 experts, no whole number of vectors': (seed, kernel) => taskStand(seed, { kernel, experts: 7 }),
  'a mixture of 16 experts with decay and every penalty': (seed, kernel) =>
    taskStand(seed, { kernel, experts: 16, decay: 0.001, gate: penalties }),
  'a sparse mixture of 16 experts': (seed, kernel) => taskStand(seed, { kernel, experts: 16, sparse: 0.05 }),
  'a mixture whose gate belongs to several tasks': (seed, kernel) => jointStand(seed, { kernel }),
  'a residual, two domains of three admitted': (seed, kernel) => residualStand(seed, { kernel }),
  'a sparse residual': (seed, kernel) => residualStand(seed, { kernel, experts: 8, sparse: 0.05 }),
  'a bank of every domain, two of three admitted': (seed, kernel) => soloStand(seed, { kernel }),
  'a mixture chosen among three starts': (seed, kernel) => startingStand(seed, { kernel }),
  'a memory': (seed, kernel) => memoryStand(seed, { kernel })
}

for (const name of ['simd', 'plain'] as const) {
  const kernel = kernels(name)
  for (const [kind, open] of Object.entries(kinds)) bankLaws(`${kind}, ${name} kernel,`, seed => open(seed, kernel))
}

describe('either kernel gives the same bytes', () => {
  for (const [kind, open] of Object.entries(kinds)) {
    test(kind, () => {
      const [own, theirs] = (['simd', 'plain'] as const).map(name => {
        const stand = open(1, kernels(name))
        const { bank } = stand
        const random = new Random(3)
        const x = slip(stand.kernel)
        const said: Saved[] = []
        for (let i = 0; i < 300; i++) {
          if (i % 60 === 0) bank.addClass()
          if (i === 150) bank.admit(STRANGER)
          fill(x, [[1 + random.below(20), random.normal()], [21, random.normal()], [22, 1]], random.below(3)) // biome-ignore format: one record
          const q = new Float32Array(5)
          said.push(bank.opinion(x, q) ? q : null)
          bank.learn(x, random.below(1 + Math.floor(i / 60)), 1 + random.below(9), i % 3 === 0)
        }
        return bits([...said, stand.save()])
      })
      expect(own).toBe(theirs)
    })
  }
})

/** A kernel that keeps a list of what it lent. */
function counting(): { readonly kernel: Kernel; readonly lent: Set<Float32Array | Int32Array> } {
  const inner = openKernel('plain')
  const lent = new Set<Float32Array | Int32Array>()
  const lend = <A extends Float32Array | Int32Array>(array: A): A => {
    if (array.length > 0) lent.add(array)
    return array
  }
  return {
    lent,
    kernel: {
      ...inner,
      floats: n => lend(inner.floats(n)),
      ints: n => lend(inner.ints(n)),
      release(array) {
        if (array.length > 0 && !lent.delete(array)) throw new Error('given back what was not lent, or twice')
      }
    }
  }
}

describe('a bank that is released gives back to the kernel all that it had, and nothing twice', () => {
  for (const [kind, open] of Object.entries(kinds)) {
    test(kind, () => {
      const { kernel, lent } = counting()
      const stand = open(1, () => kernel)
      const { bank } = stand
      const x = slip(openKernel('plain'))
      for (let i = 0; i < 40; i++) {
        if (i % 10 === 0) bank.addClass()
        if (i === 20) bank.admit(STRANGER)
        fill(x, [[1 + (i % 20), 1]], i % 3)
        bank.learn(x, i % Math.ceil((i + 1) / 10), 1, true)
        bank.opinion(x, new Float32Array(4))
      }
      expect(lent.size).toBeGreaterThan(3)
      bank.release()
      if ('other' in stand) {
        const { other, gate } = stand as JointStand
        other.release()
        gate.release()
      }
      expect(Array.from(lent, array => `${array.constructor.name} of ${array.length}`)).toEqual([])
    })
  }
})

/** A bank with some of its methods planted over. */
function planted<S extends Stand>(open: (seed: number) => S, fault: (right: Bank, stand: S) => Partial<Bank>): Open {
  return seed => {
    const stand = open(seed)
    const faulty = fault(stand.bank, stand)
    const bank = new Proxy<Bank>(stand.bank, {
      get(right, name: keyof Bank) {
        const each = name in faulty ? faulty[name] : right[name]
        return typeof each === 'function' ? each.bind(name in faulty ? faulty : right) : each
      }
    })
    return {
      ...stand,
      bank,
      carry: (encoding, moves) => bank.carry(encoding, moves),
      save: () => bank.save(),
      load: saved => bank.load(saved)
    }
  }
}

type Tree = { readonly [name: string]: Saved }
/** A saved state in which every part of this name is another. */
function replaced(saved: Saved, name: string, by: (part: Saved) => Saved): Saved {
  if (saved === null || typeof saved !== 'object' || ArrayBuffer.isView(saved)) return saved
  if (Array.isArray(saved)) return saved.map(each => replaced(each, name, by))
  return Object.fromEntries(Object.entries(saved as Tree).map(([key, part]) => [key, key === name ? by(part) : replaced(part, name, by)]))
}

/** Each with the law that tells it. */
const faults: Readonly<Record<string, { readonly breaks: string; readonly open: Open }>> = {
  'learns from its own opinion': {
    breaks: 'giving an opinion changes nothing',
    open: planted(taskStand, right => ({
      opinion(x, q) {
        const said = right.opinion(x, q)
        if (said) right.learn(x, 0, 0.01, false)
        return said
      }
    }))
  },
  'remembers what it is asked': {
    breaks: 'giving an opinion changes nothing',
    open: planted(memoryStand, right => ({
      opinion(x, q) {
        const said = right.opinion(x, q)
        right.learn(x, 0, 1, true)
        return said
      }
    }))
  },
  'keeps an opinion for a buffer that was refilled': {
    breaks: 'an opinion depends on what the input holds',
    open: planted(taskStand, right => {
      let last: { x: Input; q: Float32Array } | null = null
      return {
        opinion(x, q) {
          if (last?.x === x) q.set(last.q.subarray(0, q.length))
          else right.opinion(x, q)
          last = { x, q: q.slice() }
          return true
        },
        learn(x, y, w, fresh) {
          last = null
          right.learn(x, y, w, fresh)
        }
      }
    })
  },
  'reads the vector of all domains besides its own': {
    breaks: 'what of a record it does not read',
    open: planted(soloStand, right => ({ learn: (x, y, w, fresh) => right.learn({ ...x, own: x.pooled }, y, w, fresh) }))
  },
  'weighs a label by a raw column': {
    breaks: 'what of a record it does not read',
    open: planted(taskStand, right => ({ learn: (x, y, w, fresh) => right.learn(x, y, w * (x.raw[3]! > 0 ? 2 : 1), fresh) }))
  },
  'sums to more than one': {
    breaks: 'an opinion is finite',
    open: planted(taskStand, right => ({
      opinion(x, q) {
        const said = right.opinion(x, q)
        q[0]! += 0.001
        return said
      }
    }))
  },
  'says that it spoke where it did not': {
    breaks: 'where it has nothing to say',
    open: planted(soloStand, right => ({
      opinion(x, q) {
        right.opinion(x, q)
        q[0] = 1
        return false
      }
    }))
  },
  'speaks for domains that are not its own': {
    breaks: 'it speaks of every domain',
    open: planted(soloStand, right => ({ opinion: (x, q) => right.opinion({ ...x, domain: 0 }, q) }))
  },
  'never speaks': { breaks: 'it speaks of every domain', open: planted(soloStand, () => ({ opinion: () => false })) },
  'learns from strangers': {
    breaks: 'where it has nothing to say',
    open: planted(soloStand, right => ({
      learn: (x, y, w, fresh) => right.learn(x.domain === STRANGER ? { ...x, domain: 0 } : x, y, w, fresh)
    }))
  },
  'is pushed away by a label': {
    breaks: 'learning a class raises',
    open: planted(residualStand, right => ({ learn: (x, y, w, fresh) => right.learn(x, y, -w, fresh) }))
  },
  'learns every label as the first class': {
    breaks: 'learning a class raises',
    open: planted(taskStand, right => ({ learn: (x, _, w, fresh) => right.learn(x, 0, w, fresh) }))
  },
  'remembers the first record for all': {
    breaks: 'clumps that are apart',
    open: planted(memoryStand, (right, { kernel }) => {
      const first = fill(slip(kernel), [[1, 1]])
      return { learn: (_, y, w, fresh) => right.learn(first, y, w, fresh) }
    })
  },
  'leaves its knots behind': { breaks: 'when knots move', open: planted(taskStand, () => ({ carry() {} })) },
  "leaves its domain's knots behind": { breaks: 'when knots move', open: planted(residualStand, () => ({ carry() {} })) },
  "moves with everyone's knots": {
    breaks: 'knots of an encoding it does not stand on',
    open: planted(taskStand, right => ({ carry: (_, moves) => right.carry('pooled', moves) }))
  },
  'leaves the knots of a shared gate behind': {
    breaks: 'when knots move',
    open: planted(jointStand, right => ({ carry: (encoding, moves) => right.carry(encoding, moves) }))
  },
  'draws without its seed': { breaks: 'the same seed', open: () => taskStand(Math.floor(Math.random() * 1e9)) },
  'ignores its seed': { breaks: 'the same seed', open: () => taskStand(1) },
  'starts a class sure of it': {
    breaks: 'a class that appears gets',
    open: seed =>
      taskStand(seed, {
        head(right) {
          const sure = right.startBias.bind(right)
          right.startBias = (from, to) => sure(from, to, 9)
          return right
        }
      })
  },
  'starts a domain from nothing': {
    breaks: 'a domain that is admitted',
    open: planted(residualStand, right => ({
      opinion(x, q) {
        const said = right.opinion(x, q)
        const { own } = (right.save() as Tree).head as unknown as { own: [number, Saved][] }
        if (own.some(([domain]) => domain === STRANGER) && x.domain === STRANGER) q.fill(1 / q.length)
        return said
      }
    }))
  },
  'forgets its squared gradients when saved': {
    breaks: 'saved and loaded',
    open: planted(taskStand, right => ({ load: saved => right.load(replaced(saved, 'S', part => (part as Float32Array).map(() => 0))) }))
  },
  'forgets the mean of its gate when saved': {
    breaks: 'saved and loaded',
    open: planted(taskStand, right => ({ load: saved => right.load(replaced(saved, 'meanGate', () => new Float64Array(4).fill(0.25))) }))
  },
  'forgets the domains that were admitted when saved': {
    breaks: 'saved and loaded',
    open: planted(residualStand, right => ({ load: saved => right.load(replaced(saved, 'own', part => (part as Saved[]).slice(0, 2))) }))
  },
  'forgets the place of the next record when saved': {
    breaks: 'saved and loaded',
    open: planted(memoryStand, right => ({ load: saved => right.load(replaced(saved, 'next', () => 0)) }))
  },
  'saves what it goes on to change': {
    breaks: 'what was saved stays',
    open: planted(taskStand, (right, { bank }) => ({ save: () => replaced(right.save(), 'meanGate', () => bank.gate.meanGate) }))
  },
  'is free whatever it does': { breaks: 'an opinion costs', open: planted(taskStand, () => ({ cost: () => 1 })) },
  'counts weights and not their squares': {
    breaks: 'its bytes are counted',
    open: planted(taskStand, right => ({
      get bytes() {
        return right.bytes / 2
      }
    }))
  }
}

describe('a planted fault breaks the law that is meant for it', () => {
  for (const [fault, { breaks, open }] of Object.entries(faults)) {
    test(fault, () => {
      const law = Object.entries(bankLawList).find(([name]) => name.startsWith(breaks))
      expect(law, breaks).toBeDefined()
      expectBroken(() => law![1](open))
    })
  }

  test('a bank that only goes through the hands of a planter breaks none', () => {
    for (const open of [taskStand, residualStand, soloStand, memoryStand]) {
      for (const holds of Object.values(bankLawList)) expect(() => holds(planted<Stand>(open, () => ({})))).not.toThrow()
    }
  })
})
