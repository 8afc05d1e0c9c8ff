/** Logging in with a browser, as a browser and as somebody who would like to be taken for one. */
import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { attemptBounds } from '../../src/http/attempts.ts'
import type { ServeOptions } from '../../src/http/serve.ts'
import type { Me } from '../../src/http/session.ts'
import { digestOf, tokenOf } from '../../src/http/token.ts'
import type { Onlooker } from '../../src/pipeline/onlooker.ts'
import { served } from './fake-gateway.ts'

const text = 'the-token-of-a-shift-lead'
const lead = tokenOf({ name: 'shift-lead', role: 'label', lines: ['press-1'] }, digestOf(text))
const record = '{"id":"a","line":"press-1"}'

interface Said {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: string
}

function ask(url: string, method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Said> {
  return new Promise((resolve, reject) => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const sent = request(`${url}${path}`, { method, headers: { ...type, ...headers } }, response => {
      let said = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        said += part
      })
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: said }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const loginAt = (url: string, token: string, headers: Record<string, string> = {}) =>
  ask(url, 'POST', '/session', headers, JSON.stringify({ token }))
const cookieOf = (said: Said): string => String(said.headers['set-cookie']).split(';')[0]!
const browser = (url: string) => ({ origin: url, 'sec-fetch-site': 'same-origin' })
const with_ = (options: Partial<ServeOptions>) => ({ tokens: [lead], ...options })

describe('a browser', () => {
  test('logs in with a token, changes what it may by its cookie, and is nobody after logging out', async () => {
    await served(with_({}), async (url, _server, gateway) => {
      const before = JSON.parse((await ask(url, 'GET', '/api/me')).body) as Me
      expect(before).toEqual({ name: null, role: null, lines: [], may: ['read'], expires: null })
      const login = await loginAt(url, text, browser(url))
      expect(login.status).toBe(200)
      expect(JSON.parse(login.body)).toMatchObject({ name: 'shift-lead', role: 'label', lines: ['press-1'] })
      const cookie = cookieOf(login)
      expect(cookie).not.toContain(text)
      const me = JSON.parse((await ask(url, 'GET', '/api/me', { cookie })).body) as Me
      expect(me.may).toEqual(['read', 'acknowledge', 'label'])
      expect(me.expires! - Date.now()).toBeGreaterThan(11 * 3_600_000)
      expect((await ask(url, 'POST', '/labels', { ...browser(url), cookie }, record)).status).toBe(200)
      expect((await ask(url, 'POST', '/observations', { ...browser(url), cookie }, record)).status).toBe(403)
      const out = await ask(url, 'DELETE', '/session', { ...browser(url), cookie })
      expect([out.status, String(out.headers['set-cookie'])]).toEqual([200, expect.stringContaining('Max-Age=0')])
      expect((await ask(url, 'POST', '/labels', { ...browser(url), cookie }, record)).status).toBe(401)
      expect(gateway.posted).toHaveLength(1)
    })
  })

  test('has a cookie that no script reads, no other site sends, and TLS alone carries where it is spoken', async () => {
    await served(with_({}), async url => {
      expect(String((await loginAt(url, text)).headers['set-cookie'])).toMatch(
        /^andon-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=(43200|4319\d)$/
      )
    })
    await served(with_({ trustedProxy: ['127.0.0.1'], sessionMs: 500_000 }), async url => {
      const said = await loginAt(url, text, { host: 'andon.plant', 'x-forwarded-proto': 'https' })
      expect(String(said.headers['set-cookie'])).toMatch(
        /^__Host-andon-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=(500|49\d); Secure$/
      )
      const silent = await loginAt(url, text, { host: 'andon.plant' })
      expect(String(silent.headers['set-cookie'])).toContain('; Secure')
      const plain = await loginAt(url, text, { host: 'andon.plant', 'x-forwarded-proto': 'http' })
      expect(String(plain.headers['set-cookie'])).not.toContain('Secure')
      // A cookie without the prefix could be another site's under the same domain.
      const cookie = cookieOf(said).replace('__Host-', '')
      expect((await ask(url, 'GET', '/status', { host: 'andon.plant', 'x-forwarded-proto': 'https', cookie })).status).toBe(401)
    })
  })

  test('reads by its cookie where reading needs a token, and cannot before', async () => {
    await served(with_({ trustedProxy: ['127.0.0.1'] }), async url => {
      expect((await ask(url, 'GET', '/status')).status).toBe(401)
      expect(JSON.parse((await ask(url, 'GET', '/api/me')).body)).toMatchObject({ name: null, may: [] })
      const cookie = cookieOf(await loginAt(url, text))
      expect((await ask(url, 'GET', '/status', { cookie })).status).toBe(200)
    })
  })

  test('sent by a page of another site, or by what says nothing of the page, changes nothing by its cookie', async () => {
    await served(with_({}), async (url, _server, gateway) => {
      const cookie = cookieOf(await loginAt(url, text))
      const foreign: Record<string, string>[] = [
        {},
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: url, 'sec-fetch-site': 'cross-site' },
        { origin: url.replace('http:', 'https:') }
      ]
      for (const headers of foreign) {
        expect((await ask(url, 'POST', '/labels', { ...headers, cookie }, record)).status, JSON.stringify(headers)).toBe(403)
        expect((await ask(url, 'DELETE', '/session', { ...headers, cookie })).status, JSON.stringify(headers)).toBe(403)
      }
      expect(gateway.posted).toEqual([])
      expect((await ask(url, 'POST', '/labels', { ...browser(url), cookie }, record)).status).toBe(200)
    })
  })

  test('cannot be logged in by another site', async () => {
    await served(with_({}), async url => {
      expect((await loginAt(url, text, { origin: 'https://evil.example' })).status).toBe(403)
      const form = { 'content-type': 'application/x-www-form-urlencoded', ...browser(url) }
      expect((await ask(url, 'POST', '/session', form, `token=${text}`)).status).toBe(415)
    })
  })
})

describe('a browser that follows live', () => {
  const onlooker = { follow: () => () => undefined, pulse: () => ({}) } as unknown as Onlooker
  const board: NonNullable<ServeOptions['board']> = { onlooker, explain: () => null }

  test.each([
    ['it logs out', {}],
    ['its log-in expires', { sessionMs: 300 }]
  ])('hears nothing more once %s', async (_when, options) => {
    await served(with_({ board, trustedProxy: ['127.0.0.1'], ...options }), async url => {
      const cookie = cookieOf(await loginAt(url, text))
      const live = await fetch(`${url}/api/stream`, { headers: { cookie, 'sec-fetch-site': 'same-origin' } })
      expect(live.status).toBe(200)
      if (!('sessionMs' in options)) await ask(url, 'DELETE', '/session', { ...browser(url), cookie })
      await live.text()
      expect((await fetch(`${url}/api/stream`, { headers: { cookie } })).status).toBe(401)
    })
  })
})

describe('who is not let in', () => {
  test.each([
    ['another token', JSON.stringify({ token: `${text}x` }), 401],
    ['none', JSON.stringify({}), 400],
    ['a list', JSON.stringify([text]), 400],
    ['one that is no text', JSON.stringify({ token: [text] }), 400],
    ['no JSON', text, 400],
    ['one that is endless', JSON.stringify({ token: 'x'.repeat(10_000) }), 413]
  ])('%s', async (_what, body, status) => {
    await served(with_({}), async url => {
      const said = await ask(url, 'POST', '/session', {}, body)
      expect([said.status, said.headers['set-cookie']]).toEqual([status, undefined])
      expect(said.body).not.toContain(text)
    })
  })

  test('a cookie that was never given is nobody, however often it comes', async () => {
    await served(with_({}), async url => {
      for (let i = 0; i < attemptBounds.burst + 5; i++)
        expect((await ask(url, 'POST', '/labels', { ...browser(url), cookie: `andon-session=${i}` }, record)).status).toBe(401)
    })
  })

  test('wrong tokens, whichever way they come, are counted together: then nothing that comes is looked at, and it is logged', async () => {
    const told: string[] = []
    const tell = (fields: object, message: string) => void told.push(JSON.stringify({ ...fields, message }))
    await served(with_({ logger: { info: tell, warn: tell, error: tell } }), async url => {
      const ways = [
        () => loginAt(url, 'a-wrong-token-by-log-in'),
        () => ask(url, 'POST', '/labels', { authorization: 'Bearer a-wrong-token-by-post' }, record),
        () => ask(url, 'GET', '/readyz', { authorization: 'Bearer a-wrong-token-by-probe' }),
        () => ask(url, 'GET', '/api/me', { authorization: 'Bearer a-wrong-token-by-me' })
      ]
      for (let i = 0; i < attemptBounds.burst; i++) await ways[i % ways.length]!()
      const login = await loginAt(url, text)
      expect([login.status, login.headers['retry-after']]).toEqual([429, '1'])
      expect((await ask(url, 'POST', '/labels', { authorization: `Bearer ${text}` }, record)).status).toBe(429)
      expect(JSON.parse((await ask(url, 'GET', '/api/me', { authorization: `Bearer ${text}` })).body)).toMatchObject({ name: null })
      expect((await ask(url, 'GET', '/healthz', { authorization: 'Bearer a-wrong-token' })).status).toBe(200)
      expect(told).toHaveLength(attemptBounds.burst)
      expect(told[0]).toBe('{"address":"127.0.0.1","message":"a wrong token came"}')
    })
  })

  test('each client of a proxy is counted apart, by what the proxy says, which nobody else is believed', async () => {
    await served(with_({ trustedProxy: ['127.0.0.1'] }), async url => {
      const from = (address: string, token: string) =>
        ask(url, 'POST', '/labels', { 'x-forwarded-for': address, authorization: `Bearer ${token}` }, record)
      for (let i = 0; i < attemptBounds.burst; i++) await from('192.0.2.1', 'a-wrong-token-indeed')
      expect([(await from('192.0.2.1', text)).status, (await from('192.0.2.2', text)).status]).toEqual([429, 200])
      // The last address is the proxy's word, what stands before it the client's own.
      expect((await from('192.0.2.9, 192.0.2.1', text)).status).toBe(429)
    })
    await served(with_({}), async url => {
      for (let i = 0; i < attemptBounds.burst; i++)
        await ask(url, 'POST', '/labels', { 'x-forwarded-for': `192.0.2.${i}`, authorization: 'Bearer a-wrong-token-indeed' }, record)
      expect((await ask(url, 'POST', '/labels', { 'x-forwarded-for': '192.0.2.99', authorization: `Bearer ${text}` }, record)).status).toBe(
        429
      )
    })
  })

  test('log-ins and log-outs are told with the name and never with the token or the cookie', async () => {
    const told: string[] = []
    const tell = (fields: object, message: string) => void told.push(JSON.stringify({ ...fields, message }))
    await served(with_({ logger: { info: tell, warn: tell, error: tell } }), async url => {
      const login = await loginAt(url, text)
      await ask(url, 'DELETE', '/session', { ...browser(url), cookie: cookieOf(login) })
      expect(told).toEqual([
        '{"by":"shift-lead","address":"127.0.0.1","message":"logged in"}',
        '{"by":"shift-lead","address":"127.0.0.1","message":"logged out"}'
      ])
    })
  })
})
