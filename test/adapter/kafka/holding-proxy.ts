/** A proxy before a broker that can swallow requests for records: a connection that stalls silently while all else goes on. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

const FETCH = 1
const LENGTH_BYTES = 4

export interface HoldingProxy {
  readonly port: number
  /** Swallows requests for records on the connections that are open now. */
  holdOpen(): void
  /** Swallows all of them, on any connection. */
  holdAll(hold: boolean): void
  close(): Promise<void>
}

/** `target` is asked for when the first connection comes, since the broker must know this port before it has one. */
export async function openHoldingProxy(target: () => number): Promise<HoldingProxy> {
  const held = new Set<Socket>()
  const open = new Set<Socket>()
  let all = false
  const server = createServer(client => {
    const broker = connect(target(), '127.0.0.1')
    open.add(client)
    let bytes = Buffer.alloc(0)
    client.on('data', data => {
      bytes = Buffer.concat([bytes, data])
      while (bytes.length >= LENGTH_BYTES + 2) {
        const whole = LENGTH_BYTES + bytes.readInt32BE(0)
        if (bytes.length < whole) return
        const swallowed = bytes.readInt16BE(LENGTH_BYTES) === FETCH && (all || held.has(client))
        if (!swallowed) broker.write(bytes.subarray(0, whole))
        bytes = bytes.subarray(whole)
      }
    })
    broker.on('data', data => client.write(data))
    for (const [one, other] of [
      [client, broker],
      [broker, client]
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(client)
        other.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    holdOpen() {
      for (const client of open) held.add(client)
    },
    holdAll(hold) {
      all = hold
    },
    async close() {
      server.close()
      for (const client of open) client.destroy()
      await once(server, 'close')
    }
  }
}
