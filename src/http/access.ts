/**
 * Who may ask and who may post. On loopback everyone on the machine may read, and post unless a token is configured,
 * but no web page may: a foreign `Host` (DNS rebinding) or `Origin` is refused. Elsewhere both need the token.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { Fault } from '../fault/fault.ts'
import { type Refusal, refusal } from './answer.ts'

/** Shorter ones can be guessed over a network: 16 characters of base64 are 96 bits. */
export const shortestToken = 16

export interface Access {
  /** Why this request may not go on, or null. `probe` is a liveness or readiness request: it needs no token. */
  refuse(method: string, headers: IncomingHttpHeaders, kind: 'probe' | 'read' | 'post'): Refusal | null
  /** Whether the details of a probe may be told: always on loopback, elsewhere to who has the token. */
  trusts(headers: IncomingHttpHeaders): boolean
}

/**
 * Whether an address to bind to can be reached from this machine only.
 *
 * @example
 * ```ts
 * import { isLoopback } from '../src/http/access.ts'
 * isLoopback('127.0.0.1') // => true
 * isLoopback('[::1]') // => true
 * isLoopback('0.0.0.0') // => false
 * isLoopback('127.0.0.1.example.org') // => false
 * ```
 */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host)
}

/**
 * The rules for a server bound to `host`. `hosts` are further names that may stand in the `Host` header on loopback,
 * for a proxy on the same machine. Throws `CONFIG_INVALID` where a token is needed and is missing or short.
 */
export function accessTo(host: string, token: string | null, hosts: readonly string[]): Access {
  const loopback = isLoopback(host)
  if (token === null && !loopback)
    throw new Fault(
      'CONFIG_INVALID',
      `expected a token to serve on ${host}, none came: set ANDON_HTTP__TOKEN or http.tokenFile, or http.host to 127.0.0.1`
    )
  if (token !== null && token.length < (loopback ? 1 : shortestToken))
    throw new Fault(
      'CONFIG_INVALID',
      `expected a token of at least ${loopback ? 1 : shortestToken} characters, ${token.length} came: make a longer one`
    )
  const known = new Set(hosts.map(name => name.toLowerCase()))
  const digest = token === null ? null : sha256(token)
  const holdsToken = (headers: IncomingHttpHeaders) => digest !== null && timingSafeEqual(sha256(bearer(headers)), digest)

  return {
    refuse(method, headers, kind) {
      if (loopback && !isLocalName(headers.host, known))
        return refusal(403, 'CROSS_SITE', 'expected a loopback name in the Host header, another came: ask for 127.0.0.1 or localhost')
      if (method === 'POST' && isCrossSite(headers))
        return refusal(
          403,
          'CROSS_SITE',
          'expected a request of this origin, one of another site came: post from a program, not from a web page'
        )
      if (kind === 'probe' || digest === null || (loopback && kind === 'read')) return null
      if (holdsToken(headers)) return null
      return refusal(401, 'NOT_AUTHORISED', 'expected the header "Authorization: Bearer" with the configured token, none or another came')
    },
    trusts: headers => loopback || holdsToken(headers)
  }
}

/** Digests have one length, so that comparing them tells nothing of the token's. */
const sha256 = (text: string) => createHash('sha256').update(text).digest()

const bearer = (headers: IncomingHttpHeaders) => /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? ''

function isLocalName(host: string | undefined, known: ReadonlySet<string>): boolean {
  const name = /^(\[[^\]]*\]|[^:]*)(:\d+)?$/.exec(host ?? '')?.[1]?.toLowerCase()
  return name !== undefined && (isLoopback(name) || known.has(name))
}

/** Only browsers send these headers, and no page can leave them out or choose them. */
function isCrossSite(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  const { origin, host } = headers
  if (origin === undefined) return false
  return host === undefined || !URL.canParse(origin) || new URL(origin).host !== new URL(`http://${host}`).host
}
