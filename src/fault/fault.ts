/**
 * What can go wrong with the system itself. Bad data is not a fault: it becomes a rejection and the line goes on.
 *
 * Every fault has a code from a closed list, and the code decides what the caller does about it.
 */

/** What the caller does: `retry` the same call later, `reject` the one record, or stop because it is `fatal`. */
export type Disposition = 'retry' | 'reject' | 'fatal'

const dispositions = {
  CONFIG_INVALID: 'fatal',
  FILE_UNREADABLE: 'fatal',
  INPUT_INVALID: 'reject',
  LOG_FULL: 'retry',
  LOG_DAMAGED: 'fatal',
  LOG_FENCED: 'fatal',
  LOG_CLOSED: 'fatal',
  LOG_STALLED: 'fatal',
  SNAPSHOT_DAMAGED: 'fatal',
  FOLD_DIVERGED: 'fatal',
  FOLD_VERSION: 'fatal',
  OVERLOADED: 'retry',
  UNAVAILABLE: 'retry',
  NOT_AUTHORISED: 'reject'
} as const satisfies Record<string, Disposition>

export type FaultCode = keyof typeof dispositions

/** Every code with its disposition, for the documents and for tests. */
export const faultCodes: Readonly<Record<FaultCode, Disposition>> = dispositions

/**
 * An error that says what was expected, what came and what to do, and how the caller is to behave.
 *
 * @example
 * ```ts
 * import { Fault } from '../src/fault/fault.ts'
 * new Fault('LOG_FULL', 'expected room for 3 records, the log has reached its limit: raise log.maxMiB').disposition // => 'retry'
 * ```
 */
export class Fault extends Error {
  readonly code: FaultCode
  readonly disposition: Disposition

  constructor(code: FaultCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'Fault'
    this.code = code
    this.disposition = dispositions[code]
  }
}

/** A fault that goes by itself, such as a full disk: the same call may succeed later. */
export function isPassing(error: unknown): error is Fault {
  return error instanceof Fault && error.disposition === 'retry'
}
