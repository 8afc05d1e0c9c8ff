/** The live stream and the files of the page, over real sockets. */
import { request } from 'node:http'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import type { Signal } from '../../src/events/event.ts'
import type { BoardOptions } from '../../src/http/board.ts'
import { contentPolicy, pageFiles } from '../../src/http/page.ts'
import { served } from '../http/fake-gateway.ts'
import { type Stub, stub, tile } from './stub.ts'

interface Heard {
  readonly event: string
  readonly id: string
  readonly data: unknown
}

const signal = (id: string, message = id): { readonly name: 'signal'; readonly event: Signal } => ({
  name: 'signal',
  event: {
    id,
    time: 1,
    kind: 'class-appeared',
    domain: null,
    task: null,
    class: null,
    bank: null,
    expert: null,
    value: null,
    learned: 1,
    message
  }
})

/** Reads events one by one until it is closed. */
async function listen(url: string, headers: Record<string, string> = {}) {
  const stop = new AbortController()
  const response = await fetch(`${url}/api/stream`, { headers, signal: stop.signal })
  let text = ''
  const chunks = response.body!.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]()
  return {
    response,
    close: () => stop.abort(),
    /** The next event of one of these names; null when the stream has ended. */
    async next(...names: string[]): Promise<Heard | null> {
      for (;;) {
        const end = text.indexOf('\n\n')
        if (end < 0) {
          const chunk = await chunks.next().catch(() => ({ done: true, value: '' }))
          if (chunk.done) return null
          text += chunk.value
          continue
        }
        const fields = Object.fromEntries(
          text
            .slice(0, end)
            .split('\n')
            .map(line => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)])
        )
        text = text.slice(end + 2)
        if (names.includes(fields.event ?? ''))
          return { event: fields.event!, id: fields.id ?? '', data: JSON.parse(fields.data ?? 'null') }
      }
    }
  }
}

const serving = <T>(use: (url: string, made: Stub) => Promise<T>, stream: BoardOptions['stream'] = {}) => {
  const made = stub()
  return served({ board: { ...made.board, stream } }, url => use(url, made))
}

test('who listens gets the state at once and again, and what happens as it happens', () =>
  serving(
    async (url, made) => {
      made.tiles = [tile('a')]
      const stream = await listen(url)
      expect(stream.response.headers.get('content-type')).toContain('text/event-stream')
      expect((await stream.next('status'))!.data).toMatchObject({ ready: true, tiles: [{ line: 'a' }] })
      made.tell(signal('s-1'))
      expect((await stream.next('signal'))!.data).toMatchObject({ id: 's-1' })
      expect(await stream.next('status')).not.toBeNull()
      stream.close()
    },
    { pulseMs: 20 }
  ))

test('who came between two states is told when what he was offered is no longer there, though all others knew', async () => {
  const made = stub()
  await served({ board: { ...made.board, stream: { pulseMs: 300 } } }, async (url, _server, gateway) => {
    gateway.alerts = () => ({ open: [], recent: [], lines: [], trial: null, sinks: [] })
    const stream = await listen(url)
    expect((await stream.next('offers'))!.data).toContain('/api/alerts')
    delete gateway.alerts
    await stream.next('status')
    expect(await stream.next('offers', 'status')).toMatchObject({ event: 'offers', data: ['/api/me'] })
    stream.close()
  })
})

test('who comes back gets what happened meanwhile, each once and in order', () =>
  serving(async (url, made) => {
    const first = await listen(url)
    await first.next('status')
    made.tell(signal('s-1'))
    const { id } = (await first.next('signal'))!
    first.close()
    for (const name of ['s-2', 's-3']) made.tell(signal(name))
    const second = await listen(url, { 'last-event-id': id })
    expect([(await second.next('signal', 'reset'))!.data, (await second.next('signal', 'reset'))!.data]).toMatchObject([
      { id: 's-2' },
      { id: 's-3' }
    ])
    second.close()
  }))

test('who comes back to another process, or too late, is told to ask anew', () =>
  serving(
    async (url, made) => {
      const first = await listen(url)
      const { id } = (await first.next('status'))!
      first.close()
      for (let i = 0; i < 9; i++) made.tell(signal(`s-${i}`))
      for (const last of [id, 'another.3', 'another', `${id.split('.')[0]}.999`]) {
        const again = await listen(url, { 'last-event-id': last })
        expect(await again.next('signal', 'reset', 'status')).toMatchObject({ event: 'reset' })
        again.close()
      }
    },
    { remembered: 5 }
  ))

test('more than may listen are told to come later, and who leaves makes room', () =>
  serving(
    async url => {
      const streams = [await listen(url), await listen(url)]
      const refused = await fetch(`${url}/api/stream`)
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10'])
      await refused.text()
      for (const stream of streams) stream.close()
      let status = 429
      while (status === 429) {
        const again = await listen(url)
        status = again.response.status
        again.close()
      }
    },
    { most: 2 }
  ))

test('who does not read is cut once his backlog is full, and nobody else notices', () =>
  serving(
    async (url, made) => {
      const { port, hostname } = new URL(url)
      const slow = connect(Number(port), hostname)
      slow.pause()
      slow.write(`GET /api/stream HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`)
      const ended = new Promise(resolve => slow.once('close', resolve))
      const quick = await listen(url)
      await quick.next('status')
      // The kernel takes some megabytes for a socket that nobody reads.
      const long = 'x'.repeat(100_000)
      for (let i = 0; i < 200; i++) {
        made.tell(signal(`s-${i}`, long))
        await quick.next('signal')
      }
      slow.on('error', () => {})
      slow.resume()
      await ended
      made.tell(signal('last'))
      expect((await quick.next('signal'))!.data).toMatchObject({ id: 'last' })
      quick.close()
    },
    { backlogBytes: 65_536, remembered: 3 }
  ))

test('a server that closes ends its streams at once', async () => {
  const made = stub()
  await served({ board: made.board, drainMs: 30_000 }, async (url, server) => {
    const stream = await listen(url)
    await stream.next('status')
    await server.close()
    expect(await stream.next('signal')).toBeNull()
    expect(made.listening()).toBe(0)
  })
})

test('the page and each of its files are served with a strict policy, and asked for again cost a line', () =>
  serving(async url => {
    const page = await fetch(url)
    expect(page.headers.get('content-security-policy')).toBe(contentPolicy)
    expect(contentPolicy).not.toMatch(/unsafe|\*|https?:/)
    const html = await page.text()
    expect(html).not.toMatch(/<script(?![^>]*src="\/page\/)|<style| style=| on\w+=|https?:\/\//)
    const files = [...pageFiles().keys()]
    expect(files).toEqual(
      expect.arrayContaining([
        '/',
        '/page/app.js',
        '/page/style.css',
        '/page/uPlot.iife.min.js',
        '/page/morphdom-umd.min.js',
        '/judge/interval.js'
      ])
    )
    for (const file of files) {
      const answer = await fetch(url + file)
      expect([file, answer.status, answer.headers.get('x-content-type-options'), answer.headers.get('cache-control')]).toEqual([
        file,
        200,
        'nosniff',
        'no-cache'
      ])
      await answer.arrayBuffer()
      expect((await fetch(url + file, { headers: { 'if-none-match': answer.headers.get('etag')! } })).status).toBe(304)
    }
  }))

test('every module that the page imports is one of its files', () => {
  const files = pageFiles()
  for (const [address, { bytes, type }] of files) {
    if (!type.startsWith('text/javascript') || /uPlot|morphdom/.test(address)) continue
    for (const [, name] of bytes.toString('utf8').matchAll(/^(?:import|export)\b[^;\n]*\bfrom ['"]([^'"]+)['"]/gm))
      expect([address, files.has(new URL(name!, `http://x${address}`).pathname)]).toEqual([address, true])
  }
})

test('no address leads out of the page', () =>
  serving(async url => {
    const { port, hostname } = new URL(url)
    const get = (path: string) =>
      new Promise<number>((resolve, reject) => {
        const asked = request({ port, hostname, path }, answer => {
          answer.resume()
          resolve(answer.statusCode ?? 0)
        })
        asked.once('error', reject)
        asked.end()
      })
    const ways = [
      '/page/../http/serve.js',
      '/page/..%2fhttp%2fserve.js',
      '/page/%2e%2e/http/serve.js',
      '/page//etc/passwd',
      '/page/app.js%00.css',
      '/page/',
      '/page/..\\..\\package.json',
      '/judge/report.js'
    ]
    for (const way of ways)
      expect([way, await get(way)]).toEqual([way, expect.toSatisfy((status: number) => status === 404 || status === 400)])
  }))

test('history, parts and explanations refuse what they do not know in words', () =>
  serving(async url => {
    const status = async (path: string) => (await fetch(url + path)).status
    expect(await status('/api/history')).toBe(200)
    expect(await status('/api/history?range=century')).toBe(400)
    expect(await status('/api/history?since=yesterday')).toBe(400)
    expect(await status('/api/history?range=__proto__')).toBe(400)
    expect(await status('/api/explain?observation=nobody')).toBe(404)
    expect(await (await fetch(`${url}/api/parts?observation=nobody`)).json()).toEqual({ parts: [] })
  }))
