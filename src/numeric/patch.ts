/**
 * What has changed between two saved trees: numbers of arrays in blocks, everything else whole. A patch is a tree itself, so
 * that it travels and is kept as states are.
 */
import type { Saved } from './saved.ts'

type Numbers = Uint8Array | Int32Array | Float32Array | Float64Array

/** Changes, in the order in which they are made: where in the tree, from which number of the array on (−1: the whole value), and what. */
export type Patch = readonly (readonly [path: readonly (string | number)[], from: number, value: Saved])[]

/** Numbers of a block: a few hundred bytes, so that a touched row costs not much more than itself. */
const BLOCK = 128

/**
 * What makes `after` of `before`. Numbers are compared as bytes: −0 is not 0, and a NaN is itself.
 *
 * @example
 * ```ts
 * import { applied, patchOf } from '../src/numeric/patch.ts'
 * const before = { learned: 1, W: Float32Array.of(1, 2) }
 * const after = { learned: 2, W: Float32Array.of(1, 3) }
 * const patch = patchOf(before, after)
 * patch.length // => 2
 * applied(before, patch) // => { learned: 2, W: Float32Array.of(1, 3) }
 * ```
 */
export function patchOf(before: Saved, after: Saved): Patch {
  const patch: [(string | number)[], number, Saved][] = []
  compare(before, after, [], patch)
  return patch
}

/**
 * The tree with the changes made. Arrays of numbers are changed where they lie: `tree` must not be used any more, not even
 * where this throws an Error because the patch is not of this tree.
 */
export function applied(tree: Saved, patch: Patch): Saved {
  const root = { tree }
  for (const [path, from, value] of patch) {
    const keys = ['tree', ...path]
    const last = keys.pop()!
    let holder = root as unknown as Record<string | number, Saved>
    for (const key of keys) holder = own(holder, key) as unknown as Record<string | number, Saved>
    const before = own(holder, last)
    if (from < 0) holder[last] = value
    else if (isNumbers(before) && isNumbers(value)) before.set(value, from)
    else throw new Error(`expected numbers at ${path.join('/')} and in the patch`)
  }
  return root.tree
}

/** Never what an object inherits: a path is data. */
function own(holder: Record<string | number, Saved>, key: string | number): Saved {
  if (holder === null || typeof holder !== 'object' || !Object.hasOwn(holder, key)) throw new Error(`expected ${key} in the tree`)
  return holder[key]!
}

function compare(before: Saved, after: Saved, path: (string | number)[], patch: [(string | number)[], number, Saved][]): void {
  if (isNumbers(before) && isNumbers(after) && before.constructor === after.constructor && before.length === after.length) {
    compareNumbers(before, after, path, patch)
  } else if (isTree(before) && isTree(after) && sameKeys(before, after)) {
    for (const key of keysOf(after)) compare(before[key]!, after[key]!, [...path, key], patch)
  } else if (!Object.is(before, after)) patch.push([path, -1, after])
}

/** Blocks that touch are one change. */
function compareNumbers(before: Numbers, after: Numbers, path: (string | number)[], patch: [(string | number)[], number, Saved][]): void {
  const [old, now] = [wordsOf(before), wordsOf(after)]
  const words = after.length === 0 ? 1 : now.length / after.length
  let first = -1
  const close = (end: number): void => {
    if (first >= 0) patch.push([path, first, after.slice(first, end)])
    first = -1
  }
  for (let from = 0; from < after.length; from += BLOCK) {
    const end = Math.min(from + BLOCK, after.length)
    if (same(old, now, from * words, end * words)) close(from)
    else if (first < 0) first = from
  }
  close(after.length)
}

type Words = Int32Array | Uint8Array

function same(a: Words, b: Words, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (a[i] !== b[i]) return false
  return true
}

/** The bytes of an array, four at a time where its numbers have as many. */
function wordsOf(array: Numbers): Words {
  return array instanceof Uint8Array ? array : new Int32Array(array.buffer, array.byteOffset, array.byteLength / 4)
}

function isNumbers(value: Saved): value is Numbers {
  return ArrayBuffer.isView(value)
}

function isTree(value: Saved): value is readonly Saved[] & { readonly [key: string]: Saved } {
  return value !== null && typeof value === 'object' && !isNumbers(value)
}

function keysOf(tree: readonly Saved[] | { readonly [key: string]: Saved }): (string & number)[] {
  return (Array.isArray(tree) ? tree.map((_, i) => i) : Object.keys(tree)) as (string & number)[]
}

function sameKeys(a: Saved & object, b: Saved & object): boolean {
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [of, and] = [keysOf(a as readonly Saved[]), keysOf(b as readonly Saved[])]
  return of.length === and.length && of.every((key, i) => key === and[i])
}
