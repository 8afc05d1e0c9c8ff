/** Counts what is answered, by address as it is declared and by code, so that no client can make it grow. */
import type { FastifyInstance } from 'fastify'

export interface Tally {
  answers(): readonly { readonly route: string; readonly code: number; readonly count: number }[]
  connections(): number
}

/** An address that there is none of. */
const NOWHERE = 'other'

/** The files of the page are one. */
const PAGE = '/page/'

export function tallyOf(app: FastifyInstance): Tally {
  const counts = new Map<string, { readonly route: string; readonly code: number; count: number }>()
  let connections = 0
  app.server.on('connection', socket => {
    connections++
    socket.once('close', () => connections--)
  })
  app.addHook('onRequest', async (request, reply) => {
    // The end of its socket is the end of every answer, also of one that is never done.
    reply.raw.once('close', () => {
      // Who has gone before its answer began got none.
      if (!reply.raw.headersSent) return
      const route = routeOf(request.routeOptions.url)
      const code = reply.raw.statusCode
      const key = `${route} ${code}`
      const known = counts.get(key) ?? { route, code, count: 0 }
      known.count++
      counts.set(key, known)
    })
  })
  return { answers: () => [...counts.values()], connections: () => connections }
}

function routeOf(url: string | undefined): string {
  if (url === undefined) return NOWHERE
  return /\.(html|js|css|svg)$/.test(url) ? PAGE : url
}
