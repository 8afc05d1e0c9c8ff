/**
 * Posting: a body becomes records, the gateway makes them durable, and every record gets its receipt, in the order
 * posted. Nothing is answered as accepted before it is durable.
 */
import type { Events } from '../events/event.ts'
import type { Gateway, Receipt } from '../pipeline/gateway.ts'
import type { StatusCode } from './answer.ts'
import { type Body, type ParseJson, type PostedName, type PostedRecord, recordsOf } from './records.ts'
import { type Holder, mayTouch } from './token.ts'

/** Of a record whose line the token may not touch. It is kept nowhere: who may not write fills no log of rejects either. */
export interface Withheld {
  readonly accepted: false
  readonly rejection: { readonly code: 'line-not-allowed'; readonly reason: string }
}

/** What a posting answers. `receipts[i]` belongs to the i-th record of the body. */
export interface Receipts {
  readonly accepted: number
  readonly rejected: number
  readonly receipts: readonly (Receipt | Withheld)[]
}

export interface Posting {
  readonly gateway: Pick<Gateway, 'post' | 'reject'>
  readonly parse: ParseJson
  /** Most records a body may hold. */
  readonly maxRecords: number
  /** The line of a record in Avro, or null where it cannot be told; absent, it never can. */
  readonly lineOf?: (name: PostedName, bytes: Uint8Array) => string | null
}

/**
 * Posts a body's records of one kind, as `by`. Records of lines that he may not touch are told so and go no further.
 * Records that are no event are handed to the gateway's `reject` after the others are durable: if those fail, nothing of
 * the request was acknowledged and the whole can be sent again, repeats being dropped by their id. Throws `Refused` on an
 * unreadable body and what the gateway throws.
 */
export async function post<N extends PostedName>(
  posting: Posting,
  name: N,
  body: Body,
  by: Holder,
  signal: AbortSignal
): Promise<Receipts> {
  const { gateway, parse, maxRecords } = posting
  const records = recordsOf(name, body, parse, maxRecords).map(item => signed(posting, name, item, by))
  const good = records.flatMap(item => ('record' in item ? [item.record] : []))
  const bad = records.flatMap(item => ('bytes' in item ? [item] : []))
  const posted = good.length === 0 ? [] : await gateway.post(name, good, signal)
  if (bad.length > 0) await gateway.reject?.(name, bad, signal)
  let next = 0
  const receipts = records.map((item): Receipt | Withheld => {
    if ('accepted' in item) return item
    if (!('record' in item)) return { accepted: false, rejection: { code: item.code, reason: item.reason } }
    const receipt = posted[next++]
    if (receipt === undefined) throw new Error(`expected ${good.length} receipts of the gateway, ${posted.length} came`)
    return receipt
  })
  const accepted = receipts.filter(receipt => receipt.accepted).length
  return { accepted, rejected: receipts.length - accepted, receipts }
}

/** A record as the one who posted it may: with his name in a label that gives none, and not at all on another's line. */
function signed<N extends PostedName>(posting: Posting, name: N, item: PostedRecord<N>, by: Holder): PostedRecord<N> | Withheld {
  if (!('record' in item)) return item
  const { record } = item
  if (by.lines !== 'any') {
    const line = record instanceof Uint8Array ? (posting.lineOf?.(name, record) ?? null) : lineIn(record)
    if (line === null || !mayTouch(by, line)) return withheld(by, line)
  }
  if (record instanceof Uint8Array || !('source' in record) || record.source !== null) return item
  return { record: { ...record, source: by.source } }
}

const lineIn = (event: Events[PostedName]): string =>
  'observation' in event && typeof event.observation !== 'string' ? event.observation.line : 'line' in event ? event.line : ''

function withheld({ name, lines }: Holder, line: string | null): Withheld {
  const which = lines === 'any' ? 'any line' : lines.slice(0, 5).join(', ')
  const came = line === null ? 'a record whose line cannot be read' : 'another'
  return {
    accepted: false,
    rejection: { code: 'line-not-allowed', reason: `expected a line that ${name} may touch (${which}), got ${came}: use another token` }
  }
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
