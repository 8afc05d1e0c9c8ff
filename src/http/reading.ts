/** What can be read, by whom: probes, metrics, the status, and what the page shows. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isPassing } from '../fault/fault.ts'
import type { Beside, Gateway, PipelineStatus } from '../pipeline/gateway.ts'
import type { Access } from './access.ts'
import { addExperts } from './experts.ts'
import { guard } from './guard.ts'
import { addInspections } from './inspections.ts'
import type { ServeOptions } from './serve.ts'
import { addStatus } from './status.ts'

export function addReading(
  app: FastifyInstance,
  { gateway, metrics }: Pick<ServeOptions, 'gateway' | 'metrics'>,
  access: Access,
  beside: () => Beside
) {
  const allow = (kind: 'probe' | 'read') => async (request: FastifyRequest) => guard(access, request, kind)
  app.get('/healthz', { onRequest: allow('probe') }, async () => ({ alive: true }))
  app.get('/readyz', { onRequest: allow('probe') }, async (request, reply) => {
    const { ready, reasons } = statusOrReason(gateway)
    reply.code(ready ? 200 : 503)
    return access.trusts(request.headers) ? { ready, reasons } : { ready }
  })
  app.get('/metrics', { onRequest: allow('read') }, async (_request, reply) => {
    const status = statusOrReason(gateway)
    // Before there is a state, the metrics of the process are told all the same.
    if ('learner' in status) metrics.observe(status, beside())
    reply.header('content-type', metrics.contentType)
    return metrics.text()
  })
  addStatus(app, gateway, allow('read'))
  addExperts(app, gateway, allow('read'))
  addInspections(app, gateway, allow('read'))
}

/** The alerts, or null of who does not watch, or not yet. */
export function alertsOf(gateway: Gateway): Beside['alerts'] {
  try {
    return gateway.alerts?.() ?? null
  } catch (error) {
    if (isPassing(error)) return null
    throw error
  }
}

/** The status, or why there is none yet: a pipeline that recovers throws `UNAVAILABLE`. */
function statusOrReason(gateway: Gateway): PipelineStatus | { readonly ready: false; readonly reasons: readonly string[] } {
  try {
    return gateway.status()
  } catch (error) {
    if (isPassing(error)) return { ready: false, reasons: [error.message] }
    throw error
  }
}
