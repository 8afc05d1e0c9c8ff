import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { accessTo } from '../../src/http/access.ts'
import { serve } from '../../src/http/serve.ts'
import { fakeGateway, noMetrics, observation, parse, send, served } from './fake-gateway.ts'

const token = 'a-token-of-24-characters'
const open = (extra: object) =>
  serve({ gateway: fakeGateway(), metrics: noMetrics, parse, port: 0, ...extra }, new AbortController().signal)

/** The status of a request whose Host and other headers are free to choose, as fetch's are not. */
function statusOf(url: string, path: string, headers: Record<string, string>, method = 'POST'): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, headers: { 'content-type': 'application/json', ...headers } }, response => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    sent.on('error', reject)
    sent.end(method === 'POST' ? '{"id":"a"}' : undefined)
  })
}

describe('who may ask', () => {
  test('off loopback the server does not start without a token, or with a short one', async () => {
    await expect(open({ host: '0.0.0.0' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('http.token')
    })
    await expect(open({ host: '0.0.0.0', token: 'short' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await expect(open({ token: '' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  test('off loopback posting and reading need the token, probes do not and tell no details', async () => {
    await served({ host: '0.0.0.0', token }, async (bound, _server, gateway) => {
      gateway.current = { ...gateway.current, ready: false, reasons: ['reading the snapshot'] }
      const url = `http://127.0.0.1:${new URL(bound).port}`
      const bearer = { authorization: `Bearer ${token}` }
      for (const path of ['/observations', '/labels', '/examples']) {
        expect((await send(url + path, observation)).status).toBe(401)
        expect((await send(url + path, observation, { authorization: `Bearer ${token}x` })).status).toBe(401)
        expect((await send(url + path, observation, { authorization: `Basic ${token}` })).status).toBe(401)
        expect((await send(url + path, observation, bearer)).status).toBe(200)
      }
      for (const path of ['/metrics', '/status']) {
        const response = await fetch(url + path)
        expect(response.status).toBe(401)
        expect(response.headers.get('www-authenticate')).toBe('Bearer')
        expect((await fetch(url + path, { headers: bearer })).status).toBe(200)
      }
      expect((await fetch(`${url}/healthz`)).status).toBe(200)
      expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ ready: false })
      expect(await (await fetch(`${url}/readyz`, { headers: bearer })).json()).toEqual({ ready: false, reasons: ['reading the snapshot'] })
    })
  })

  test('a refused post is not read and never reaches the gateway', async () => {
    await served({ token }, async (url, _server, gateway) => {
      expect((await send(`${url}/observations`, '{"id":')).status).toBe(401)
      expect(gateway.posted).toEqual([])
    })
  })

  test('on loopback a token is needed for posting only where it is configured, and never for reading', async () => {
    await served({}, async url => expect((await send(`${url}/labels`, observation)).status).toBe(200))
    await served({ token: 'short' }, async url => {
      expect((await send(`${url}/labels`, observation)).status).toBe(401)
      expect((await send(`${url}/labels`, observation, { authorization: 'bearer short' })).status).toBe(200)
      expect((await fetch(`${url}/status`)).status).toBe(200)
    })
  })

  test('on loopback a foreign Host is refused for every request, as a rebound name would bring one', async () => {
    await served({ hosts: ['andon.plant'] }, async url => {
      for (const host of ['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost@evil.example']) {
        expect(await statusOf(url, '/labels', { host }), host).toBe(403)
        expect(await statusOf(url, '/status', { host }, 'GET'), host).toBe(403)
      }
      for (const host of ['localhost', 'LOCALHOST:80', '127.0.0.1', '[::1]:9464', 'andon.plant'])
        expect(await statusOf(url, '/labels', { host }), host).toBe(200)
    })
  })

  test('a web page of another origin cannot post', async () => {
    await served({}, async url => {
      const { host } = new URL(url)
      for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1', 'nonsense'])
        expect(await statusOf(url, '/labels', { origin }), origin).toBe(403)
      for (const site of ['cross-site', 'same-site']) expect(await statusOf(url, '/labels', { 'sec-fetch-site': site }), site).toBe(403)
      expect(await statusOf(url, '/labels', { origin: `http://${host}`, 'sec-fetch-site': 'same-origin' })).toBe(200)
    })
  })

  test('a token is compared whole: a prefix, a longer one and the empty one fail', () => {
    const access = accessTo('10.0.0.1', token, [])
    const refused = (authorization: string | undefined) =>
      access.refuse('POST', authorization === undefined ? {} : { authorization }, 'post')?.status
    expect(refused(`Bearer ${token}`)).toBeUndefined()
    for (const wrong of [undefined, '', 'Bearer', 'Bearer ', `Bearer ${token.slice(0, -1)}`, `Bearer ${token}a`, token])
      expect(refused(wrong)).toBe(401)
  })
})
