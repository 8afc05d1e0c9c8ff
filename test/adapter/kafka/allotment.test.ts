/** Who of a group gets what. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  allot,
  type Candidate,
  decodeAllotted,
  decodeCandidate,
  encodeAllotted,
  encodeStanding
} from '../../../src/adapter/kafka/allotment.ts'

const numbers = fc.array(fc.nat(11), { maxLength: 12 })
const members = fc.uniqueArray(fc.record({ id: fc.uuid(), held: numbers, generations: fc.nat(5) }), {
  selector: ({ id }) => id,
  minLength: 1,
  maxLength: 8
})

describe('an allotment', () => {
  test('gives each number once, as evenly as can be, whatever the members say', () => {
    fc.assert(
      fc.property(fc.nat(12), members, (count, given) => {
        const lots = [...allot(count, given).values()]
        expect(lots.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i))
        const sizes = lots.map(each => each.length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      })
    )
  })

  test('is the same for the same members, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.nat(12), members, (count, given) => {
        expect(allot(count, [...given].reverse())).toEqual(allot(count, given))
      })
    )
  })

  test('changes nothing where nobody has come or gone', () => {
    fc.assert(
      fc.property(fc.nat(12), members, (count, given) => {
        const before = allot(count, given)
        const again = given.map(({ id }): Candidate => ({ id, held: before.get(id)!, generations: 1 }))
        expect(allot(count, again)).toEqual(before)
      })
    )
  })

  test('leaves a single number where it is, and then gives it to who has been there longest', () => {
    const holder = { id: 'b', held: [0], generations: 1 }
    const old = { id: 'c', held: [], generations: 7 }
    const young = { id: 'a', held: [], generations: 0 }
    expect(allot(1, [young, holder, old]).get('b')).toEqual([0])
    expect(allot(1, [young, old]).get('c')).toEqual([0])
  })

  test('travels as bytes', () => {
    const standing = { held: [2, 0], generations: 3 }
    expect(decodeCandidate('m', encodeStanding(['t'], standing))).toEqual({ id: 'm', ...standing })
    expect(decodeAllotted(encodeAllotted(['t', 'u'], [1, 4]))).toEqual([1, 4])
    expect(decodeAllotted(Buffer.alloc(0))).toEqual([])
  })
})
