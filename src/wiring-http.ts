/** How the HTTP interface of a configuration is guarded: its tokens and certificates, read from their files. */
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  unwatchFile,
  watchFile,
  writeSync
} from 'node:fs'
import { join } from 'node:path'
import type { Config } from './config/options.ts'
import type { EventName } from './events/event.ts'
import { Fault } from './fault/fault.ts'
import type { ServeOptions, Server, Tls } from './http/serve.ts'
import { digestOf, newToken, shortestToken, type Token, tokenOf, unnamedToken } from './http/token.ts'
import type { Codec } from './pipeline/codec.ts'

type Tell = (level: 'info' | 'warn', message: string) => void

/** What of a configuration the HTTP interface is served with. Throws where tokens or certificates cannot be had. */
export function guardedBy(config: Pick<Config, 'http' | 'dataDirectory'>, tell: Tell): Omit<ServeOptions, 'gateway' | 'metrics'> {
  const { host, port, maxBodyKiB, maxConnections, maxStreams, maxStreamBacklogKiB, sessionHours, trustedProxy } = config.http
  const tls = tlsOf(config.http.tls)
  return {
    host,
    port,
    maxBodyKiB,
    maxConnections,
    maxStreams,
    maxStreamBacklogKiB,
    trustedProxy,
    sessionMs: sessionHours * 3_600_000,
    tokens: tokensOf(config, tell),
    ...(tls === null ? {} : { tls })
  }
}

/**
 * The tokens of a configuration. With none, on loopback, one is made in the data directory that only its owner can read: who
 * can read it may do everything. Throws `CONFIG_INVALID` or `FILE_UNREADABLE` where one cannot be had.
 */
export function tokensOf({ http, dataDirectory }: Pick<Config, 'http' | 'dataDirectory'>, tell: Tell): readonly Token[] {
  const named = namedTokensOf({ http })
  if (http.token !== null) return [unnamedToken(http.token.reveal()), ...named]
  return named.length > 0 ? named : [unnamedToken(ownToken(dataDirectory, tell))]
}

/** Those of a configuration that have a name. Throws where the file of one cannot be read, or holds none. */
export function namedTokensOf({ http }: Pick<Config, 'http'>): readonly Token[] {
  return http.tokens.map(({ sha256, tokenFile, ...holder }) =>
    tokenOf(holder, sha256 === null ? digestOf(secretIn(tokenFile!, 'http.tokens')) : Buffer.from(sha256, 'hex'))
  )
}

/** The line of a decoded event of the kind that was to come; null of any other, and of what is no event. */
export function lineIn(decoded: ReturnType<Codec['decode']>, name: EventName): string | null {
  if (!('name' in decoded) || decoded.name !== name) return null
  const { event } = decoded
  if ('observation' in event && typeof event.observation === 'object' && event.observation !== null) return event.observation.line
  return 'line' in event ? event.line : null
}

/** Where a data directory keeps the token that was made for it. */
export const tokenFileOf = (dataDirectory: string): string => join(dataDirectory, 'token')

function ownToken(dataDirectory: string, tell: Tell): string {
  const path = tokenFileOf(dataDirectory)
  mkdirSync(dataDirectory, { recursive: true })
  const made = makeFile(path)
  tell(
    'info',
    `${made ? 'made a token in' : 'the token is in'} ${path}: send it as "Authorization: Bearer …" with whatever changes something`
  )
  if ((statSync(path).mode & 0o077) !== 0)
    tell('warn', `expected ${path} to be readable by its owner alone, others can read it: chmod 600 ${path}`)
  return secretIn(path, 'the file')
}

/** Makes the file whole or not at all, whoever else is about to; false where it is there. */
function makeFile(path: string): boolean {
  const beside = `${path}.${randomBytes(6).toString('hex')}`
  const descriptor = openSync(beside, 'wx', 0o600)
  try {
    chmodSync(beside, 0o600)
    writeSync(descriptor, `${newToken()}\n`)
    linkSync(beside, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new Fault('FILE_UNREADABLE', `expected to make a token in ${path}, got ${(error as Error).message}: set ANDON_HTTP__TOKEN`, error)
  } finally {
    closeSync(descriptor)
    rmSync(beside, { force: true })
  }
}

function secretIn(path: string, option: string): string {
  const text = textOf(path, option).trim()
  if (!/^[\x21-\x7e]*$/.test(text) || text.length < shortestToken)
    throw new Fault(
      'CONFIG_INVALID',
      `expected a token of at least ${shortestToken} printable characters without spaces in ${path}, got another text: see ${option}`
    )
  return text
}

/** What TLS is spoken with, or null where it is not. Throws `FILE_UNREADABLE` for a file that cannot be read. */
export function tlsOf({ certFile, keyFile, clientCaFile }: Config['http']['tls']): Tls | null {
  if (certFile === null || keyFile === null) return null
  return {
    cert: textOf(certFile, 'http.tls.certFile'),
    key: textOf(keyFile, 'http.tls.keyFile'),
    ...(clientCaFile === null ? {} : { clientCa: textOf(clientCaFile, 'http.tls.clientCaFile') })
  }
}

/** Certificates are renewed weeks before they end. */
const LOOK_MS = 60_000

/**
 * Gives a server its certificate anew whenever its files change. One that does not go with its key, as while the two are
 * being replaced, is told and not taken. Ends with `signal`.
 */
export function renewing(http: Config['http'], server: Pick<Server, 'renew'>, tell: Tell, signal: AbortSignal, lookMs = LOOK_MS): void {
  const { certFile, keyFile, clientCaFile } = http.tls
  const files = [certFile, keyFile, clientCaFile].flatMap(path => path ?? [])
  const renew = () => {
    try {
      server.renew(tlsOf(http.tls)!)
      tell('info', `took the certificate in ${certFile}`)
    } catch (error) {
      tell('warn', `expected a certificate and its key in ${files.join(', ')}, got ${(error as Error).message}: the one before goes on`)
    }
  }
  for (const path of files) watchFile(path, { interval: lookMs, persistent: false }, renew)
  signal.addEventListener('abort', () => files.forEach(path => void unwatchFile(path, renew)), { once: true })
}

function textOf(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Fault('FILE_UNREADABLE', `expected a file that can be read at ${path}, got ${(cause as Error).message}: see ${option}`, cause)
  }
}
