/**
 * CRC-64-AVRO: the fingerprint of a schema's parsing canonical form that stands before every record. Two schemas that
 * read bytes alike have one fingerprint, whatever their documentation says.
 *
 * Source: Apache Avro 1.11 specification, "Schema Fingerprints".
 */
const EMPTY = 0xc15d213aa4d7a795n

/**
 * The 64-bit fingerprint of a canonical form, unsigned.
 *
 * @example
 * ```ts
 * import { fingerprintOf } from '../src/adapter/avro/fingerprint.ts'
 * fingerprintOf('"int"').toString(16) // => '7275d51a3f395c8f'
 * ```
 */
export function fingerprintOf(canonical: string): bigint {
  let fingerprint = EMPTY
  for (const byte of new TextEncoder().encode(canonical)) {
    fingerprint ^= BigInt(byte)
    for (let bit = 0; bit < 8; bit++) fingerprint = (fingerprint >> 1n) ^ (EMPTY & -(fingerprint & 1n))
  }
  return fingerprint
}

/** The ten bytes before a record of the single-object encoding: C3 01 and the fingerprint, least byte first. */
export function headerOf(fingerprint: bigint): Uint8Array {
  const header = new Uint8Array(10)
  header.set([0xc3, 0x01])
  new DataView(header.buffer).setBigUint64(2, fingerprint, true)
  return header
}
