/**
 * A record that could not be used, as it is kept: whole up to a limit that is larger than any input's, beyond it its
 * beginning, with length and checksum of the whole and the place where it still stands.
 */
import { createHash } from 'node:crypto'
import type { Rejection, RejectionCode } from '../events/event.ts'

export interface Rejected {
  readonly code: RejectionCode
  readonly reason: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** When the log took the record, milliseconds since 1970: a record read again is rejected alike. */
  readonly time: number
  readonly bytes: Uint8Array
}

export interface RejectionLimits {
  /** Records up to this length are kept whole. */
  readonly wholeBytes: number
  /** Of longer ones this much is kept. */
  readonly headBytes: number
}

export const rejectionLimits: RejectionLimits = { wholeBytes: 1_048_576, headBytes: 65_536 }

/** A reason may quote what came; this much of it is enough. */
const LONGEST_REASON = 2000

/**
 * The rejection of a record. Its bytes are copied, so that the log may take its buffer back.
 *
 * @example
 * ```ts
 * import { rejectionOf } from '../src/pipeline/rejection.ts'
 * const place = { topic: 'labels', partition: 0, offset: 7, time: 1773480413000 }
 * const rejection = rejectionOf({ code: 'truncated', reason: 'expected 10 bytes, got 3', ...place, bytes: Uint8Array.of(1, 2, 3) })
 * rejection.truncated // => false
 * rejection.sha256.slice(0, 8) // => '039058c6'
 * ```
 */
export function rejectionOf(rejected: Rejected, limits: RejectionLimits = rejectionLimits): Rejection {
  const { bytes, reason, ...rest } = rejected
  const truncated = bytes.length > limits.wholeBytes
  return {
    ...rest,
    reason: reason.length > LONGEST_REASON ? `${reason.slice(0, LONGEST_REASON).replace(/\p{Cs}$/u, '')}…` : reason,
    length: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    truncated,
    value: Uint8Array.from(truncated ? bytes.subarray(0, limits.headBytes) : bytes)
  }
}
