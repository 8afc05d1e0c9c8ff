/**
 * Reading one record whose schema is known: its bytes are walked first and decoded only where they lie within their
 * length, so that no bytes throw or cost more than their length.
 */
import type { AnyEvent, EventName } from '../../events/event.ts'
import type { Undecodable } from '../../pipeline/codec.ts'
import { type Count, entriesOf } from './entries.ts'
import { SINGLE_OBJECT_BYTES } from './framing.ts'
import { limitOf } from './limits.ts'
import { resolverOf, type StoredSchema } from './schemas.ts'
import { Broken, type Cursor, type Walk, walkOf } from './walk.ts'

/** What reads the records of one writer's schema. `read` begins at a byte. */
export interface Reader {
  readonly name: EventName
  /** Longest record with the header of single-object encoding; in another framing as much longer or shorter as its header. */
  readonly limit: number
  readonly walk: Walk
  readonly entries: Count | null
  readonly read: (bytes: Buffer, at: number) => unknown
  /** The value as its writer knew it, to count what came; null where `read` gives just that. */
  readonly readAsWritten: ((bytes: Buffer, at: number) => unknown) | null
}

/** The reader of a stored version as the newest of its name. Throws `CONFIG_INVALID` where the two are incompatible. */
export function readerOf(writer: StoredSchema, reader: StoredSchema, maxBytes: number): Reader {
  const resolver = resolverOf(reader, writer)
  return {
    name: writer.name,
    limit: limitOf(writer.name, maxBytes),
    walk: walkOf(writer.schema),
    entries: entriesOf(writer.schema),
    read: (bytes, at) => reader.type.decode(bytes, at, resolver).value,
    readAsWritten: resolver === undefined ? null : (bytes, at) => writer.type.decode(bytes, at).value
  }
}

/** The event in `bytes`, whose record begins at byte `at`, or why there is none. */
export function decodeWith(reader: Reader, bytes: Uint8Array, at: number): AnyEvent | Undecodable {
  const most = reader.limit - SINGLE_OBJECT_BYTES + at
  if (bytes.length > most) return { code: 'too-long', reason: `expected a ${reader.name} of at most ${most} bytes, got ${bytes.length}` }
  const cursor: Cursor = { bytes, position: at, entries: 0 }
  try {
    reader.walk(cursor)
    if (cursor.position < bytes.length)
      return { code: 'trailing-bytes', reason: `expected the ${reader.name} to end at byte ${cursor.position}, got ${bytes.length} bytes` }
    const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const event = reader.read(buffer, at)
    if (reader.entries !== null) {
      const kept = reader.entries(reader.readAsWritten === null ? event : reader.readAsWritten(buffer, at))
      if (kept !== cursor.entries)
        return {
          code: 'malformed',
          reason: `expected every name once in a map and none of them __proto__, got ${cursor.entries} entries with ${kept} usable names`
        }
    }
    return { name: reader.name, event } as AnyEvent
  } catch (error) {
    if (error instanceof Broken) return { code: error.code, reason: `${reader.name}: ${error.message}` }
    return { code: 'malformed', reason: `expected a ${reader.name}, the bytes are none: ${(error as Error).message}` }
  }
}
