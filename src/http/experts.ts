/** `GET /api/experts`: the state, the figures and the cure of every expert. `?task=` and `?bank=` narrow it. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Fault } from '../fault/fault.ts'
import { expertsOf } from '../pipeline/experts.ts'
import type { Gateway } from '../pipeline/gateway.ts'

interface Query {
  readonly task?: string
  readonly bank?: string
}

export function addExperts(
  app: FastifyInstance,
  gateway: Pick<Gateway, 'status'>,
  allow: (request: FastifyRequest) => Promise<void>
): void {
  app.get<{ Querystring: Query }>('/api/experts', { onRequest: allow }, async ({ query: { task, bank } }) => {
    const { learner } = gateway.status()
    if (learner === null)
      throw new Fault('UNAVAILABLE', 'expected a process that learns, this one does not: ask the one whose role is all or learn')
    return expertsOf(learner, { task, bank })
  })
}
