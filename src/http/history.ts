/** What has been: history in buckets, the last parts, and one of them explained. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type ExplainedPart, type KnownPart, type Range, ranges } from '../pipeline/board.ts'
import type { Onlooker } from '../pipeline/onlooker.ts'
import { Refused, refusal } from './answer.ts'

/** Explains a known part by the present state; null where there is nothing to explain. */
export type Explain = (part: KnownPart, typical: ReturnType<Onlooker['typical']>, task: string | null) => ExplainedPart | null

const MOST_PARTS = 200

export function addHistory(
  app: FastifyInstance,
  onlooker: Pick<Onlooker, 'history' | 'part' | 'newestParts' | 'typical'>,
  explain: Explain,
  allow: (request: FastifyRequest) => Promise<void>
): void {
  app.get('/api/history', { onRequest: allow }, async request => {
    const { range = 'hour', line = null, since = '0' } = queryOf(request)
    if (!Object.hasOwn(ranges, range))
      throw badRequest(`expected a range of ${Object.keys(ranges).join(', ')}, another came: leave it out for hour`)
    const from = Number(since)
    if (!Number.isFinite(from)) throw badRequest('expected since in milliseconds since 1970, something else came: leave it out for all')
    return onlooker.history(range as Range, line, from)
  })
  app.get('/api/parts', { onRequest: allow }, async request => {
    const { line = null, limit = '50', observation } = queryOf(request)
    if (observation !== undefined) {
      const part = onlooker.part(observation)
      return { parts: part === null ? [] : [part] }
    }
    const most = Math.min(MOST_PARTS, Math.max(1, Math.floor(Number(limit)) || 50))
    return { parts: onlooker.newestParts(line, most) }
  })
  app.get('/api/explain', { onRequest: allow }, async request => {
    const { observation = '', task = null } = queryOf(request)
    const part = onlooker.part(observation)
    if (part === null)
      throw new Refused(refusal(404, 'NOT_FOUND', 'expected the id of one of the last parts, another came: only these are remembered'))
    const explained = explain(part, onlooker.typical(part.line), task)
    if (explained === null)
      throw new Refused(refusal(404, 'NOT_FOUND', 'expected a task with at least two known classes, there is none yet: labels are missing'))
    return explained
  })
}

/** Text values of a query, the first of each name. */
function queryOf({ query }: FastifyRequest): Readonly<Record<string, string | undefined>> {
  const entries = Object.entries(query as Record<string, string | string[]>)
  return Object.fromEntries(entries.map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]))
}

const badRequest = (message: string): Refused => new Refused(refusal(400, 'INPUT_INVALID', message))
