/**
 * Server-sent events: `GET /api/stream` tells the state every other second and what happens at once. Each event is written
 * down once for all who listen. Who comes back with `Last-Event-ID` gets what happened meanwhile, or `reset` where that is no
 * longer known. Bounds: how many listen, and how much may wait for each; who reads too slowly is cut, and comes back.
 */
import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify'
import type { Onlooker } from '../pipeline/onlooker.ts'
import { Refused, refusal } from './answer.ts'

export interface StreamOptions {
  /** Who may listen at a time; more are told to come again. */
  readonly most: number
  /** Between two states. */
  readonly pulseMs: number
  /** Events remembered for who comes back. */
  readonly remembered: number
  /** Bytes that may wait for one who reads slowly. */
  readonly backlogBytes: number
}

// 50 screens and some to spare; a state every other second is what an eye follows; a day of alerts; about a minute of states.
export const streamDefaults: StreamOptions = { most: 64, pulseMs: 2000, remembered: 1000, backlogBytes: 262_144 }
/** Between two tries of a browser to come back. */
const RETRY_MS = 2000

/** Adds the route; the result tells how many listen. Streams end when the server closes. */
export function addStream(
  app: FastifyInstance,
  onlooker: Pick<Onlooker, 'follow' | 'pulse'>,
  allow: onRequestAsyncHookHandler,
  options: StreamOptions,
  offers: () => readonly string[]
): () => number {
  const run = randomBytes(6).toString('base64url')
  /** Each who listens, and the offers that it was told last. */
  const listeners = new Map<ServerResponse, string>()
  const kept: { readonly id: number; readonly text: string }[] = []
  let last = 0
  let timer: NodeJS.Timeout | null = null
  let unfollow: (() => void) | null = null

  const written = (event: string, value: unknown): string => `event: ${event}\nid: ${run}.${last}\ndata: ${JSON.stringify(value)}\n\n`
  const send = (listener: ServerResponse, text: string): void => {
    if (listener.writableLength > options.backlogBytes) listener.destroy()
    else listener.write(text)
  }
  // A page asks only for what there is: not every role has everything, and none before it has recovered.
  const offered = (): string => `event: offers\ndata: ${JSON.stringify(offers())}\n\n`
  const beat = (): void => {
    const now = offered()
    const status = written('status', onlooker.pulse('changed'))
    for (const [listener, before] of listeners) {
      send(listener, now === before ? status : now + status)
      listeners.set(listener, now)
    }
  }
  // What happens is followed from the start, so that it is known to who comes later.
  unfollow = onlooker.follow(({ name, event }) => {
    last++
    const text = written(name, event)
    kept.push({ id: last, text })
    if (kept.length > options.remembered) kept.shift()
    for (const listener of listeners.keys()) send(listener, text)
  })
  app.addHook('preClose', async () => {
    unfollow?.()
    if (timer !== null) clearInterval(timer)
    for (const listener of listeners.keys()) listener.end()
  })

  app.get('/api/stream', { onRequest: allow }, async (request, reply) => {
    if (listeners.size >= options.most)
      throw new Refused(refusal(429, 'OVERLOADED', `expected at most ${options.most} pages that listen, more came: close some`, 10))
    reply.hijack()
    const { raw } = reply
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-accel-buffering': 'no'
    })
    raw.write(`retry: ${RETRY_MS}\n\n`)
    const now = offered()
    raw.write(now)
    for (const text of missedBy(request.headers['last-event-id'])) raw.write(text)
    raw.write(written('status', onlooker.pulse('all')))
    listeners.set(raw, now)
    timer ??= setInterval(beat, options.pulseMs)
    raw.once('close', () => {
      listeners.delete(raw)
      if (listeners.size > 0 || timer === null) return
      clearInterval(timer)
      timer = null
    })
    raw.on('error', () => raw.destroy())
  })

  return () => listeners.size

  function missedBy(id: string | string[] | undefined): readonly string[] {
    if (typeof id !== 'string' || id === '') return []
    const [of, number] = id.split('.')
    const from = Number(number)
    const oldest = kept[0]?.id ?? last + 1
    if (of !== run || !Number.isInteger(from) || from > last || from + 1 < oldest) return [written('reset', null)]
    return kept.filter(each => each.id > from).map(each => each.text)
  }
}
