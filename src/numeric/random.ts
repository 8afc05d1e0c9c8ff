/**
 * Chance that is part of the state: a seeded generator whose every draw has the same bits on every machine, and a hash
 * that gives the same normal number for the same place, in whatever order places are asked for.
 *
 * Sources: xoshiro128** 1.1 and SplitMix64 for its seed (Blackman & Vigna 2021, prng.di.unimi.it); the polar method
 * (Marsaglia & Bray 1964); the hash's mixer is MurmurHash3's 32-bit finaliser (Appleby 2008).
 */
import { log } from './exp-log.ts'
import type { Saved } from './saved.ts'

const MASK64 = 0xffffffffffffffffn
const INVERSE_2_53 = 1 / 9007199254740992
const INVERSE_2_32 = 1 / 4294967296

/**
 * A seeded generator. `next` has 53 random bits and takes two 32-bit draws; the period is 2¹²⁸ − 1.
 *
 * @example
 * ```ts
 * import { Random } from '../src/numeric/random.ts'
 * const random = new Random(7)
 * const again = Random.load(random.save())
 * again.next() === random.next() // => true
 * ```
 */
export class Random {
  readonly #s = new Int32Array(4)
  /** The polar method makes two normals at a time: the one not yet given out. */
  #spare: number | null = null

  /** `seed` is an integer of magnitude below 2⁵³; neighbouring seeds give unrelated sequences. Throws a RangeError on any other. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`expected a seed that is an integer below 2^53, got ${seed}: choose one`)
    let state = BigInt(seed) & MASK64
    for (let i = 0; i < 4; i += 2) {
      state = (state + 0x9e3779b97f4a7c15n) & MASK64
      let z = state
      z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK64
      z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK64
      z ^= z >> 31n
      this.#s[i] = Number(z & 0xffffffffn)
      this.#s[i + 1] = Number(z >> 32n)
    }
  }

  /** 32 random bits as an unsigned integer. */
  bits(): number {
    const s = this.#s
    const s1 = s[1]!
    const r = Math.imul(s1, 5)
    const result = Math.imul((r << 7) | (r >>> 25), 9) >>> 0
    s[2]! ^= s[0]!
    s[3]! ^= s1
    s[1] = s1 ^ s[2]!
    s[0]! ^= s[3]!
    s[2]! ^= s1 << 9
    const s3 = s[3]!
    s[3] = (s3 << 11) | (s3 >>> 21)
    return result
  }

  /** Uniform in [0, 1), a multiple of 2⁻⁵³. */
  next(): number {
    const high = this.bits() >>> 5
    const low = this.bits() >>> 6
    return (high * 67108864 + low) * INVERSE_2_53
  }

  /** A uniform integer in [0, n), without bias: draws beyond the last whole multiple of n are thrown away. `n` from 1 to 2³². */
  below(n: number): number {
    if (!(Number.isInteger(n) && n >= 1 && n <= 4294967296)) throw new RangeError(`expected an integer from 1 to 2^32, got ${n}`)
    const end = 4294967296 - (4294967296 % n)
    let draw = this.bits()
    while (draw >= end) draw = this.bits()
    return draw % n
  }

  /** Standard normal, of mean 0 and variance 1. */
  normal(): number {
    if (this.#spare !== null) {
      const spare = this.#spare
      this.#spare = null
      return spare
    }
    for (;;) {
      const u = 2 * this.next() - 1
      const v = 2 * this.next() - 1
      const s = u * u + v * v
      if (s >= 1 || s === 0) continue
      const f = Math.sqrt((-2 * log(s)) / s)
      this.#spare = v * f
      return u * f
    }
  }

  /** All that decides later draws. */
  save(): Saved {
    return { s: this.#s.slice(), spare: this.#spare }
  }

  /** Goes on where `save` stood. Throws a RangeError on anything `save` cannot have made. */
  static load(saved: Saved): Random {
    const random = new Random(0)
    const state = saved as { s?: unknown; spare?: unknown } | null
    const s = state?.s
    const spare = state?.spare
    const whole = s instanceof Int32Array && s.length === 4 && s.some(word => word !== 0)
    if (!whole || !(spare === null || typeof spare === 'number')) {
      throw new RangeError('expected a generator saved as {s: Int32Array(4), not all zero, spare: number or null}: read another snapshot')
    }
    random.#s.set(s)
    random.#spare = spare
    return random
  }
}

/**
 * A nearly standard normal number for the place (a, b), always the same for the same seed: weight (row a, column b) can be
 * initialised in any order. It is the sum of eight 16-bit uniforms, so it never leaves ±4.9 and its kurtosis is 2.85.
 * `seed` is any integer below 2⁵³, `a` and `b` integers below 2³².
 *
 * @example
 * ```ts
 * import { hashNormal } from '../src/numeric/random.ts'
 * hashNormal(1, 2, 3) === hashNormal(1, 2, 3) // => true
 * hashNormal(1, 2, 3) === hashNormal(1, 3, 2) // => false
 * ```
 */
export function hashNormal(seed: number, a: number, b: number): number {
  const root = mix(mix((seed | 0) ^ 0x2545f491) ^ Math.floor(seed * INVERSE_2_32))
  // Each coordinate is mixed before they meet, else rows whose hashes lie close would be permutations of one another.
  let h = mix(mix(root ^ Math.imul(a, 0x9e3779b1)) + mix(~root ^ Math.imul(b, 0x85ebca77)))
  let sum = 0
  for (let i = 0; i < 4; i++) {
    sum += (h & 0xffff) + (h >>> 16)
    h = mix(h + 0x9e3779b9)
  }
  return (sum - 8 * 32767.5) * SCALE
}

/** 1/σ of the sum of eight uniforms on 0…65535: each has variance (65536² − 1)/12. */
const SCALE = 1 / Math.sqrt((8 * (65536 * 65536 - 1)) / 12)

function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
