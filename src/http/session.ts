/**
 * Logging in with a browser: a token once, then a cookie that no script can read and no other site can make a browser send.
 * Whoever has a token can go without: it does for every request.
 */
import type { FastifyInstance } from 'fastify'
import type { Access } from './access.ts'
import { Refused, refusal } from './answer.ts'
import { askingOf, guard } from './guard.ts'
import { type Holder, type Need, roles } from './token.ts'

/** What can be asked here, as the page lists it. */
export const sessionRoutes = ['GET /api/me', 'POST /session', 'DELETE /session'] as const

/** Who asks, and what he may do here; on loopback everyone may read. */
export interface Me {
  readonly name: string | null
  readonly role: string | null
  readonly lines: Holder['lines']
  readonly may: readonly Need[]
  /** Milliseconds since 1970 when a log-in ends; null without one. */
  readonly expires: number | null
}

const needs = roles.admin

/** Longer than the longest token. */
const LONGEST_BODY = 8192

export function addSession(app: FastifyInstance, access: Access, tell: (fields: object, message: string) => void): void {
  const me = (holder: Holder | null, expires: number | null): Me => ({
    name: holder?.name ?? null,
    role: holder?.role ?? null,
    lines: holder?.lines ?? [],
    may: needs.filter(need => access.may(holder, need)),
    expires
  })
  const allow = async (request: Parameters<typeof askingOf>[0]) => guard(access, request, 'login')

  app.get('/api/me', { onRequest: allow }, async request => me(access.holder(request.headers), access.expires(request.headers)))

  app.post('/session', { onRequest: allow, bodyLimit: LONGEST_BODY }, async (request, reply) => {
    const asking = askingOf(request)
    const login = access.login(asking, tokenIn(request.headers['content-type'], request.body))
    if ('status' in login) throw new Refused(login)
    const { holder, expires } = login.session
    tell({ by: holder.name, address: asking.address }, 'logged in')
    reply.header('set-cookie', login.cookie)
    return me(holder, expires)
  })

  app.delete('/session', { onRequest: allow }, async (request, reply) => {
    const asking = askingOf(request)
    const holder = access.holder(request.headers)
    reply.header('set-cookie', access.logout(asking))
    if (holder !== null) tell({ by: holder.name, address: asking.address }, 'logged out')
    return me(null, null)
  })
}

/** Only JSON: a form of another site could send no other type without being asked for leave. */
function tokenIn(type: string | undefined, body: unknown): string {
  const wrong = new Refused(refusal(400, 'BODY_MALFORMED', 'expected {"token": "…"} in JSON, something else came'))
  if (!Buffer.isBuffer(body) || type?.split(';')[0]?.trim().toLowerCase() !== 'application/json') throw wrong
  try {
    const value: unknown = JSON.parse(body.toString())
    if (typeof value === 'object' && value !== null && 'token' in value && typeof value.token === 'string') return value.token
  } catch {
    throw wrong
  }
  throw wrong
}
