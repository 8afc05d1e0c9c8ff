/**
 * A mixture's first lessons, the same for all its experts, who then part: responsibilities are blended with even ones,
 * `r'[k] = (1 − a)·r[k] + a/K`, a falling from 1 to 0 over the first fresh examples. Responsibilities are drawn from what the
 * experts say, and at first that is chance: whoever starts a hair better would take all, and the rest would learn nothing.
 * It is annealing with one parameter of the softness of the blame (after Ueda and Nakano, 1998), who temper r instead.
 *
 * Every operation is rounded to float32, so that the bits are the same over either kernel's arrays. The invariant: with
 * a = 0 the gradients are those of the kernel's `blame`.
 *
 * Shapes: K experts, C classes; g, r, δg are (K); P, δ are (C, K).
 */
const f = Math.fround

/** Fresh examples of a warm-up: knots are fitted twice within it, so that experts part over inputs that stand nearly still. */
export const WARM_UP = 200

/** As in the kernel: a gradient smaller than this moves no weight, and its square would be denormal. */
const NEGLIGIBLE = f(1e-12)

/**
 * a after `learned` fresh examples: how even responsibilities are made.
 *
 * @example
 * ```ts
 * import { evenness } from '../src/bank/warm-up.ts'
 * evenness(0) // => 1
 * evenness(50) // => 0.75
 * evenness(200) // => 0
 * ```
 */
export function evenness(learned: number): number {
  return learned >= WARM_UP ? 0 : f(1 - learned / WARM_UP)
}

/**
 * Blends the responsibilities in `r` with even ones and writes the gradients that follow: `δg[k] = w·(g[k] − r'[k])` and
 * `δ[c, k] = w·r'[k]·(P[c, k] − [c = y])`. K and C are the lengths of g and of a column of P.
 */
export function blameEvenly(
  a: number,
  g: Float32Array,
  P: Float32Array,
  y: number,
  w: number,
  r: Float32Array,
  deltaGate: Float32Array,
  delta: Float32Array
): void {
  const K = g.length
  const C = P.length / K
  const weight = f(w)
  const kept = f(1 - f(a))
  const even = f(f(a) / K)
  for (let k = 0; k < K; k++) {
    r[k] = f(f(kept * r[k]!) + even)
    deltaGate[k] = orNothing(f(weight * f(g[k]! - r[k]!)))
  }
  for (let c = 0; c < C; c++) {
    const own = c === y ? 1 : 0
    for (let k = 0; k < K; k++) delta[c * K + k] = orNothing(f(f(weight * r[k]!) * f(P[c * K + k]! - own)))
  }
}

function orNothing(d: number): number {
  return Math.abs(d) >= NEGLIGIBLE ? d : 0
}
