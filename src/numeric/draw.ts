/**
 * A draw by name: the same number in [0, 1) for the same text and seed, on every machine and in whatever order texts are
 * asked for, so that whoever decides again about a part decides alike.
 *
 * Sources: FNV-1a over the text's UTF-16 units (Fowler, Noll & Vo), finished by MurmurHash3's mixer (Appleby 2008).
 */

const INVERSE_2_53 = 1 / 9007199254740992

/**
 * Uniform in [0, 1) over texts, a multiple of 2⁻⁵³.
 *
 * @example
 * ```ts
 * import { drawOf } from '../src/numeric/draw.ts'
 * drawOf(1, 'part-7') === drawOf(1, 'part-7') // => true
 * drawOf(1, 'part-7') === drawOf(2, 'part-7') // => false
 * ```
 */
export function drawOf(seed: number, text: string): number {
  const high = hash(seed, text) >>> 5
  const low = hash(seed ^ 0x5bd1e995, text) >>> 6
  return (high * 67108864 + low) * INVERSE_2_53
}

function hash(seed: number, text: string): number {
  let h = mix((seed | 0) ^ 0x811c9dc5)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    h = Math.imul(h ^ (unit & 0xff), 0x01000193)
    h = Math.imul(h ^ (unit >>> 8), 0x01000193)
  }
  return mix(mix(h) ^ text.length)
}

function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
