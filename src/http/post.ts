/**
 * Posting: a body becomes records, the gateway makes them durable, and every record gets its receipt, in the order
 * posted. Nothing is answered as accepted before it is durable.
 */
import type { Gateway, Receipt } from '../pipeline/gateway.ts'
import type { StatusCode } from './answer.ts'
import { type Body, type ParseJson, type PostedName, recordsOf } from './records.ts'

/** What a posting answers. `receipts[i]` belongs to the i-th record of the body. */
export interface Receipts {
  readonly accepted: number
  readonly rejected: number
  readonly receipts: readonly Receipt[]
}

export interface Posting {
  readonly gateway: Pick<Gateway, 'post' | 'reject'>
  readonly parse: ParseJson
  /** Most records a body may hold. */
  readonly maxRecords: number
}

/**
 * Posts a body's records of one kind. Records that are no event are handed to the gateway's `reject` after the others
 * are durable: if those fail, nothing of the request was acknowledged and the whole can be sent again, repeats being
 * dropped by their id. Throws `Refused` on an unreadable body and what the gateway throws.
 */
export async function post<N extends PostedName>(posting: Posting, name: N, body: Body, signal: AbortSignal): Promise<Receipts> {
  const { gateway, parse, maxRecords } = posting
  const records = recordsOf(name, body, parse, maxRecords)
  const good = records.flatMap(item => ('record' in item ? [item.record] : []))
  const bad = records.flatMap(item => ('record' in item ? [] : [item]))
  const posted = good.length === 0 ? [] : await gateway.post(name, good, signal)
  if (bad.length > 0) await gateway.reject?.(name, bad, signal)
  let next = 0
  const receipts = records.map((item): Receipt => {
    if (!('record' in item)) return { accepted: false, rejection: { code: item.code, reason: item.reason } }
    const receipt = posted[next++]
    if (receipt === undefined) throw new Error(`expected ${good.length} receipts of the gateway, ${posted.length} came`)
    return receipt
  })
  const accepted = receipts.filter(receipt => receipt.accepted).length
  return { accepted, rejected: receipts.length - accepted, receipts }
}

/**
 * 200 when all were accepted, 422 when none was, 207 between.
 *
 * @example
 * ```ts
 * import { statusOf } from '../src/http/post.ts'
 * statusOf({ accepted: 2, rejected: 0 }) // => 200
 * statusOf({ accepted: 1, rejected: 1 }) // => 207
 * statusOf({ accepted: 0, rejected: 2 }) // => 422
 * ```
 */
export function statusOf({ accepted, rejected }: Pick<Receipts, 'accepted' | 'rejected'>): StatusCode {
  if (rejected === 0) return 200
  return accepted === 0 ? 422 : 207
}
