/** Bytes on a socket, as no client library would send them. */
import { connect } from 'node:net'

/** What a server answers to bytes, until it closes the connection. A connection that it cuts has answered what came before. */
export function raw(url: string, text: string | Uint8Array): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    const socket = connect(Number(port), hostname, () => socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text))
    socket.on('data', (part: Buffer) => parts.push(part))
    socket.on('close', () => resolve(Buffer.concat(parts).toString('latin1')))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error)
    })
  })
}

/** The status of every answer in what a server said. */
export const statusesIn = (said: string): number[] => [...said.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
