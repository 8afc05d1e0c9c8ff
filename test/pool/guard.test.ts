import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Random } from '../../src/numeric/random.ts'
import { floored, GUARD_FLOOR, Guard } from '../../src/pool/guard.ts'
import { Pool } from '../../src/pool/pool.ts'
import { bits } from '../judge/stream.ts'
import { expectBroken } from '../numeric/planted.ts'
import { disturbed, opinion, type Shape, said, shapes } from './opinions.ts'

type GuardLike = Pick<Guard, 'u' | 'mix' | 'learn' | 'save' | 'load'>
type Make = (M: number, share: number) => GuardLike

const ALPHA = 0.001

/** What the forecasters say next: the pool's q_0, the banks' Q, and the label, which may look at the guard and at what it makes of them. */
interface Turn {
  readonly q0: Float64Array
  readonly Q: Float32Array
  readonly y: (p: Float64Array) => number
}
type Opponent = (random: Random, M: number, C: number, turn: number, guard: GuardLike) => Turn

/** Opinions in which forecaster j, 0 the pool, gives the label y `chance(j)` and shares out the rest. */
function around(y: number, M: number, C: number, chance: (j: number) => number): Turn {
  const of = (j: number) => Float64Array.from({ length: C }, (_, c) => (c === y ? chance(j) : (1 - chance(j)) / (C - 1)))
  const Q = new Float32Array(M * C)
  for (let m = 0; m < M; m++) Q.set(of(m + 1), m * C)
  return { q0: of(0), Q, y: () => y }
}

const leader = (u: Float64Array) => u.indexOf(Math.max(...u))

const opponents: Readonly<Record<string, Opponent>> = {
  'draws everything at random': (random, M, C) => {
    const { Q, y } = said(random, { M, C, seed: 0, silent: 0 })
    return { q0: opinion(random, C), Q, y: () => y }
  },
  'picks the label that is least expected': (random, M, C) => {
    const { Q } = said(random, { M, C, seed: 0, silent: 0 })
    return { q0: opinion(random, C), Q, y: p => p.indexOf(Math.min(...p)) }
  },
  'lets the forecasters take turns at being right': (random, M, C, turn) =>
    around(random.below(C), M, C, j => ((turn >> 3) % (M + 1) === j ? 1 : 0)),
  'lets the one who is trusted most put 0 on the label': (random, M, C, _, { u }) => {
    const trusted = leader(u)
    return around(random.below(C), M, C, j => (j === trusted ? 0 : 0.6))
  },
  'lets everyone put 0 on the label at times': (random, M, C, turn) =>
    around(random.below(C), M, C, j => (turn % 5 === 4 ? 0 : j === 1 ? 0.9 : 0.3)),
  'lets the pool be wrong always, and one bank a little better than the rest': (random, M, C) =>
    around(random.below(C), M, C, j => (j === 0 ? 0 : j === M ? 0.55 : 0.45)),
  'lets the pool alone be right': (random, M, C) => around(random.below(C), M, C, j => (j === 0 ? 0.99 : 0)),
  'lets the forecasters differ by little': (random, M, C) => around(random.below(C), M, C, j => 0.3 + (0.4 * j) / (M + 1))
}

interface Match {
  /** Σ −ln p[y]. */
  readonly loss: number
  /** Σ −ln q_j[y] of every forecaster, floored. */
  readonly losses: Float64Array
}

function play(guard: GuardLike, opponent: Opponent, random: Random, M: number, C: number, n: number): Match {
  const spoke = new Uint8Array(M).fill(1)
  const p = new Float64Array(C)
  let loss = 0
  const losses = new Float64Array(M + 1)
  for (let i = 0; i < n; i++) {
    const { q0, Q, y: label } = opponent(random, M, C, i, guard)
    guard.mix(q0, Q, spoke, C, p)
    const y = label(p)
    loss -= Math.log(p[y]!)
    losses[0]! -= Math.log(floored(q0[y]!, C))
    for (let m = 0; m < M; m++) losses[m + 1]! -= Math.log(floored(Q[m * C + y]!, C))
    guard.learn(q0, Q, spoke, C, y)
  }
  return { loss, losses }
}

const lengths = fc.integer({ min: 1, max: 300 })
const arenas = fc.record({ M: fc.integer({ min: 1, max: 6 }), C: fc.integer({ min: 2, max: 6 }), n: lengths, seed: fc.nat(1e9) })

/** ln(M + 1) − (n − 1) ln(1 − α): what listening to all may cost against the best. */
const price = (M: number, n: number, alpha: number) => Math.log(M + 1) - (n - 1) * Math.log(1 - alpha)

const laws: Readonly<Record<string, (make: Make) => void>> = {
  'what is made of the forecasters is a distribution, whatever they say and whoever sleeps, and no class has nothing'(make) {
    fc.assert(
      fc.property(shapes, fc.boolean(), (shape, pool) => {
        const { M, C } = shape
        const guard = make(M, ALPHA)
        const random = new Random(shape.seed)
        for (let i = 0; i < 40; i++) {
          const { Q, spoke, y } = said(random, shape)
          const p = new Float64Array(C).fill(9)
          const q0 = opinion(random, C)
          guard.mix(q0, Q, spoke, C, p, pool)
          expect(p.every(each => Number.isFinite(each) && each >= GUARD_FLOOR / 2)).toBe(true)
          // Opinions of banks are float32: their sum is one within that.
          expect(p.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6)
          guard.learn(q0, Q, spoke, C, y, pool)
          expect(guard.u.every(each => each > 0 && each <= 1)).toBe(true)
          expect(guard.u.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
        }
      })
    )
  },
  'where everyone sleeps it is uniform, and a label changes no more than the share does'(make) {
    const guard = make(2, ALPHA)
    const p = new Float64Array(4)
    guard.mix(new Float64Array(4), new Float32Array(8), new Uint8Array(2), 4, p, false)
    expect(Array.from(p)).toEqual([0.25, 0.25, 0.25, 0.25])
    guard.learn(new Float64Array(4), new Float32Array(8), new Uint8Array(2), 4, 1, false)
    for (const each of guard.u) expect(each).toBeCloseTo(1 / 3, 12)
  },
  'at the start everyone is trusted alike'(make) {
    expect(Array.from(make(3, ALPHA).u)).toEqual([0.25, 0.25, 0.25, 0.25])
  },
  'its loss is bounded by that of the best forecaster: ln(M + 1) and a hair a label above, whoever it plays against'(make) {
    for (const [name, opponent] of Object.entries(opponents)) {
      fc.assert(
        fc.property(arenas, fc.constantFrom(ALPHA, 0.05, 1e-6), ({ M, C, n, seed }, alpha) => {
          const { loss, losses } = play(make(M, alpha), opponent, new Random(seed), M, C, n)
          expect(loss, name).toBeLessThanOrEqual(Math.min(...losses) + price(M, n, alpha) + 1e-9 * n)
        }),
        { numRuns: 40 }
      )
    }
  },
  'so it is over a pool that learns'(make) {
    fc.assert(
      fc.property(arenas, ({ M, C, n, seed }) => {
        const pool = new Pool(M, { rate: 0.05, clip: 5, floor: 1e-4 })
        const spoke = new Uint8Array(M).fill(1)
        const over: Opponent = (random, _M, _C, turn, guard) => {
          const opponent = [opponents['draws everything at random']!, opponents['lets the forecasters take turns at being right']!][
            seed % 2
          ]!
          const { Q, y } = opponent(random, M, C, turn, guard)
          const q0 = new Float64Array(C)
          pool.mix(Q, spoke, C, q0)
          return {
            q0,
            Q,
            y(p) {
              const label = y(p)
              pool.learn(Q, spoke, C, label)
              return label
            }
          }
        }
        const { loss, losses } = play(make(M, ALPHA), over, new Random(seed), M, C, n)
        expect(loss).toBeLessThanOrEqual(Math.min(...losses) + price(M, n, ALPHA) + 1e-9 * n)
      }),
      { numRuns: 100 }
    )
  },
  'when the best changes it follows: each change costs no more than ln((M + 1)/α)'(make) {
    fc.assert(
      fc.property(
        arenas,
        fc.array(fc.record({ best: fc.nat(6), n: lengths }), { minLength: 1, maxLength: 4 }),
        ({ M, C, seed }, spells) => {
          const guard = make(M, ALPHA)
          const random = new Random(seed)
          let n = 0
          let loss = 0
          let best = 0
          let changes = -1
          let before = -1
          for (const spell of spells) {
            const one = spell.best % (M + 1)
            const match = play(guard, (r, _M, _C) => around(r.below(C), M, C, j => (j === one ? 0.95 : 0)), random, M, C, spell.n)
            loss += match.loss
            best += match.losses[one]!
            n += spell.n
            if (one !== before) changes++
            before = one
          }
          // Herbster & Warmuth (1998): a stay costs −ln(1 − α), a change −ln(α/(M + 1)).
          const bound = best + Math.log(M + 1) + changes * Math.log((M + 1) / ALPHA) - (n - 1 - changes) * Math.log(1 - ALPHA)
          expect(loss).toBeLessThanOrEqual(bound + 1e-9 * n)
        }
      ),
      { numRuns: 100 }
    )
  },
  'one who is no longer right is soon not trusted, one who is again is soon trusted again'(make) {
    const guard = make(2, ALPHA)
    const random = new Random(1)
    const right = (best: number) => (r: Random, M: number, C: number) => around(r.below(C), M, C, j => (j === best ? 0.95 : 0.05))
    play(guard, right(1), random, 2, 3, 500)
    expect(leader(guard.u)).toBe(1)
    play(guard, right(2), random, 2, 3, 5)
    expect(leader(guard.u)).toBe(2)
    play(guard, right(0), random, 2, 3, 5)
    expect(leader(guard.u)).toBe(0)
  },
  'those awake keep the sum of their weights but for the share, and who sleeps is neither read nor judged'(make) {
    fc.assert(
      fc.property(shapes, fc.boolean(), (shape: Shape, pool) => {
        const { M, C } = shape
        const guard = make(M, ALPHA)
        const random = new Random(shape.seed)
        for (let i = 0; i < 20; i++) {
          const heard = said(random, shape)
          const { spoke, y } = heard
          const Q = disturbed(heard, C)
          const q0 = pool ? opinion(random, C) : new Float64Array(C).fill(Number.NaN)
          const awake = (j: number) => (j === 0 ? pool : spoke[j - 1] === 1)
          const before = guard.u.slice()
          const p = new Float64Array(C)
          guard.mix(q0, Q, spoke, C, p, pool)
          expect(p.every(each => Number.isFinite(each))).toBe(true)
          guard.learn(q0, Q, spoke, C, y, pool)
          const sum = (u: Float64Array) => u.reduce((all, each, j) => all + (awake(j) ? each : 0), 0)
          const many = Array.from(before, (_, j) => j).filter(awake).length
          expect(sum(guard.u)).toBeCloseTo((1 - ALPHA) * sum(before) + (ALPHA * many) / (M + 1), 12)
          guard.u.forEach((each, j) => {
            if (!awake(j)) expect(each).toBe((1 - ALPHA) * before[j]! + ALPHA / (M + 1))
          })
        }
      })
    )
  },
  'saved and loaded it goes on bit for bit, and what was saved does not move'(make) {
    fc.assert(
      fc.property(arenas, ({ M, C, n, seed }) => {
        const opponent = opponents['draws everything at random']!
        const guard = make(M, ALPHA)
        play(guard, opponent, new Random(seed), M, C, n)
        const saved = guard.save()
        const before = bits(saved)
        const again = make(M, ALPHA)
        again.load(saved)
        for (const each of [guard, again]) play(each, opponent, new Random(seed + 1), M, C, 20)
        expect(bits(again.save())).toBe(bits(guard.save()))
        expect(bits(saved)).toBe(before)
      }),
      { numRuns: 30 }
    )
  }
}

const right: Make = (M, share) => new Guard(M, share)

describe('the guard keeps its laws', () => {
  for (const [law, holds] of Object.entries(laws)) test(law, () => holds(right))
})

test('a floored forecast is still a distribution, and gives every class about the floor at least', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(1e9), (C, seed) => {
      const q = opinion(new Random(seed), C).map(each => floored(each, C))
      expect(q.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
      expect(Math.min(...q)).toBeGreaterThan(0.99 * GUARD_FLOOR)
    })
  )
})

/** A guard with some of its methods planted over. */
function planted(fault: (right: Guard, M: number) => Partial<GuardLike>): Make {
  return (M, share) => {
    const guard = new Guard(M, share)
    const plain: GuardLike = {
      u: guard.u,
      mix: (...args) => guard.mix(...args),
      learn: (...args) => guard.learn(...args),
      save: () => guard.save(),
      load: saved => guard.load(saved)
    }
    return { ...plain, ...fault(guard, M) }
  }
}

/** The guard written out for forecasters who are all awake, with its parts planted over. */
const rewritten =
  (floor: (q: number, C: number) => number, likelihood: (q: number) => number, share = true) =>
  (M: number, alpha: number) =>
    planted(({ u }) => ({
      mix(q0, Q, _spoke, C, p) {
        for (let c = 0; c < C; c++) p[c] = u.reduce((sum, each, j) => sum + each * floor(j === 0 ? q0[c]! : Q[(j - 1) * C + c]!, C), 0)
      },
      learn(q0, Q, _spoke, C, y) {
        for (let j = 0; j <= M; j++) u[j]! *= likelihood(floor(j === 0 ? q0[y]! : Q[(j - 1) * C + y]!, C))
        const sum = u.reduce((a, b) => a + b, 0)
        for (let j = 0; j <= M; j++) u[j] = share ? ((1 - alpha) * u[j]!) / sum + alpha / (M + 1) : u[j]! / sum
      }
    }))(M, alpha)

const same = (q: number) => q

const faults: Readonly<Record<string, { readonly breaks: string; readonly make: Make }>> = {
  'has no floor': { breaks: 'its loss is bounded', make: rewritten(same, same) },
  'has a floor and forgets to make the forecast sum to one again': {
    breaks: 'what is made of the forecasters',
    make: rewritten(q => Math.max(q, 1e-3), same)
  },
  'forgets the share': { breaks: 'when the best changes', make: rewritten(floored, same, false) },
  'shares out a tenth at every label': { breaks: 'its loss is bounded', make: M => new Guard(M, 0.1) },
  'judges by opinions that were given after the label': {
    breaks: 'its loss is bounded',
    make: planted(guard => ({
      // The last bank is fast: it has learned the label by the time it is asked again.
      learn(q0, Q, spoke, C, y, pool) {
        const after = Float32Array.from(Q)
        const last = (spoke.length - 1) * C
        after.fill(0, last, last + C)
        after[last + y] = 1
        guard.learn(q0, after, spoke, C, y, pool)
      }
    }))
  },
  'learns half of what it sees': { breaks: 'its loss is bounded', make: rewritten(floored, Math.sqrt) },
  'learns nothing': { breaks: 'its loss is bounded', make: planted(() => ({ learn() {} })) },
  'leaves the pool out': {
    breaks: 'its loss is bounded',
    make: planted(guard => ({ mix: (q0, Q, spoke, C, p) => guard.mix(q0, Q, spoke, C, p, false) }))
  },
  'lets those awake take the weight of those who sleep': {
    breaks: 'those awake keep',
    make: planted((guard, M) => ({
      learn(q0, Q, spoke, C, y, pool) {
        guard.learn(q0, Q, spoke, C, y, pool)
        for (let m = 0; m < M; m++) if (spoke[m] === 0) guard.u[m + 1]! *= 0.9
        const sum = guard.u.reduce((a, b) => a + b, 0)
        for (let j = 0; j <= M; j++) guard.u[j]! /= sum
      }
    }))
  },
  'reads who sleeps': {
    breaks: 'those awake keep',
    make: planted(guard => ({
      mix: (q0, Q, spoke, C, p, pool) =>
        guard.mix(
          q0,
          Q,
          spoke.map(() => 1),
          C,
          p,
          pool
        )
    }))
  },
  'trusts the pool most at the start': {
    breaks: 'at the start',
    make: planted(guard => {
      guard.u[0]! += 0.1
      return {}
    })
  },
  'starts anew when loaded': { breaks: 'saved and loaded', make: planted(() => ({ load() {} })) },
  'saves what it goes on to change': { breaks: 'saved and loaded', make: planted(guard => ({ save: () => guard.u })) }
}

describe('a planted fault breaks the law that is meant for it', () => {
  for (const [fault, { breaks, make }] of Object.entries(faults)) {
    test(fault, () => {
      const law = Object.entries(laws).find(([name]) => name.startsWith(breaks))
      expect(law, breaks).toBeDefined()
      expectBroken(() => law![1](make))
    })
  }

  test('the guard written out without a fault keeps the bound', () => {
    for (const [law, holds] of Object.entries(laws)) {
      if (law.startsWith('its loss is bounded') || law.startsWith('when the best'))
        expect(() => holds(rewritten(floored, same))).not.toThrow()
    }
  })
})
