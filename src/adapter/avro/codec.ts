/**
 * Events as Avro. Without a registry what is written is single-object encoding, with one it is the registry's framing;
 * both are read either way, as the first byte tells them apart. What this codec encodes it decodes to the same value
 * (floats rounded to 32 bits), and no bytes make `decode` throw or cost more than their length.
 */
import type { AnyEvent, EventName, Events } from '../../events/event.ts'
import { Fault } from '../../fault/fault.ts'
import type { Codec, Undecodable } from '../../pipeline/codec.ts'
import { headerOf } from './fingerprint.ts'
import {
  fingerprintKey,
  framingProblem,
  hex,
  isRegistryFramed,
  REGISTRY_BYTES,
  registryHeaderOf,
  SINGLE_OBJECT_BYTES,
  schemaIdOf
} from './framing.ts'
import { DEFAULT_MAX_BYTES, limitOf } from './limits.ts'
import { decodeWith, readerOf } from './reader.ts'
import { type RegistryReading, RegistrySchemas } from './registry-schemas.ts'
import { currentOf, loadSchemas, type StoredSchema } from './schemas.ts'

/** A schema registry as the codec needs it. */
export interface CodecRegistry extends RegistryReading {
  /** The id of each current schema, to write with; without it single-object encoding is written. */
  readonly ids?: ReadonlyMap<EventName, number>
}

export interface AvroCodecOptions {
  /** Longest observation, label or control in bytes; default 256 KiB. The others follow from it: see `limitOf`. */
  readonly maxBytes?: number
  /** Every stored version of every schema; the package's own by default. */
  readonly schemas?: readonly StoredSchema[]
  /** Without one, records in a registry's framing are refused. */
  readonly registry?: CodecRegistry
}

/**
 * Opens the codec over the package's schemas. `encode` throws `INPUT_INVALID` where a value does not fit its schema or
 * is longer than its limit. Throws `CONFIG_INVALID` or `FILE_UNREADABLE` where the schemas are not whole.
 */
export function openAvroCodec(options: AvroCodecOptions = {}): Codec {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES
  const stored = options.schemas ?? loadSchemas()
  const current = currentOf(stored)
  const readers = new Map(stored.map(schema => [schema, readerOf(schema, current.get(schema.name)!, maxBytes)]))
  const byFingerprint = new Map([...readers].map(([schema, reader]) => [fingerprintKey(headerOf(schema.fingerprint)), reader]))
  const longest = Math.max(...[...readers.values()].map(reader => reader.limit))
  const singleObject = new Map([...current].map(([name, schema]) => [name, headerOf(schema.fingerprint)]))
  const { registry } = options
  const fetched = registry === undefined ? null : new RegistrySchemas(registry, readers, maxBytes)
  for (const [name, id] of registry?.ids ?? []) fetched?.own(id, readers.get(current.get(name)!)!)
  const headers = registry?.ids === undefined ? singleObject : new Map([...registry.ids].map(([name, id]) => [name, registryHeaderOf(id)]))
  let scratch = Buffer.allocUnsafe(16_384)

  const write = <N extends EventName>(name: N, event: Events[N], header: Uint8Array): Uint8Array => {
    const { type } = current.get(name)!
    const value = name === 'rejection' ? withBuffer(event as Events['rejection']) : event
    const limit = limitOf(name, maxBytes) - SINGLE_OBJECT_BYTES + header.length
    let end: number
    try {
      end = type.encode(value, scratch, header.length)
      if (end < 0) {
        const wanted = scratch.length - end
        if (wanted > limit) throw new Error(`expected at most ${limit} bytes, it takes ${wanted}`)
        scratch = Buffer.allocUnsafe(wanted * 2)
        end = type.encode(value, scratch, header.length)
      }
    } catch (error) {
      throw new Fault('INPUT_INVALID', `expected a value that fits the schema of ${name}, got another: ${(error as Error).message}`, error)
    }
    if (end > limit) throw new Fault('INPUT_INVALID', `expected a ${name} of at most ${limit} bytes, it takes ${end}`)
    scratch.set(header)
    const bytes = Buffer.allocUnsafe(end)
    scratch.copy(bytes, 0, 0, end)
    return bytes
  }

  const decode = (bytes: Uint8Array): AnyEvent | Undecodable => {
    if (bytes.length > longest) return { code: 'too-long', reason: `expected at most ${longest} bytes, got ${bytes.length}` }
    const framing = framingProblem(bytes, fetched !== null)
    if (framing !== null) return framing
    if (isRegistryFramed(bytes)) {
      const reader = fetched!.readerOf(schemaIdOf(bytes)!)
      return 'code' in reader ? reader : decodeWith(reader, bytes, REGISTRY_BYTES)
    }
    const reader = byFingerprint.get(fingerprintKey(bytes))
    if (reader === undefined)
      return {
        code: 'unknown-schema',
        reason: `expected the fingerprint of a stored schema (they are listed in docs/events.md), got ${hex(bytes.subarray(2, SINGLE_OBJECT_BYTES))}`
      }
    return decodeWith(reader, bytes, SINGLE_OBJECT_BYTES)
  }

  return {
    encode: (name, event) => write(name, event, headers.get(name)!),
    decode,
    prepare(bytes) {
      const id = fetched === null || bytes.length > longest ? null : schemaIdOf(bytes)
      return id === null ? null : fetched!.fetch(id)
    },
    keep: (name, event, bytes) => new Uint8Array(isRegistryFramed(bytes) ? write(name, event, singleObject.get(name)!) : bytes)
  }
}

/** The library takes bytes as a Buffer only. */
function withBuffer(rejection: Events['rejection']): Events['rejection'] {
  const { value } = rejection
  return Buffer.isBuffer(value) ? rejection : { ...rejection, value: Buffer.from(value.buffer, value.byteOffset, value.byteLength) }
}
