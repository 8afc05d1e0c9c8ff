/** The work list and the decider's report, as they are asked for. */
import { expect, test } from 'vitest'
import { Decider } from '../../src/decide/decider.ts'
import { budget, exampleOf, options, parts } from '../decide/stream.ts'
import { served } from './fake-gateway.ts'

function busy(): Decider {
  const decider = new Decider(options({ missRate: 0.1, inspection: budget(0, { maxListed: 40 }) }))
  const stream = parts(60, 1)
  for (const { prediction } of stream) decider.decide(prediction)
  for (const seen of stream.slice(0, 30)) decider.learn(exampleOf(seen))
  return decider
}

test('the work list is told newest first, of one line or all, up to a limit', async () => {
  const decider = busy()
  await served({}, async (url, _server, gateway) => {
    gateway.inspections = (limit, line) => decider.inspections(limit, line)
    const asked = async (query: string): Promise<readonly Record<string, unknown>[]> => {
      const response = await fetch(`${url}/api/inspections${query}`)
      expect(response.status).toBe(200)
      return (await response.json()) as readonly Record<string, unknown>[]
    }
    const all = await asked('')
    expect(all.length).toBe(decider.report().waiting)
    expect(Object.keys(all[0]!)).toEqual([
      'observation',
      'line',
      'station',
      'time',
      'task',
      'classes',
      'chosen',
      'probability',
      'reason',
      'propensity'
    ])
    expect(await asked('?limit=3')).toEqual(all.slice(0, 3))
    const line = await asked('?line=line-1&limit=1000')
    expect(line).toEqual(all.filter(each => each.line === 'line-1'))
    expect(line.length).toBeGreaterThan(0)
    expect(await asked('?line=nowhere')).toEqual([])
    for (const query of ['?limit=0', '?limit=1001', '?limit=x', '?limit=1.5'])
      expect([query, (await fetch(`${url}/api/inspections${query}`)).status]).toEqual([query, 400])
  })
})

test('the report tells each promise and what came of it', async () => {
  const decider = busy()
  await served({}, async (url, _server, gateway) => {
    gateway.decisions = () => decider.report()
    const response = await fetch(`${url}/api/decisions/report`)
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(decider.report())))
  })
})

test('who does not decide says who does', async () => {
  await served({}, async (url, _server, gateway) => {
    delete gateway.inspections
    for (const route of ['/api/inspections', '/api/decisions/report']) {
      const response = await fetch(`${url}${route}`)
      expect([route, response.status]).toEqual([route, 503])
      expect(JSON.stringify(await response.json())).toContain('whose role is all or watch')
    }
  })
})
