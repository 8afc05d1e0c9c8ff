import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Beside, Needs, type Way, ways } from '../../src/stability/needs.ts'

interface Example {
  readonly g: Float32Array
  readonly P: Float32Array
  readonly y: number
  readonly w: number
}

const [C, K] = [3, 4]
const shares = (n: number) =>
  fc.array(fc.integer({ min: 1, max: 50 }), { minLength: n, maxLength: n }).map(raw => {
    const sum = raw.reduce((all, each) => all + each, 0)
    return raw.map(each => each / sum)
  })
const example: fc.Arbitrary<Example> = fc
  .record({
    g: shares(K),
    opinions: fc.array(shares(C), { minLength: K, maxLength: K }),
    y: fc.nat(C - 1),
    w: fc.integer({ min: 1, max: 5 })
  })
  .map(({ g, opinions, y, w }) => {
    const P = new Float32Array(C * K)
    for (const [k, of] of opinions.entries()) for (const [c, p] of of.entries()) P[c * K + k] = p
    return { g: Float32Array.from(g), P, y, w }
  })

const beside: Beside = {
  nearest: Int32Array.of(1, 0, 3, 2),
  flat: new Uint8Array(K).fill(1),
  mean: new Float32Array(C * K).fill(1 / 3),
  pooled: new Float32Array(C * K).fill(0.25)
}

/** The bank's opinion of `y` by the definition, with its experts' opinions and shares changed as each way says. */
function opinionOf({ g, P, y }: Example, way: Way | null, k: number): number {
  const l = beside.nearest[k]!
  let whole = 0
  let q = 0
  for (let j = 0; j < K; j++) {
    if (way === 'leftOut' && j === k) continue
    let p = P[y * K + j]!
    if (j === k && way === 'replaced') p = P[y * K + l]!
    if (j === k && way === 'flattened') p = beside.mean[y * K + k]!
    if ((j === k || j === l) && way === 'pooled') p = beside.pooled[y * K + k]!
    whole += g[j]!
    q += g[j]! * p
  }
  return q / whole
}

/** Weighed mean of the losses, none of which fades. */
function lostOf(examples: readonly Example[], way: Way, k: number): number {
  let [sum, weight] = [0, 0]
  for (const each of examples) {
    const share = each.g[k]! + (way === 'pooled' ? each.g[beside.nearest[k]!]! : 0)
    if (share < 0.02) continue
    const ln = (q: number) => Math.log(Math.max(0.0067, q))
    sum += each.w * share * (ln(opinionOf(each, null, k)) - ln(opinionOf(each, way, k)))
    weight += each.w * share
  }
  return weight > 0 ? sum / weight : Number.NaN
}

function told(examples: readonly Example[]): Needs {
  const needs = new Needs(K)
  for (const { g, P, y, w } of examples) needs.observe(g, P, y, w, beside)
  return needs
}

describe('what a bank would lose', () => {
  test('is what the definition of each way says', () => {
    fc.assert(
      fc.property(fc.array(example, { minLength: 1, maxLength: 6 }), examples => {
        const needs = told(examples)
        for (const way of ways) {
          for (let k = 0; k < K; k++) {
            const expected = lostOf(examples, way, k)
            // Six examples fade by 2 % at most.
            if (Number.isNaN(expected)) expect(needs.lost(k, way)).toBeNaN()
            else expect(Math.abs(needs.lost(k, way) - expected)).toBeLessThan(0.02 + 0.03 * Math.abs(expected))
          }
        }
      })
    )
  })

  test('is nothing for two that say the same, whichever is left out or speaks for the other', () => {
    const g = Float32Array.of(0.5, 0.5)
    const P = Float32Array.of(0.75, 0.75, 0.25, 0.25)
    const needs = new Needs(2)
    const two = { nearest: Int32Array.of(1, 0), flat: Uint8Array.of(1, 1), mean: P, pooled: P }
    for (let i = 0; i < 50; i++) needs.observe(g, P, i % 2, 1, two)
    for (const way of ways) for (const k of [0, 1]) expect(needs.lost(k, way)).toBeCloseTo(0, 9)
  })

  test('is told of an expert that speaks alone by what the others say there, however little they are asked', () => {
    // The other is asked about a millionth of it, says .1 where the first says .9.
    const needs = new Needs(2)
    const none = { nearest: Int32Array.of(-1, -1), flat: new Uint8Array(2), mean: new Float32Array(0), pooled: new Float32Array(0) }
    for (let i = 0; i < 10; i++) needs.observe(Float32Array.of(0.999999, 1e-6), Float32Array.of(0.9, 0.1, 0.1, 0.9), 0, 1, none)
    expect(needs.lost(0, 'leftOut')).toBeCloseTo(Math.log(9), 4)
    expect(needs.lost(1, 'leftOut')).toBeNaN()
  })

  test('one example counts 5 nats at most', () => {
    const needs = new Needs(2)
    const none = { nearest: Int32Array.of(-1, -1), flat: new Uint8Array(2), mean: new Float32Array(0), pooled: new Float32Array(0) }
    needs.observe(Float32Array.of(0.5, 0.5), Float32Array.of(1, 0, 0, 1), 0, 1, none)
    expect(needs.lost(0, 'leftOut')).toBeCloseTo(Math.log(0.5) - Math.log(0.0067), 6)
    expect(needs.lost(0, 'leftOut')).toBeLessThan(5)
  })

  test('is not known of the only expert, nor before anyone has spoken', () => {
    const alone = new Needs(1)
    alone.observe(Float32Array.of(1), Float32Array.of(0.5, 0.5), 0, 1, {
      nearest: Int32Array.of(-1),
      flat: new Uint8Array(1),
      mean: Float32Array.of(0.5, 0.5),
      pooled: Float32Array.of(0.5, 0.5)
    })
    expect(alone.lost(0, 'leftOut')).toBeNaN()
    expect(alone.lost(0, 'flattened')).toBeCloseTo(0, 9)
    expect(new Needs(2).lost(0, 'leftOut')).toBeNaN()
  })

  test('is forgotten by half on demand, and by what comes after in any case', () => {
    const g = Float32Array.of(0.5, 0.5)
    const none = { nearest: Int32Array.of(-1, -1), flat: new Uint8Array(2), mean: new Float32Array(0), pooled: new Float32Array(0) }
    const learn = (needs: Needs, p: number, times: number) => {
      for (let i = 0; i < times; i++) needs.observe(g, Float32Array.of(p, 0.5, 1 - p, 0.5), 0, 1, none)
    }
    const [kept, halved] = [new Needs(2), new Needs(2)]
    for (const needs of [kept, halved]) learn(needs, 0.9, 100)
    halved.halve(0)
    for (const needs of [kept, halved]) learn(needs, 0.5, 50)
    expect(halved.lost(0, 'leftOut')).toBeLessThan(0.85 * kept.lost(0, 'leftOut'))
    learn(kept, 0.5, 3000)
    expect(kept.lost(0, 'leftOut')).toBeLessThan(0.01)
  })
})
