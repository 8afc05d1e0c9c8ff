/** What a hostile client may send: two requests in the clothes of one, headers in headers, ways out of the folder, and endless patience. */
import { connect, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { ServeOptions } from '../../src/http/serve.ts'
import type { Onlooker } from '../../src/pipeline/onlooker.ts'
import { served, token } from './fake-gateway.ts'
import { raw, statusesIn } from './raw.ts'

const bearer = `authorization: Bearer ${token}\r\n`
const json = 'content-type: application/json\r\n'
const hidden = 'POST /labels HTTP/1.1\r\nhost: localhost\r\n'
const fast = { requestTimeoutMs: 200 }

/** Enough of one for the page and its stream to be there. */
const onlooker = { follow: () => () => undefined, pulse: () => ({ ready: true }) } as unknown as Onlooker
const board: NonNullable<ServeOptions['board']> = { onlooker, explain: () => null }

describe('a request hidden in another', () => {
  const inner = `${hidden}${bearer}${json}content-length: 10\r\n\r\n{"id":"x"}`
  const post = (framing: string, body: string) => `POST /labels HTTP/1.1\r\nhost: localhost\r\n${bearer}${json}${framing}\r\n${body}`

  test.each([
    ['a length and chunks', post('content-length: 4\r\ntransfer-encoding: chunked\r\n', `0\r\n\r\n${inner}`)],
    ['chunks and a length', post('transfer-encoding: chunked\r\ncontent-length: 4\r\n', `0\r\n\r\n${inner}`)],
    ['two lengths', post('content-length: 10\r\ncontent-length: 0\r\n', `{"id":"a"}${inner}`)],
    ['two lengths in one', post('content-length: 10, 0\r\n', `{"id":"a"}${inner}`)],
    ['a length with a sign', post('content-length: +10\r\n', `{"id":"a"}${inner}`)],
    ['a length in another base', post('content-length: 0xa\r\n', `{"id":"a"}${inner}`)],
    ['a coding of an unknown name', post('transfer-encoding: xchunked\r\n', `0\r\n\r\n${inner}`)],
    ['chunks that are not the last coding', post('transfer-encoding: chunked, identity\r\n', `0\r\n\r\n${inner}`)],
    ['a space before the colon', post('content-length : 10\r\n', `{"id":"a"}${inner}`)],
    ['a header that goes on in the next line', post('transfer-encoding:\r\n chunked\r\ncontent-length: 4\r\n', `0\r\n\r\n${inner}`)],
    ['a chunk whose length is none', post('transfer-encoding: chunked\r\n', `zz\r\n{"id":"a"}\r\n0\r\n\r\n${inner}`)],
    ['a chunk that is longer than it says', post('transfer-encoding: chunked\r\n', `2\r\n{"id":"a"}\r\n0\r\n\r\n${inner}`)],
    ['a line that ends in no return', `POST /labels HTTP/1.1\nhost: localhost\ncontent-length: 0\n\n${inner}`],
    ['a return within a header', post(`x: a\rcontent-length: 10\r\n`, `{"id":"a"}${inner}`)],
    ['a byte of nothing within a header', post(`x: a\0b\r\ncontent-length: 10\r\n`, `{"id":"a"}${inner}`)],
    ['two hosts', post(`host: evil.example\r\ncontent-length: 10\r\n`, '{"id":"a"}')],
    ['two tokens', post(`authorization: Bearer another\r\ncontent-length: 10\r\n`, '{"id":"a"}')],
    ['two origins', post(`origin: http://localhost\r\norigin: http://evil.example\r\ncontent-length: 10\r\n`, '{"id":"a"}')]
  ])('%s: refused, and nothing of it is taken', async (_what, text) => {
    await served(fast, async (url, _server, gateway) => {
      const said = await raw(url, text)
      expect(
        statusesIn(said).every(status => status === 400),
        said
      ).toBe(true)
      expect(gateway.posted).toEqual([])
    })
  })

  test('the body of a refused request is not read as the next one', async () => {
    await served(fast, async (url, _server, gateway) => {
      const said = await raw(url, `${hidden}${json}content-length: ${inner.length}\r\n\r\n${inner}`)
      expect(statusesIn(said)[0]).toBe(401)
      expect(statusesIn(said)).not.toContain(200)
      expect(gateway.posted).toEqual([])
    })
  })

  test('two requests one after the other are two', async () => {
    await served(fast, async (url, _server, gateway) => {
      const one = post('content-length: 10\r\n', '{"id":"a"}')
      expect(statusesIn(await raw(url, one + one.replace(json, `${json}connection: close\r\n`)))).toEqual([200, 200])
      expect(gateway.posted).toHaveLength(2)
    })
  })
})

describe('what is asked for in another way', () => {
  const get = (target: string, headers = 'host: localhost\r\n') => `GET ${target} HTTP/1.1\r\n${headers}connection: close\r\n\r\n`

  test.each([
    '/page/../../package.json',
    '/page/..%2f..%2fpackage.json',
    '/page/%2e%2e/%2e%2e/package.json',
    '/page/..\\..\\package.json',
    '/page/..%5c..%5cpackage.json',
    '/page/%252e%252e/package.json',
    '/page/%00index.html',
    '/page/index.html%00.js',
    '/page//etc/passwd',
    '//etc/passwd',
    '/./status',
    '/page/',
    '/page',
    '/status/',
    '/STATUS',
    '/status%20',
    '/%73tatus%00',
    'http://evil.example/status',
    '*'
  ])('%s leads nowhere', async target => {
    await served({ board }, async url => {
      const said = await raw(url, get(target))
      expect(
        statusesIn(said).every(status => status === 404 || status === 400),
        said
      ).toBe(true)
      expect(said).not.toContain('"name": "andon"')
      expect(said).not.toContain('root:')
    })
  })

  test('what came is not in what is answered, in no header and no text', async () => {
    await served({ board }, async url => {
      const mark = 'inserted'
      for (const text of [
        get(`/${mark}%0d%0aset-cookie:%20a=b`),
        get(`/status?${mark}=%0d%0aset-cookie:%20a=b`),
        get('/readyz', `host: localhost\r\norigin: http://${mark}\r\nx-request-id: ${mark}\r\n`),
        get('/status', `host: ${mark}.example\r\n`),
        get('/api/me', `host: localhost\r\ncookie: andon-session=${mark}\r\nx-forwarded-proto: ${mark}\r\n`),
        `POST /labels HTTP/1.1\r\nhost: localhost\r\n${bearer}content-type: ${mark}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}`
      ]) {
        const said = await raw(url, text)
        expect(said).toMatch(/^HTTP\/1\.1 /)
        expect(said).not.toContain(mark)
        expect(said.toLowerCase()).not.toContain('set-cookie')
      }
    })
  })

  test.each([
    ['CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    ['TRACE', 'TRACE /status HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'],
    ['a method that wants a body', 'QUERY /status HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'],
    ['another protocol', 'GET /status HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an expectation that is none', 'GET /status HTTP/1.1\r\nhost: localhost\r\nexpect: nonsense\r\nconnection: close\r\n\r\n'],
    ['no host', 'GET /status HTTP/1.1\r\nconnection: close\r\n\r\n']
  ])('%s gets nothing but a refusal, or what is asked for without it', async (_what, text) => {
    await served(fast, async url => {
      const said = await raw(url, text)
      for (const status of statusesIn(said)) expect([200, 400, 403, 404, 408]).toContain(status)
      expect(said).not.toMatch(/101 Switching|200 Connection/i)
    })
  })
})

describe('what takes room and time', () => {
  const opened = (url: string) =>
    new Promise<Socket>(resolve => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () => resolve(socket))
      socket.on('error', () => undefined)
    })
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`

  test('connections beyond the most are closed unheard, and there is room when one has gone', async () => {
    await served({ maxConnections: 2, requestTimeoutMs: 60_000 }, async url => {
      const held = [await opened(url), await opened(url)]
      expect(await raw(url, get('/healthz'))).toBe('')
      held[0]!.destroy()
      await expect.poll(async () => statusesIn(await raw(url, get('/healthz')))).toEqual([200])
      held[1]!.destroy()
    })
  })

  test('streams beyond the most are told to come again, and there is room when one has gone', async () => {
    await served({ board, maxStreams: 1 }, async url => {
      const first = new AbortController()
      expect((await fetch(`${url}/api/stream`, { signal: first.signal })).status).toBe(200)
      const second = await fetch(`${url}/api/stream`)
      expect([second.status, second.headers.get('retry-after')]).toEqual([429, '10'])
      first.abort()
      await expect
        .poll(async () => {
          const tried = new AbortController()
          const { status } = await fetch(`${url}/api/stream`, { signal: tried.signal })
          tried.abort()
          return status
        })
        .toBe(200)
    })
  })

  test('who does not read its answer is cut', async () => {
    const text = 'x'.repeat(64 * 1_048_576)
    const metrics = { contentType: 'text/plain', observe: () => undefined, text: async () => text }
    await served({ metrics, requestTimeoutMs: 100 }, async url => {
      const socket = await opened(url)
      const closed = new Promise(resolve => socket.once('close', resolve))
      socket.pause()
      socket.write(get('/metrics'))
      // Paused, it would not see the end either: it looks when the server must have given up.
      setTimeout(() => socket.resume(), 3000)
      let read = 0
      socket.on('data', part => {
        read += part.length
      })
      socket.pause()
      await closed
      expect(read).toBeLessThan(text.length)
    })
  })

  test('headers that are many, or long, are refused', async () => {
    await served({}, async url => {
      const many = Array.from({ length: 3000 }, (_, i) => `x${i}: 1\r\n`).join('')
      expect(statusesIn(await raw(url, `GET /status HTTP/1.1\r\nhost: localhost\r\n${many}\r\n`))).toEqual([431])
      expect(statusesIn(await raw(url, `GET /${'a'.repeat(9000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`))).toEqual([431])
      const cookie = `cookie: ${'andon-session=x; '.repeat(400)}\r\n`
      expect(statusesIn(await raw(url, `GET /status HTTP/1.1\r\nhost: localhost\r\n${cookie}connection: close\r\n\r\n`))).toEqual([200])
    })
  })
})
