/**
 * Who may ask and who may change something. On loopback everyone on the machine may read, but no web page of another site
 * may: a foreign `Host` (DNS rebinding) or `Origin` is refused. Whatever changes something needs a token, or a log-in made
 * with one; where others can reach the server, reading does too, and nothing is taken in the clear but from declared places.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { Fault } from '../fault/fault.ts'
import { type Refusal, refusal } from './answer.ts'
import { Attempts, plainAddress } from './attempts.ts'
import { isCrossSite, isLocalName, isLoopback, isReading, tellsOrigin } from './origin.ts'
import { type Session, SessionStore } from './session-store.ts'
import { type Holder, holding, may, mostTokens, type Need, type Token } from './token.ts'

/** What is known of a request before anything of it is believed. */
export interface Asking {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  /** Of the client; behind a declared proxy, as that one says. */
  readonly address: string
  /** Of whoever has connected. */
  readonly peer: string
  /** Whether a certificate came that the configured authority has signed. */
  readonly certified: boolean
}

export interface AccessOptions {
  readonly host: string
  readonly tokens: readonly Token[]
  /** Further names that may stand in the `Host` header on loopback, for a proxy on the same machine. */
  readonly hosts?: readonly string[]
  /** Addresses and networks from which requests are taken in the clear, and whose word on the client is believed. */
  readonly trustedProxy?: readonly string[]
  readonly tls?: boolean
  /** Whether who comes must show a certificate as well. */
  readonly clientCertificates?: boolean
  readonly sessionMs?: number
  readonly clock?: () => number
  /** Told of each wrong token, never with it. */
  readonly tell?: (fields: object, message: string) => void
}

export interface Login {
  readonly session: Session
  /** What the answer sets. */
  readonly cookie: string
}

export interface Access {
  /**
   * Why this request may not go on, or null. A `probe` needs no token; `login` neither, as it brings one. It must be asked
   * once for each request, before `holder` and `trusts`: it is where tokens are looked at, and wrong ones counted.
   */
  refuse(asking: Asking, need: Need | 'login'): Refusal | null
  /** Whose request it is, or null of nobody's. */
  holder(headers: IncomingHttpHeaders): Holder | null
  /** When the log-in behind a request ends, in milliseconds since 1970; null without one. */
  expires(headers: IncomingHttpHeaders): number | null
  /** Aborted when that log-in ends; null without one. */
  ended(headers: IncomingHttpHeaders): AbortSignal | null
  /** Whether the details of a probe may be told: always on loopback, elsewhere to who may read. */
  trusts(headers: IncomingHttpHeaders): boolean
  /** What somebody may do: what his token allows, and what everyone may. */
  may(holder: Holder | null, need: Need): boolean
  login(asking: Asking, token: string): Login | Refusal
  /** The cookie that takes the log-in back. */
  logout(asking: Asking): string
  /** Wrong tokens since the start, and who is logged in now. */
  counts(): { readonly wrongTokens: number; readonly sessions: number }
}

const COOKIE = 'andon-session'
/** A shift and what follows it. */
export const defaultSessionMs = 12 * 3_600_000

/** The rules for a server. Throws `CONFIG_INVALID` where it could be reached by others and asks for too little. */
export function accessTo(options: AccessOptions): Access {
  const { host, tokens, hosts = [], trustedProxy = [], tls = false, clientCertificates = false } = options
  const { clock = Date.now, tell = () => undefined } = options
  const local = isLoopback(host)
  check(options, local)
  // Through a proxy on the same machine come those of others.
  const open = local && trustedProxy.length === 0
  const names = new Set(hosts.map(name => name.toLowerCase()))
  const declared = listOf(trustedProxy)
  const attempts = new Attempts(clock)
  const sessions = new SessionStore(clock, options.sessionMs ?? defaultSessionMs)
  const held = new WeakMap<
    IncomingHttpHeaders,
    { readonly holder: Holder; readonly expires: number | null; readonly ended: AbortSignal | null }
  >()

  const isDeclared = (peer: string) => {
    const plain = plainAddress(peer)
    return isIPv4(plain) ? declared.check(plain, 'ipv4') : isIPv6(plain) && declared.check(plain, 'ipv6')
  }
  const isSafe = ({ peer }: Asking) => tls || isLoopback(plainAddress(peer)) || isDeclared(peer)
  /** Whether the browser spoke TLS; null where only a proxy could tell and it does not. */
  const isSecure = ({ headers, peer }: Asking): boolean | null => {
    if (!isDeclared(peer)) return tls
    const told = headers['x-forwarded-proto']
    const last = (Array.isArray(told) ? told.join() : (told ?? '')).split(',').at(-1)?.trim().toLowerCase()
    return last === 'https' ? true : last === 'http' ? false : tls ? true : null
  }
  const cookieOf = (asking: Asking) => {
    const secure = isSecure(asking) ?? !isLocalName(asking.headers.host, new Set())
    // With this prefix no other site under the same domain can set it.
    return secure ? { name: `__Host-${COOKIE}`, flags: '; Secure' } : { name: COOKIE, flags: '' }
  }
  const sessionId = (asking: Asking) => cookieIn(asking.headers.cookie, cookieOf(asking).name)

  /** Looks at what a request brings to show who sends it. Returns why that is not looked at. */
  function identify(asking: Asking): Refusal | null {
    const { headers, address } = asking
    if (headers.authorization !== undefined) {
      if (!attempts.allows(address)) return tooMany
      const token = holding(tokens, bearer(headers.authorization))
      if (token !== null) held.set(headers, { holder: token, expires: null, ended: null })
      else failed(address)
      return null
    }
    const id = sessionId(asking)
    const session = id === null ? null : sessions.find(id)
    if (session !== null) held.set(headers, session)
    return null
  }

  let wrongTokens = 0
  function failed(address: string): void {
    wrongTokens++
    attempts.fail(address)
    tell({ address: plainAddress(address).slice(0, 64) }, 'a wrong token came')
  }

  const holderOf = (headers: IncomingHttpHeaders) => held.get(headers)?.holder ?? null
  const allows = (holder: Holder | null, need: Need) =>
    need === 'probe' || (need === 'read' && open) || (holder !== null && may(holder.role, need))

  return {
    refuse(asking, need) {
      const { method, headers } = asking
      const known = !clientCertificates || asking.certified
      const safe = known && isSafe(asking)
      if (!safe && need !== 'probe') return known ? inTheClear : uncertified
      if (open && !isLocalName(headers.host, names)) return foreignHost
      if (isCrossSite(method, headers, isSecure(asking))) return crossSite
      const limited = safe ? identify(asking) : null
      if (need === 'login' || allows(holderOf(headers), need)) {
        // A change on the word of a cookie: only a browser has one, and it says what page made it send this.
        const byCookie = held.has(headers) && headers.authorization === undefined
        return byCookie && !isReading(method) && !tellsOrigin(headers) ? crossSite : null
      }
      if (limited !== null) return limited
      const holder = holderOf(headers)
      return holder === null ? noToken : notAllowed(holder, need)
    },
    holder: holderOf,
    expires: headers => held.get(headers)?.expires ?? null,
    ended: headers => held.get(headers)?.ended ?? null,
    trusts: headers => allows(holderOf(headers), 'read'),
    may: allows,
    counts: () => ({ wrongTokens, sessions: sessions.size }),
    login(asking, text) {
      if (!attempts.allows(asking.address)) return tooMany
      const token = holding(tokens, text)
      if (token === null) {
        failed(asking.address)
        return refusal(401, 'NOT_AUTHORISED', 'expected a token that this Andon knows, another came: ask who runs it for one')
      }
      const { digest: _, ...holder } = token
      const { id, session } = sessions.open(holder)
      const { name, flags } = cookieOf(asking)
      const seconds = Math.floor((session.expires - clock()) / 1000)
      return { session, cookie: `${name}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${flags}` }
    },
    logout(asking) {
      const id = sessionId(asking)
      if (id !== null) sessions.close(id)
      const { name, flags } = cookieOf(asking)
      return `${name}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0${flags}`
    }
  }
}

const tooMany = refusal(
  429,
  'TOO_MANY_ATTEMPTS',
  'expected a known token, wrong ones came from this address: wait, then send the right one',
  1
)
const noToken = refusal(401, 'NOT_AUTHORISED', 'expected the header "Authorization: Bearer" with a configured token, none or another came')
const crossSite = refusal(
  403,
  'CROSS_SITE',
  'expected a request of this origin, one of another site came: send it from a program, or from the page of this Andon'
)
const foreignHost = refusal(403, 'CROSS_SITE', 'expected a loopback name in the Host header, another came: ask for 127.0.0.1 or localhost')
const inTheClear = refusal(
  403,
  'NOT_ALLOWED',
  'expected a request through a declared proxy, one came from elsewhere and in the clear: see http.trustedProxy and http.tls'
)
const uncertified = refusal(
  403,
  'NOT_ALLOWED',
  'expected a certificate of the client authority, none or another came: see http.tls.clientCaFile'
)

function notAllowed({ name, role }: Holder, need: Need): Refusal {
  return refusal(403, 'NOT_ALLOWED', `expected a token whose role may ${need}, that of ${name} has the role ${role}: use another`)
}

function check({ host, tokens, trustedProxy = [], tls = false }: AccessOptions, local: boolean): void {
  const invalid = (message: string) => new Fault('CONFIG_INVALID', message)
  if (tokens.length > mostTokens) throw invalid(`expected at most ${mostTokens} tokens, got ${tokens.length}: see http.tokens`)
  const names = new Set(tokens.map(({ name }) => name))
  const digests = new Set(tokens.map(({ digest }) => digest.toString('hex')))
  if (names.size < tokens.length || digests.size < tokens.length)
    throw invalid('expected each token and each name once, some came twice: see http.tokens')
  if (local) return
  if (tokens.length === 0)
    throw invalid(`expected a token to serve on ${host}, none came: set ANDON_HTTP__TOKEN or http.tokens, or http.host to 127.0.0.1`)
  if (!tls && trustedProxy.length === 0)
    throw invalid(
      `expected TLS or a declared proxy to serve on ${host}, got neither: set http.tls.certFile and http.tls.keyFile, or http.trustedProxy to the addresses that may ask in the clear`
    )
}

/** Addresses and networks to look others up in. Throws `CONFIG_INVALID` for what is neither. */
function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : null
    const most = family === 'ipv4' ? 32 : 128
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
    if (family === null || prefix < 0 || prefix > most)
      throw new Fault('CONFIG_INVALID', `expected an address or a network such as 10.0.0.0/8 in http.trustedProxy, got ${network}`)
    list.addSubnet(address, prefix, family)
  }
  return list
}

const bearer = (authorization: string) => /^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? ''

function cookieIn(header: string | undefined, name: string): string | null {
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=')
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return null
}
