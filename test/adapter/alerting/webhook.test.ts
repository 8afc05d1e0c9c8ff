/** Webhooks, Slack and Teams beside a receiver that keeps every byte. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Shape } from '../../../src/adapter/webhook/payload.ts'
import { openWebhook, type WebhookOptions } from '../../../src/adapter/webhook/webhook.ts'
import { alertOf, noticeOf, SECRET, sinkLaws } from '../../pipeline/sink.laws.ts'
import { HttpReceiver, openSilence } from './receivers.ts'

const never = new AbortController().signal
const receiver = new HttpReceiver()
let silence: Awaited<ReturnType<typeof openSilence>>

beforeAll(async () => {
  silence = await openSilence()
  await receiver.up()
})
afterAll(async () => {
  await receiver.down()
  await silence.close()
})
beforeEach(() => {
  receiver.answer = null
  receiver.got.length = 0
})

const open = (also: Partial<WebhookOptions> = {}) =>
  openWebhook({
    name: 'webhook',
    url: `http://127.0.0.1:${receiver.port}/hook/${SECRET}`,
    shape: 'json',
    secret: () => SECRET,
    token: null,
    timeoutMs: 5000,
    ca: null,
    link: 'https://andon.example.org/',
    clock: Date.now,
    ...also
  })

for (const shape of ['json', 'slack', 'teams'] as Shape[])
  describe(`a webhook that speaks ${shape}`, () => {
    const subject = {
      open: ({ timeoutMs, port = receiver.port }: { timeoutMs: number; port?: number }) =>
        open({ shape, timeoutMs, url: `http://127.0.0.1:${port}/hook/${SECRET}` }),
      async during(deliver: () => Promise<void>) {
        const before = receiver.got.length
        await deliver()
        return receiver.got.slice(before).map(({ headers }) => String(headers['idempotency-key']).split('.')[0]!)
      },
      up: () => receiver.up(),
      down: () => receiver.down(),
      get silence() {
        return silence.port
      }
    }
    test.each(sinkLaws)('$name', law => law.run(subject))
  })

describe('a webhook', () => {
  test('signs time and body, so that a receiver can tell it from any other', async () => {
    await open({ clock: () => 1_773_480_413_999 }).deliver(noticeOf(alertOf()), never)
    const [{ headers, body }] = receiver.got as [(typeof receiver.got)[0]]
    const [, seconds, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['andon-signature']))!
    expect(seconds).toBe('1773480413')
    const own = createHmac('sha256', SECRET).update(`${seconds}.${body}`).digest()
    expect(timingSafeEqual(own, Buffer.from(signature!, 'hex'))).toBe(true)
    const other = createHmac('sha256', SECRET).update(`${seconds}.${body} `).digest()
    expect(timingSafeEqual(other, Buffer.from(signature!, 'hex'))).toBe(false)
  })

  test('carries the alert whole, and one delivery id however often it is sent', async () => {
    const notice = noticeOf(alertOf(), 17)
    const sink = open()
    await sink.deliver(notice, never)
    await sink.deliver(notice, never)
    for (const { headers, body } of receiver.got) {
      expect(headers['idempotency-key']).toBe('defect-rate-1.raised.0-17')
      expect(JSON.parse(body)).toEqual({ version: 1, delivery: notice.id, ...notice.alert, link: 'https://andon.example.org/' })
    }
    expect(receiver.got).toHaveLength(2)
  })

  test('follows no redirect: what is signed for one address is not carried to another', async () => {
    const elsewhere = new HttpReceiver()
    await elsewhere.up()
    receiver.answer = response => response.writeHead(307, { location: `http://127.0.0.1:${elsewhere.port}/` }).end()
    await expect(open().deliver(noticeOf(alertOf()), never)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(elsewhere.got).toEqual([])
    await elsewhere.down()
  })

  test.each([
    [400, 'INPUT_INVALID'],
    [413, 'INPUT_INVALID'],
    [422, 'INPUT_INVALID'],
    [401, 'UNAVAILABLE'],
    [404, 'UNAVAILABLE'],
    [429, 'UNAVAILABLE'],
    [500, 'UNAVAILABLE']
  ])('answered with %i it throws %s', async (status, code) => {
    receiver.answer = response => response.writeHead(status).end(`no ${'x'.repeat(100_000)}`)
    const fault = await open()
      .deliver(noticeOf(alertOf()), never)
      .catch((error: Error) => error)
    expect(fault).toMatchObject({ code })
    expect((fault as Error).message.length).toBeLessThan(400)
  })

  test('what a chat shows of a name is text: no mention, no link, no emphasis', async () => {
    const alert = alertOf({ message: '<!channel> <http://evil|x> *b* & [a](http://evil)' })
    await open({ shape: 'slack' }).deliver(noticeOf(alert), never)
    await open({ shape: 'teams' }).deliver(noticeOf(alert), never)
    const [slack, teams] = receiver.got.map(({ body }) => body) as [string, string]
    expect(slack).not.toContain('<!channel>')
    expect(slack).not.toContain('<http://evil')
    expect(slack).toContain('&lt;!channel&gt;')
    expect(teams).toContain('\\\\[a\\\\]\\\\(http://evil\\\\)')
    const card = JSON.parse(teams).attachments[0]
    expect([card.contentType, card.content.type, card.content.version]).toEqual([
      'application/vnd.microsoft.card.adaptive',
      'AdaptiveCard',
      '1.4'
    ])
    expect(JSON.parse(slack).attachments[0].blocks[1].fields.length).toBeLessThanOrEqual(10)
  })
})
