/**
 * Events as Avro single-object encoding: C3 01, the schema's 8-byte fingerprint with the least byte first, the record.
 * The first byte decides the framing. What this codec encodes it decodes to the same value (floats rounded to 32 bits),
 * and no bytes make `decode` throw or cost more than their length.
 */
import type { AnyEvent, EventName, Events } from '../../events/event.ts'
import { Fault } from '../../fault/fault.ts'
import type { Codec, Undecodable } from '../../pipeline/codec.ts'
import { type Count, entriesOf } from './entries.ts'
import { headerOf } from './fingerprint.ts'
import { currentOf, loadSchemas, resolverOf, type StoredSchema } from './schemas.ts'
import { Broken, type Cursor, type Walk, walkOf } from './walk.ts'

export interface AvroCodecOptions {
  /** Longest observation, label or control in bytes; default 256 KiB. The others follow from it: see `limitOf`. */
  readonly maxBytes?: number
  /** Every stored version of every schema; the package's own by default. */
  readonly schemas?: readonly StoredSchema[]
}

interface Reader {
  readonly name: EventName
  readonly limit: number
  readonly walk: Walk
  readonly entries: Count | null
  readonly read: (bytes: Buffer) => unknown
  /** The value as its writer knew it, to count what came; null where `read` gives just that. */
  readonly readAsWritten: ((bytes: Buffer) => unknown) | null
}

const HEADER_BYTES = 10
const DEFAULT_MAX_BYTES = 262_144
/**
 * A prediction names every class of every task: at most 24,000 together, which the configuration sees to, each with names
 * of up to 200 characters twice (1.2 KiB). The pipeline must never make one that it cannot write.
 */
const PREDICTION_BYTES = 33_554_432

/**
 * The longest record of a name in bytes. What comes from outside has the limit that is set. What Andon writes itself is
 * never held to less than the default, and a prediction to what the most classes take. An example holds an observation, its labels and its
 * prediction; a rejection holds a whole record of any of these, and 64 KiB for the rest of it.
 */
export function limitOf(name: EventName, maxBytes: number): number {
  const own = Math.max(maxBytes, DEFAULT_MAX_BYTES)
  const example = 2 * maxBytes + Math.max(maxBytes, PREDICTION_BYTES)
  switch (name) {
    case 'observation':
    case 'label':
    case 'control':
      return maxBytes
    case 'alert':
    case 'signal':
      return own
    case 'prediction':
      return Math.max(maxBytes, PREDICTION_BYTES)
    case 'example':
      return example
    case 'rejection':
      return example + 65_536
  }
}

/**
 * Opens the codec over the package's schemas. `encode` throws `INPUT_INVALID` where a value does not fit its schema or
 * is longer than its limit. Throws `CONFIG_INVALID` or `FILE_UNREADABLE` where the schemas are not whole.
 */
export function openAvroCodec(options: AvroCodecOptions = {}): Codec {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES
  const stored = options.schemas ?? loadSchemas()
  const current = currentOf(stored)
  const readers = new Map<string, Reader>()
  for (const schema of stored) readers.set(keyOf(headerOf(schema.fingerprint)), readerOf(schema, current.get(schema.name)!, maxBytes))
  const longest = Math.max(...[...readers.values()].map(reader => reader.limit))
  const headers = new Map([...current].map(([name, schema]) => [name, headerOf(schema.fingerprint)]))
  let scratch = Buffer.allocUnsafe(16_384)

  const encode = <N extends EventName>(name: N, event: Events[N]): Uint8Array => {
    const { type } = current.get(name)!
    const value = name === 'rejection' ? withBuffer(event as Events['rejection']) : event
    let end: number
    try {
      end = type.encode(value, scratch, HEADER_BYTES)
      if (end < 0) {
        const wanted = scratch.length - end
        if (wanted > limitOf(name, maxBytes)) throw new Error(`expected at most ${limitOf(name, maxBytes)} bytes, it takes ${wanted}`)
        scratch = Buffer.allocUnsafe(wanted * 2)
        end = type.encode(value, scratch, HEADER_BYTES)
      }
    } catch (error) {
      throw new Fault('INPUT_INVALID', `expected a value that fits the schema of ${name}, got another: ${(error as Error).message}`, error)
    }
    if (end > limitOf(name, maxBytes))
      throw new Fault('INPUT_INVALID', `expected a ${name} of at most ${limitOf(name, maxBytes)} bytes, it takes ${end}`)
    const bytes = new Uint8Array(end)
    bytes.set(scratch.subarray(0, end))
    bytes.set(headers.get(name)!)
    return bytes
  }

  const decode = (bytes: Uint8Array): AnyEvent | Undecodable => {
    if (bytes.length > longest) return { code: 'too-long', reason: `expected at most ${longest} bytes, got ${bytes.length}` }
    const framing = framingProblem(bytes)
    if (framing !== null) return framing
    const reader = readers.get(keyOf(bytes))
    if (reader === undefined)
      return {
        code: 'unknown-schema',
        reason: `expected the fingerprint of a stored schema (they are listed in docs/events.md), got ${hex(bytes.subarray(2, HEADER_BYTES))}`
      }
    return decodeWith(reader, bytes)
  }

  return { encode, decode }
}

function readerOf(writer: StoredSchema, reader: StoredSchema, maxBytes: number): Reader {
  const resolver = resolverOf(reader, writer)
  return {
    name: writer.name,
    limit: limitOf(writer.name, maxBytes),
    walk: walkOf(writer.schema),
    entries: entriesOf(writer.schema),
    read: bytes => reader.type.decode(bytes, HEADER_BYTES, resolver).value,
    readAsWritten: resolver === undefined ? null : bytes => writer.type.decode(bytes, HEADER_BYTES).value
  }
}

function decodeWith(reader: Reader, bytes: Uint8Array): AnyEvent | Undecodable {
  if (bytes.length > reader.limit)
    return { code: 'too-long', reason: `expected a ${reader.name} of at most ${reader.limit} bytes, got ${bytes.length}` }
  const cursor: Cursor = { bytes, position: HEADER_BYTES, entries: 0 }
  try {
    reader.walk(cursor)
    if (cursor.position < bytes.length)
      return { code: 'trailing-bytes', reason: `expected the ${reader.name} to end at byte ${cursor.position}, got ${bytes.length} bytes` }
    const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const event = reader.read(buffer)
    if (reader.entries !== null) {
      const kept = reader.entries(reader.readAsWritten === null ? event : reader.readAsWritten(buffer))
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

/** The library takes bytes as a Buffer only. */
function withBuffer(rejection: Events['rejection']): Events['rejection'] {
  const { value } = rejection
  return Buffer.isBuffer(value) ? rejection : { ...rejection, value: Buffer.from(value.buffer, value.byteOffset, value.byteLength) }
}

/** What is wrong with the framing, before any schema is known; null when nothing is. */
function framingProblem(bytes: Uint8Array): Undecodable | null {
  if (bytes.length === 0) return { code: 'truncated', reason: 'expected a record, got 0 bytes' }
  if (bytes[0] === 0x00)
    return {
      code: 'unknown-schema',
      reason: 'expected single-object encoding (C3 01), got the framing of a schema registry (00), and none is configured'
    }
  if (bytes[0] !== 0xc3 || (bytes.length > 1 && bytes[1] !== 0x01))
    return { code: 'unknown-schema', reason: `expected single-object encoding (C3 01), got ${hex(bytes.subarray(0, 2))}` }
  if (bytes.length < HEADER_BYTES) return { code: 'truncated', reason: `expected a header of ${HEADER_BYTES} bytes, got ${bytes.length}` }
  return null
}

/** The fingerprint's bytes as text: cheaper than a 64-bit integer as the key of a map. */
function keyOf(bytes: Uint8Array): string {
  return String.fromCharCode(bytes[2]!, bytes[3]!, bytes[4]!, bytes[5]!, bytes[6]!, bytes[7]!, bytes[8]!, bytes[9]!)
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(' ')
}
