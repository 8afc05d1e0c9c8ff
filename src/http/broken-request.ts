/** What came is not HTTP, or came too slowly: there is no request to answer, only a socket, which is always ended. */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type Refusal, refusal } from './answer.ts'

/**
 * Answers on the socket, in the same shape as every other refusal, and ends it. A client that has already gone is only
 * let go.
 */
export function brokenRequest(error: Error & { code?: string }, socket: Socket) {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  end(socket, brokenRefusal(error.code))
}

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
