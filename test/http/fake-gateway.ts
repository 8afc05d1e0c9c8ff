/** A gateway with no pipeline behind it: every call is kept, and the next answer can be chosen. */
import type { Events, Observation } from '../../src/events/event.ts'
import type { ParseJson, PostedName } from '../../src/http/records.ts'
import type { Metrics, ServeOptions, Server } from '../../src/http/serve.ts'
import { serve } from '../../src/http/serve.ts'
import { unnamedToken } from '../../src/http/token.ts'
import type { Gateway, PipelineStatus, Receipt } from '../../src/pipeline/gateway.ts'

export const emptyStatus: PipelineStatus = {
  ready: true,
  reasons: [],
  startedAt: 0,
  role: 'all',
  learner: { fold: 1, kernel: 'simd', learned: 0, repeated: 0, corrected: 0, domains: [], features: 0, bytes: 0, tasks: [], affinity: [] },
  lag: {},
  positions: [],
  events: [],
  waiting: { observations: 0, labels: 0 },
  snapshot: null,
  costs: {}
}

export interface FakeGateway extends Gateway {
  readonly posted: { readonly name: string; readonly records: readonly unknown[]; readonly signal: AbortSignal }[]
  readonly refused: { readonly name: string; readonly reasons: readonly string[]; readonly text: string }[]
  current: PipelineStatus
  answer: (records: readonly unknown[], signal: AbortSignal) => Promise<readonly Receipt[]>
}

/** Accepts everything until told otherwise. */
export function fakeGateway(): FakeGateway {
  const fake: FakeGateway = {
    posted: [],
    refused: [],
    current: emptyStatus,
    answer: async records => records.map((_, offset) => accepted(offset)),
    status: () => fake.current,
    inspections: () => [],
    post(name, records, signal) {
      fake.posted.push({ name, records, signal })
      return fake.answer(records, signal)
    },
    async reject(name, records) {
      fake.refused.push({ name, reasons: records.map(r => r.reason), text: records.map(r => Buffer.from(r.bytes).toString()).join('\n') })
    }
  }
  return fake
}

export const accepted = (offset: number): Receipt => ({
  accepted: true,
  position: { topic: 'observations', partition: 0, offset },
  prediction: null
})

/** Takes any object with an `id` of text. */
export const parse: ParseJson = <N extends PostedName>(_name: N, value: unknown) =>
  typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string'
    ? { event: value as Events[N] }
    : { problems: ['id: expected text, none came'] }

export const observation: Observation = {
  id: 'p-1',
  line: 'l1',
  station: null,
  product: null,
  time: 1,
  features: { speed: 3.5, tool: 'a', heat: null }
}

export const noMetrics: Metrics = { contentType: 'text/plain; version=0.0.4', observe: () => {}, text: async () => 'up 1\n' }

/** May do everything; `send` brings it. */
export const token = 'a-token-of-24-characters'

/** Serves on a free port while `use` runs. */
export async function served<T>(
  options: Partial<ServeOptions>,
  use: (url: string, server: Server, gateway: FakeGateway) => Promise<T>
): Promise<T> {
  const gateway = fakeGateway()
  const server = await serve(
    { gateway, metrics: noMetrics, parse, port: 0, tokens: [unnamedToken(token)], ...options },
    new AbortController().signal
  )
  try {
    return await use(server.url, server, gateway)
  } finally {
    await server.close()
  }
}

/** Posts a body with the token; JSON unless said otherwise. */
export function send(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return sendBare(url, body, { authorization: `Bearer ${token}`, ...headers })
}

/** Posts a body with no token but what the headers hold. */
export function sendBare(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const raw = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
  return fetch(url, { method: 'POST', body: raw as string, headers: { 'content-type': 'application/json', ...headers } })
}

/** What every answer may hold; absent fields stay undefined. */
export interface Answer {
  readonly accepted: number
  readonly rejected: number
  readonly receipts: { readonly accepted: boolean; readonly rejection: { readonly code: string; readonly reason: string } }[]
  readonly error: { readonly code: string; readonly message: string }
}
export const answerOf = async (response: Response) => (await response.json()) as Answer
