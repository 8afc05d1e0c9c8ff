/** Random opinions of banks: sure and unsure ones, some that rule classes out, some banks silent. */
import fc from 'fast-check'
import type { Random } from '../../src/numeric/random.ts'

/** A counterexample is a shape and a seed. */
export interface Shape {
  readonly M: number
  readonly C: number
  readonly seed: number
  /** How many of a hundred opinions are not given. */
  readonly silent: number
}

export const shapes: fc.Arbitrary<Shape> = fc.record({
  M: fc.integer({ min: 1, max: 6 }),
  C: fc.integer({ min: 1, max: 7 }),
  seed: fc.nat(1e9),
  silent: fc.constantFrom(0, 30, 90)
})

/** The same where all speak. */
export const speaking: fc.Arbitrary<Shape> = shapes.map(shape => ({ ...shape, silent: 0 }))

export interface Said {
  readonly Q: Float32Array
  readonly spoke: Uint8Array
  readonly y: number
}

/** A distribution over C classes: flat, sharp, or one with zeros. */
export function opinion(random: Random, C: number): Float64Array {
  const sharpness = [0, 1, 4, 30][random.below(4)]!
  const q = Float64Array.from({ length: C }, () => Math.exp(sharpness * random.normal()))
  if (random.below(3) === 0) for (let c = 0; c < C; c++) if (random.below(2) === 0) q[c] = 0
  const sum = q.reduce((a, b) => a + b, 0)
  return sum > 0 ? q.map(each => each / sum) : q.fill(0).fill(1, 0, 1)
}

/** What M banks say of one example, and its label. A silent one leaves zeros. */
export function said(random: Random, { M, C, silent }: Shape): Said {
  const Q = new Float32Array(M * C)
  const spoke = new Uint8Array(M)
  for (let m = 0; m < M; m++) {
    if (random.below(100) < silent) continue
    spoke[m] = 1
    Q.set(opinion(random, C), m * C)
  }
  return { Q, spoke, y: random.below(C) }
}

/** The same with nonsense in the rows of those who are silent. */
export function disturbed({ Q, spoke }: Said, C: number): Float32Array {
  return Q.map((q, i) => (spoke[Math.floor(i / C)] === 1 ? q : [Number.NaN, 7, -1][i % 3]!))
}
