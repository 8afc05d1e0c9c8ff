/** Asks the Andon that runs on this machine by a configuration, over TLS where it speaks it. */
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import { connect } from 'node:tls'
import type { Config } from '../config/options.ts'
import type { Tls } from '../http/serve.ts'
import { tlsOf } from '../wiring-http.ts'

export interface Answer {
  readonly status: number
  readonly text: string
}

/** Who listens everywhere listens here. */
const near: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1', '[::]': '::1' }
/** Beyond it an answer is not one of Andon's. */
const LONGEST = 64 * 1_048_576

/**
 * What Andon answers at `path`, with the token of the configuration. Its certificate is not asked for its names but compared
 * with the file it was read from: the token goes to nobody else. Throws where nobody answers in time.
 */
export async function askHere(http: Config['http'], path: string, patienceMs: number): Promise<Answer> {
  const signal = AbortSignal.timeout(patienceMs)
  const tls = tlsOf(http.tls)
  const host = near[http.host] ?? http.host.replace(/^\[|\]$/g, '')
  const socket = tls === null ? null : await secured(host, http.port, tls, signal)
  const headers = {
    host: host.includes(':') ? `[${host}]:${http.port}` : `${host}:${http.port}`,
    connection: 'close',
    ...(http.token === null ? {} : { authorization: `Bearer ${http.token.reveal()}` })
  }
  const asked = request({ host, port: http.port, path, headers, signal, ...(socket === null ? {} : { createConnection: () => socket }) })
  asked.end()
  const [response] = await once(asked, 'response', { signal })
  let text = ''
  for await (const part of response.setEncoding('utf8')) {
    text += part
    if (text.length > LONGEST) throw new Error(`expected an answer within ${LONGEST} bytes, a longer one came`)
  }
  return { status: response.statusCode, text }
}

async function secured(host: string, port: number, { cert, key }: Tls, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host, port, cert, key, rejectUnauthorized: false })
  try {
    await once(socket, 'secureConnect', { signal })
    if (socket.getPeerX509Certificate()?.fingerprint256 !== new X509Certificate(cert).fingerprint256)
      throw new Error('expected the certificate of http.tls.certFile, another came: something else listens there, or it was not restarted')
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}
