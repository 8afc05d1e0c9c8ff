/** What came is not HTTP, came too slowly, or can be read in two ways: nothing is done for it, and its connection is ended. */
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type Refusal, Refused, refusal } from './answer.ts'

/**
 * Answers on the socket, in the same shape as every other refusal, and ends it. A client that has already gone is only
 * let go.
 */
export function brokenRequest(error: Error & { code?: string }, socket: Socket) {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  end(socket, brokenRefusal(error.code))
}

/** Headers of which a proxy might believe the one and we the other. The parser knows of lengths and codings by itself. */
const once = new Set(['host', 'authorization', 'cookie', 'origin', 'content-type'])

/** Throws `Refused` where a request names a header twice that is believed, or asks for what is not an address here. */
export function refuseAmbiguous({ url, rawHeaders }: IncomingMessage): void {
  // `GET http://elsewhere/` names a host beside the header; `*` names nothing.
  if (url?.startsWith('/') !== true) throw ambiguous('an address that begins with /, another came')
  const seen = new Set<string>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (!once.has(name)) continue
    if (seen.has(name)) throw ambiguous(`the header ${name} once, it came twice`)
    seen.add(name)
  }
}

const ambiguous = (what: string) => new Refused(refusal(400, 'BROKEN_REQUEST', `expected ${what}: check the client`))

function brokenRefusal(code: string | undefined): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return refusal(408, 'REQUEST_TIMEOUT', 'expected the request to arrive in time, it did not')
  if (code === 'HPE_HEADER_OVERFLOW') return refusal(431, 'HEADERS_TOO_LARGE', 'expected headers within 8 KiB, longer ones came')
  return refusal(400, 'BROKEN_REQUEST', 'expected HTTP/1.1, something else came')
}

function end(socket: Socket, { status, body }: Refusal) {
  const text = JSON.stringify(body)
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    () => socket.destroy()
  )
}
