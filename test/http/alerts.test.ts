/** The routes of alerts: who may acknowledge which, and what is logged of it. */
import { expect, test } from 'vitest'
import type { AlertState } from '../../src/alert/alert-state.ts'
import { digestOf, type Role, tokenOf } from '../../src/http/token.ts'
import type { AlertsBoard } from '../../src/pipeline/gateway.ts'
import { type FakeGateway, sendBare, served } from './fake-gateway.ts'

const holders: readonly (readonly [string, Role, 'any' | readonly string[]])[] = [
  ['lead', 'acknowledge', ['press-1']],
  ['inspector', 'label', 'any'],
  ['reader', 'read', 'any'],
  ['gateway', 'feed', 'any'],
  ['plant', 'admin', 'any'],
  ['hall', 'admin', ['press-1']]
]
const tokens = holders.map(([name, role, lines]) => tokenOf({ name, role, lines }, digestOf(`the-token-of-${name}`)))
const open = [
  { id: 'a-1', line: 'press-1' },
  { id: 'a-2', line: 'press-2' }
] as unknown as readonly AlertState[]

/** Serves two open alerts, one a line; tells who acknowledged what, and what was logged. */
async function watched(use: (post: (name: string, path: string) => Promise<number>) => Promise<void>) {
  const done: (readonly [string, string | null])[] = []
  const logged: string[] = []
  const tell = (fields: object, message: string) => void logged.push(JSON.stringify({ ...fields, message }))
  const watching = (gateway: FakeGateway) => {
    gateway.alerts = () => ({ open, recent: [], lines: [], trial: null, sinks: [] }) as AlertsBoard
    gateway.acknowledge = async (id, by) => {
      if (!open.some(alert => alert.id === id)) return 'unknown'
      if (done.some(([before]) => before === id)) return 'already'
      done.push([id, by])
      return 'acknowledged'
    }
    gateway.leaveTrial = async by => {
      done.push(['trial', by])
      return { left: true, open: [] }
    }
  }
  await served({ tokens, logger: { info: tell, warn: tell, error: tell } }, async (url, _server, gateway) => {
    watching(gateway)
    await use(async (name, path) => {
      const headers = { authorization: `Bearer the-token-of-${name}` }
      return (await sendBare(`${url}${path}`, {}, headers)).status
    })
  })
  return { done, logged }
}

test('an alert is acknowledged by who may and on his lines alone, and it is kept and logged who did', async () => {
  const { done, logged } = await watched(async post => {
    for (const name of ['reader', 'gateway']) expect(await post(name, '/api/alerts/a-1/acknowledge'), name).toBe(403)
    expect(await post('nobody', '/api/alerts/a-1/acknowledge')).toBe(401)
    expect(await post('lead', '/api/alerts/a-2/acknowledge')).toBe(403)
    expect(await post('lead', '/api/alerts/a-1/acknowledge')).toBe(200)
    expect(await post('inspector', '/api/alerts/a-1/acknowledge')).toBe(409)
    expect(await post('inspector', '/api/alerts/a-2/acknowledge')).toBe(200)
    expect(await post('lead', '/api/alerts/a-3/acknowledge')).toBe(404)
  })
  expect(done).toEqual([
    ['a-1', 'lead'],
    ['a-2', 'inspector']
  ])
  expect(logged.filter(line => line.includes('acknowledged'))).toEqual([
    '{"by":"lead","alert":"a-1","message":"acknowledged an alert"}',
    '{"by":"inspector","alert":"a-2","message":"acknowledged an alert"}'
  ])
  expect(logged.join('\n')).not.toContain('the-token-of')
})

test('a trial is left by who may do everything on every line', async () => {
  const { done } = await watched(async post => {
    for (const name of ['lead', 'inspector', 'hall']) expect(await post(name, '/api/trial/leave'), name).toBe(403)
    expect(await post('plant', '/api/trial/leave')).toBe(200)
  })
  expect(done).toEqual([['trial', 'plant']])
})

test('who labels by hand is logged by name, a gateway is not', async () => {
  const { logged } = await watched(async post => {
    expect([await post('inspector', '/labels'), await post('gateway', '/labels')]).toEqual([422, 422])
  })
  expect(logged).toEqual(['{"by":"inspector","accepted":0,"rejected":1,"message":"posted labels"}'])
})
