import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Rest } from '../../src/pool/rest.ts'

/** `n` examples of the same loss and shares. */
function go(rest: Rest, n: number, p: number, shares: readonly number[]): void {
  for (let i = 0; i < n; i++) rest.learn(p, () => shares)
}

const asleep = (rest: Rest, m: number, n: number, shares: readonly number[]): number => {
  let slept = 0
  for (let i = 0; i < n; i++) {
    if (rest.sleeps(m)) slept++
    rest.learn(0.9, () => shares)
  }
  return slept
}

describe('rest', () => {
  test('nobody rests before the pool has had time to learn whom to trust', () => {
    const rest = new Rest(2, { below: 0.02 })
    for (let i = 0; i < 499; i++) {
      rest.learn(0.9, () => [0, 1])
      expect(rest.sleeps(0)).toBe(false)
    }
  })

  test('a bank without weight is asked one time in sixteen, one with weight always', () => {
    const rest = new Rest(2, { below: 0.02 })
    go(rest, 600, 0.9, [0.01, 0.99])
    expect([rest.rests(0), rest.rests(1)]).toEqual([true, false])
    expect(asleep(rest, 0, 160, [0.01, 0.99])).toBe(150)
    expect(asleep(rest, 1, 160, [0.01, 0.99])).toBe(0)
  })

  test('it wakes when its weight returns to three times the least, and not before', () => {
    const rest = new Rest(1, { below: 0.02 })
    go(rest, 600, 0.9, [0.01])
    go(rest, 64, 0.9, [0.05])
    expect(rest.rests(0)).toBe(true)
    go(rest, 64, 0.9, [0.07])
    expect(rest.rests(0)).toBe(false)
  })

  test('a drift wakes everybody for a while, and they rest again after it', () => {
    const rest = new Rest(2, { below: 0.02 })
    go(rest, 2000, 0.95, [0.01, 0.01])
    expect(rest.rests(0)).toBe(true)
    let until = 0
    while (rest.rests(0) && until++ < 500) go(rest, 1, 0.2, [0.01, 0.01])
    expect(until).toBeLessThan(40)
    expect(rest.rests(1)).toBe(false)
    go(rest, 400, 0.95, [0.01, 0.01])
    expect(rest.rests(0)).toBe(false)
    go(rest, 3000, 0.95, [0.01, 0.01])
    expect(rest.rests(0)).toBe(true)
  })

  test('a steady loss, however large, wakes nobody', () => {
    const rest = new Rest(1, { below: 0.02 })
    go(rest, 4000, 0.01, [0])
    expect(rest.rests(0)).toBe(true)
  })

  test('below 0 nobody ever rests', () => {
    const rest = new Rest(1, { below: 0 })
    go(rest, 2000, 0.9, [0])
    expect(rest.sleeps(0)).toBe(false)
  })

  test('saved and loaded it goes on as if nothing had happened, wherever it is cut', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1500 }), fc.double({ min: 0, max: 0.2, noNaN: true }), (cut, share) => {
        const whole = new Rest(2, { below: 0.05 })
        go(whole, cut, 0.8, [share, 0.01])
        const loaded = new Rest(2, { below: 0.05 })
        loaded.load(whole.save())
        for (const rest of [whole, loaded]) go(rest, 700, 0.3, [share, 0.01])
        expect(loaded.save()).toEqual(whole.save())
      }),
      { numRuns: 30 }
    )
  })
})
