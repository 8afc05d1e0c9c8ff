/**
 * What a gate reads where it does not read all its experts do: a shorter vector, derived row by row from the record's own.
 * Rows keep their numbers, so that the gate's weights stand where its bank's stand and move with the same knots.
 *
 * A bounded term is M(z) = z / √(1 + z²), the modified gate g = softmax(G M(x)) of Nguyen, Akbarian, Nguyen and Ho, "A
 * General Theory for Softmax Gating Multinomial Logistic Mixture of Experts" (arXiv 2310.14188): where a gate and its experts
 * are linear in the same x, gradients of the one can be made from those of the other, and what can be known of an expert
 * grows slower than any power of n; a bounded M(x) that no polynomial equals parts them. Unlike there, only numbers pass
 * through M: categories and missing entries are 0 or 1 to gate and experts alike.
 */
import type { Kernel } from '../numeric/kernel.ts'
import { Sparse } from '../numeric/sparse.ts'
import type { View } from './linear.ts'

const f = Math.fround

/** What becomes of a row's value on its way to the gate. */
export type Part = 'drop' | 'keep' | 'bound'

/** Asked of rows that are active only; a row has the same part for ever. */
export interface Selection {
  part(row: number): Part
}

/**
 * The rows of `view` that a gate reads. The vector is derived once for a record as it stands, however often it is read, and
 * lasts until another is asked for.
 *
 * @example
 * ```ts
 * import { gateView } from '../src/bank/gate-input.ts'
 * import { pooled } from '../src/bank/linear.ts'
 * import { plainKernel } from '../src/numeric/plain-kernel.ts'
 * import { Sparse } from '../src/numeric/sparse.ts'
 * const x = new Sparse()
 * for (const row of [0, 1, 2]) x.push(row, 0.75)
 * const view = gateView(plainKernel(), pooled, { part: row => (row === 0 ? 'keep' : row === 1 ? 'drop' : 'bound') })
 * const read = view({ domain: 0, pooled: x, own: x, others: new Sparse(), raw: [] })
 * Array.from(read.index.subarray(0, read.n)) // => [0, 2]
 * Array.from(read.value.subarray(0, read.n), v => v.toFixed(3)) // => ['0.750', '0.600']
 * ```
 */
export function gateView(kernel: Kernel, view: View, selection: Selection): View {
  const x = new Sparse(kernel)
  let from: Sparse | null = null
  let stamp = 0
  return input => {
    const all = view(input)
    if (all === from && all.stamp === stamp) return x
    from = all
    stamp = all.stamp
    x.clear()
    for (let i = 0; i < all.n; i++) {
      const row = all.index[i]!
      const part = selection.part(row)
      if (part !== 'drop') x.push(row, part === 'bound' ? bounded(all.value[i]!) : all.value[i]!)
    }
    return x
  }
}

/** M(z) in float32, every operation rounded: the same bits whoever computes it. */
export function bounded(z: number): number {
  return f(z / f(Math.sqrt(f(1 + f(z * z)))))
}
