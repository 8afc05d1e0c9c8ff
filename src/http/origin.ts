/** Where a request comes from, as far as its headers tell: whether a web page of another site made a browser send it. */
import type { IncomingHttpHeaders } from 'node:http'

/**
 * Whether an address to bind to, or a name in `Host`, is of this machine only.
 *
 * @example
 * ```ts
 * import { isLoopback } from '../src/http/origin.ts'
 * isLoopback('127.0.0.1') // => true
 * isLoopback('[::1]') // => true
 * isLoopback('0.0.0.0') // => false
 * isLoopback('127.0.0.1.example.org') // => false
 * ```
 */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host)
}

/** Whether `Host` names this machine by a name that no other site can have, or by one of `known`. */
export function isLocalName(host: string | undefined, known: ReadonlySet<string>): boolean {
  const name = /^(\[[^\]]*\]|[^:]*)(:\d+)?$/.exec(host ?? '')?.[1]?.toLowerCase()
  return name !== undefined && (isLoopback(name) || known.has(name))
}

/** Whether a method only reads. */
export const isReading = (method: string): boolean => method === 'GET' || method === 'HEAD'

/**
 * Whether a page of another site is behind the request. Only browsers send these headers, and no page can leave them out or
 * choose them. `secure` is whether the browser spoke TLS, or null where that is not known. Following a link is no offence.
 */
export function isCrossSite(method: string, headers: IncomingHttpHeaders, secure: boolean | null): boolean {
  const site = headers['sec-fetch-site']
  const foreign = site !== undefined && site !== 'same-origin' && site !== 'none'
  if (isReading(method)) return foreign && headers['sec-fetch-mode'] !== 'navigate'
  if (foreign) return true
  const { origin, host } = headers
  return origin !== undefined && !isSameOrigin(origin, host, secure)
}

/** Whether a browser says of itself where the page that sends this came from. */
export function tellsOrigin(headers: IncomingHttpHeaders): boolean {
  return headers.origin !== undefined || headers['sec-fetch-site'] !== undefined
}

function isSameOrigin(origin: string, host: string | undefined, secure: boolean | null): boolean {
  if (host === undefined || !URL.canParse(origin)) return false
  const { protocol, host: named } = new URL(origin)
  if (protocol !== 'http:' && protocol !== 'https:') return false
  if (secure !== null && secure !== (protocol === 'https:')) return false
  // With the scheme of the origin a port that is its default goes from both.
  const asked = `${protocol}//${host}`
  return URL.canParse(asked) && named === new URL(asked).host
}
