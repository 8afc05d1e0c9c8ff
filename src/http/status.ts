/** `GET /status`: the whole state, or with `?fields=` only what is named of each task, which is nearly all of it in bytes. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Gateway, PipelineStatus } from '../pipeline/gateway.ts'
import { Refused, refusal } from './answer.ts'

type Task = NonNullable<PipelineStatus['learner']>['tasks'][number]
/** What can be named: all that grows with tasks, classes and lines. */
type Field = Exclude<keyof Task, 'task'> | 'decisions'

const fields: Readonly<Record<Field, true>> = {
  classes: true,
  learned: true,
  testThenTrain: true,
  window: true,
  forgetting: true,
  asServed: true,
  single: true,
  perDomain: true,
  banks: true,
  readiness: true,
  committee: true,
  sharingAsServed: true,
  affinity: true,
  starts: true,
  synthetic: true,
  drift: true,
  bytes: true,
  decisions: true
}

export function addStatus(app: FastifyInstance, gateway: Pick<Gateway, 'status'>, allow: (request: FastifyRequest) => Promise<void>): void {
  app.get<{ Querystring: { readonly fields?: string | readonly string[] } }>('/status', { onRequest: allow }, async ({ query }) => {
    const status = gateway.status()
    return query.fields === undefined ? status : narrowed(status, fieldsOf(query.fields))
  })
}

function fieldsOf(given: string | readonly string[]): ReadonlySet<Field> {
  const named = [given]
    .flat()
    .join()
    .split(',')
    .filter(name => name !== '')
  if (!named.every(name => Object.hasOwn(fields, name)))
    throw new Refused(
      refusal(400, 'INPUT_INVALID', `expected fields of ${Object.keys(fields).join(', ')}, another came: leave fields out for all`)
    )
  return new Set(named as Field[])
}

function narrowed({ learner, decisions, ...rest }: PipelineStatus, wanted: ReadonlySet<Field>): object {
  return {
    ...rest,
    ...(decisions !== undefined && wanted.has('decisions') ? { decisions } : {}),
    learner: learner && {
      ...learner,
      tasks: learner.tasks.map(task =>
        Object.fromEntries(Object.entries(task).filter(([name]) => name === 'task' || wanted.has(name as Field)))
      )
    }
  }
}
