/**
 * What stands before a record and says which schema wrote it. The first byte tells the two framings apart.
 *
 *     single-object   C3 01, the schema's fingerprint (8 bytes, least first), the record
 *     registry        00, the schema's id at its registry (4 bytes, greatest first), the record
 *
 * Source: Apache Avro 1.11 specification, "Single-object encoding"; Confluent's documentation, "Wire format".
 */
import type { Undecodable } from '../../pipeline/codec.ts'

export const SINGLE_OBJECT_BYTES = 10
export const REGISTRY_BYTES = 5

/** Whether bytes begin as a registry's framing does, whole or not. */
export function isRegistryFramed(bytes: Uint8Array): boolean {
  return bytes[0] === 0x00
}

/** The five bytes before a record whose schema has this id at the registry. */
export function registryHeaderOf(id: number): Uint8Array {
  const header = new Uint8Array(REGISTRY_BYTES)
  new DataView(header.buffer).setUint32(1, id)
  return header
}

/**
 * The id in the registry's framing; null where the bytes are framed otherwise or end before it does.
 *
 * @example
 * ```ts
 * import { registryHeaderOf, schemaIdOf } from '../src/adapter/avro/framing.ts'
 * schemaIdOf(Uint8Array.of(0, 0, 0, 1, 2, 99)) // => 258
 * schemaIdOf(registryHeaderOf(4294967295)) // => 4294967295
 * schemaIdOf(Uint8Array.of(0xc3, 1, 0, 0, 0)) // => null
 * ```
 */
export function schemaIdOf(bytes: Uint8Array): number | null {
  if (!isRegistryFramed(bytes) || bytes.length < REGISTRY_BYTES) return null
  return ((bytes[1]! << 24) | (bytes[2]! << 16) | (bytes[3]! << 8) | bytes[4]!) >>> 0
}

/** What is wrong with the framing, before any schema is known; null when nothing is. */
export function framingProblem(bytes: Uint8Array, registry: boolean): Undecodable | null {
  if (bytes.length === 0) return { code: 'truncated', reason: 'expected a record, got 0 bytes' }
  if (isRegistryFramed(bytes)) {
    if (!registry)
      return {
        code: 'unknown-schema',
        reason: 'expected single-object encoding (C3 01), got the framing of a schema registry (00), and none is configured'
      }
    return bytes.length < REGISTRY_BYTES ? short(REGISTRY_BYTES, bytes) : null
  }
  if (bytes[0] !== 0xc3 || (bytes.length > 1 && bytes[1] !== 0x01)) {
    const expected = registry ? 'single-object encoding (C3 01) or the framing of a schema registry (00)' : 'single-object encoding (C3 01)'
    return { code: 'unknown-schema', reason: `expected ${expected}, got ${hex(bytes.subarray(0, 2))}` }
  }
  return bytes.length < SINGLE_OBJECT_BYTES ? short(SINGLE_OBJECT_BYTES, bytes) : null
}

function short(header: number, bytes: Uint8Array): Undecodable {
  return { code: 'truncated', reason: `expected a header of ${header} bytes, got ${bytes.length}` }
}

/** The fingerprint's bytes as text: cheaper than a 64-bit integer as the key of a map. */
export function fingerprintKey(bytes: Uint8Array): string {
  return String.fromCharCode(bytes[2]!, bytes[3]!, bytes[4]!, bytes[5]!, bytes[6]!, bytes[7]!, bytes[8]!, bytes[9]!)
}

export function hex(bytes: Uint8Array): string {
  return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(' ')
}
