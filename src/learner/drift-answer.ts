/**
 * What the learner does about a drift in a domain. Of what was tried only what pays is left; docs/learner.md tells what each is
 * worth and what was not worth having.
 *
 * - What is remembered of the old concept is forgotten, but a few of each class, so that none is lost; replay practises the new.
 * - Neighbours that are older vote for a tenth.
 * - Rates rise: squared gradients of the past are forgotten.
 * - Banks that rest wake.
 *
 * Where only rates of classes have changed, what a class looks like has not: banks wake, and nothing is forgotten. Knots stay:
 * they follow the inputs, which `label-free.ts` watches, and are shared by all tasks of the domain, of which one has drifted.
 */
import type { Committee } from './committee.ts'
import type { DriftReport } from './drift-report.ts'
import type { Parts } from './parts.ts'

export interface Drifted {
  /** Place of the domain. */
  readonly domain: number
  readonly parts: Parts
  readonly committee: Committee
}

/** Examples of a class that stay, however old: a class without any could not be replayed. */
const LEAST = 5

export function answerDrift({ domain, parts, committee }: Drifted, { what, seen }: Pick<DriftReport, 'what' | 'seen'>): void {
  committee.wake(domain)
  if (what === 'rate') return
  for (const { memory, frequency } of parts.holding(domain)) {
    const { counts } = frequency
    let n = 0
    for (let c = 0; c < counts.length; c++) n += counts[c]!
    memory.forget(domain, y => Math.max(LEAST, Math.ceil((seen * counts[y]!) / n)))
  }
  committee.renew(domain, seen)
}
