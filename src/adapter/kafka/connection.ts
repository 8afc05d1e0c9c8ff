/** How the adapter reaches a cluster: addresses, TLS, SASL. No secret leaves this file but to the cluster itself. */
import Cluster from 'kafkajs/src/cluster/index.js'
import ConnectionPool from 'kafkajs/src/network/connectionPool.js'
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
import socketFactory from 'kafkajs/src/network/socketFactory.js'
import type { Cluster as Brokers } from './protocol.ts'

/** A value that is shown nowhere. */
export interface Hidden {
  reveal(): string
}

export type Sasl =
  | { readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; readonly username: string; readonly password: Hidden }
  /** Asked for a token whenever a connection is made or its token runs out. */
  | { readonly mechanism: 'oauthbearer'; readonly token: () => Promise<Hidden> }

/** Certificates and key as PEM. */
export interface Tls {
  /** Who signed the brokers' certificates; absent: the authorities that Node knows. */
  readonly ca?: string
  /** What this client shows of itself, where the cluster asks for it. */
  readonly cert?: string
  readonly key?: Hidden
}

export interface Connection {
  /** `host:port` of some brokers; the others are learned from them. */
  readonly brokers: readonly string[]
  readonly clientId?: string
  readonly tls?: Tls
  readonly sasl?: Sasl
}

/** A machine that has not answered for so long is taken for gone. */
const REQUEST_MS = 15_000
const CONNECT_MS = 5000
/** The client itself tries but once more: how long to go on is decided where it is known what must not be done twice. */
const RETRY = { retries: 1, initialRetryTime: 50, maxRetryTime: 200 }
/** How soon a full queue looks again, milliseconds. Every answer looks, too. */
const QUEUE_MS = 10
/** What kafkajs calls a sign-in that was refused. */
export const REFUSED = 'KafkaJSSASLAuthenticationError'

/** A client of its own, not connected yet. */
export function openCluster({ brokers, clientId = 'andon', tls, sasl }: Connection): Brokers {
  calmQueues()
  connectOnce()
  return new Cluster({
    logger: silent(),
    socketFactory: socketFactory(),
    brokers: [...brokers],
    clientId,
    ssl: tls && { ca: tls.ca, cert: tls.cert, key: tls.key?.reveal() },
    sasl: sasl && saslOf(sasl),
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    enforceRequestTimeout: true,
    reauthenticationThreshold: 10_000,
    metadataMaxAge: 300_000,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    isolationLevel: 1,
    retry: RETRY
  })
}

function saslOf(sasl: Sasl): object {
  if (sasl.mechanism !== 'oauthbearer') return { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password.reveal() }
  return { mechanism: sasl.mechanism, authenticationProvider: bearerOf(sasl.token) }
}

interface Exchange {
  readonly request: { encode(): Promise<Buffer> }
  readonly response: { decode(bytes: Buffer): Promise<Buffer>; parse(said: Buffer): Promise<void> }
}

/**
 * Sends a token as RFC 7628 has it, and listens to the answer: a broker that refuses one says so in a message of
 * success, which kafkajs's own provider takes for a welcome.
 */
function bearerOf(token: () => Promise<Hidden>): (connection: { saslAuthenticate(exchange: Exchange): Promise<void> }) => object {
  return ({ saslAuthenticate }) => ({
    authenticate: async () => {
      const text = Buffer.from(`n,,\u0001auth=Bearer ${(await token()).reveal()}\u0001\u0001`)
      const size = Buffer.alloc(4)
      size.writeInt32BE(text.length)
      await saslAuthenticate({
        request: { encode: async () => Buffer.concat([size, text]) },
        response: {
          decode: async bytes => bytes.subarray(4),
          parse: async said => {
            if (said.length > 0) throw Object.assign(new Error(`the token is refused: ${said}`), { name: REFUSED, retriable: false })
          }
        }
      })
    }
  })
}

interface Logger {
  readonly info: () => void
  readonly warn: () => void
  readonly error: () => void
  readonly debug: () => void
  readonly namespace: () => Logger
}

/** What the client would log is thrown and told in our own words, or of no use. */
function silent(): Logger {
  const nothing = (): void => undefined
  const logger: Logger = { info: nothing, warn: nothing, error: nothing, debug: nothing, namespace: () => logger }
  return logger
}

/** kafkajs wakes a thousand times a second for every connection, to look at a queue that is empty. */
function calmQueues(): void {
  RequestQueue.prototype.scheduleCheckPendingRequests = function () {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return
    const look = (): void => {
      this.throttleCheckTimeoutId = null
      this.checkPendingRequests()
    }
    this.throttleCheckTimeoutId = setTimeout(look, Math.max(QUEUE_MS, this.throttledUntil - Date.now()))
  }
}

/** kafkajs opens a socket for each request that comes while one is being opened, and forgets all but the last. */
function connectOnce(): void {
  ConnectionPool.prototype.getConnection = async function (index = 0) {
    const connection = this.pool[index]!
    if (connection.isConnected()) return connection
    this.opening ??= new Map()
    let opening = this.opening.get(index)
    if (opening === undefined) {
      opening = connection.connect().finally(() => this.opening?.delete(index))
      this.opening.set(index, opening)
    }
    await opening
    return connection
  }
}
