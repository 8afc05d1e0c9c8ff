/**
 * The bytes of one record in the log. Version, topic, partition and offset stand at fixed places, so that a reader
 * passes over records of other topics without decoding them.
 *
 *     record    = version topic partition offset timestamp keyLength key value
 *     version   = u8                 1
 *     topic     = u8                 number of the topic, in the order they were made
 *     partition = u16
 *     offset    = f64                an integer below 2^53
 *     timestamp = f64                milliseconds since 1970
 *     keyLength = i32                bytes of the key; −1: no key
 *     key       = UTF-8
 *     value     = the rest
 *
 * Numbers are little-endian.
 */
import { Fault } from '../../fault/fault.ts'
import type { Incoming } from '../../pipeline/log.ts'

const VERSION = 1
/** Bytes before the key. */
export const RECORD_HEADER = 24

/** The bytes of a record. `topic` is the topic's number. */
export function encodeRecord(
  topic: number,
  partition: number,
  offset: number,
  timestamp: number,
  key: string | null,
  value: Uint8Array
): Buffer {
  const keyLength = key === null ? 0 : Buffer.byteLength(key)
  const bytes = Buffer.allocUnsafe(RECORD_HEADER + keyLength + value.length)
  bytes[0] = VERSION
  bytes[1] = topic
  bytes.writeUInt16LE(partition, 2)
  bytes.writeDoubleLE(offset, 4)
  bytes.writeDoubleLE(timestamp, 12)
  bytes.writeInt32LE(key === null ? -1 : keyLength, 20)
  if (key !== null) bytes.write(key, RECORD_HEADER)
  bytes.set(value, RECORD_HEADER + keyLength)
  return bytes
}

/** The number of a record's topic. */
export const topicOf = (bytes: Buffer): number => bytes[1]!

/** The partition of a record. */
export const partitionAt = (bytes: Buffer): number => bytes.readUInt16LE(2)

/** The offset of a record. */
export const offsetOf = (bytes: Buffer): number => bytes.readDoubleLE(4)

/** When the log took a record. */
export const timestampOf = (bytes: Buffer): number => bytes.readDoubleLE(12)

/** The record in `bytes`. The value shares their memory. Throws `LOG_DAMAGED` where the bytes are no record. */
export function decodeRecord(bytes: Buffer, topic: string): Incoming {
  const keyLength = bytes.length < RECORD_HEADER ? 0 : bytes.readInt32LE(20)
  if (bytes.length < RECORD_HEADER || bytes[0] !== VERSION || keyLength < -1 || RECORD_HEADER + keyLength > bytes.length)
    throw new Fault(
      'LOG_DAMAGED',
      `expected a log record of version ${VERSION}, came ${bytes.length} bytes of version ${bytes[0]}: restore the log from a backup`
    )
  const start = RECORD_HEADER + Math.max(0, keyLength)
  return {
    topic,
    partition: partitionAt(bytes),
    offset: offsetOf(bytes),
    key: keyLength < 0 ? null : bytes.toString('utf8', RECORD_HEADER, start),
    value: bytes.subarray(start),
    timestamp: timestampOf(bytes)
  }
}
