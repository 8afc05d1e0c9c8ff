import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Random } from '../../src/numeric/random.ts'
import { ClassBias } from '../../src/pool/class-bias.ts'
import { bits } from '../judge/stream.ts'
import { expectBroken } from '../numeric/planted.ts'
import { opinion } from './opinions.ts'

type BiasLike = Pick<ClassBias, 'b' | 'addClass' | 'apply' | 'learn' | 'save' | 'load'>
type Make = () => BiasLike

function opened(make: Make, C: number): BiasLike {
  const bias = make()
  for (let c = 0; c < C; c++) bias.addClass()
  return bias
}

function reported(bias: BiasLike, p: Float64Array): Float64Array {
  const out = new Float64Array(p.length).fill(9)
  bias.apply(p, p.length, out)
  return out
}

function learned(make: Make, C: number, seed: number, n = 50): BiasLike {
  const bias = opened(make, C)
  const random = new Random(seed)
  for (let i = 0; i < n; i++) bias.learn(opinion(random, C), C, random.below(C))
  return bias
}

const shapes = fc.record({ C: fc.integer({ min: 1, max: 7 }), seed: fc.nat(1e9) })

/** True rates of the classes, the rare one in 50. */
const RATES = [0.9, 0.08, 0.02]
/** How much more a label of a class counts in training: one over the root of its rate. */
const WEIGHTS = RATES.map(rate => 1 / Math.sqrt(rate))

/** One record: what a model that was trained with these weights says of it, rightly, and its class. */
function weighted(random: Random): { p: Float64Array; y: number } {
  const u = random.next()
  const y = u < RATES[0]! ? 0 : u < RATES[0]! + RATES[1]! ? 1 : 2
  const x = 1.5 * y + random.normal()
  const p = Float64Array.from(RATES, (rate, c) => rate * WEIGHTS[c]! * Math.exp(-((x - 1.5 * c) ** 2) / 2))
  const sum = p.reduce((a, b) => a + b, 0)
  return { p: p.map(each => each / sum), y }
}

const laws: Readonly<Record<string, (make: Make) => void>> = {
  'what is reported is a distribution, after any labels'(make) {
    fc.assert(
      fc.property(shapes, ({ C, seed }) => {
        const bias = learned(make, C, seed)
        const random = new Random(seed + 1)
        for (let i = 0; i < 10; i++) {
          const p = opinion(random, C)
          const out = reported(bias, p)
          expect(out.every(each => Number.isFinite(each) && each >= 0)).toBe(true)
          expect(out.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
          out.forEach((each, c) => {
            expect(each === 0).toBe(p[c] === 0)
          })
        }
      })
    )
  },
  'it stays a distribution however long one class alone is seen'(make) {
    const bias = opened(make, 3)
    const p = Float64Array.of(1e-6, 0.5, 0.5)
    for (let i = 0; i < 50_000; i++) bias.learn(p, 3, 0)
    const out = reported(bias, p)
    expect(out.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
    expect(out[0]).toBeGreaterThan(0.99)
  },
  'before any label it reports what it is given'(make) {
    fc.assert(
      fc.property(shapes, ({ C, seed }) => {
        const p = opinion(new Random(seed), C)
        reported(opened(make, C), p).forEach((each, c) => {
          expect(each).toBeCloseTo(p[c]!, 12)
        })
      })
    )
  },
  'it reports p·exp(b), normalised'(make) {
    fc.assert(
      fc.property(shapes, ({ C, seed }) => {
        const bias = learned(make, C, seed)
        const p = opinion(new Random(seed + 2), C)
        const e = p.map((each, c) => each * Math.exp(bias.b[c]!))
        const sum = e.reduce((a, b) => a + b, 0)
        reported(bias, p).forEach((each, c) => {
          expect(each).toBeCloseTo(e[c]! / sum, 12)
        })
      })
    )
  },
  'its step is against the gradient of the log loss of what is reported, and it stays centred'(make) {
    fc.assert(
      fc.property(shapes, ({ C, seed }) => {
        const bias = learned(make, C, seed)
        const before = bias.b.slice()
        const random = new Random(seed + 3)
        const p = opinion(random, C).map(each => (each + 0.01) / (1 + 0.01 * C))
        const y = random.below(C)
        const loss = (b: Float64Array) => {
          const e = p.map((each, c) => each * Math.exp(b[c]!))
          return -Math.log(e[y]! / e.reduce((sum, each) => sum + each, 0))
        }
        bias.learn(p, C, y)
        const mean = bias.b.reduce((a, b) => a + b, 0) / C
        expect(Math.abs(mean)).toBeLessThan(1e-12)
        for (let c = 0; c < C; c++) {
          const h = 1e-5
          const around = [h, -h].map(step => loss(before.map((each, i) => (i === c ? each + step : each))))
          // The rate is a hundredth; the gradient sums to 0, so that centring leaves it.
          expect(Math.abs((before[c]! - bias.b[c]!) / 0.01 - (around[0]! - around[1]!) / (2 * h))).toBeLessThan(1e-6)
        }
      })
    )
  },
  'after training with rare-class weights the reported rates come back to the true ones'(make) {
    const bias = opened(make, 3)
    const random = new Random(7)
    const [given, out] = [new Float64Array(3), new Float64Array(3)]
    const seen = new Float64Array(3)
    for (let i = 0; i < 40_000; i++) {
      const { p, y } = weighted(random)
      if (i >= 20_000) {
        seen[y]! += 1 / 20_000
        reported(bias, p).forEach((each, c) => {
          out[c]! += each / 20_000
          given[c]! += p[c]! / 20_000
        })
      }
      bias.learn(p, 3, y)
    }
    for (let c = 0; c < 3; c++) expect(Math.abs(out[c]! / seen[c]! - 1), `class ${c}`).toBeLessThan(0.1)
    expect(given[2]! / seen[2]!).toBeGreaterThan(1.5)
  },
  'a class that appears starts without a bias and leaves the others theirs'(make) {
    const bias = learned(make, 3, 5)
    const before = Array.from(bias.b)
    expect(Math.max(...before)).toBeGreaterThan(0.001)
    bias.addClass()
    expect(Array.from(bias.b)).toEqual([...before, 0])
    expect(reported(bias, Float64Array.of(0, 0, 0, 1))[3]).toBe(1)
  },
  'asking changes nothing'(make) {
    const bias = learned(make, 3, 5)
    const before = bits(bias.save())
    reported(bias, Float64Array.of(0.2, 0.3, 0.5))
    expect(bits(bias.save())).toBe(before)
  },
  'saved and loaded it goes on bit for bit, through a class that appears, and what was saved does not move'(make) {
    fc.assert(
      fc.property(shapes, ({ C, seed }) => {
        const bias = learned(make, C, seed)
        const saved = bias.save()
        const before = bits(saved)
        const again = make()
        again.load(saved)
        for (const each of [bias, again]) {
          const random = new Random(seed + 4)
          for (let i = 0; i < 10; i++) each.learn(opinion(random, C), C, random.below(C))
          each.addClass()
          for (let i = 0; i < 10; i++) each.learn(opinion(random, C + 1), C + 1, random.below(C + 1))
        }
        expect(bits(again.save())).toBe(bits(bias.save()))
        expect(bits(saved)).toBe(before)
      })
    )
  }
}

describe('the class bias keeps its laws', () => {
  for (const [law, holds] of Object.entries(laws)) test(law, () => holds(() => new ClassBias()))
})

/** A class bias with some of its methods planted over. */
function planted(fault: (right: ClassBias) => Partial<BiasLike>): Make {
  return () => {
    const bias = new ClassBias()
    const plain: BiasLike = {
      get b() {
        return bias.b
      },
      addClass: () => bias.addClass(),
      apply: (p, C, out) => bias.apply(p, C, out),
      learn: (p, C, y) => bias.learn(p, C, y),
      save: () => bias.save(),
      load: saved => bias.load(saved)
    }
    return Object.defineProperties(
      {},
      { ...Object.getOwnPropertyDescriptors(plain), ...Object.getOwnPropertyDescriptors(fault(bias)) }
    ) as BiasLike
  }
}

const faults: Readonly<Record<string, { readonly breaks: string; readonly make: Make }>> = {
  'never learns': { breaks: 'after training with rare-class weights', make: planted(() => ({ learn() {} })) },
  'learns away from the label': {
    breaks: 'its step is against',
    make: planted(bias => ({
      learn(p, C, y) {
        const before = bias.b.slice()
        bias.learn(p, C, y)
        for (let c = 0; c < C; c++) bias.b[c] = 2 * before[c]! - bias.b[c]!
      }
    }))
  },
  drifts: {
    breaks: 'its step is against',
    make: planted(bias => ({
      learn(p, C, y) {
        bias.learn(p, C, y)
        for (let c = 0; c < C; c++) bias.b[c]! += 1e-6
      }
    }))
  },
  'learns from what it is given and not from what it reports': {
    breaks: 'after training with rare-class weights',
    make: planted(bias => ({
      learn(p, C, y) {
        for (let c = 0; c < C; c++) bias.b[c]! -= 0.01 * (p[c]! - (c === y ? 1 : 0))
      }
    }))
  },
  'adds its bias to the probability': {
    breaks: 'what is reported is a distribution',
    make: planted(bias => ({
      apply(p, C, out) {
        for (let c = 0; c < C; c++) out[c] = p[c]! + bias.b[c]!
      }
    }))
  },
  'forgets to normalise': {
    breaks: 'it reports p·exp(b)',
    make: planted(bias => ({
      apply(p, C, out) {
        for (let c = 0; c < C; c++) out[c] = p[c]! * Math.exp(bias.b[c]!)
      }
    }))
  },
  'starts anew when a class appears': {
    breaks: 'a class that appears',
    make: planted(bias => ({
      addClass() {
        bias.addClass()
        bias.b.fill(0)
      }
    }))
  },
  'learns when asked': {
    breaks: 'asking changes nothing',
    make: planted(bias => ({
      apply(p, C, out) {
        bias.apply(p, C, out)
        bias.learn(p, C, 0)
      }
    }))
  },
  'saves what it goes on to change': { breaks: 'saved and loaded', make: planted(bias => ({ save: () => bias.b })) }
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
