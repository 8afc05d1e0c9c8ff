/** Any request whatever: it is answered by a code of the list, never by a defect, and no answer and no log line tells a token. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { statusCodes } from '../../src/http/answer.ts'
import { postRoutes } from '../../src/http/posting.ts'
import { readRoutes, type ServeOptions } from '../../src/http/serve.ts'
import { digestOf, tokenOf } from '../../src/http/token.ts'
import type { Onlooker } from '../../src/pipeline/onlooker.ts'
import { served } from './fake-gateway.ts'
import { raw, statusesIn } from './raw.ts'

const secrets = { admin: 'the-token-of-an-administrator', feed: 'the-token-of-a-gateway-here' }
const tokens = [
  tokenOf({ name: 'boss', role: 'admin', lines: 'any' }, digestOf(secrets.admin)),
  tokenOf({ name: 'gateway', role: 'feed', lines: ['press-1'] }, digestOf(secrets.feed))
]
// A stream is never done: none is asked for here, and what there is has its own tests.
const onlooker = {
  follow: () => () => undefined,
  pulse: () => ({}),
  history: () => ({}),
  speakers: () => ({}),
  part: () => null,
  newestParts: () => [],
  typical: () => null
} as unknown as Onlooker
const board: NonNullable<ServeOptions['board']> = { onlooker, explain: () => null }
const paths = [...readRoutes, ...Object.keys(postRoutes), '/session', '/api/me', '/page/app.js'].filter(path => path !== '/api/stream')

const visible = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map(code => String.fromCharCode(code)), maxLength: 40 })
const anything = fc.string({ unit: fc.integer({ min: 0, max: 0xff }).map(code => String.fromCharCode(code)), maxLength: 60 })
const often = <T>(value: fc.Arbitrary<T>, other: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: value, weight: 4 }, { arbitrary: other, weight: 1 })

const method = often(
  fc.constantFrom('GET', 'POST', 'DELETE', 'HEAD'),
  fc.constantFrom('PUT', 'PATCH', 'OPTIONS', 'TRACE', 'QUERY', 'get', 'X', '')
)
const target = fc
  .tuple(
    often(fc.constantFrom(...paths), fc.webPath()),
    fc.oneof(
      fc.constant(''),
      fc.webQueryParameters().map(query => `?${query}`),
      visible
    )
  )
  .map(([path, rest]) => `${path}${rest}`)
const header = fc.oneof(
  fc.constantFrom(
    `authorization: Bearer ${secrets.admin}`,
    `authorization: Bearer ${secrets.feed}`,
    'content-type: application/json',
    'content-type: application/x-ndjson; charset=utf-8',
    'content-type: application/avro',
    'transfer-encoding: chunked',
    'content-encoding: gzip',
    'expect: 100-continue',
    'sec-fetch-site: same-origin',
    'origin: null',
    'if-none-match: "x"',
    'last-event-id: x.1',
    'x-forwarded-for: 192.0.2.1, nonsense',
    'x-forwarded-proto: https'
  ),
  fc
    .tuple(fc.constantFrom('authorization', 'cookie', 'host', 'origin', 'content-type', 'content-length', 'range', 'x'), visible)
    .map(([name, value]) => `${name}: ${value}`),
  anything
)
const body = fc.oneof(
  fc.constant(''),
  fc.json(),
  fc.constantFrom(secrets.admin, secrets.feed, 'nonsense').map(token => JSON.stringify({ token })),
  fc.constant(JSON.stringify({ id: 'p', line: 'press-1' })),
  anything
)
const request = fc
  .record({
    method,
    target,
    host: often(fc.constant('host: localhost'), header),
    headers: fc.array(header, { maxLength: 5 }),
    body,
    counted: fc.boolean()
  })
  .map(({ method, target, host, headers, body, counted }) => {
    const length = counted ? [`content-length: ${body.length}`] : []
    return `${method} ${target} HTTP/1.1\r\n${[host, 'connection: close', ...headers, ...length].join('\r\n')}\r\n\r\n${body}`
  })

describe.each([
  ['on loopback', {}],
  ['behind a proxy', { trustedProxy: ['127.0.0.1'] }]
])('any request %s', (_where, where) => {
  test('is answered by a code of the list or cut, never by a defect, and nothing tells a token', async () => {
    const logged: string[] = []
    const tell = (fields: object, message: string) => void logged.push(JSON.stringify([fields, message]))
    const logger = {
      info: tell,
      warn: tell,
      error: (fields: object, message: string) => tell({ ...fields, defect: String((fields as { err?: unknown }).err) }, message)
    }
    const counts = new Map<number, number>()
    await served({ ...where, board, tokens, logger, requestTimeoutMs: 200 }, async url => {
      await fc.assert(
        fc.asyncProperty(request, async text => {
          const said = await raw(url, text)
          // 100 asks for the body, and another follows.
          for (const status of statusesIn(said).filter(each => each !== 100)) {
            counts.set(status, (counts.get(status) ?? 0) + 1)
            expect(Object.keys(statusCodes).map(Number), said).toContain(status)
            expect(status, `${said}\n${logged.join('\n')}`).not.toBe(500)
          }
          expect(said === '' || /^HTTP\/1\.1 \d{3} /.test(said), said).toBe(true)
          for (const secret of Object.values(secrets)) {
            expect(said).not.toContain(secret)
            expect(logged.join('\n')).not.toContain(secret)
          }
        }),
        { numRuns: 1000 }
      )
      expect((await raw(url, 'GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')).startsWith('HTTP/1.1 200')).toBe(
        true
      )
    })
    // It did not all end at the door.
    for (const status of [200, 400, 404]) expect(counts.get(status) ?? 0, String(status)).toBeGreaterThan(0)
  })
})
