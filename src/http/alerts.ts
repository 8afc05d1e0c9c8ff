/** The alerts: what is open and what was, and the way to acknowledge one. */
import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import { Fault } from '../fault/fault.ts'
import type { AlertsBoard, Gateway } from '../pipeline/gateway.ts'
import { Refused, refusal } from './answer.ts'
import { type Holder, mayTouch } from './token.ts'

export interface AlertRoutes {
  readonly gateway: Gateway
  /** Lets a request go on that may do such a thing, and throws `Refused` for any other. */
  readonly allow: (need: 'read' | 'acknowledge' | 'admin') => onRequestAsyncHookHandler
  /** Who asks; null where nobody is known. */
  readonly holder: (request: FastifyRequest) => Holder | null
  /** Told of everything that somebody has changed. */
  readonly tell: (fields: object, message: string) => void
}

/** What can be asked of the alerts. */
export const alertRoutes = ['GET /api/alerts', 'POST /api/alerts/:id/acknowledge', 'GET /api/trial', 'POST /api/trial/leave'] as const

/** Adds the routes of `alertRoutes`. */
export function addAlerts(app: FastifyInstance, { gateway, allow, holder, tell }: AlertRoutes): void {
  app.get('/api/alerts', { onRequest: allow('read') }, async (): Promise<AlertsBoard> => gateway.alerts?.() ?? nobodyWatches())
  app.post<{ Params: { id: string } }>('/api/alerts/:id/acknowledge', { onRequest: allow('acknowledge') }, async request => {
    const { id } = request.params
    const who = holder(request)
    const line = gateway.alerts?.().open.find(alert => alert.id === id)?.line
    if (who !== null && line !== undefined && !mayTouch(who, line)) throw anothers(who, 'the line of the alert')
    const by = who?.name ?? null
    switch (await (gateway.acknowledge?.(id, by) ?? nobodyWatches())) {
      case 'acknowledged':
        tell({ by, alert: id }, 'acknowledged an alert')
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
    const who = holder(request)
    if (who !== null && who.lines !== 'any') throw anothers(who, 'all lines')
    const by = who?.name ?? null
    const { left, open } = await (gateway.leaveTrial?.(by) ?? nobodyWatches())
    if (left) {
      tell({ by }, 'left the trial')
      return { by }
    }
    throw new Refused(refusal(409, 'ALREADY_DONE', `expected a trial that has shown what it must: ${open.join('; ')}`))
  })
}

const anothers = ({ name }: Holder, what: string) =>
  new Refused(refusal(403, 'NOT_ALLOWED', `expected a token that may touch ${what}, that of ${name} may not: use another`))

function nobodyWatches(): never {
  throw new Fault('UNAVAILABLE', 'expected a process that watches, this one does not: ask one with --role watch or all')
}
