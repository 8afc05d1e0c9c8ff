/** The work list of parts sent to inspection, and how the decider's promises are kept. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Fault } from '../fault/fault.ts'
import type { Gateway } from '../pipeline/gateway.ts'
import { Refused, refusal } from './answer.ts'

/** Entries of one answer at most: a screen shows fewer. */
const MOST = 1000
const USUAL = 100

interface Query {
  readonly line?: string | readonly string[]
  readonly limit?: string | readonly string[]
}

export function addInspections(
  app: FastifyInstance,
  gateway: Pick<Gateway, 'inspections' | 'decisions'>,
  allow: (request: FastifyRequest) => Promise<void>
): void {
  app.get<{ Querystring: Query }>('/api/inspections', { onRequest: allow }, async ({ query }) => {
    const limit = Number(one(query.limit) ?? USUAL)
    if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
      throw new Refused(refusal(400, 'INPUT_INVALID', `expected a limit from 1 to ${MOST}, another came: leave it out for ${USUAL}`))
    return gateway.inspections?.(limit, one(query.line) ?? null) ?? elsewhere()
  })
  app.get('/api/decisions/report', { onRequest: allow }, async () => gateway.decisions?.() ?? elsewhere())
}

const one = (value: string | readonly string[] | undefined): string | undefined => (typeof value === 'string' ? value : value?.[0])

const elsewhere = (): never => {
  throw new Fault('UNAVAILABLE', 'expected a process that decides, this one does not: ask the one whose role is all or watch')
}
