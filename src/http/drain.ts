/** How a server stops: nothing new is taken, what is under way may end within a bound, then everything is cut. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Watches a server's connections from before it listens. The result stops it: `stop` must refuse new work and resolve
 * when every connection has gone; after `drainMs` `cut` is called and the remaining connections are destroyed.
 *
 * Node counts a connection that has not sent a request yet (a browser opens some in advance) as busy and would wait for
 * its time-out, so the quiet ones are found and closed here.
 */
export function drainOf(server: Server, drainMs: number): (stop: () => Promise<void>, cut: () => void) => Promise<void> {
  const quiet = new Set<Socket>()
  server.on('connection', socket => {
    quiet.add(socket)
    socket.once('close', () => quiet.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    quiet.delete(socket)
    response.once('close', () => socket.destroyed || quiet.add(socket))
  })
  return async (stop, cut) => {
    const timer = setTimeout(() => {
      cut()
      server.closeAllConnections()
    }, drainMs)
    try {
      const stopped = stop()
      for (const socket of quiet) socket.destroy()
      await stopped
    } finally {
      clearTimeout(timer)
    }
  }
}
