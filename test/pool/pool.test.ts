import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Random } from '../../src/numeric/random.ts'
import { Pool, type PoolOptions } from '../../src/pool/pool.ts'
import { bits } from '../judge/stream.ts'
import { expectBroken } from '../numeric/planted.ts'
import { disturbed, opinion, type Said, type Shape, said, shapes, speaking } from './opinions.ts'

type PoolLike = Pick<Pool, 's' | 'mix' | 'learn' | 'save' | 'load'>
type Make = (M: number, options: PoolOptions) => PoolLike

const options: PoolOptions = { rate: 0.003, clip: 5, floor: 1e-4 }

const exponents = (random: Random, M: number) => Float64Array.from({ length: M }, () => [0, 0.2, 1, 5][random.below(4)]! * random.next())

function mixed(pool: PoolLike, Q: ArrayLike<number>, spoke: Uint8Array, C: number): Float64Array {
  const q0 = new Float64Array(C).fill(9)
  pool.mix(Q, spoke, C, q0)
  return q0
}

/** Opens a pool that has learned a while. */
function learned(make: Make, shape: Shape, n = 60): PoolLike {
  const pool = make(shape.M, { ...options, rate: 0.3 })
  const random = new Random(shape.seed)
  for (let i = 0; i < n; i++) {
    const { Q, spoke, y } = said(random, shape)
    pool.learn(Q, spoke, shape.C, y)
  }
  return pool
}

/** q_0 written out, with these weights of those who speak. */
function written(weights: ArrayLike<number>, { Q, spoke }: Said, C: number): Float64Array {
  const logits = Float64Array.from({ length: C }, (_, c) => {
    let sum = 0
    for (let m = 0; m < spoke.length; m++) if (spoke[m] === 1) sum += weights[m]! * Math.log(Q[m * C + c]! + options.floor)
    return sum
  })
  const e = logits.map(each => Math.exp(each - Math.max(...logits)))
  return e.map(each => each / e.reduce((a, b) => a + b, 0))
}

function near(own: Float64Array, expected: ArrayLike<number>, within: number): void {
  own.forEach((each, c) => {
    expect(Math.abs(each - expected[c]!), `class ${c}`).toBeLessThanOrEqual(within)
  })
}

const laws: Readonly<Record<string, (make: Make) => void>> = {
  'what is pooled is a distribution, whatever the opinions, zeros in them, and whoever is silent'(make) {
    fc.assert(
      fc.property(shapes, shape => {
        const pool = learned(make, shape)
        const random = new Random(shape.seed + 1)
        for (let i = 0; i < 10; i++) {
          const { Q, spoke } = said(random, shape)
          const q0 = mixed(pool, Q, spoke, shape.C)
          expect(q0.every(p => Number.isFinite(p) && p >= 0)).toBe(true)
          expect(q0.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
        }
      })
    )
  },
  'where nobody speaks it is uniform'(make) {
    const pool = make(3, options)
    expect(Array.from(mixed(pool, new Float32Array(12), new Uint8Array(3), 4))).toEqual([0.25, 0.25, 0.25, 0.25])
  },
  'it is the product of the opinions to the power of their exponents, normalised'(make) {
    fc.assert(
      fc.property(speaking, shape => {
        const random = new Random(shape.seed)
        const pool = make(shape.M, options)
        const s = exponents(random, shape.M)
        if (s.every(each => each === 0)) return
        pool.load(s)
        const heard = said(random, shape)
        near(mixed(pool, heard.Q, heard.spoke, shape.C), written(s, heard, shape.C), 1e-11)
      })
    )
  },
  'those who speak are scaled so that the exponents keep their sum, and the silent are not read'(make) {
    fc.assert(
      fc.property(shapes, shape => {
        const random = new Random(shape.seed)
        const pool = make(shape.M, options)
        const s = exponents(random, shape.M).map(each => each + 0.01)
        pool.load(s)
        const heard = said(random, shape)
        if (heard.spoke.every(each => each === 0)) return
        const all = s.reduce((a, b) => a + b, 0)
        const theirs = s.reduce((sum, each, m) => sum + (heard.spoke[m] === 1 ? each : 0), 0)
        const scaled = s.map(each => (each * all) / theirs)
        near(mixed(pool, disturbed(heard, shape.C), heard.spoke, shape.C), written(scaled, heard, shape.C), 1e-11)
      })
    )
  },
  'where all who speak have exponent 0, they count alike'(make) {
    const pool = make(3, options)
    pool.load(Float64Array.of(1, 0, 0))
    const heard: Said = { Q: Float32Array.of(1, 0, 0.5, 0.5, 0.25, 0.75), spoke: Uint8Array.of(0, 1, 1), y: 0 }
    near(mixed(pool, heard.Q, heard.spoke, 2), written([0, 0.5, 0.5], heard, 2), 1e-12)
  },
  'its step is against the gradient of the log loss in s, which equals central differences'(make) {
    fc.assert(
      fc.property(speaking, shape => {
        const random = new Random(shape.seed)
        const rate = 1e-3
        const pool = make(shape.M, { ...options, rate, clip: 1e9 })
        const before = exponents(random, shape.M).map(each => each + 0.1)
        const heard = said(random, shape)
        pool.load(before)
        pool.learn(heard.Q, heard.spoke, shape.C, heard.y)
        const loss = (s: Float64Array) => -Math.log(written(s, heard, shape.C)[heard.y]!)
        for (let m = 0; m < shape.M; m++) {
          const h = 1e-5
          const around = [h, -h].map(step => loss(before.map((each, i) => (i === m ? each + step : each))))
          const numeric = (around[0]! - around[1]!) / (2 * h)
          expect(Math.abs((before[m]! - pool.s[m]!) / rate - numeric), `bank ${m}`).toBeLessThan(1e-5)
        }
      })
    )
  },
  'an exponent is never negative nor other than finite, and no label moves it further than rate × clip'(make) {
    fc.assert(
      fc.property(shapes, shape => {
        const rate = 0.5
        const pool = make(shape.M, { ...options, rate })
        const random = new Random(shape.seed)
        for (let i = 0; i < 60; i++) {
          const before = pool.s.slice()
          const { Q, spoke, y } = said(random, shape)
          pool.learn(Q, spoke, shape.C, y)
          pool.s.forEach((each, m) => {
            expect(each >= 0 && Number.isFinite(each)).toBe(true)
            expect(Math.abs(each - before[m]!)).toBeLessThanOrEqual(rate * options.clip + 1e-12)
          })
        }
      })
    )
  },
  'who is silent learns nothing'(make) {
    fc.assert(
      fc.property(shapes, shape => {
        const pool = make(shape.M, options)
        const before = pool.s.slice()
        const heard = said(new Random(shape.seed), shape)
        pool.learn(disturbed(heard, shape.C), heard.spoke, shape.C, heard.y)
        pool.s.forEach((each, m) => {
          if (heard.spoke[m] === 0) expect(each).toBe(before[m])
          expect(Number.isFinite(each)).toBe(true)
        })
      })
    )
  },
  'one bank with exponent 1 is that bank, but for the floor'(make) {
    fc.assert(
      fc.property(speaking, ({ C, seed }) => {
        const q = Float32Array.from(opinion(new Random(seed), C))
        const pool = make(1, options)
        const q0 = mixed(pool, q, Uint8Array.of(1), C)
        near(q0, q, C * options.floor)
        const sum = q.reduce((a, b) => a + b, 0)
        const floored = Array.from(q, each => (each + options.floor) / (sum + C * options.floor))
        near(q0, floored, 1e-11)
      })
    )
  },
  'at the start all banks count alike and sum to one: equal opinions stay what they are'(make) {
    fc.assert(
      fc.property(speaking, ({ M, C, seed }) => {
        const pool = make(M, options)
        expect(Array.from(pool.s)).toEqual(new Array(M).fill(1 / M))
        const q = opinion(new Random(seed), C)
        const Q = Float32Array.from({ length: M * C }, (_, i) => q[i % C]!)
        near(mixed(pool, Q, new Uint8Array(M).fill(1), C), q, C * options.floor + 1e-6)
      })
    )
  },
  'asking changes nothing, and labels favour the bank that knows'(make) {
    const pool = make(2, options)
    const spoke = Uint8Array.of(1, 1)
    const random = new Random(3)
    for (let i = 0; i < 500; i++) {
      const y = random.below(2)
      const guess = random.next()
      const Q = Float32Array.of(y === 0 ? 0.8 : 0.2, y === 0 ? 0.2 : 0.8, guess, 1 - guess)
      const before = bits(pool.save())
      mixed(pool, Q, spoke, 2)
      expect(bits(pool.save())).toBe(before)
      pool.learn(Q, spoke, 2, y)
    }
    expect(pool.s[0]! - pool.s[1]!).toBeGreaterThan(0.5)
    // Right more often than it says, it is sharpened.
    expect(pool.s[0]).toBeGreaterThan(1)
  },
  'saved and loaded it goes on bit for bit, and what was saved does not move'(make) {
    fc.assert(
      fc.property(shapes, shape => {
        const pool = learned(make, shape)
        const saved = pool.save()
        const before = bits(saved)
        const again = make(shape.M, { ...options, rate: 0.3 })
        again.load(saved)
        for (const each of [pool, again]) {
          const random = new Random(shape.seed + 9)
          for (let i = 0; i < 20; i++) {
            const { Q, spoke, y } = said(random, shape)
            each.learn(Q, spoke, shape.C, y)
          }
        }
        expect(bits(again.save())).toBe(bits(pool.save()))
        expect(bits(saved)).toBe(before)
      })
    )
  }
}

const right: Make = (M, of) => new Pool(M, of)

describe('the pool keeps its laws', () => {
  for (const [law, holds] of Object.entries(laws)) test(law, () => holds(right))
})

/** A pool with some of its methods planted over. */
function planted(fault: (right: Pool) => Partial<PoolLike>): Make {
  return (M, of) => {
    const pool = new Pool(M, of)
    const plain: PoolLike = {
      s: pool.s,
      mix: (...args) => pool.mix(...args),
      learn: (...args) => pool.learn(...args),
      save: () => pool.save(),
      load: saved => pool.load(saved)
    }
    return { ...plain, ...fault(pool) }
  }
}

/** Learns, then changes the exponents that came of it. */
const relearned = (change: (s: number, before: number, spoke: boolean) => number) =>
  planted(pool => ({
    learn(Q, spoke, C, y) {
      const before = pool.s.slice()
      pool.learn(Q, spoke, C, y)
      for (let m = 0; m < before.length; m++) pool.s[m] = change(pool.s[m]!, before[m]!, spoke[m] === 1)
    }
  }))

const faults: Readonly<Record<string, { readonly breaks: string; readonly make: Make }>> = {
  'goes up the gradient': { breaks: 'its step is against', make: relearned((s, before) => Math.max(0, 2 * before - s)) },
  'steps twice as far': { breaks: 'its step is against', make: (M, of) => new Pool(M, { ...of, rate: 2 * of.rate }) },
  'lets an exponent fall below 0': {
    breaks: 'an exponent is never negative',
    make: relearned((s, before) => (s === 0 ? s - before / 2 - 0.01 : s))
  },
  'lets one label move an exponent as far as it likes': {
    breaks: 'an exponent is never negative',
    make: (M, of) => new Pool(M, { ...of, clip: Number.POSITIVE_INFINITY })
  },
  'has no floor': { breaks: 'what is pooled is a distribution', make: (M, of) => new Pool(M, { ...of, floor: 0 }) },
  'has a floor ten times too high': { breaks: 'one bank with exponent 1', make: (M, of) => new Pool(M, { ...of, floor: 10 * of.floor }) },
  'hears the silent': {
    breaks: 'those who speak are scaled',
    make: planted(pool => ({ mix: (Q, spoke, C, q0) => pool.mix(Q, new Uint8Array(spoke.length).fill(1), C, q0) }))
  },
  'is less sharp when someone is silent': {
    breaks: 'those who speak are scaled',
    make: planted(pool => ({
      mix(Q, spoke, C, q0) {
        const s = pool.s.slice()
        const all = s.reduce((a, b) => a + b, 0)
        const theirs = s.reduce((sum, each, m) => sum + (spoke[m] === 1 ? each : 0), 0)
        if (all > 0) for (let m = 0; m < s.length; m++) pool.s[m] = (s[m]! * theirs) / all
        pool.mix(Q, spoke, C, q0)
        pool.s.set(s)
      }
    }))
  },
  'teaches the silent': { breaks: 'who is silent learns nothing', make: relearned((s, _, spoke) => (spoke ? s : s + 0.001)) },
  'starts every bank at 1': {
    breaks: 'at the start all banks count alike',
    make: planted(pool => {
      pool.s.fill(1)
      return {}
    })
  },
  'mixes opinions as a sum': {
    breaks: 'it is the product of the opinions',
    make: planted(pool => ({
      mix(Q, spoke, C, q0) {
        const all = pool.s.reduce((a, b) => a + b, 0)
        for (let c = 0; c < C; c++) q0[c] = pool.s.reduce((sum, s, m) => sum + (spoke[m] === 1 ? (s / all) * Q[m * C + c]! : 0), 0)
      }
    }))
  },
  'forgets one exponent when saved': {
    breaks: 'saved and loaded',
    make: planted(pool => ({ load: saved => pool.load((saved as Float64Array).map((s, m) => (m === 0 ? 0.5 : s))) }))
  },
  'saves what it goes on to change': { breaks: 'saved and loaded', make: planted(pool => ({ save: () => pool.s })) }
}

describe('a planted fault breaks the law that is meant for it', () => {
  for (const [fault, { breaks, make }] of Object.entries(faults)) {
    test(fault, () => {
      const law = Object.entries(laws).find(([name]) => name.startsWith(breaks))
      expect(law, breaks).toBeDefined()
      expectBroken(() => law![1](make))
    })
  }
})

test('a pool that starts from another takes its exponents and leaves them to it', () => {
  const [old, young] = [new Pool(2, options), new Pool(2, options)]
  old.load(Float64Array.of(0.25, 2))
  young.startFrom(old)
  expect(Array.from(young.s)).toEqual([0.25, 2])
  young.learn(Float32Array.of(1, 0, 0, 1), Uint8Array.of(1, 1), 2, 0)
  expect(Array.from(old.s)).toEqual([0.25, 2])
  expect(young.s[0]).toBeGreaterThan(0.25)
})
