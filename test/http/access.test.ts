/** Who may ask and who may change something, over the wire. */
import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { accessTo } from '../../src/http/access.ts'
import { serve } from '../../src/http/serve.ts'
import { digestOf, type Need, type Role, roles, tokenOf, unnamedToken } from '../../src/http/token.ts'
import { fakeGateway, noMetrics, observation, parse, send, sendBare, served, token } from './fake-gateway.ts'

const open = (extra: object) =>
  serve({ gateway: fakeGateway(), metrics: noMetrics, parse, port: 0, ...extra }, new AbortController().signal)
const proxied = { host: '0.0.0.0', trustedProxy: ['127.0.0.0/8'] }
const bearer = { authorization: `Bearer ${token}` }

/** The status of a request whose Host and other headers are free to choose, as fetch's are not. */
function statusOf(url: string, path: string, headers: Record<string, string>, method = 'POST'): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, headers: { 'content-type': 'application/json', ...bearer, ...headers } }, response => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    sent.on('error', reject)
    sent.end(method === 'POST' ? '{"id":"a"}' : undefined)
  })
}

describe('who may ask', () => {
  test('off loopback the server does not start without a token, nor in the clear without a declared proxy', async () => {
    const tokens = [unnamedToken(token)]
    await expect(open({ ...proxied })).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('http.tokens') })
    await expect(open({ host: '0.0.0.0', tokens })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/http\.tls\.certFile.*http\.trustedProxy/)
    })
    await expect(open({ ...proxied, trustedProxy: ['10.0.0.0/33'], tokens })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await (await open({ ...proxied, tokens })).close()
  })

  test('the same name or the same token twice is refused', async () => {
    const one = unnamedToken(token)
    await expect(open({ tokens: [one, one] })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await expect(
      open({ tokens: [one, { ...unnamedToken('another-token-than-that'), name: 'b' }, { ...one, name: 'c' }] })
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID'
    })
  })

  test('off loopback posting and reading need the token, probes do not and tell no details', async () => {
    await served(proxied, async (bound, _server, gateway) => {
      gateway.current = { ...gateway.current, ready: false, reasons: ['reading the snapshot'] }
      const url = `http://127.0.0.1:${new URL(bound).port}`
      for (const path of ['/observations', '/labels', '/examples']) {
        expect((await sendBare(url + path, observation)).status).toBe(401)
        expect((await sendBare(url + path, observation, { authorization: `Bearer ${token}x` })).status).toBe(401)
        expect((await sendBare(url + path, observation, { authorization: `Basic ${token}` })).status).toBe(401)
        expect((await send(url + path, observation)).status).toBe(200)
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

  test('off loopback nothing but a probe is answered in the clear to who is not declared', () => {
    const access = accessTo({ host: '10.0.0.1', tokens: [unnamedToken(token)], trustedProxy: ['10.1.0.0/16', '2001:db8::7'] })
    const status = (peer: string, need: Need | 'login' = 'read') =>
      access.refuse({ method: 'GET', headers: { ...bearer }, address: peer, peer, certified: false }, need)?.status
    for (const peer of ['10.1.2.3', '::ffff:10.1.2.3', '127.0.0.1', '::1', '2001:db8::7']) expect(status(peer), peer).toBeUndefined()
    for (const peer of ['10.2.0.1', '::ffff:10.2.0.1', '2001:db8::8', '', 'nonsense']) {
      expect(status(peer), peer).toBe(403)
      expect(status(peer, 'login'), peer).toBe(403)
      expect(status(peer, 'probe'), peer).toBeUndefined()
    }
  })

  test('a proxy on the same machine makes reading on loopback need a token, and any host name good', async () => {
    await served({ trustedProxy: ['127.0.0.1'] }, async url => {
      const reads = (headers: Record<string, string>) => statusOf(url, '/status', { host: 'andon.plant', ...headers }, 'GET')
      expect(await reads({})).toBe(200)
      expect(await reads({ authorization: 'Bearer another-token-than-that' })).toBe(401)
    })
  })

  test('a refused post is not read and never reaches the gateway', async () => {
    await served({}, async (url, _server, gateway) => {
      expect((await sendBare(`${url}/observations`, '{"id":')).status).toBe(401)
      expect(gateway.posted).toEqual([])
    })
  })

  test('on loopback whatever changes something needs a token, reading never; with no token nobody changes anything', async () => {
    await served({ tokens: [] }, async url => {
      expect((await send(`${url}/labels`, observation)).status).toBe(401)
      expect((await fetch(`${url}/status`)).status).toBe(200)
    })
    await served({}, async url => {
      expect((await sendBare(`${url}/labels`, observation)).status).toBe(401)
      expect((await sendBare(`${url}/labels`, observation, { authorization: `bearer ${token}` })).status).toBe(200)
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

  test('a page of another site cannot make a browser read either, though a link may lead here', async () => {
    await served({}, async url => {
      const status = (site: string, mode: string) => statusOf(url, '/status', { 'sec-fetch-site': site, 'sec-fetch-mode': mode }, 'GET')
      expect(await status('cross-site', 'cors')).toBe(403)
      expect(await status('same-site', 'no-cors')).toBe(403)
      expect(await status('cross-site', 'navigate')).toBe(200)
      expect(await status('same-origin', 'cors')).toBe(200)
    })
  })
})

describe('what a role may', () => {
  const all: Need[] = ['read', 'feed', 'label', 'acknowledge', 'admin']
  const names = Object.keys(roles) as Role[]
  const tokens = names.map(role => tokenOf({ name: role, role, lines: 'any' }, digestOf(`token-of-the-role-${role}`)))
  const access = accessTo({ host: '10.0.0.1', tokens, trustedProxy: ['10.0.0.2'] })
  const status = (role: string, need: Need) =>
    access.refuse(
      { method: 'POST', headers: { authorization: `Bearer token-of-the-role-${role}` }, address: 'a', peer: '10.0.0.2', certified: false },
      need
    )?.status ?? 200

  test.each(names)('%s may what the table says, and is told 403 of all else', role => {
    expect(all.filter(need => status(role, need) === 200).sort()).toEqual([...roles[role]].sort())
    expect(all.filter(need => status(role, need) !== 200).every(need => status(role, need) === 403)).toBe(true)
  })

  test('the route of each kind of event asks for its own', async () => {
    await served({ tokens }, async url => {
      const posts = (role: string, path: string) =>
        sendBare(url + path, observation, { authorization: `Bearer token-of-the-role-${role}` }).then(({ status }) => status)
      expect(await Promise.all(['/observations', '/labels', '/examples'].map(path => posts('label', path)))).toEqual([403, 200, 403])
      expect(await Promise.all(['/observations', '/labels', '/examples'].map(path => posts('feed', path)))).toEqual([200, 200, 200])
      expect(await Promise.all(['/observations', '/labels', '/examples'].map(path => posts('read', path)))).toEqual([403, 403, 403])
    })
  })

  test('the name and the token are not in what is told of a refusal beyond the name of its own', async () => {
    await served({ tokens }, async url => {
      const response = await sendBare(`${url}/labels`, observation, { authorization: 'Bearer token-of-the-role-read' })
      const text = await response.text()
      expect(text).toContain('that of read has the role read')
      expect(text).not.toContain('token-of-the-role')
    })
  })
})

test('a token is compared whole: a prefix, a longer one and the empty one fail', () => {
  const access = accessTo({ host: '10.0.0.1', tokens: [unnamedToken(token)], trustedProxy: ['10.0.0.0/8'] })
  const refused = (authorization: string | undefined) =>
    access.refuse(
      { method: 'POST', headers: authorization === undefined ? {} : { authorization }, address: '', peer: '10.0.0.2', certified: false },
      'label'
    )?.status
  expect(refused(`Bearer ${token}`)).toBeUndefined()
  for (const wrong of [undefined, '', 'Bearer', 'Bearer ', `Bearer ${token.slice(0, -1)}`, `Bearer ${token}a`, token])
    expect(refused(wrong)).toBe(401)
})
