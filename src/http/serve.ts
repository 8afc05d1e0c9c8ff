/**
 * The HTTP interface: probes, metrics and status to read, observations, labels and examples to post.
 *
 * Everything a client can make large or slow has a bound: body, records, headers, connections, posts at a time, and
 * the time each part of a request may take.
 */
import { setMaxListeners } from 'node:events'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { fromJson } from '../events/from-json.ts'
import { Fault, isPassing } from '../fault/fault.ts'
import type { Gateway, PipelineStatus } from '../pipeline/gateway.ts'
import type { Onlooker } from '../pipeline/onlooker.ts'
import { type Access, accessTo } from './access.ts'
import { type Refusal, Refused, refusal, refusalOf } from './answer.ts'
import { brokenRequest } from './broken-request.ts'
import { drainOf } from './drain.ts'
import { addExperts } from './experts.ts'
import { addHistory, type Explain } from './history.ts'
import { addPage } from './page.ts'
import { post, statusOf } from './post.ts'
import { bodyTypes, type ParseJson, type PostedName } from './records.ts'
import { addStream, type StreamOptions, streamDefaults } from './stream.ts'

/** What of an onlooker is served. */
type Watched = Pick<Onlooker, 'follow' | 'pulse' | 'history' | 'part' | 'newestParts' | 'typical'>

/** What `/metrics` shows. */
export interface Metrics {
  readonly contentType: string
  /** Takes the state that the next `text` shows. */
  observe(status: PipelineStatus): void
  text(): Promise<string>
}

/** Where defects are told; a pino logger fits. */
export interface HttpLogger {
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface ServeOptions {
  readonly gateway: Gateway
  readonly metrics: Metrics
  /** What the page shows beside the status; without it there is no page. */
  readonly board?: { readonly onlooker: Watched; readonly explain: Explain; readonly stream?: Partial<StreamOptions> }
  /** How posted JSON becomes an event. Default `fromJson`. */
  readonly parse?: ParseJson
  /** Default 127.0.0.1. Any address but loopback needs a token. */
  readonly host?: string
  /** 0 takes a free one. */
  readonly port: number
  readonly token?: string | null
  /** Further names that may stand in the `Host` header on loopback. */
  readonly hosts?: readonly string[]
  readonly maxBodyKiB?: number
  readonly maxRecords?: number
  readonly maxConnections?: number
  /** Posts being read or answered at a time; more are told to come again. */
  readonly maxPosts?: number
  /** How long a request may take to arrive. Headers get a third of it. */
  readonly requestTimeoutMs?: number
  /** How long requests under way may take to end when the server closes. */
  readonly drainMs?: number
  readonly logger?: HttpLogger
}

export interface Server {
  readonly url: string
  /** Takes no more requests, waits for those under way up to `drainMs`, then cuts them. Idempotent. */
  close(): Promise<void>
}

/** What can be posted where. */
export const postRoutes = { '/observations': 'observation', '/labels': 'label', '/examples': 'example' } as const
/** What can be read. */
export const readRoutes = [
  '/healthz',
  '/readyz',
  '/metrics',
  '/status',
  '/api/experts',
  '/',
  '/api/stream',
  '/api/history',
  '/api/parts',
  '/api/explain'
] as const

/** What holds where the options say nothing. */
export const defaults = {
  host: '127.0.0.1',
  parse: fromJson as ParseJson,
  maxBodyKiB: 1024,
  maxRecords: 1000,
  maxConnections: 256,
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
  const access = accessTo(settings.host, options.token ?? null, options.hosts ?? [])
  const stopping = new Fault('UNAVAILABLE', 'expected the request to end before the server, which is stopping: send it again')
  const app = Fastify({
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
  app.server.maxConnections = settings.maxConnections
  app.setErrorHandler((error, request, reply) => {
    const refused = refusalOf(error)
    // Who has gone away has aborted its own request: nothing failed.
    if (refused.status >= 500 && !reply.raw.destroyed)
      options.logger?.[refused.status === 500 ? 'error' : 'warn']({ err: error, route: request.routeOptions.url }, 'a request failed')
    return send(reply, refused)
  })
  app.setNotFoundHandler((_request, reply) =>
    send(reply, refusal(404, 'NOT_FOUND', `expected one of ${[...readRoutes, ...Object.keys(postRoutes)].join(', ')} with its method`))
  )
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    reply.header('x-content-type-options', 'nosniff')
    if (closing !== null) reply.header('connection', 'close')
  })
  addReading(app, options, access)
  if (options.board !== undefined) addBoard(app, options.board, access)
  const cut = addPosting(app, { ...options, ...settings }, access)

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
  return { url, close }
}

function addReading(app: FastifyInstance, { gateway, metrics }: ServeOptions, access: Access) {
  const allow = (kind: 'probe' | 'read') => async (request: FastifyRequest) => guard(access, request, kind)
  app.get('/healthz', { onRequest: allow('probe') }, async () => ({ alive: true }))
  app.get('/readyz', { onRequest: allow('probe') }, async (request, reply) => {
    const { ready, reasons } = statusOrReason(gateway)
    reply.code(ready ? 200 : 503)
    return access.trusts(request.headers) ? { ready, reasons } : { ready }
  })
  app.get('/metrics', { onRequest: allow('read') }, async (_request, reply) => {
    const status = statusOrReason(gateway)
    // Before there is a state, the metrics of the process are told all the same.
    if ('learner' in status) metrics.observe(status)
    reply.header('content-type', metrics.contentType)
    return metrics.text()
  })
  app.get('/status', { onRequest: allow('read') }, async () => gateway.status())
  addExperts(app, gateway, allow('read'))
}

function addBoard(app: FastifyInstance, { onlooker, explain, stream }: NonNullable<ServeOptions['board']>, access: Access) {
  const allow = (kind: 'probe' | 'read') => async (request: FastifyRequest) => guard(access, request, kind)
  addPage(app, allow('probe'))
  addStream(app, onlooker, allow('read'), { ...streamDefaults, ...stream })
  addHistory(app, onlooker, explain, allow('read'))
}

/** The status, or why there is none yet: a pipeline that recovers throws `UNAVAILABLE`. */
function statusOrReason(gateway: Gateway): PipelineStatus | { readonly ready: false; readonly reasons: readonly string[] } {
  try {
    return gateway.status()
  } catch (error) {
    if (isPassing(error)) return { ready: false, reasons: [error.message] }
    throw error
  }
}

/** Returns what aborts every post under way. */
function addPosting(app: FastifyInstance, options: ServeOptions & typeof defaults, access: Access): (reason: Fault) => void {
  const underWay = new Map<FastifyRequest, AbortController>()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser([...bodyTypes], { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  for (const [route, name] of Object.entries(postRoutes) as [string, PostedName][])
    app.post(route, { onRequest: async (request, reply) => admit(request, reply) }, async (request, reply) => {
      const { body } = request
      const type = bodyTypes.find(known => known === request.headers['content-type']?.split(';')[0]?.trim().toLowerCase())
      if (!Buffer.isBuffer(body) || type === undefined) throw empty(name)
      const signal = underWay.get(request)?.signal ?? AbortSignal.abort()
      const receipts = await post(options, name, { type, bytes: body }, signal)
      reply.code(statusOf(receipts))
      return receipts
    })
  return reason => {
    for (const controller of underWay.values()) controller.abort(reason)
  }

  // Before the body is read: who may not post, or finds too many before him, costs no memory.
  function admit(request: FastifyRequest, reply: FastifyReply) {
    guard(access, request, 'post')
    const encoding = request.headers['content-encoding']
    if (encoding !== undefined && encoding !== 'identity')
      throw new Refused(refusal(415, 'TYPE_UNKNOWN', 'expected a body without content-encoding, an encoded one came: send it plain'))
    if (underWay.size >= options.maxPosts)
      throw new Refused(refusal(429, 'OVERLOADED', `expected at most ${options.maxPosts} posts at a time, more came: send again later`, 1))
    const controller = new AbortController()
    // Every record of a post may wait on it; Node warns of a leak at 11.
    setMaxListeners(options.maxRecords + 1, controller.signal)
    underWay.set(request, controller)
    reply.raw.once('close', () => {
      underWay.delete(request)
      if (!reply.raw.writableFinished)
        controller.abort(new Fault('UNAVAILABLE', 'expected a client that waits for its answer, it has gone'))
    })
  }
}

const empty = (name: string) => new Refused(refusal(400, 'BODY_EMPTY', `expected at least one ${name} in the body, an empty one came`))

function guard(access: Access, request: FastifyRequest, kind: 'probe' | 'read' | 'post') {
  const refused = access.refuse(request.method, request.headers, kind)
  if (refused !== null) throw new Refused(refused)
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
