/** The alerts: what is open and what was, and the way to acknowledge one. */
import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import { Fault } from '../fault/fault.ts'
import type { AlertsBoard, Gateway } from '../pipeline/gateway.ts'
import { Refused, refusal } from './answer.ts'

export interface AlertRoutes {
  readonly gateway: Gateway
  /** Lets a request go on that may do such a thing, and throws `Refused` for any other. */
  readonly allow: (need: 'read' | 'acknowledge' | 'admin') => onRequestAsyncHookHandler
  /** Who asks: the name of the token's holder; null where nobody is known. */
  readonly holder: (request: FastifyRequest) => string | null
}

/** What can be asked of the alerts. */
export const alertRoutes = ['GET /api/alerts', 'POST /api/alerts/:id/acknowledge', 'GET /api/trial', 'POST /api/trial/leave'] as const

/** Adds the routes of `alertRoutes`. */
export function addAlerts(app: FastifyInstance, { gateway, allow, holder }: AlertRoutes): void {
  app.get('/api/alerts', { onRequest: allow('read') }, async (): Promise<AlertsBoard> => gateway.alerts?.() ?? nobodyWatches())
  app.post<{ Params: { id: string } }>('/api/alerts/:id/acknowledge', { onRequest: allow('acknowledge') }, async request => {
    const { id } = request.params
    const by = holder(request)
    switch (await (gateway.acknowledge?.(id, by) ?? nobodyWatches())) {
      case 'acknowledged':
        return { id, by }
      case 'already':
        throw new Refused(refusal(409, 'ALREADY_DONE', `expected an alert that nobody has acknowledged, ${id} has been`))
      case 'unknown':
        throw new Refused(refusal(404, 'NOT_FOUND', `expected the id of an open alert, got ${id}: GET /api/alerts tells them`))
    }
  })
  app.get('/api/trial', { onRequest: allow('read') }, async () => {
    const { trial } = gateway.alerts?.() ?? nobodyWatches()
    if (trial !== null) return trial
    throw new Refused(refusal(404, 'NOT_FOUND', 'expected a trial, there never was one: see alert.trial'))
  })
  app.post('/api/trial/leave', { onRequest: allow('admin') }, async request => {
    const by = holder(request)
    const { left, open } = await (gateway.leaveTrial?.(by) ?? nobodyWatches())
    if (left) return { by }
    throw new Refused(refusal(409, 'ALREADY_DONE', `expected a trial that has shown what it must: ${open.join('; ')}`))
  })
}

function nobodyWatches(): never {
  throw new Fault('UNAVAILABLE', 'expected a process that watches, this one does not: ask one with --role watch or all')
}
