/** A class's recall and precision over time, each point over the labels before it: few labels, wide interval. */
import { wilson } from '../judge/interval.ts'
import type { Series } from '../pipeline/board.ts'

/** Labels that a point looks back on: with 30 the interval of a half is ± 17 %, narrow enough to see a fall to a third. */
export const LOOK_BACK = 30

export interface Curve {
  readonly share: (number | null)[]
  readonly low: (number | null)[]
  readonly high: (number | null)[]
  /** Trials behind each point. */
  readonly of: number[]
}

/**
 * Of `hits` in `trials`, bucket by bucket, over the last buckets that hold at least `least` trials together. A bucket without
 * trials goes on with what was; before the first one there is nothing.
 *
 * @example
 * ```ts
 * import { trailing } from '../src/page/trailing.ts'
 * trailing([1, 0, 1], [2, 0, 2], 2).share // => [0.5, 0.5, 0.5]
 * trailing([1, 0, 1], [1, 0, 3], 4).share // => [1, 1, 0.5]
 * ```
 */
export function trailing(hits: readonly number[], trials: readonly number[], least = LOOK_BACK): Curve {
  const curve: Curve = { share: [], low: [], high: [], of: [] }
  let [from, hit, tried] = [0, 0, 0]
  for (const [i, n] of trials.entries()) {
    hit += hits[i]!
    tried += n
    while (from < i && tried - trials[from]! >= least) {
      hit -= hits[from]!
      tried -= trials[from]!
      from++
    }
    const interval = wilson(hit, tried)
    curve.share.push(tried > 0 ? hit / tried : null)
    curve.low.push(interval?.[0] ?? null)
    curve.high.push(interval?.[1] ?? null)
    curve.of.push(tried)
  }
  return curve
}

export const recallOf = ({ hits, support }: Series, least?: number): Curve => trailing(hits, support, least)
export const precisionOf = ({ hits, said }: Series, least?: number): Curve => trailing(hits, said, least)
