import { expect, test } from 'vitest'
import { fullStatus, taskOf } from '../adapter/prometheus.status.ts'
import { emptyStatus, served } from './fake-gateway.ts'

const status = fullStatus([taskOf('fault', ['ok', 'dent']), taskOf('wear', ['low'])])

async function asked(path: string) {
  return await served({}, async (url, _server, gateway) => {
    gateway.current = status
    const response = await fetch(`${url}${path}`)
    return { status: response.status, body: (await response.json()) as { tasks: { task: string; banks: { bank: string }[] }[] } }
  })
}

test('the experts of every task are told as the status tells them, with where classes may be relied on', async () => {
  const { status: code, body } = await asked('/api/experts')
  expect(code).toBe(200)
  const { learned, domains, tasks } = status.learner!
  expect(body).toEqual({
    learned,
    domains,
    tasks: tasks.map(({ task, classes, learned: of, readiness, banks }) => ({ task, classes, learned: of, readiness, banks }))
  })
})

test('a task and a bank narrow what is told, and of one that is not there nothing is', async () => {
  const { body } = await asked('/api/experts?task=wear&bank=mixture')
  expect(body.tasks.map(({ task, banks }) => [task, banks.map(({ bank }) => bank)])).toEqual([['wear', ['mixture']]])
  expect((await asked('/api/experts?task=none')).body.tasks).toEqual([])
  expect((await asked('/api/experts?bank=none')).body.tasks.flatMap(({ banks }) => banks)).toEqual([])
})

test('who learns nothing says so', async () => {
  await served({}, async (url, _server, gateway) => {
    gateway.current = { ...emptyStatus, learner: null }
    const response = await fetch(`${url}/api/experts`)
    expect(response.status).toBe(503)
    expect(await response.text()).toMatch(/ask the one whose role is all or learn/)
  })
})

test('a parameter given twice is taken for none that there is, and breaks nothing', async () => {
  const { status: code, body } = await asked('/api/experts?task=fault&task=wear')
  expect([code, body.tasks]).toEqual([200, []])
})
