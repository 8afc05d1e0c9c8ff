/** How a server stops: nothing new is taken, what is under way may end within a bound, then everything is cut. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Watches a server's connections from before it listens. The result stops it: `stop` must refuse new work and resolve
 * when every connection has gone; after `drainMs` `cut` is called and the remaining connections are destroyed.
 *
 * Node counts a connection that has not sent a request yet (a browser opens some in advance) as busy and would wait for
 * its time-out, so the quiet ones are found and closed here. Over TLS a request has another socket than its connection:
 * both are known by where they come from.
 */
export function drainOf(server: Server, drainMs: number): (stop: () => Promise<void>, cut: () => void) => Promise<void> {
  const open = new Map<string, Socket>()
  const quiet = new Set<string>()
  server.on('connection', socket => {
    const key = keyOf(socket)
    open.set(key, socket)
    quiet.add(key)
    socket.once('close', () => {
      // Whoever comes after it from the same port has taken its place.
      if (open.get(key) !== socket) return
      open.delete(key)
      quiet.delete(key)
    })
  })
  server.on('request', ({ socket }, response) => {
    const key = keyOf(socket)
    quiet.delete(key)
    response.once('close', () => open.has(key) && quiet.add(key))
  })
  return async (stop, cut) => {
    const timer = setTimeout(() => {
      cut()
      server.closeAllConnections()
      for (const socket of open.values()) socket.destroy()
    }, drainMs)
    try {
      const stopped = stop()
      for (const key of quiet) open.get(key)?.destroy()
      await stopped
    } finally {
      clearTimeout(timer)
    }
  }
}

const keyOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress}:${remotePort}`
