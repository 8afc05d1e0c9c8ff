/**
 * One request to a schema registry: bounded in time and in bytes, authenticated, following no redirect. What comes back is
 * JSON with its status, or a fault; neither says anything of the credentials.
 */
import { request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { Fault } from '../../fault/fault.ts'

export interface Endpoint {
  /** Where the registry is, with its path where it has one; no credentials. */
  readonly url: string
  /** The value of the `Authorization` header; null sends none. Called for every request. */
  readonly authorization: (() => string) | null
  /** Certificates in PEM that are trusted in place of the usual ones; null trusts those. */
  readonly ca: string | null
  /** A request takes at most this long, its answer included. */
  readonly requestMs: number
  /** Longest answer in bytes. */
  readonly maxBytes: number
}

/** What came back. `body` is undefined where the answer was longer than the endpoint allows. */
export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>> | undefined
}

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json'

/**
 * Sends one request. Throws `UNAVAILABLE` (retry) where nobody answers in time, or somebody who is no schema registry, and
 * `NOT_AUTHORISED` where the registry does not let us in.
 */
export async function ask(endpoint: Endpoint, method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
  const { status, bytes } = await exchange(endpoint, method, path, body).catch(error => {
    throw unavailable(endpoint, wordsOf(error, endpoint), error)
  })
  if (status === 401 || status === 403)
    throw new Fault(
      'NOT_AUTHORISED',
      `expected the schema registry at ${endpoint.url} to let this process in, got ${status}: correct registry.username and its password, or registry.token, and what they are allowed to`
    )
  if (bytes === undefined && status < 300) return { status, body: undefined }
  const parsed = bytes === undefined ? undefined : json(bytes)
  if (parsed === undefined) throw unavailable(endpoint, `${status} with something else than JSON: is registry.url right?`)
  if (status < 300) return { status, body: parsed }
  // A registry gives a code of its own with every refusal; without one the answer is from somebody else.
  if (typeof parsed.error_code !== 'number') throw unavailable(endpoint, `${status} that no schema registry gives: is registry.url right?`)
  if (status < 400 || status === 408 || status === 429 || status >= 500) throw unavailable(endpoint, `${status} (${said(parsed)})`)
  return { status, body: parsed }
}

/** What a registry says of a refusal, cut to a line. */
export function said(body: Readonly<Record<string, unknown>> | undefined): string {
  return String(body?.message ?? 'no reason given')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 500)
}

/** `bytes` undefined: longer than allowed. */
function exchange(
  { url, authorization, ca, requestMs, maxBytes }: Endpoint,
  method: string,
  path: string,
  body: object | undefined
): Promise<{ readonly status: number; readonly bytes: Buffer | undefined }> {
  const target = new URL(url.replace(/\/+$/, '') + path)
  const sent = body === undefined ? null : Buffer.from(JSON.stringify(body))
  return new Promise((resolve, reject) => {
    const headers = {
      accept: `${MEDIA_TYPE}, application/json`,
      ...(authorization === null ? {} : { authorization: authorization() }),
      ...(sent === null ? {} : { 'content-type': MEDIA_TYPE, 'content-length': sent.length })
    }
    const options = { method, headers, agent: false as const, signal: AbortSignal.timeout(requestMs), ...(ca === null ? {} : { ca }) }
    const request = (target.protocol === 'https:' ? requestSecure : requestPlain)(target, options, answer => {
      const status = answer.statusCode ?? 0
      const chunks: Buffer[] = []
      let length = 0
      answer.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length <= maxBytes) return chunks.push(chunk)
        answer.destroy()
        return resolve({ status, bytes: undefined })
      })
      answer.on('end', () => resolve({ status, bytes: Buffer.concat(chunks) }))
      answer.on('error', reject)
    })
    request.on('error', reject)
    request.end(sent ?? undefined)
  })
}

function json(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {}
  return undefined
}

function unavailable({ url }: Endpoint, got: string, cause?: unknown): Fault {
  return new Fault('UNAVAILABLE', `expected an answer of the schema registry at ${url}, got ${got}`, cause)
}

/** What went wrong below HTTP, in words. */
function wordsOf(error: unknown, { requestMs }: Endpoint): string {
  const { name, code, message } = error as NodeJS.ErrnoException
  if (name === 'AbortError' || name === 'TimeoutError') return `none within ${requestMs} ms: see registry.requestMs`
  if (code !== undefined && /CERT|SIGNATURE|SELF_SIGNED|ISSUER/.test(code))
    return `a certificate that is not trusted (${code}): see registry.caFile`
  return message || (code ?? 'nothing')
}
