/**
 * The decision that costs least in the mean, given the reported probabilities and what each mistake costs.
 *
 *     pass        Σ_d p_d · miss_d               over the defect classes d
 *     flag as c   (1 − p_c) · falseAlarm_c
 *     inspect     the price of a look, after which nothing is a mistake
 */
import { reportedOf, type Stated } from './decision.ts'
import type { TaskPolicy } from './options.ts'

export type Cheapest =
  | { readonly action: 'pass'; readonly cost: number }
  | { readonly action: 'flag'; readonly class: string; readonly cost: number }
  | { readonly action: 'inspect'; readonly cost: number }

/**
 * The cheapest action; null where no class of the task has costs. `inspection` is the price of a look, null where none is
 * to be had. Of equal costs pass goes before flag, and flag before inspect.
 *
 * @example
 * ```ts
 * import { cheapest } from '../src/decide/costs.ts'
 * import { defaultDecideOptions, policyOf } from '../src/decide/options.ts'
 * const policy = policyOf({ ...defaultDecideOptions, costs: { miss: 100, falseAlarm: 5 } }, 'fault')
 * const stated = (p: number) => ({ task: 'fault', classes: ['ok', 'crack'], probabilities: [1 - p, p], chosen: 'ok' })
 * cheapest(stated(0.01), policy, null)?.action // => 'pass'
 * cheapest(stated(0.1), policy, null)?.action // => 'flag'
 * cheapest(stated(0.1), policy, 2)?.action // => 'inspect'
 * ```
 */
export function cheapest(stated: Stated, policy: TaskPolicy, inspection: number | null): Cheapest | null {
  let pass = 0
  let priced = false
  let best: Cheapest | null = null
  for (const name of stated.classes) {
    const costs = policy.costsOf(name)
    if (costs === null) continue
    priced = true
    const p = reportedOf(stated, name)
    pass += p * costs.miss
    const flag = (1 - p) * costs.falseAlarm
    if (best === null || flag < best.cost) best = { action: 'flag', class: name, cost: flag }
  }
  if (!priced) return null
  if (best === null || pass <= best.cost) best = { action: 'pass', cost: pass }
  if (inspection !== null && inspection < best.cost) return { action: 'inspect', cost: inspection }
  return best
}
