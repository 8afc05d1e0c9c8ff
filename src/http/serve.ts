/**
 * The HTTP interface: probes, metrics and status to read, observations, labels and examples to post.
 *
 * Everything a client can make large or slow has a bound: body, records, headers, connections, posts at a time, and
 * the time each part of a request may take.
 */
import { Server as TlsServer } from 'node:tls'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { fromJson } from '../events/from-json.ts'
import { Fault } from '../fault/fault.ts'
import type { Beside, Gateway, PipelineStatus } from '../pipeline/gateway.ts'
import { accessTo, defaultSessionMs } from './access.ts'
import { addAlerts } from './alerts.ts'
import { type Refusal, refusal, refusalOf } from './answer.ts'
import { addBoard, type BoardOptions } from './board.ts'
import { brokenRequest, refuseAmbiguous } from './broken-request.ts'
import { drainOf } from './drain.ts'
import { guard } from './guard.ts'
import type { Posting } from './post.ts'
import { addPosting, postRoutes } from './posting.ts'
import { addReading, alertsOf } from './reading.ts'
import type { ParseJson } from './records.ts'
import { addSession } from './session.ts'
import { streamDefaults } from './stream.ts'
import { tallyOf } from './tally.ts'
import type { Token } from './token.ts'

/** What `/metrics` shows. */
export interface Metrics {
  readonly contentType: string
  /** Takes the state that the next `text` shows, and what there is beside it. */
  observe(status: PipelineStatus, beside: Beside): void
  text(): Promise<string>
}

/** Where defects are told; a pino logger fits. */
export interface HttpLogger {
  info?(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface ServeOptions {
  readonly gateway: Gateway
  readonly metrics: Metrics
  /** What the page shows beside the status; without it there is no page. */
  readonly board?: BoardOptions
  /** How posted JSON becomes an event. Default `fromJson`. */
  readonly parse?: ParseJson
  /** The line of a posted record in Avro, for tokens that may touch only some. */
  readonly lineOf?: NonNullable<Posting['lineOf']>
  /** Default 127.0.0.1. Any address but loopback needs a token to read, and `tls` or `trustedProxy`. */
  readonly host?: string
  /** 0 takes a free one. */
  readonly port: number
  /** Whoever changes something needs one of these; with none nobody may. */
  readonly tokens?: readonly Token[]
  readonly tls?: Tls
  /** Addresses and networks whose word on the client is believed, and that may ask in the clear. */
  readonly trustedProxy?: readonly string[]
  /** How long a browser stays logged in. */
  readonly sessionMs?: number
  /** Further names that may stand in the `Host` header on loopback. */
  readonly hosts?: readonly string[]
  readonly maxBodyKiB?: number
  readonly maxRecords?: number
  readonly maxConnections?: number
  /** Browsers that follow live at a time, and what may wait for each. */
  readonly maxStreams?: number
  readonly maxStreamBacklogKiB?: number
  /** Posts being read or answered at a time; more are told to come again. */
  readonly maxPosts?: number
  /** How long a request may take to arrive. Headers get a third of it. */
  readonly requestTimeoutMs?: number
  /** How long requests under way may take to end when the server closes. */
  readonly drainMs?: number
  readonly logger?: HttpLogger
}

/** In PEM. With `clientCa` whoever comes must show a certificate that it has signed, but for a probe. */
export interface Tls {
  readonly cert: string
  readonly key: string
  readonly clientCa?: string
}

export interface Server {
  readonly url: string
  /** Speaks TLS with another certificate from the next connection on. Throws where it and its key do not go together. */
  renew(tls: Tls): void
  /** Takes no more requests, waits for those under way up to `drainMs`, then cuts them. Idempotent. */
  close(): Promise<void>
}

/** What can be read. */
export const readRoutes = [
  '/healthz',
  '/readyz',
  '/metrics',
  '/status',
  '/api/experts',
  '/api/inspections',
  '/api/decisions/report',
  '/',
  '/api/stream',
  '/api/history',
  '/api/parts',
  '/api/explain'
] as const

const addresses = [...readRoutes, '/api/alerts', '/api/me', ...Object.keys(postRoutes), '/session']
/** What holds where the options say nothing. */
export const defaults = {
  host: '127.0.0.1',
  parse: fromJson as ParseJson,
  tokens: [] as readonly Token[],
  trustedProxy: [] as readonly string[],
  sessionMs: defaultSessionMs,
  maxBodyKiB: 1024,
  maxRecords: 1000,
  maxConnections: 256,
  maxStreams: streamDefaults.most,
  maxStreamBacklogKiB: streamDefaults.backlogBytes / 1024,
  // With the default body limit, at most 32 MiB of bodies in memory.
  maxPosts: 32,
  requestTimeoutMs: 15_000,
  drainMs: 5_000
}

/**
 * Starts serving; resolves when the port is open. Closes when `signal` aborts. Throws `CONFIG_INVALID` where a token
 * is missing or the address cannot be bound.
 */
export async function serve(options: ServeOptions, signal: AbortSignal): Promise<Server> {
  signal.throwIfAborted()
  const settings = { ...defaults, ...options }
  let closing: Promise<void> | null = null
  const { tls, logger } = options
  const access = accessTo({
    ...settings,
    tls: tls !== undefined,
    clientCertificates: tls?.clientCa !== undefined,
    tell: (fields, message) => logger?.warn(fields, message)
  })
  const stopping = new Fault('UNAVAILABLE', 'expected the request to end before the server, which is stopping: send it again')
  const app: FastifyInstance = Fastify({
    ...(tls === undefined ? {} : { https: { ...secureOf(tls), handshakeTimeout: settings.requestTimeoutMs } }),
    ...(settings.trustedProxy.length === 0 ? {} : { trustProxy: [...settings.trustedProxy] }),
    bodyLimit: settings.maxBodyKiB * 1024,
    requestTimeout: settings.requestTimeoutMs,
    connectionTimeout: 4 * settings.requestTimeoutMs,
    keepAliveTimeout: 5_000,
    forceCloseConnections: 'idle',
    clientErrorHandler: brokenRequest,
    frameworkErrors: (error, _request, reply) => send(reply, refusalOf(error)),
    http: {
      headersTimeout: Math.ceil(settings.requestTimeoutMs / 3),
      connectionsCheckingInterval: Math.ceil(settings.requestTimeoutMs / 10),
      maxHeaderSize: 8192
    }
  })
  const drain = drainOf(app.server, settings.drainMs)
  const tally = tallyOf(app)
  app.server.maxConnections = settings.maxConnections
  app.setErrorHandler((error, request, reply) => {
    const refused = refusalOf(error)
    // Who has gone away has aborted its own request: nothing failed.
    if (refused.status >= 500 && !reply.raw.destroyed)
      logger?.[refused.status === 500 ? 'error' : 'warn']({ err: error, route: request.routeOptions.url }, 'a request failed')
    return send(reply, refused)
  })
  app.setNotFoundHandler((_request, reply) =>
    send(reply, refusal(404, 'NOT_FOUND', `expected one of ${addresses.join(', ')} with its method`))
  )
  // What is expected beyond 100-continue nobody need know of.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
  app.addHook('onRequest', async ({ raw }, reply) => {
    try {
      refuseAmbiguous(raw)
    } catch (error) {
      reply.header('connection', 'close')
      throw error
    }
  })
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    reply.header('x-content-type-options', 'nosniff')
    if (closing !== null) reply.header('connection', 'close')
  })
  const board = options.board === undefined ? null : addBoard(app, options.gateway, options.board, access, settings)
  const { maxStreams, maxConnections } = settings
  addReading(app, options, access, () => ({
    http: {
      answers: tally.answers(),
      connections: tally.connections(),
      streams: board?.streams() ?? 0,
      maxStreams,
      maxConnections,
      ...access.counts()
    },
    alerts: alertsOf(options.gateway)
  }))
  const tell = (fields: object, message: string) => logger?.info?.(fields, message)
  addSession(app, access, tell)
  addAlerts(app, {
    gateway: options.gateway,
    allow: need => async request => guard(access, request, need),
    holder: request => access.holder(request.headers),
    tell
  })
  const cut = addPosting(app, { ...options, ...settings, tell }, access)

  const url = await listen(app, settings.host, settings.port)
  const close = () => {
    signal.removeEventListener('abort', stop)
    closing ??= drain(
      () => app.close(),
      () => cut(stopping)
    )
    return closing
  }
  const stop = () => void close()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) await close()
  const renew = (next: Tls) => {
    if (app.server instanceof TlsServer) app.server.setSecureContext(secureOf(next))
  }
  return { url, renew, close }
}

/** TLS 1.2 and later. A certificate that nobody known has signed is told by `guard`, which lets probes through. */
function secureOf({ cert, key, clientCa }: Tls) {
  return {
    cert,
    key,
    minVersion: 'TLSv1.2' as const,
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false })
  }
}

function send(reply: FastifyReply, { status, retryAfterSeconds, body }: Refusal) {
  if (retryAfterSeconds !== null) reply.header('retry-after', String(retryAfterSeconds))
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  return reply.code(status).type('application/json; charset=utf-8').send(body)
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    // "localhost" would open one socket a protocol, and the bounds hold for the first only.
    return await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host.replace(/^\[|\]$/g, ''), port })
  } catch (cause) {
    await app.close()
    const code = cause instanceof Error && 'code' in cause ? cause.code : 'unknown'
    throw new Fault(
      'CONFIG_INVALID',
      `expected to listen on ${host} port ${port}, the system said ${code}: change http.host or http.port`,
      cause
    )
  }
}
