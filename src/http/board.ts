/** What the page is made of: its files, the live stream, history; and which of the other addresses it may ask. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isPassing } from '../fault/fault.ts'
import type { Gateway } from '../pipeline/gateway.ts'
import type { Onlooker } from '../pipeline/onlooker.ts'
import type { Access } from './access.ts'
import { guard } from './guard.ts'
import { addHistory, type Explain } from './history.ts'
import { addPage } from './page.ts'
import { addStream, type StreamOptions, streamDefaults } from './stream.ts'

export interface BoardOptions {
  readonly onlooker: Pick<Onlooker, 'follow' | 'pulse' | 'history' | 'part' | 'newestParts' | 'typical'>
  readonly explain: Explain
  readonly stream?: Partial<StreamOptions>
}

/** Returns how many follow live. */
export function addBoard(
  app: FastifyInstance,
  gateway: Gateway,
  { onlooker, explain, stream }: BoardOptions,
  access: Access,
  { maxStreams, maxStreamBacklogKiB }: { readonly maxStreams: number; readonly maxStreamBacklogKiB: number }
): { readonly streams: () => number } {
  const allow = (kind: 'probe' | 'read') => async (request: FastifyRequest) => guard(access, request, kind)
  // Who logs out hears nothing more.
  const listen = async (request: FastifyRequest, reply: FastifyReply) => {
    guard(access, request, 'read')
    const ended = access.ended(request.headers)
    const end = () => void reply.raw.end()
    ended?.addEventListener('abort', end, { once: true })
    reply.raw.once('close', () => ended?.removeEventListener('abort', end))
  }
  addPage(app, allow('probe'))
  const bounds = { most: maxStreams, backlogBytes: maxStreamBacklogKiB * 1024 }
  const streams = addStream(app, onlooker, listen, { ...streamDefaults, ...bounds, ...stream }, offersOf(gateway))
  addHistory(app, onlooker, explain, allow('read'))
  return { streams }
}

/** What not every process answers: the page asks for nothing else of these. */
function offersOf(gateway: Gateway): () => readonly string[] {
  const answers = (ask: (() => unknown) | undefined): boolean => {
    try {
      return ask?.() !== undefined
    } catch (error) {
      if (isPassing(error)) return false
      throw error
    }
  }
  return () => [
    ...(answers(gateway.alerts?.bind(gateway)) ? ['/api/alerts'] : []),
    ...(answers(gateway.decisions?.bind(gateway)) ? ['/api/inspections', '/api/decisions/report'] : []),
    '/api/me'
  ]
}
