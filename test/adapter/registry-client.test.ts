/** What a registry may do wrong: be slow, down, broken, somebody else, endless, or ask for credentials. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openRegistryClient, type RegistryClient, type RegistryOptions } from '../../src/adapter/registry/client.ts'
import { checkCompatible, enrol } from '../../src/adapter/registry/enrol.ts'
import { Fault } from '../../src/fault/fault.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function listen(server: Server & { closeAllConnections(): void }, scheme: string): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  open.push({
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections()
        server.close(() => resolve())
      })
  })
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const serving = (answer: RequestListener): Promise<string> => listen(createServer(answer), 'http')
const client = (url: string, also: Partial<RegistryOptions> = {}): RegistryClient =>
  openRegistryClient({ url, authorization: null, ca: null, requestMs: 2000, maxBytes: 4096, attempts: 1, ...also })
const told = async (promise: Promise<unknown>): Promise<{ code: string; message: string }> => {
  const error = await promise.then(
    value => new Error(`expected a fault, got ${JSON.stringify(value)}`),
    (thrown: Error) => thrown
  )
  if (!(error instanceof Fault)) throw error
  return { code: error.code, message: error.message }
}
const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' }).end(JSON.stringify(body))
}
const unknown = { error_code: 40403, message: 'Schema not found' }

describe('a registry that cannot be asked is a passing fault', () => {
  const broken: readonly (readonly [string, RequestListener, string])[] = [
    ['answers 500', (_, response) => json(response, 500, { error_code: 50001, message: 'store\n down' }), '500 (store down)'],
    ['answers 503 with a page', (_, response) => response.writeHead(503).end('<html>'), '503 with something else than JSON'],
    ['asks for patience', (_, response) => json(response, 429, { error_code: 42901, message: 'slow down' }), '429 (slow down)'],
    ['sends garbage', (_, response) => response.end(Buffer.of(0xff, 0xfe, 0x00)), 'something else than JSON'],
    ['sends JSON that is no object', (_, response) => json(response, 200, ['schema']), 'something else than JSON'],
    ['sends other JSON', (_, response) => json(response, 200, { schema: 7 }), 'is registry.url right?'],
    ['is a page that is not found', (_, response) => response.writeHead(404).end('not found'), 'is registry.url right?'],
    [
      'is another service that finds nothing',
      (_, response) => json(response, 404, { status: 404, error: 'Not Found' }),
      'is registry.url right?'
    ],
    ['sends elsewhere', (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end('{}'), '302'],
    [
      'ends in the middle',
      (_, response) => {
        response.writeHead(200, { 'content-length': 100 })
        response.write('{')
        setTimeout(() => response.destroy(), 5)
      },
      'expected an answer'
    ],
    ['hangs up', request => request.socket.destroy(), 'expected an answer'],
    ['does not let in', (_, response) => json(response, 401, { error_code: 401, message: 'Unauthorized' }), 'let this process in, got 401'],
    ['forbids', (_, response) => json(response, 403, { error_code: 40301, message: 'Forbidden' }), 'let this process in, got 403']
  ]
  test.each(broken)('one that %s', async (_, answer, words) => {
    const { code, message } = await told(client(await serving(answer)).schemaOf(7))
    expect([code, message]).toEqual(['UNAVAILABLE', expect.stringContaining(words)])
  })

  test('one that does not listen', async () => {
    const url = await serving(() => undefined)
    await open.pop()!.close()
    expect(await told(client(url).schemaOf(7))).toEqual({ code: 'UNAVAILABLE', message: expect.stringContaining('ECONNREFUSED') })
  })

  test.each<readonly [string, RequestListener]>([
    ['never answers', () => undefined],
    [
      'never ends',
      (_, response) => {
        response.write('{')
        const timer = setInterval(() => response.write(' '), 5)
        response.on('close', () => clearInterval(timer))
      }
    ]
  ])('one that %s is left after registry.requestMs', async (_, answer) => {
    const before = performance.now()
    const { code, message } = await told(client(await serving(answer), { requestMs: 60, maxBytes: 1e6 }).schemaOf(7))
    expect([code, message]).toEqual(['UNAVAILABLE', expect.stringContaining('none within 60 ms')])
    expect(performance.now() - before).toBeLessThan(2000)
  })
})

describe('the registry’s word', () => {
  test('that it has no such schema is an answer, and so is a schema longer than allowed', async () => {
    const without = await serving((_, response) => json(response, 404, unknown))
    expect(await client(without).schemaOf(7)).toEqual({
      problem: expect.stringContaining('schema 7 to be known to the registry, got 404 (Schema not found)')
    })
    let sent = 0
    const endless = await serving((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(1024, 32))) sent += 1024
      }
      response.on('drain', more)
      more()
    })
    expect(await client(endless).schemaOf(7)).toEqual({ problem: expect.stringContaining('within 4096 bytes') })
    expect(sent).toBeLessThan(50_000_000)
  })

  test('on a schema made of others is an answer', async () => {
    const url = await serving((_, response) =>
      json(response, 200, { schema: '"int"', references: [{ name: 'A', subject: 'a', version: 1 }] })
    )
    expect(await client(url).schemaOf(7)).toEqual({ problem: expect.stringContaining('refers to others') })
  })

  test('that a subject is new, or a schema wrong, is no fault', async () => {
    const answers: unknown[] = []
    const url = await serving((_, response) => json(response, ...(answers.shift() as [number, unknown])))
    answers.push([404, { error_code: 40401, message: 'Subject not found' }], [422, { error_code: 42201, message: 'bad' }])
    expect(await client(url).objection('s', '{}')).toBeNull()
    expect(await client(url).objection('s', '{}')).toBe('bad')
    answers.push([409, { error_code: 409, message: 'incompatible' }], [200, { id: -1 }], [200, { is_compatible: 'yes' }])
    expect(await client(url).register('s', '{}')).toEqual({ problem: 'incompatible' })
    expect((await told(client(url).register('s', '{}'))).code).toBe('UNAVAILABLE')
    expect((await told(client(url).objection('s', '{}'))).code).toBe('UNAVAILABLE')
  })

  test('on every subject is told at once', async () => {
    const url = await serving((request, response) =>
      json(response, 200, { is_compatible: !request.url!.includes('%2Fbad'), messages: ['m1', 'm2'] })
    )
    const of = (subject: string) => ({ event: 'label' as const, subject, schema: '{}' })
    const { code, message } = await told(checkCompatible(client(url), [of('a/bad'), of('b'), of('c/bad')]))
    expect(code).toBe('CONFIG_INVALID')
    expect(message).toContain('a/bad: m1; m2\n  c/bad: m1; m2')
    expect(message).not.toContain('  b')
  })
})

test('at start a request is tried again, as often as is set and not more', async () => {
  let asked = 0
  const url = await serving((_, response) => {
    asked++
    if (asked % 3 === 0) json(response, 200, { id: asked })
    else json(response, 500, { error_code: 50001, message: 'down' })
  })
  expect(await client(url, { attempts: 3 }).register('s', '{}')).toBe(3)
  expect((await told(client(url, { attempts: 2 }).register('s', '{}'))).code).toBe('UNAVAILABLE')
  expect(asked).toBe(5)
  expect((await told(enrol(client(url), [{ event: 'label', subject: 's', schema: '{}' }], true))).code).toBe('UNAVAILABLE')
})

test('credentials go with every request, to the path of the address, and come back in no message', async () => {
  const seen: unknown[] = []
  const url = await serving((request, response) => {
    seen.push([request.method, request.url, request.headers.authorization])
    json(response, 500, { error_code: 50001, message: 'down' })
  })
  const secret = { authorization: () => 'Bearer geheim' }
  const { message } = await told(client(`${url}/apis/ccompat/`, secret).schemaOf(7))
  expect(seen).toEqual([['GET', '/apis/ccompat/schemas/ids/7', 'Bearer geheim']])
  expect(message).not.toContain('geheim')
})

const noOpenssl = spawnSync('openssl', ['version']).status !== 0
if (noOpenssl) console.info('skipped: openssl is not installed, which makes the certificate of the test')
test.skipIf(noOpenssl)('a certificate is trusted where registry.caFile holds it, and named where it is not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-tls-'))
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        key,
        '-out',
        cert,
        '-days',
        '2',
        '-subj',
        '/CN=registry',
        '-addext',
        'subjectAltName=IP:127.0.0.1'
      ],
      { stdio: 'ignore' }
    )
    const ca = readFileSync(cert, 'utf8')
    const url = await listen(
      createSecureServer({ key: readFileSync(key), cert: ca }, (_, response) => json(response, 200, { schema: '"int"' })),
      'https'
    )
    expect(await client(url, { ca }).schemaOf(7)).toEqual({ text: '"int"' })
    expect(await told(client(url).schemaOf(7))).toEqual({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/not trusted \(\w+\): see registry.caFile/)
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
