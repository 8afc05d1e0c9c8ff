/** What an error of the client means: whether it passes by itself, and if not, what to do about it. */
import { Fault, type FaultCode } from '../../fault/fault.ts'
import { REFUSED } from './connection.ts'

/** Who we are to the cluster and what was being done, for the message. */
export interface Doing {
  /** As in 'could not …': "write to the topic lines". */
  readonly what: string
  /** The name that the cluster knows us by; null where we give none. */
  readonly user: string | null
}

export interface Problem {
  /** Whether the same call is worth making again. */
  readonly passing: boolean
  /** One line, for whoever watches. */
  readonly said: string
  readonly fault: () => Error
}

interface ClientError extends Error {
  readonly type?: string
  readonly code?: string | number
  readonly retriable?: boolean
  readonly errors?: readonly Error[]
}

/** Kafka's numbers for errors that kafkajs does not know by name. */
const PRODUCER_FENCED = 90
const TRANSACTIONAL_ID_NOT_FOUND = 105

/** Protocol errors that end by themselves, whatever the client says of them. */
const passing = new Set([
  'UNKNOWN',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'CONCURRENT_TRANSACTIONS',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'NOT_CONTROLLER',
  'KAFKA_STORAGE_ERROR',
  'OFFSET_NOT_AVAILABLE',
  'UNSTABLE_OFFSET_COMMIT',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND'
])

/** What the operating system says of a network or a machine that is not there now; of files it says other things. */
const network = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'EADDRNOTAVAIL'
])

const fenced = new Set(['INVALID_PRODUCER_EPOCH', 'TRANSACTION_COORDINATOR_FENCED', 'INVALID_PRODUCER_ID_MAPPING', 'INVALID_TXN_STATE'])
const tooLarge = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD'])

/** Whether a producer's count of batches and the broker's have parted: only a new producer goes on. */
export function isSequenceLost(error: unknown): boolean {
  const type = rootOf(error).type ?? ''
  return type === 'OUT_OF_ORDER_SEQUENCE_NUMBER' || type === 'UNKNOWN_PRODUCER_ID' || type === 'DUPLICATE_SEQUENCE_NUMBER'
}

/** Whether another producer of the same transactional id has taken over, or the broker has given this one up. */
export function isFenced(error: unknown): boolean {
  const { type = '', code } = rootOf(error)
  return fenced.has(type) || code === PRODUCER_FENCED || code === TRANSACTIONAL_ID_NOT_FOUND
}

/** Protocol errors by which a group says that it has moved on without us. */
const regrouped = new Set(['REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'MEMBER_ID_REQUIRED'])

/** Whether a group wants its members to join anew, or no longer knows this one. */
export function isRegrouped(error: unknown): boolean {
  return regrouped.has(typeOf(error))
}

/** The protocol's name of an error, or nothing. */
export function typeOf(error: unknown): string {
  return rootOf(error).type ?? ''
}

/** Whether a reader asked for an offset that the partition does not have. */
export function isOutOfRange(error: unknown): boolean {
  return rootOf(error).type === 'OFFSET_OUT_OF_RANGE'
}

/** Whether there is no such topic, or the broker that was asked does not know of it yet. */
export function isUnknownTopic(error: unknown): boolean {
  return rootOf(error).type === 'UNKNOWN_TOPIC_OR_PARTITION'
}

/** What to make of an error that came out of the client. */
export function problemOf(error: unknown, { what, user }: Doing): Problem {
  const ours = chainOf(error).find(each => each instanceof Fault)
  if (ours !== undefined) return { passing: false, said: ours.message, fault: () => ours }
  const root = rootOf(error)
  const { type = '', code, message } = root
  const who = user === null ? 'a client that gives no name' : `the user ${user}`
  const stop = (fault: FaultCode, told: string): Problem => ({
    passing: false,
    said: told,
    fault: () => new Fault(fault, told, root)
  })
  if (isFenced(root)) return stop('LOG_FENCED', `expected to ${what} as the newest claim, another process has taken over: ${message}`)
  if (tooLarge.has(type))
    return stop(
      'INPUT_INVALID',
      `expected a record that the topic takes, could not ${what}: ${message}; raise max.message.bytes of the topic`
    )
  if (type.endsWith('_AUTHORIZATION_FAILED'))
    return stop('CONFIG_INVALID', `expected ${who} to have the right to ${what}, the cluster refuses: ${rightOf(type)}`)
  if (root.name === REFUSED || type === 'SASL_AUTHENTICATION_FAILED')
    return stop(
      'CONFIG_INVALID',
      `expected the cluster to know ${who}, it refuses the sign-in: check mechanism, name and password or token`
    )
  if (type === 'INVALID_TRANSACTION_TIMEOUT')
    return stop('CONFIG_INVALID', `expected the cluster to allow transactions of a minute: raise transaction.max.timeout.ms of the brokers`)
  if (type === 'INVALID_SESSION_TIMEOUT')
    return stop(
      'CONFIG_INVALID',
      'expected a session that the cluster allows, it refuses log.kafka.sessionMs: raise that, or lower group.min.session.timeout.ms of the brokers'
    )
  if (type === 'INCONSISTENT_GROUP_PROTOCOL')
    return stop(
      'CONFIG_INVALID',
      `expected a group of this program alone, could not ${what}: another one uses its name; set another log.kafka.prefix`
    )
  if (type === 'UNSUPPORTED_VERSION' || root.name === 'KafkaJSServerDoesNotSupportApiKey')
    return stop('CONFIG_INVALID', `expected a cluster of Kafka 2.1 to 4.x, could not ${what}: ${message}`)
  const tls = tlsProblem(`${code ?? ''} ${message}`)
  if (tls !== null) return stop('CONFIG_INVALID', tls)
  if (passing.has(type) || (!isSequenceLost(root) && root.retriable !== false && root.name.startsWith('KafkaJS')) || isNetwork(code)) {
    const hint = /before secure TLS/.test(message)
      ? ', or its listener speaks no TLS'
      : /closed/i.test(message)
        ? ', or its listener wants TLS or SASL that was not given'
        : ''
    const told = `could not ${what}: ${message} (the brokers are gone or busy${hint})`
    return { passing: true, said: told, fault: () => new Fault('UNAVAILABLE', `expected the cluster to answer, ${told}`, root) }
  }
  // What the callers themselves know how to take; anything else that the cluster says is a no.
  if (type === '' || type === 'OFFSET_OUT_OF_RANGE' || isSequenceLost(root))
    return { passing: false, said: `could not ${what}: ${message}`, fault: () => root }
  return stop('CONFIG_INVALID', `expected the cluster to let us ${what}, it refuses: ${message}`)
}

function rightOf(type: string): string {
  switch (type) {
    case 'TOPIC_AUTHORIZATION_FAILED':
      return 'allow Describe, Read and Write on the topic, Create where it is to be made, Delete where the log is to forget'
    case 'GROUP_AUTHORIZATION_FAILED':
      return 'allow Read on the consumer group'
    case 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED':
      return 'allow Write and Describe on the transactional id'
    default:
      return 'allow IdempotentWrite and, where topics are to be made, Create on the cluster'
  }
}

function tlsProblem(said: string): string | null {
  if (/certificate required|bad certificate|handshake failure|CERTIFICATE_REQUIRED|BAD_CERTIFICATE/i.test(said))
    return 'expected the cluster to take our certificate, it asks for another: give cert and key that its authority has signed'
  if (/ALTNAME|does not match certificate/i.test(said))
    return 'expected the broker’s certificate to name the host that was dialled, it names another: use the name that it is issued for'
  if (/certificate|CERT_|SELF_SIGNED|UNABLE_TO_/i.test(said))
    return `expected a certificate signed by an authority that is known here, got one that is not (${said.trim()}): give the authority as ca`
  if (/wrong version number|EPROTO|ERR_SSL/i.test(said))
    return 'expected a listener that speaks TLS, it does not: leave tls out or use its TLS port'
  return null
}

function isNetwork(code: string | number | undefined): boolean {
  return typeof code === 'string' && network.has(code)
}

/** An error and what it wraps, from the outside in. */
function chainOf(error: unknown): ClientError[] {
  const chain = [error as ClientError]
  while (chain.length < 10) {
    const at = chain.at(-1)!
    const next = at.errors?.[0] ?? (at.cause as ClientError | undefined)
    if (!(next instanceof Error)) break
    chain.push(next)
  }
  return chain
}

/** The error under the wrappings of retries. */
function rootOf(error: unknown): ClientError {
  return chainOf(error).at(-1)!
}
