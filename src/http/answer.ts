/**
 * What the interface answers: every status code it uses, and which one a fault becomes. No answer carries a stack
 * trace, a header of the request or the text of an error that is not a fault.
 */
import { Fault, type FaultCode } from '../fault/fault.ts'

/** Every status code with when it is given. `docs/http.md` prints this table and a test holds them equal. */
export const statusCodes = {
  200: 'done; every posted record was accepted and is durable',
  207: 'some posted records were accepted, some rejected: see the receipts',
  400: 'the request or its body cannot be read: not JSON, not UTF-8, empty, or broken HTTP',
  401: 'a token is needed and came wrong or not at all',
  403: 'the request comes from a web page of another site, under a foreign host name, or in the clear from an undeclared place; or its token may not do this',
  404: 'no such address, or not with this method',
  408: 'the request took too long to arrive',
  409: 'what is asked for has been done already, or cannot be done yet',
  413: 'the body is longer, or holds more records, than allowed: send fewer at a time',
  415: 'the content type or encoding is not one of those listed',
  422: 'every posted record was rejected: see the receipts',
  429: 'too many records or requests wait, or too many wrong tokens came from the address: send again after `Retry-After` seconds',
  431: 'the headers are longer than allowed',
  500: 'a defect; the log of the process tells more',
  503: 'not now: not ready, no room in the log, a schema registry that does not answer, or stopping; with `Retry-After` where waiting may help'
} as const
export type StatusCode = keyof typeof statusCodes

/** What stands in `error.code` where the cause is the request and not a fault of the system. */
export type RequestError =
  | 'ALREADY_DONE'
  | 'BODY_EMPTY'
  | 'BODY_MALFORMED'
  | 'BODY_TOO_LARGE'
  | 'BROKEN_REQUEST'
  | 'CROSS_SITE'
  | 'HEADERS_TOO_LARGE'
  | 'INTERNAL'
  | 'NOT_ALLOWED'
  | 'NOT_FOUND'
  | 'REQUEST_TIMEOUT'
  | 'TOO_MANY_ATTEMPTS'
  | 'TOO_MANY_RECORDS'
  | 'TYPE_UNKNOWN'

/** An answer that is not a result: `body.error` names the code and says what was expected, what came and what to do. */
export interface Refusal {
  readonly status: StatusCode
  readonly retryAfterSeconds: number | null
  readonly body: { readonly error: { readonly code: RequestError | FaultCode; readonly message: string } }
}

/** Makes a refusal. */
export function refusal(
  status: StatusCode,
  code: RequestError | FaultCode,
  message: string,
  retryAfterSeconds: number | null = null
): Refusal {
  return { status, retryAfterSeconds, body: { error: { code, message } } }
}

/** A request that cannot be taken, thrown on the way to the handler's end. */
export class Refused extends Error {
  readonly refusal: Refusal

  constructor(refused: Refusal) {
    super(refused.body.error.message)
    this.name = 'Refused'
    this.refusal = refused
  }
}

/**
 * The refusal an error becomes. Faults keep their code and message; of anything else nothing is told but that the
 * log of the process knows more.
 *
 * @example
 * ```ts
 * import { Fault } from '../src/fault/fault.ts'
 * import { refusalOf } from '../src/http/answer.ts'
 * refusalOf(new Fault('LOG_FULL', 'no room')).status // => 503
 * refusalOf(new Fault('LOG_FULL', 'no room')).retryAfterSeconds // => 5
 * refusalOf(new Error('password=…')).body.error.message // => 'expected to answer, a defect came in the way: see the log of the process'
 * ```
 */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refused) return error.refusal
  if (error instanceof Fault) return ofFault(error)
  return ofFramework(error) ?? refusal(500, 'INTERNAL', 'expected to answer, a defect came in the way: see the log of the process')
}

function ofFault(fault: Fault): Refusal {
  const { code, message } = fault
  switch (code) {
    case 'INPUT_INVALID':
      return refusal(400, code, message)
    case 'NOT_AUTHORISED':
      return refusal(401, code, message)
    // The queue of a pipeline that keeps up empties within a second; a full log needs a hand or the next retention.
    case 'OVERLOADED':
      return refusal(429, code, message, 1)
    case 'LOG_FULL':
    case 'UNAVAILABLE':
      return refusal(503, code, message, 5)
    case 'LOG_CLOSED':
    case 'LOG_STALLED':
    case 'LOG_FENCED':
      return refusal(503, code, 'expected a pipeline that runs, this one has stopped: send again to the one that took over', 5)
    case 'CONFIG_INVALID':
    case 'FILE_UNREADABLE':
    case 'LOG_DAMAGED':
    case 'SNAPSHOT_DAMAGED':
    case 'FOLD_DIVERGED':
    case 'FOLD_VERSION':
      return refusal(500, code, 'expected to answer, the pipeline has a fault that needs a hand: see the log of the process')
  }
}

/** Fastify's own errors that a request can cause, in our words. */
function ofFramework(error: unknown): Refusal | null {
  const code = error instanceof Error && 'code' in error ? error.code : null
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return refusal(413, 'BODY_TOO_LARGE', 'expected a body within http.maxBodyKiB, a longer one came: send fewer records at a time')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return refusal(
        415,
        'TYPE_UNKNOWN',
        'expected content-type application/json, application/x-ndjson or application/avro, another came: set the header'
      )
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'FST_ERR_BAD_URL':
      return refusal(400, 'BROKEN_REQUEST', 'expected a well-formed request, its address or its length is not: check the client')
    default:
      return isRequestsFault(error)
        ? refusal(400, 'BROKEN_REQUEST', 'expected a well-formed request, it lacks something: check the client')
        : null
  }
}

/** Whether Fastify says of an error of its own that the request is to blame. */
function isRequestsFault(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || !('statusCode' in error)) return false
  return String(error.code).startsWith('FST_ERR_') && Number(error.statusCode) >= 400 && Number(error.statusCode) < 500
}
