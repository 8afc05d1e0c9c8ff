import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeSaved } from '../../src/adapter/file/saved.ts'
import { applied, patchOf } from '../../src/numeric/patch.ts'
import { Random } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'

const odd = fc.constantFrom(0, -0, Number.NaN, 1.5, -3, 2 ** 40)
const numbers = fc.oneof(
  fc.array(odd, { maxLength: 400 }).map(all => Float64Array.from(all)),
  fc.array(odd, { maxLength: 400 }).map(all => Float32Array.from(all)),
  fc.array(fc.integer(), { maxLength: 400 }).map(all => Int32Array.from(all)),
  fc.uint8Array({ maxLength: 400 })
)
const { tree } = fc.letrec<{ tree: Saved }>(tie => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, 'name'),
    odd,
    numbers,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'W', '__proto__'), tie('tree'), { maxKeys: 4, noNullPrototype: false })
  )
}))
const bytes = (saved: Saved): string => Buffer.from(encodeSaved(saved)).toString('hex')

/** The same shape with some numbers changed. */
function touched(saved: Saved, random: Random): Saved {
  if (ArrayBuffer.isView(saved)) {
    const copy = saved.slice()
    for (let n = random.below(4); n > 0 && copy.length > 0; n--) copy[random.below(copy.length)] = random.below(9) - 4
    return copy
  }
  if (Array.isArray(saved)) return saved.map(each => touched(each, random))
  if (saved !== null && typeof saved === 'object')
    return Object.fromEntries(Object.entries(saved).map(([key, value]) => [key, touched(value, random)]))
  return typeof saved === 'number' && random.below(3) === 0 ? saved + 1 : saved
}

test('a patch between any two trees makes the one of the other, byte for byte', () => {
  fc.assert(
    fc.property(tree, tree, (before, after) => {
      const wanted = bytes(after)
      expect(bytes(applied(structuredClone(before), patchOf(before, after)))).toBe(wanted)
    })
  )
})

test('and of a tree that changed in places', () => {
  fc.assert(
    fc.property(tree, fc.nat(), (before, seed) => {
      const after = touched(before, new Random(seed))
      const wanted = bytes(after)
      expect(bytes(applied(structuredClone(before), patchOf(before, after)))).toBe(wanted)
    })
  )
})

test('what has not changed is not in it', () => {
  fc.assert(fc.property(tree, before => patchOf(before, structuredClone(before)).length === 0))
})

test('of an array of numbers only the blocks that changed are in it, those that touch as one', () => {
  const before = new Float32Array(1000)
  const after = before.slice()
  for (const i of [0, 127, 128, 700, 999]) after[i] = 1
  const patch = patchOf({ W: before }, { W: after })
  expect(patch.map(([path, from, value]) => [path, from, (value as Float32Array).length])).toEqual([
    [['W'], 0, 256],
    [['W'], 640, 128],
    [['W'], 896, 104]
  ])
})

test('a sign, a NaN and a length are changes', () => {
  expect(patchOf(Float32Array.of(0), Float32Array.of(-0))).toHaveLength(1)
  expect(patchOf([0], [-0])).toHaveLength(1)
  expect(patchOf(Float64Array.of(Number.NaN), Float64Array.of(Number.NaN))).toHaveLength(0)
  expect(patchOf(new Int32Array(3), new Int32Array(4))).toHaveLength(1)
  expect(patchOf(new Int32Array(1), new Float32Array(1))).toHaveLength(1)
})
