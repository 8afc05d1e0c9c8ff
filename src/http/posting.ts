/** Posting over HTTP: who may not post, or finds too many before him, is told so before his body is read. */
import { setMaxListeners } from 'node:events'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Fault } from '../fault/fault.ts'
import type { Access } from './access.ts'
import { Refused, refusal } from './answer.ts'
import { guard } from './guard.ts'
import { type Posting, post, statusOf } from './post.ts'
import { bodyTypes, type PostedName } from './records.ts'
import type { Need } from './token.ts'

/** What can be posted where. */
export const postRoutes = { '/observations': 'observation', '/labels': 'label', '/examples': 'example' } as const
const needOf = { observation: 'feed', label: 'label', example: 'feed' } as const satisfies Record<PostedName, Need>

/** Returns what aborts every post under way. */
export function addPosting(
  app: FastifyInstance,
  options: Posting & { readonly maxPosts: number; readonly tell: (fields: object, message: string) => void },
  access: Access
): (reason: Fault) => void {
  const underWay = new Map<FastifyRequest, AbortController>()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser([...bodyTypes], { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  for (const [route, name] of Object.entries(postRoutes) as [string, PostedName][])
    app.post(route, { onRequest: async (request, reply) => admit(request, reply, needOf[name]) }, async (request, reply) => {
      const { body } = request
      const holder = access.holder(request.headers)
      if (holder === null) throw new Error('expected a post to have passed its guard, it has no holder')
      const type = bodyTypes.find(known => known === request.headers['content-type']?.split(';')[0]?.trim().toLowerCase())
      if (!Buffer.isBuffer(body) || type === undefined) throw empty(name)
      const signal = underWay.get(request)?.signal ?? AbortSignal.abort()
      const receipts = await post(options, name, { type, bytes: body }, holder, signal)
      // Whoever labels by hand is named in the log; a gateway's posts would fill it.
      if (holder.role === 'label')
        options.tell({ by: holder.name, accepted: receipts.accepted, rejected: receipts.rejected }, 'posted labels')
      reply.code(statusOf(receipts))
      return receipts
    })
  return reason => {
    for (const controller of underWay.values()) controller.abort(reason)
  }

  function admit(request: FastifyRequest, reply: FastifyReply, need: Need) {
    guard(access, request, need)
    const encoding = request.headers['content-encoding']
    if (encoding !== undefined && encoding !== 'identity')
      throw new Refused(refusal(415, 'TYPE_UNKNOWN', 'expected a body without content-encoding, an encoded one came: send it plain'))
    if (underWay.size >= options.maxPosts)
      throw new Refused(refusal(429, 'OVERLOADED', `expected at most ${options.maxPosts} posts at a time, more came: send again later`, 1))
    const controller = new AbortController()
    // Every record of a post may wait on it; Node warns of a leak at 11.
    setMaxListeners(options.maxRecords + 1, controller.signal)
    underWay.set(request, controller)
    reply.raw.once('close', () => {
      underWay.delete(request)
      if (!reply.raw.writableFinished)
        controller.abort(new Fault('UNAVAILABLE', 'expected a client that waits for its answer, it has gone'))
    })
  }
}

const empty = (name: string) => new Refused(refusal(400, 'BODY_EMPTY', `expected at least one ${name} in the body, an empty one came`))
