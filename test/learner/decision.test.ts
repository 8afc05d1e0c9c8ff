import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide } from '../../src/learner/decision.ts'

const probabilities = fc.array(fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.25, 0.5)), {
  minLength: 1,
  maxLength: 7
})
/** Counts with p, as many. */
const cases = probabilities.chain(p =>
  fc.record({
    p: fc.constant(p),
    counts: fc.array(fc.oneof(fc.double({ min: 0.01, max: 5000, noNaN: true }), fc.constantFrom(1, 10, 0)), {
      minLength: p.length,
      maxLength: p.length
    })
  })
)
const exponents = fc.double({ min: 0, max: 2, noNaN: true })

/** p[c]·n_c^−γ, as written. */
const scores = (p: readonly number[], counts: readonly number[], exponent: number) =>
  p.map((each, c) => each * Math.max(counts[c]!, 1e-3) ** -exponent)

test('with exponent 0 it is the likeliest class, ties to the lower index, whatever the counts', () => {
  fc.assert(
    fc.property(cases, ({ p, counts }) => {
      expect(decide(p, counts, 0)).toBe(p.indexOf(Math.max(...p)))
    })
  )
  expect(decide([0.2, 0.4, 0.4], [1, 1e9, 1], 0)).toBe(1)
})

test('with classes alike and counts alike the lower index is chosen, at any exponent', () => {
  fc.assert(
    fc.property(exponents, fc.integer({ min: 1, max: 8 }), fc.double({ min: 0.1, max: 1000, noNaN: true }), (exponent, C, count) => {
      expect(decide(new Array(C).fill(1 / C), new Array(C).fill(count), exponent)).toBe(0)
    })
  )
})

test('it takes a class of the largest p·n^−γ', () => {
  fc.assert(
    fc.property(cases, exponents, ({ p, counts }, exponent) => {
      const all = scores(p, counts, exponent)
      expect(all[decide(p, counts, exponent)]!).toBeGreaterThanOrEqual(Math.max(...all) * (1 - 1e-12))
    })
  )
})

test('a larger exponent never lowers the chance of the rarest class: once chosen, it stays', () => {
  fc.assert(
    fc.property(cases, exponents, exponents, ({ p, counts }, a, b) => {
      const rarest = counts.indexOf(Math.min(...counts))
      // A class as rare as the rarest keeps its odds against it, and ties by rounding are no matter of the law.
      fc.pre(counts.every((count, c) => c === rarest || Math.max(count, 1e-3) > Math.max(counts[rarest]!, 1e-3) * 1.001))
      const [less, more] = [Math.min(a, b), Math.max(a, b)]
      const all = scores(p, counts, less)
      fc.pre(all.every((score, c) => c === rarest || Math.abs(score - all[rarest]!) > 1e-9 * score))
      if (decide(p, counts, less) === rarest) expect(decide(p, counts, more)).toBe(rarest)
    })
  )
  expect([0, 0.2, 0.5, 1].map(exponent => decide([0.7, 0.3], [99, 1], exponent))).toEqual([0, 1, 1, 1])
})

test('nor raises that of the most frequent: once passed over, it is not chosen again', () => {
  fc.assert(
    fc.property(cases, exponents, exponents, ({ p, counts }, a, b) => {
      const often = counts.indexOf(Math.max(...counts))
      fc.pre(counts.every((count, c) => c === often || count * 1.001 < counts[often]!))
      const [less, more] = [Math.min(a, b), Math.max(a, b)]
      const all = scores(p, counts, less)
      fc.pre(all.every((score, c) => c === often || Math.abs(score - all[often]!) > 1e-9 * score))
      if (decide(p, counts, less) !== often) expect(decide(p, counts, more)).not.toBe(often)
    })
  )
})

test('with exponent 1 it weighs what the record says of a class against how frequent the class is', () => {
  // Likelihoods .2 and .3: the second class, however rare, though its probability is 15 in 1000.
  const rates = [0.99, 0.01]
  expect(decide([0.2 * rates[0]!, 0.3 * rates[1]!], [990, 10], 1)).toBe(1)
  expect(decide([0.2 * rates[0]!, 0.3 * rates[1]!], [990, 10], 0)).toBe(0)
})

test('counts in other units choose the same class', () => {
  fc.assert(
    fc.property(cases, exponents, fc.constantFrom(0.5, 2, 64), ({ p, counts }, exponent, unit) => {
      fc.pre(counts.every(count => count * Math.min(unit, 1) > 1e-3))
      const all = scores(p, counts, exponent)
      const [first, second] = [...all].sort((a, b) => b - a)
      fc.pre(second === undefined || first! - second > 1e-9 * first!)
      const other = counts.map(count => count * unit)
      expect(decide(p, other, exponent)).toBe(decide(p, counts, exponent))
    })
  )
})

test('a class that was never counted is rare, not impossible, and one of probability 0 is not chosen for being rare', () => {
  expect(decide([0.9, 0.1], [100, 0], 0.5)).toBe(1)
  expect(decide([0.9, 0.1], [100, 0], 0.1)).toBe(0)
  expect(decide([1, 0], [1e9, 0], 2)).toBe(0)
})

test('of no class it chooses none', () => {
  expect(decide([], [], 0)).toBe(-1)
  expect(decide([], [], 0.5)).toBe(-1)
})
