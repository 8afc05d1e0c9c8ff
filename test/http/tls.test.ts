/** The interface over TLS: what it is spoken with, who must show a certificate, and how a server ends that speaks it. */
import { cpSync, mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askHere } from '../../src/command/ask.ts'
import { loadConfig } from '../../src/config/load.ts'
import { unnamedToken } from '../../src/http/token.ts'
import { renewing, tlsOf } from '../../src/wiring-http.ts'
import { makePair, noOpenssl, type Pair } from './certificates.ts'
import { accepted, served, token } from './fake-gateway.ts'

describe.skipIf(noOpenssl)('over TLS', () => {
  let folder: string
  let authority: Pair
  let own: Pair
  let other: Pair
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'andon-tls-'))
    authority = makePair(folder, 'authority')
    own = makePair(folder, 'own', authority)
    other = makePair(folder, 'other')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const bearer = { authorization: `Bearer ${token}` }
  const everywhere = () => ({ host: '0.0.0.0', tls: { cert: own.cert, key: own.key } })

  interface Asked {
    readonly headers?: Record<string, string>
    readonly client?: Pair
    readonly body?: string
  }

  function ask(url: string, path: string, { headers = {}, client, body }: Asked = {}): Promise<{ status: number; cookie: string }> {
    const { port } = new URL(url)
    const agent = new Agent({ ca: authority.cert, ...(client === undefined ? {} : { cert: client.cert, key: client.key }) })
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    return new Promise((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST'
      const sent = request({ host: '127.0.0.1', port, path, method, agent, headers: { ...type, ...headers } }, response => {
        response.resume()
        response.on('end', () => {
          agent.destroy()
          resolve({ status: response.statusCode!, cookie: String(response.headers['set-cookie']) })
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }

  test('others may ask with a token, and a log-in is for TLS alone', async () => {
    await served(everywhere(), async url => {
      expect(url).toMatch(/^https:/)
      expect((await ask(url, '/status')).status).toBe(401)
      expect((await ask(url, '/status', { headers: bearer })).status).toBe(200)
      expect((await ask(url, '/labels', { headers: bearer, body: '{"id":"a"}' })).status).toBe(200)
      const { cookie } = await ask(url, '/session', { body: JSON.stringify({ token }) })
      expect(cookie).toMatch(/^__Host-andon-session=.*; Secure$/)
    })
  })

  test('what is no TLS, or an old one, gets no answer', async () => {
    await served(everywhere(), async url => {
      const port = Number(new URL(url).port)
      const said = await new Promise<string>(resolve => {
        let text = ''
        const socket = connectPlain(port, '127.0.0.1', () => socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n'))
        socket.on('data', part => {
          text += part
        })
        socket.on('error', () => undefined)
        socket.on('close', () => resolve(text))
      })
      expect(said).not.toContain('alive')
      await expect(
        new Promise((_, reject) =>
          connect({ port, host: '127.0.0.1', maxVersion: 'TLSv1.1', rejectUnauthorized: false }).on('error', reject)
        )
      ).rejects.toThrow()
    })
  })

  test('with an authority for clients only who shows a certificate of it gets in, but for a probe', async () => {
    const tls = { cert: own.cert, key: own.key, clientCa: authority.cert }
    await served({ ...everywhere(), tls }, async url => {
      const stranger = makePair(folder, 'stranger')
      for (const client of [undefined, stranger]) {
        const shown = client === undefined ? {} : { client }
        expect((await ask(url, '/status', { headers: bearer, ...shown })).status).toBe(403)
        expect((await ask(url, '/session', { body: JSON.stringify({ token }), ...shown })).status).toBe(403)
        expect((await ask(url, '/healthz', shown)).status).toBe(200)
      }
      const client = makePair(folder, 'gateway', authority)
      expect((await ask(url, '/status', { headers: bearer, client })).status).toBe(200)
      expect((await ask(url, '/status', { client })).status).toBe(401)
    })
  })

  test('closing waits for a post under way and for no quiet connection', async () => {
    await served({ ...everywhere(), drainMs: 20_000 }, async (url, server, gateway) => {
      const port = Number(new URL(url).port)
      const quiet = await new Promise<TLSSocket>(resolve => {
        const socket = connect({ port, host: '127.0.0.1', ca: authority.cert }, () => resolve(socket))
      })
      quiet.on('error', () => undefined)
      const ended = new Promise(resolve => quiet.once('close', resolve))
      gateway.answer = async () => {
        void server.close()
        await ended
        return [accepted(0)]
      }
      expect((await ask(url, '/labels', { headers: bearer, body: '{"id":"a"}' })).status).toBe(200)
      await server.close()
    })
  })

  test('a renewed certificate is spoken with from the next connection on, and one without its key is not', async () => {
    const [certFile, keyFile] = [join(folder, 'live.pem'), join(folder, 'live.key')]
    const put = (from: string, to: string) => {
      cpSync(from, to)
      utimesSync(to, new Date(), new Date(Date.now() + (puts++ + 1) * 1000))
    }
    let puts = 0
    put(own.certFile, certFile)
    put(own.keyFile, keyFile)
    const { http } = loadConfig({ env: { ANDON_HTTP__TLS__CERT_FILE: certFile, ANDON_HTTP__TLS__KEY_FILE: keyFile } })
    const told: string[] = []
    await served({ tls: tlsOf(http.tls)! }, async (url, server) => {
      const stop = new AbortController()
      renewing(http, server, (_level, message) => void told.push(message), stop.signal, 10)
      const spoken = () =>
        new Promise<string>((resolve, reject) => {
          const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false }, () => {
            resolve(socket.getPeerX509Certificate()!.subject)
            socket.destroy()
          })
          socket.on('error', reject)
        })
      expect(await spoken()).toBe('CN=own')
      put(other.certFile, certFile)
      await expect.poll(() => told.some(text => text.includes('the one before goes on'))).toBe(true)
      expect(await spoken()).toBe('CN=own')
      put(other.keyFile, keyFile)
      await expect.poll(() => told.some(text => text.includes('took the certificate'))).toBe(true)
      expect(await spoken()).toBe('CN=other')
      stop.abort()
    })
  })

  test('a probe of this machine is asked with the token, and only of who shows the certificate of the file', async () => {
    await served({ ...everywhere(), tokens: [unnamedToken(token)] }, async url => {
      const http = (pair: Pair) =>
        loadConfig({
          env: {
            ANDON_HTTP__HOST: '0.0.0.0',
            ANDON_HTTP__PORT: new URL(url).port,
            ANDON_HTTP__TOKEN: token,
            ANDON_HTTP__TLS__CERT_FILE: pair.certFile,
            ANDON_HTTP__TLS__KEY_FILE: pair.keyFile
          }
        }).http
      expect(await askHere(http(own), '/status', 5000)).toMatchObject({ status: 200 })
      await expect(askHere(http(other), '/status', 5000)).rejects.toThrow('http.tls.certFile')
    })
  })
})
