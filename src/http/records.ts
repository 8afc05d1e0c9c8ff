/**
 * A posted body becomes records: one JSON object, an array, `{"records": […]}`, lines of JSON, or one Avro record.
 * A body that cannot be read at all is refused; a record that is no event is told apart and the others go on.
 */
import type { EventName, Events, RejectionCode } from '../events/event.ts'
import { Refused, refusal } from './answer.ts'

/** What can be posted. */
export type PostedName = EventName & ('observation' | 'label' | 'example')

/** Makes an event of parsed JSON, or says everything that is wrong with it. */
export type ParseJson = <N extends PostedName>(
  name: N,
  value: unknown
) => { readonly event: Events[N] } | { readonly problems: readonly string[] }

/** A posted record, or why it is none, with its bytes for whoever keeps rejects. */
export type PostedRecord<N extends PostedName> =
  | { readonly record: Uint8Array | Events[N] }
  | { readonly bytes: Uint8Array; readonly code: RejectionCode; readonly reason: string }

export const bodyTypes = ['application/json', 'application/x-ndjson', 'application/avro'] as const
export type BodyType = (typeof bodyTypes)[number]

export interface Body {
  readonly type: BodyType
  readonly bytes: Uint8Array
}

/** An example with its served prediction nests 7 deep: tasks, banks, numbers. */
export const deepest = 8
/** Enough to mend a record by; the answer to a wide and wrong one stays short. */
const mostProblems = 20
const tooDeep = `expected at most ${deepest} levels of nesting, more came`
/** Beyond the widest record of sensors known (a few thousand channels). */
export const mostKeys = 16_384

/**
 * The records of a body, in order. Throws `Refused` with 400 where the body is empty, not UTF-8 or not JSON, and with
 * 413 where it holds more than `most` records.
 */
export function recordsOf<N extends PostedName>(name: N, body: Body, parse: ParseJson, most: number): readonly PostedRecord<N>[] {
  if (body.bytes.length === 0) throw new Refused(refusal(400, 'BODY_EMPTY', `expected at least one ${name} in the body, an empty one came`))
  if (body.type === 'application/avro') return [{ record: body.bytes }]
  const text = utf8(body.bytes)
  if (body.type === 'application/x-ndjson') {
    const lines = text.split('\n').filter(line => line.trim() !== '')
    return bounded(name, lines, most).map(line => {
      const value = json(line)
      if (value === undefined) return malformed(line, 'expected one JSON object a line, this line is not JSON')
      return isDeeper(value, deepest) ? malformed(line, tooDeep) : recordOf(name, value, parse, line)
    })
  }
  const value = json(text)
  if (value === undefined)
    throw new Refused(refusal(400, 'BODY_MALFORMED', `expected JSON (one ${name}, an array, or {"records": […]}), the body is not JSON`))
  // The wrapping takes two levels. Deeper bodies are refused whole, as they could not be written down again.
  if (isDeeper(value, deepest + 2)) throw new Refused(refusal(400, 'BODY_MALFORMED', tooDeep))
  return bounded(name, listOf(value), most).map(item => recordOf(name, item, parse, item === value ? text : JSON.stringify(item)))
}

function recordOf<N extends PostedName>(name: N, value: unknown, parse: ParseJson, text: string): PostedRecord<N> {
  const excess = excessOf(value)
  if (excess !== null) return malformed(text, excess)
  const parsed = parse(name, value)
  if ('event' in parsed) return { record: parsed.event }
  const more = parsed.problems.length - mostProblems
  return malformed(text, [...parsed.problems.slice(0, mostProblems), ...(more > 0 ? [`and ${more} more`] : [])].join('; '))
}

function malformed(text: string, reason: string): PostedRecord<never> {
  return { bytes: new TextEncoder().encode(text), code: 'malformed', reason }
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (typeof value === 'object' && value !== null && 'records' in value && Array.isArray(value.records) && Object.keys(value).length === 1)
    return value.records
  return [value]
}

function bounded<T>(name: string, list: readonly T[], most: number): readonly T[] {
  if (list.length === 0) throw new Refused(refusal(400, 'BODY_EMPTY', `expected at least one ${name} in the body, none came`))
  if (list.length > most)
    throw new Refused(
      refusal(413, 'TOO_MANY_RECORDS', `expected at most ${most} records a request, ${list.length} came: send fewer at a time`)
    )
  return list
}

const isBranch = (value: unknown): value is object => typeof value === 'object' && value !== null

/** Walks level by level, as a recursion could be made to overflow. */
function isDeeper(value: unknown, levels: number): boolean {
  let level = [value].filter(isBranch)
  for (let depth = 0; depth < levels && level.length > 0; depth++) level = level.flatMap(branch => Object.values(branch).filter(isBranch))
  return level.length > 0
}

/** Why a value, not too deep, is wider than any event or has a name no event may have; null when it is neither. */
function excessOf(value: unknown): string | null {
  const branches = [value].filter(isBranch)
  let keys = 0
  for (let i = 0; i < branches.length; i++) {
    const branch = branches[i]!
    // A field of this name would change the prototype of whatever it is copied into.
    if (Object.hasOwn(branch, '__proto__')) return 'expected names of fields, the reserved name __proto__ came'
    const children = Object.values(branch)
    keys += children.length
    if (keys > mostKeys) return `expected at most ${mostKeys} fields and items in a record, more came`
    for (const child of children) if (isBranch(child)) branches.push(child)
  }
  return null
}

/** The value, or undefined where the text is no JSON. */
function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Refused(refusal(400, 'BODY_MALFORMED', 'expected text in UTF-8, other bytes came: check the encoding'))
  }
}
