/** The routes of alerts, and who may do what of them. */
import { describe, expect, test } from 'vitest'
import { Fault } from '../../src/fault/fault.ts'
import { digestOf, tokenOf } from '../../src/http/token.ts'
import type { AlertsBoard, Gateway } from '../../src/pipeline/gateway.ts'
import { served, token } from './fake-gateway.ts'

const trial = { id: 'trial-1', open: ['3 of at least 7 days'], left: null } as unknown as AlertsBoard['trial']
const board = {
  open: [{ id: 'run-1', line: 'press', state: 'raised' }],
  recent: [],
  lines: ['press'],
  sinks: [],
  trial
} as unknown as AlertsBoard

function withAlerts(gateway: Gateway, also: Partial<Gateway> = {}): { by: unknown[] } {
  const asked: unknown[] = []
  Object.assign(gateway, {
    alerts: () => board,
    acknowledge: async (id: string, by: string | null) => {
      asked.push([id, by])
      return id !== 'run-1' ? 'unknown' : asked.length > 1 ? 'already' : 'acknowledged'
    },
    leaveTrial: async () => ({ left: false, open: ['3 of at least 7 days'] }),
    ...also
  })
  return { by: asked }
}
const bare = (url: string, path: string, headers: Record<string, string> = {}) => fetch(`${url}${path}`, { method: 'POST', headers })
const post = (url: string, path: string, text = token) => bare(url, path, { authorization: `Bearer ${text}` })
const said = async (response: Response) => ((await response.json()) as { error: { code: string; message: string } }).error

describe('over HTTP', () => {
  test('alerts are told, acknowledged once, and unknown ones are unknown', async () => {
    await served({}, async (url, _server, gateway) => {
      withAlerts(gateway)
      expect(await (await fetch(`${url}/api/alerts`)).json()).toEqual(JSON.parse(JSON.stringify(board)))
      expect((await post(url, '/api/alerts/run-1/acknowledge')).status).toBe(200)
      const again = await post(url, '/api/alerts/run-1/acknowledge')
      expect([again.status, (await said(again)).code]).toEqual([409, 'ALREADY_DONE'])
      const unknown = await post(url, `/api/alerts/${encodeURIComponent('../../etc')}/acknowledge`)
      expect([unknown.status, (await said(unknown)).code]).toEqual([404, 'NOT_FOUND'])
    })
  })

  test('a trial is told, and left only once nothing stands against it', async () => {
    await served({}, async (url, _server, gateway) => {
      withAlerts(gateway)
      expect(await (await fetch(`${url}/api/trial`)).json()).toMatchObject({ id: 'trial-1' })
      const refused = await post(url, '/api/trial/leave')
      expect([refused.status, (await said(refused)).message]).toEqual([409, expect.stringContaining('3 of at least 7 days')])
      withAlerts(gateway, { leaveTrial: async () => ({ left: true, open: [] }), alerts: () => ({ ...board, trial: null }) })
      expect((await post(url, '/api/trial/leave')).status).toBe(200)
      expect((await fetch(`${url}/api/trial`)).status).toBe(404)
    })
  })

  test('a process that does not watch says so, whether it cannot or has not begun', async () => {
    const unavailable = (): never => {
      throw new Fault('UNAVAILABLE', 'expected a process that watches, this one does not: ask one with --role watch or all')
    }
    for (const also of [{}, { alerts: unavailable, acknowledge: async () => unavailable(), leaveTrial: async () => unavailable() }])
      await served({}, async (url, _server, gateway) => {
        Object.assign(gateway, also)
        for (const answer of [
          await fetch(`${url}/api/alerts`),
          await fetch(`${url}/api/trial`),
          await post(url, '/api/alerts/run-1/acknowledge'),
          await post(url, '/api/trial/leave')
        ]) {
          expect(answer.status).toBe(503)
          expect((await said(answer)).message).toContain('--role watch or all')
        }
      })
  })

  test('no other site may acknowledge, and nobody without a token', async () => {
    await served({}, async (url, _server, gateway) => {
      const { by } = withAlerts(gateway)
      const path = '/api/alerts/run-1/acknowledge'
      expect((await bare(url, path)).status).toBe(401)
      expect((await bare(url, path, { authorization: `Bearer ${token}`, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
      expect(by).toEqual([])
      expect((await post(url, path)).status).toBe(200)
      expect(by).toEqual([['run-1', 'default']])
    })
  })

  test('who acknowledged is told by name, and only of lines that he may touch; a trial is left by an administrator', async () => {
    const texts = { Ada: 'a-token-of-ada-here', Bob: 'a-token-of-bob-here', Eve: 'a-token-of-eve-here' }
    const holder = (name: keyof typeof texts, role: 'acknowledge' | 'read', line: string) =>
      tokenOf({ name, role, lines: [line] }, digestOf(texts[name]))
    const tokens = [holder('Ada', 'acknowledge', 'press'), holder('Bob', 'acknowledge', 'lathe'), holder('Eve', 'read', 'press')]
    await served({ tokens }, async (url, _server, gateway) => {
      const { by } = withAlerts(gateway)
      const path = '/api/alerts/run-1/acknowledge'
      for (const other of [texts.Bob, texts.Eve]) {
        const refused = await post(url, path, other)
        expect([refused.status, (await said(refused)).code]).toEqual([403, 'NOT_ALLOWED'])
      }
      expect((await post(url, path, texts.Ada)).status).toBe(200)
      expect(by).toEqual([['run-1', 'Ada']])
      expect((await post(url, '/api/trial/leave', texts.Ada)).status).toBe(403)
    })
  })
})
