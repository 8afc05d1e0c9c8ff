/** What the kills ask of alerts must be able to fail: an alert told twice, lost, or out of order is found. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { alertProblems, rules } from './alerts.mjs'

const dist = join(import.meta.dirname, '../../dist')
const built = existsSync(join(dist, 'command/andon.js'))

interface Told {
  readonly id: string
  readonly kind: string
}
const config = loadConfig({ env: {}, overrides: { alert: { rules } } })
const observed = Array.from({ length: 12 }, (_, i) => ({ observation: `p-${i}`, line: 'l', station: null, time: 1e12 + i, learned: 0 }))
const predictions = observed.map(each => ({ ...each, tasks: [{ task: 't' }] }))
/** Three bad parts and then good ones: a part, a pair and a share that are raised and cleared. */
const decisions = observed.slice(0, 3).map(each => ({ ...each, task: 't', action: 'flag', class: 'bad', probability: 1 }))

/** How many each check has. */
async function problems(change: (alerts: readonly Told[]) => readonly Told[], decided = decisions): Promise<readonly number[]> {
  const { Alarms, watchOptionsOf } = {
    ...(await import('../../src/alert/alarms.ts')),
    ...(await import('../../src/wiring-alerts.ts'))
  }
  const alarms = new Alarms(watchOptionsOf(config.alert, null as never))
  const passed = { task: 't', action: 'pass', class: null, probability: 0 } as const
  const alerts = observed.flatMap((each, i) =>
    alarms.take((decisions[i] ?? { ...each, ...passed }) as Parameters<typeof alarms.take>[0], each.time)
  )
  expect(alerts.length).toBeGreaterThan(4)
  const found = await alertProblems(dist, config, { alerts: change(alerts), decisions: decided, predictions })
  return Object.values(found as Record<string, readonly string[]>).map(each => each.length)
}

describe.skipIf(!built)(`alerts after kills${built ? '' : ' (skipped: there is no dist, npm run build makes it)'}`, () => {
  test('that are as they should be have no problem', async () => {
    expect(await problems(alerts => alerts)).toEqual([0, 0, 0])
  })

  test.each<readonly [string, (alerts: readonly Told[]) => readonly Told[]]>([
    ['told twice', alerts => alerts.flatMap(alert => (alert.id === 'pair-2' ? [alert, alert] : [alert]))],
    ['told again under another id', alerts => [...alerts.slice(0, 1), { ...alerts[0]!, id: 'single-9' }, ...alerts.slice(1)]],
    ['cleared before they are raised', alerts => [...alerts].reverse()]
  ])('%s are found by their lives and beside an undisturbed watch', async (_name, change) => {
    const [lives, beside] = await problems(change)
    expect(lives).toBeGreaterThan(0)
    expect(beside).toBeGreaterThan(0)
  })

  test('that were lost whole are found beside an undisturbed watch', async () => {
    expect(await problems(alerts => alerts.filter(({ id }) => id !== 'single-1'))).toEqual([0, 1, 0])
  })

  test('a part that was decided twice is found', async () => {
    expect(await problems(alerts => alerts, [...decisions, decisions[0]!])).toEqual([0, 0, 1])
  })
})
