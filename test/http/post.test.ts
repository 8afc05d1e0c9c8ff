import { setTimeout as later } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Fault } from '../../src/fault/fault.ts'
import { unnamedToken } from '../../src/http/token.ts'
import { accepted, answerOf, observation, send, served, token } from './fake-gateway.ts'

describe('posting', () => {
  test('one object, an array, an object of records and lines of JSON are the same events', async () => {
    await served({}, async (url, _server, gateway) => {
      const two = [observation, { ...observation, id: 'p-2' }]
      expect((await send(`${url}/observations`, observation)).status).toBe(200)
      expect((await send(`${url}/observations`, two)).status).toBe(200)
      expect((await send(`${url}/observations`, { records: two })).status).toBe(200)
      const lines = two.map(item => JSON.stringify(item)).join('\n\n') + '\n'
      expect((await send(`${url}/observations`, lines, { 'content-type': 'application/x-ndjson' })).status).toBe(200)
      expect(gateway.posted.map(call => call.records)).toEqual([[observation], two, two, two])
      expect(new Set(gateway.posted.map(call => call.name))).toEqual(new Set(['observation']))
    })
  })

  test('each address posts its own kind of event', async () => {
    await served({}, async (url, _server, gateway) => {
      for (const route of ['observations', 'labels', 'examples']) await send(`${url}/${route}`, { id: 'x' })
      expect(gateway.posted.map(call => call.name)).toEqual(['observation', 'label', 'example'])
    })
  })

  test('an Avro body goes to the gateway byte for byte', async () => {
    await served({}, async (url, _server, gateway) => {
      const bytes = Uint8Array.of(0xc3, 0x01, 0, 255, 10)
      expect((await send(`${url}/labels`, bytes, { 'content-type': 'application/avro' })).status).toBe(200)
      expect([...(gateway.posted[0]!.records[0] as Uint8Array)]).toEqual([...bytes])
    })
  })

  test('an observation is answered with its place and its prediction', async () => {
    await served({}, async (url, _server, gateway) => {
      const prediction = { observation: 'p-1', line: 'l1', station: null, time: 1, learned: 7, fold: 1, tasks: [] }
      gateway.answer = async () => [{ accepted: true, position: { topic: 'observations', partition: 2, offset: 9 }, prediction }]
      const answer = await (await send(`${url}/observations`, observation)).json()
      expect(answer).toEqual({
        accepted: 1,
        rejected: 0,
        receipts: [{ accepted: true, position: { topic: 'observations', partition: 2, offset: 9 }, prediction }]
      })
    })
  })

  test('receipts stand in the order posted, whoever rejected', async () => {
    await served({}, async (url, _server, gateway) => {
      const rejection = { code: 'unknown-line', reason: 'expected a configured line' } as const
      gateway.answer = async () => [accepted(0), { accepted: false, rejection }, accepted(1)]
      const response = await send(`${url}/observations`, [{ id: 'a' }, { bad: 1 }, { id: 'b' }, { id: 'c' }])
      expect(response.status).toBe(207)
      const body = await answerOf(response)
      expect(body).toMatchObject({ accepted: 2, rejected: 2 })
      expect(body.receipts).toEqual([
        accepted(0),
        { accepted: false, rejection: { code: 'malformed', reason: 'id: expected text, none came' } },
        { accepted: false, rejection },
        accepted(1)
      ])
    })
  })

  test('a record that is no event is handed over to be kept, and 422 tells that none was accepted', async () => {
    await served({}, async (url, _server, gateway) => {
      const response = await send(`${url}/labels`, 'not json\n{"bad":2}', { 'content-type': 'application/x-ndjson' })
      expect(response.status).toBe(422)
      expect((await answerOf(response)).rejected).toBe(2)
      expect(gateway.posted).toEqual([])
      expect(gateway.refused[0]).toMatchObject({ name: 'label', text: 'not json\n{"bad":2}' })
    })
  })

  test('nothing is answered before the gateway says that it is durable', async () => {
    await served({}, async (url, _server, gateway) => {
      let durable = (_: unknown) => {}
      const called = new Promise<void>(resolve => {
        gateway.answer = () => {
          resolve()
          return new Promise(done => {
            durable = () => done([accepted(0)])
          })
        }
      })
      let answered = false
      const response = send(`${url}/observations`, observation).then(r => {
        answered = true
        return r
      })
      await called
      await fetch(`${url}/healthz`)
      expect(answered).toBe(false)
      durable(null)
      expect((await response).status).toBe(200)
    })
  })

  test('a client that goes away aborts its post', async () => {
    await served({}, async (url, _server, gateway) => {
      const client = new AbortController()
      const aborted = new Promise<void>(resolve => {
        gateway.answer = (_records, signal) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              reject(signal.reason)
              resolve()
            })
            client.abort()
          })
      })
      await expect(
        fetch(`${url}/observations`, {
          method: 'POST',
          body: '{"id":"a"}',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
          signal: client.signal
        })
      ).rejects.toThrow()
      await aborted
    })
  })

  test('a post that was answered is not aborted afterwards', async () => {
    await served({}, async (url, server, gateway) => {
      await (await send(`${url}/observations`, observation)).text()
      await server.close()
      expect(gateway.posted[0]!.signal.aborted).toBe(false)
    })
  })

  test.each([
    ['OVERLOADED', 429, '1'],
    ['LOG_FULL', 503, '5'],
    ['UNAVAILABLE', 503, '5'],
    ['LOG_FENCED', 503, '5'],
    ['INPUT_INVALID', 400, null],
    ['FOLD_DIVERGED', 500, null]
  ] as const)('the fault %s is answered %i with Retry-After %s', async (code, status, retryAfter) => {
    await served({}, async (url, _server, gateway) => {
      gateway.answer = async () => Promise.reject(new Fault(code, 'expected room, none is left: wait'))
      const response = await send(`${url}/observations`, observation)
      expect(response.status).toBe(status)
      expect(response.headers.get('retry-after')).toBe(retryAfter)
      expect((await answerOf(response)).error.code).toBe(code)
    })
  })

  test('a defect is answered 500 without its text or stack, and told to the log without headers', async () => {
    const told: unknown[] = []
    const logger = { warn: () => {}, error: (fields: object) => void told.push(fields) }
    await served({ logger, tokens: [unnamedToken('sesame')] }, async (url, _server, gateway) => {
      gateway.answer = async () => Promise.reject(new Error('secret of the house'))
      const response = await send(`${url}/observations`, observation, { authorization: 'Bearer sesame' })
      expect(response.status).toBe(500)
      const text = await response.text()
      expect(text).not.toMatch(/secret|\.ts|at /)
      expect(told).toHaveLength(1)
      expect(JSON.stringify(told)).not.toContain('sesame')
    })
  })

  test('more posts at a time than allowed are told to come again, and there is room afterwards', async () => {
    await served({ maxPosts: 1 }, async (url, _server, gateway) => {
      let release = () => {}
      const first = new Promise<Response>(resolve => {
        gateway.answer = records =>
          new Promise(done => {
            release = () => done(records.map((_, i) => accepted(i)))
            send(`${url}/labels`, { id: 'b' }).then(resolve)
          })
      })
      const held = send(`${url}/labels`, { id: 'a' })
      const second = await first
      expect(second.status).toBe(429)
      expect(second.headers.get('retry-after')).toBe('1')
      release()
      expect((await held).status).toBe(200)
      gateway.answer = async records => records.map((_, i) => accepted(i))
      await expect.poll(async () => (await send(`${url}/labels`, { id: 'c' })).status).toBe(200)
    })
  })

  test('closing waits for a post under way, and cuts one that does not end', async () => {
    await served({ drainMs: 50 }, async (url, server, gateway) => {
      const aborted = new Promise<void>(resolve => {
        gateway.answer = (_records, signal) =>
          new Promise(() => {
            signal.addEventListener('abort', () => resolve())
            void server.close()
          })
      })
      await expect(send(`${url}/observations`, observation)).rejects.toThrow()
      await aborted
      await server.close()
    })
    await served({}, async (url, server, gateway) => {
      let closed: Promise<void> | null = null
      gateway.answer = async () => {
        closed = server.close()
        await later(1)
        return [accepted(0)]
      }
      expect((await send(`${url}/observations`, observation)).status).toBe(200)
      await closed
    })
  })
})
