import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { answerOf, observation, send, served, token } from './fake-gateway.ts'

/** What a server answers to bytes, until it closes the connection. */
function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(Number(port), hostname, () => socket.write(text))
    socket.on('data', data => {
      answer += data
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}

const code = async (response: Response) => (await answerOf(response)).error.code

describe('what cannot be read is refused', () => {
  test.each([
    ['no JSON', '{"id":', 400, 'BODY_MALFORMED'],
    ['no UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 400, 'BODY_MALFORMED'],
    ['an empty body', '', 400, 'BODY_EMPTY'],
    ['an empty array', '[]', 400, 'BODY_EMPTY'],
    ['too many records', JSON.stringify([1, 2, 3, 4]), 413, 'TOO_MANY_RECORDS']
  ])('%s', async (_what, body, status, expected) => {
    await served({ maxRecords: 3 }, async (url, _server, gateway) => {
      const response = await send(`${url}/observations`, body)
      expect([response.status, await code(response)]).toEqual([status, expected])
      expect(gateway.posted).toEqual([])
    })
  })

  test('a body beyond the limit is refused, one at the limit is not', async () => {
    await served({ maxBodyKiB: 1 }, async url => {
      const text = (length: number) => JSON.stringify({ id: 'x'.repeat(length - 9) })
      expect(text(1024)).toHaveLength(1024)
      expect((await send(`${url}/observations`, text(1024))).status).toBe(200)
      const response = await send(`${url}/observations`, text(1025))
      expect([response.status, await code(response)]).toEqual([413, 'BODY_TOO_LARGE'])
    })
  })

  test.each([
    [{ 'content-type': 'text/plain' }],
    [{ 'content-type': 'application/x-www-form-urlencoded' }],
    [{ 'content-type': 'application/json', 'content-encoding': 'gzip' }]
  ])('another content type or encoding: %j', async headers => {
    await served({}, async url => {
      const response = await send(`${url}/observations`, observation, headers)
      expect([response.status, await code(response)]).toEqual([415, 'TYPE_UNKNOWN'])
    })
  })

  test('a charset beside the type is fine', async () => {
    await served({}, async url => {
      expect((await send(`${url}/observations`, observation, { 'content-type': 'Application/JSON; charset=utf-8' })).status).toBe(200)
    })
  })

  test('records nested too deep, too wide, or with a name that changes prototypes are no events', async () => {
    await served({}, async (url, _server, gateway) => {
      const deep = `{"id":"a","x":${'['.repeat(5000)}${']'.repeat(5000)}}`
      expect((await send(`${url}/observations`, `[${deep},{"id":"a"}]`)).status).toBe(400)
      const lines = await send(`${url}/observations`, `${deep}\n{"id":"a"}`, { 'content-type': 'application/x-ndjson' })
      expect((await answerOf(lines)).receipts[0]!.rejection.reason).toMatch(/levels/)
      const little = `{"id":"a","x":${'['.repeat(8)}${']'.repeat(8)}}`
      const enough = `{"id":"a","x":${'['.repeat(7)}${']'.repeat(7)}}`
      expect((await send(`${url}/observations`, enough)).status).toBe(200)
      expect((await send(`${url}/observations`, little, { 'content-type': 'application/x-ndjson' })).status).toBe(422)
      const wide = JSON.stringify({ id: 'a', x: Array.from({ length: 17_000 }, () => 0) })
      const response = await send(`${url}/observations`, `[${wide},{"id":"a","__proto__":{"b":1}},{"id":"a"}]`)
      expect(response.status).toBe(207)
      const { receipts } = await answerOf(response)
      expect(receipts.map(r => r.accepted)).toEqual([false, false, true])
      expect(receipts[0]!.rejection.reason).toMatch(/fields/)
      expect(receipts[1]!.rejection.reason).toMatch(/__proto__/)
      expect(gateway.posted.at(-1)!.records).toEqual([{ id: 'a' }])
    })
  })

  test('an unknown address or method is told what there is', async () => {
    await served({}, async url => {
      for (const response of [await fetch(`${url}/nothing`), await fetch(`${url}/observations`), await send(`${url}/status`, '{}')]) {
        expect(response.status).toBe(404)
        expect((await answerOf(response)).error.message).toContain('/observations')
      }
      const bad = await raw(url, 'GET /%zz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
      expect(bad).toMatch(/^HTTP\/1.1 400 /)
      expect(bad).toContain('BROKEN_REQUEST')
    })
  })

  test('what is not HTTP, or has endless headers, is answered and cut off', async () => {
    await served({}, async url => {
      const broken = await raw(url, 'hello\r\n\r\n')
      expect(broken).toMatch(/^HTTP\/1.1 400 .*BROKEN_REQUEST/s)
      const long = await raw(url, `GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-long: ${'a'.repeat(9000)}\r\n\r\n`)
      expect(long).toMatch(/^HTTP\/1.1 431 .*HEADERS_TOO_LARGE/s)
    })
  })

  test('a client that sends its headers or its body too slowly is cut off', async () => {
    await served({ requestTimeoutMs: 300 }, async (url, _server, gateway) => {
      const headers = await raw(url, 'POST /labels HTTP/1.1\r\nhost: localhost\r\n')
      expect(headers).toMatch(/^HTTP\/1.1 408 .*REQUEST_TIMEOUT/s)
      const body = await raw(
        url,
        'POST /labels HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 10\r\n' +
          `authorization: Bearer ${token}\r\n\r\n{"i`
      )
      expect(body).toMatch(/^HTTP\/1.1 408 .*REQUEST_TIMEOUT/s)
      expect(gateway.posted).toEqual([])
    })
  })

  test('connections beyond the limit are closed', async () => {
    await served({ maxConnections: 1 }, async url => {
      const { hostname, port } = new URL(url)
      const first = connect(Number(port), hostname)
      await new Promise(resolve => first.once('connect', resolve))
      const second = connect(Number(port), hostname)
      await new Promise(resolve => second.on('error', () => {}).once('close', resolve))
      first.destroy()
    })
  })
})
