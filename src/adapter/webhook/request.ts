/**
 * One POST to a receiver of alerts. No redirect is followed: what was signed for one address is not carried to another. Never
 * waits longer than it is told, and reads no more of the answer than it can show.
 */
import { request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { Fault } from '../../fault/fault.ts'

export interface PostOptions {
  /** Who is posted to, for messages: never the address itself, which may hold a secret. */
  readonly name: string
  readonly url: string
  readonly timeoutMs: number
  /** Certificates to trust in place of the system's. */
  readonly ca: string | null
}

/** Statuses that tell that this very body will never be taken. */
const refusals = [400, 413, 415, 422]
/** Of an answer as much is shown. */
const SHOWN = 200

/**
 * Resolves once the receiver has answered with a status of success. Throws as `Sink.deliver` does.
 */
export async function post(
  { name, url, timeoutMs, ca }: PostOptions,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal
): Promise<void> {
  signal.throwIfAborted()
  const bytes = Buffer.from(body)
  const target = new URL(url)
  const timeout = AbortSignal.timeout(timeoutMs)
  const options = {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'andon', 'content-length': bytes.length, ...headers },
    agent: false as const,
    signal: AbortSignal.any([signal, timeout]),
    ...(ca === null ? {} : { ca })
  }
  let answer: { readonly status: number; readonly text: string }
  try {
    answer = await new Promise((resolve, reject) => {
      const sent = (target.protocol === 'https:' ? requestSecure : requestPlain)(target, options, response => {
        const status = response.statusCode ?? 0
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
          if (text.length < SHOWN) return
          resolve({ status, text })
          response.destroy()
        })
        response.on('end', () => resolve({ status, text }))
        response.on('error', reject)
      })
      sent.on('error', reject)
      sent.end(bytes)
    })
  } catch (error) {
    signal.throwIfAborted()
    throw unavailable(name, timeout.aborted ? `none within ${timeoutMs} ms` : wordsOf(error), error)
  }
  const { status, text } = answer
  if (status >= 200 && status < 300) return
  const said = text
    .slice(0, SHOWN)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  const got = `${status}${said === '' ? '' : ` (${said})`}`
  if (refusals.includes(status)) throw new Fault('INPUT_INVALID', `expected ${name} to take the alert, got ${got}`)
  if (status >= 300 && status < 400) throw unavailable(name, `${status}, a redirect, which is not followed: give the address itself`)
  throw unavailable(name, got)
}

function unavailable(name: string, got: string, cause?: unknown): Fault {
  return new Fault('UNAVAILABLE', `expected an answer of ${name}, got ${got}`, cause)
}

/** What went wrong below HTTP, in words that hold no address. */
function wordsOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code ?? message
}
