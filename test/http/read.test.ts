import { expect, test } from 'vitest'
import { Fault } from '../../src/fault/fault.ts'
import { serve } from '../../src/http/serve.ts'
import { emptyStatus, fakeGateway, noMetrics, parse, served } from './fake-gateway.ts'

test('the process is alive whether or not it is ready', async () => {
  await served({}, async (url, _server, gateway) => {
    gateway.current = { ...emptyStatus, ready: false, reasons: ['12 records behind'] }
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    const response = await fetch(`${url}/readyz`)
    expect(response.status).toBe(503)
    expect(await response.json()).toEqual({ ready: false, reasons: ['12 records behind'] })
    gateway.current = emptyStatus
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
  })
})

test('before there is a state the process is alive, not ready, and tells its metrics', async () => {
  const seen: unknown[] = []
  await served({ metrics: { ...noMetrics, observe: status => void seen.push(status) } }, async (url, _server, gateway) => {
    gateway.status = () => {
      throw new Fault('UNAVAILABLE', 'expected a state, it is being recovered')
    }
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    const ready = await fetch(`${url}/readyz`)
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false, reasons: ['expected a state, it is being recovered'] }])
    expect((await fetch(`${url}/metrics`)).status).toBe(200)
    expect(seen).toEqual([])
    const status = await fetch(`${url}/status`)
    expect([status.status, status.headers.get('retry-after')]).toEqual([503, '5'])
    gateway.status = () => {
      throw new Fault('LOG_DAMAGED', 'expected a sound log')
    }
    expect((await fetch(`${url}/readyz`)).status).toBe(500)
  })
})

test('the status is told whole, as JSON that nobody keeps', async () => {
  await served({}, async (url, _server, gateway) => {
    gateway.current = { ...emptyStatus, lag: { observations: 3 } }
    const response = await fetch(`${url}/status`)
    expect(await response.json()).toEqual(gateway.current)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('content-type')).toMatch('application/json')
  })
})

test('of each task only what is asked for is told, and a name that is none is refused with those there are', async () => {
  await served({}, async (url, _server, gateway) => {
    const tasks = [{ task: 'kind', classes: ['ok', 'crack'], learned: 7, banks: [{ bank: 'shared' }] }]
    const learner = { learned: 7, tasks }
    gateway.current = { ...emptyStatus, learner, decisions: { tasks: [] } } as unknown as typeof gateway.current
    const ask = async (fields: string) => (await fetch(`${url}/status?${fields}`)).json()
    const whole = { ...emptyStatus, learner: { learned: 7 } }
    const narrowed = (task: object, more: object = {}) => ({
      ...whole,
      ...more,
      learner: { learned: 7, tasks: [{ task: 'kind', ...task }] }
    })
    expect(await ask('fields=')).toEqual(narrowed({}))
    expect(await ask('fields=classes,learned')).toEqual(narrowed({ classes: ['ok', 'crack'], learned: 7 }))
    expect(await ask('fields=banks&fields=decisions')).toEqual(narrowed({ banks: [{ bank: 'shared' }] }, { decisions: { tasks: [] } }))
    expect(await ask('')).toEqual(gateway.current)
    const refused = await fetch(`${url}/status?fields=banks,toString`)
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('expected fields of classes, learned')])
  })
})

test('metrics show the state of the moment they are asked in', async () => {
  const seen: number[] = []
  const metrics = { ...noMetrics, observe: (status: { startedAt: number }) => void seen.push(status.startedAt) }
  await served({ metrics }, async (url, _server, gateway) => {
    gateway.current = { ...emptyStatus, startedAt: 5 }
    const response = await fetch(`${url}/metrics`)
    expect(await response.text()).toBe('up 1\n')
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4')
    expect(seen).toEqual([5])
  })
})

test('an aborted signal closes the server, and closing twice is closing once', async () => {
  const stop = new AbortController()
  const server = await serve({ gateway: fakeGateway(), metrics: noMetrics, parse, port: 0 }, stop.signal)
  stop.abort()
  await server.close()
  await server.close()
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow()
})

test('a port that is taken is told with what to change', async () => {
  await served({}, async url => {
    const port = Number(new URL(url).port)
    await expect(serve({ gateway: fakeGateway(), metrics: noMetrics, parse, port }, new AbortController().signal)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/EADDRINUSE.*http\.port/)
    })
  })
})
