/**
 * The inner loops of learning behind one contract, in float32 with every operation rounded. Two implementations give the
 * same bits: plain TypeScript, which is the reference, and WebAssembly SIMD. All arrays that a kernel is given must come
 * from its own `floats` and `ints`, as the second works in its own memory.
 *
 * Shapes: K experts, C classes, n active inputs. W and S are (rows, stride), row-major; a span is the columns `from` to
 * `from + width`. Class logits z and gradients δ of the experts are (C, K): a row a class, experts in vector lanes.
 */
import type { Sparse } from './sparse.ts'

/** How a weight moves. */
export interface Pace {
  /** η: step size. */
  readonly rate: number
  /** λ: decay towards zero of a weight that is touched, per step, times η. */
  readonly decay: number
  /** ρ: how much of the squared gradients is kept. */
  readonly forgetting: number
}

export interface Kernel {
  readonly name: 'simd' | 'plain'

  /** `n` zeroed numbers to work on. */
  floats(n: number): Float32Array
  ints(n: number): Int32Array
  /** Gives back what `floats` or `ints` gave; it must not be used any more. */
  release(array: Float32Array | Int32Array): void
  /** Takes back all that `floats` and `ints` ever gave. */
  clear(): void

  /** `out[j] = Σᵢ x[i]·W[i, from + j]` over the active inputs in their order; with `add`, on top of what `out` holds. */
  gather(W: Float32Array, stride: number, from: number, width: number, x: Sparse, out: Float32Array, add: boolean): void

  /**
   * One step of every weight in the span of an active input, with a rate of its own that forgets:
   * `d = x[i]·δ[j]; s ← ρ s + d²; W ← W − η d / (√s + ε) − η λ W`, ε = 1e-3 outside the root.
   *
   * Adagrad (Duchi et al., 2011) with forgetting, so that a weight keeps adapting after drift; unlike RMSProp the squares
   * are summed, not averaged, so that the rate falls while the world stays the same.
   */
  update(W: Float32Array, S: Float32Array, stride: number, from: number, width: number, x: Sparse, delta: Float32Array, pace: Pace): void

  /**
   * The same for the experts' columns (C, K) at `from`, of those groups of four experts only that `groups` lists: group j
   * is experts 4j to 4j + 3. K must be a multiple of four. `places` (count · C) is for the kernel's own use.
   */
  updateGroups(
    W: Float32Array,
    S: Float32Array,
    stride: number,
    from: number,
    K: number,
    C: number,
    x: Sparse,
    delta: Float32Array,
    pace: Pace,
    groups: Int32Array,
    count: number,
    places: Int32Array
  ): void

  /**
   * The opinion of a mixture from its logits `zg` (K) and `z` (C, K): the gate `g = softmax(zg)`, each expert's softmax over
   * the classes in column k of `P` (C, K), and `q[c] = Σ_k g[k]·P[c, k]`. A logit more than 30 below the largest counts as
   * 30 below it. Sums over experts are taken in four parts, k mod 4, then (0 + 1) + (2 + 3).
   */
  forward(zg: Float32Array, z: Float32Array, K: number, C: number, g: Float32Array, P: Float32Array, q: Float32Array): void

  /**
   * Who is to blame for an example of class `y` and weight `w` of which `forward` said g, P and q: responsibilities
   * `r[k] = g[k]·P[y, k] / q[y]`, and the gradients of −w ln q[y] in the logits, `δg[k] = w·(g[k] − r[k])` and
   * `δ[c, k] = w·r[k]·(P[c, k] − [c = y])`; what is smaller than 1e-12 is 0.
   */
  blame(
    g: Float32Array,
    P: Float32Array,
    q: Float32Array,
    y: number,
    w: number,
    K: number,
    C: number,
    r: Float32Array,
    deltaGate: Float32Array,
    delta: Float32Array
  ): void

  /**
   * The places of the `count` nearest of the first `n` of `capacity` points of M (D, capacity) to `x` (D), nearest first and
   * ties to the lower place, into `nearest`, and their squared distances into `squares`; returns how many there are. A
   * column of kind 0 or 2 is a number, (a − b)²; of kind 1 a category, 1 where they differ. NaN is missing: two missing are
   * alike, one missing lies 1 away; of kind 0 no point lacks its number, which is faster to know than to look at. Column d counts `scale[d]` times. `room` (n) is for the kernel's own use.
   */
  nearest(
    M: Float32Array,
    capacity: number,
    n: number,
    D: number,
    kinds: Int32Array,
    scale: Float32Array,
    x: Float32Array,
    room: Float32Array,
    count: number,
    nearest: Int32Array,
    squares: Float32Array
  ): number
}
