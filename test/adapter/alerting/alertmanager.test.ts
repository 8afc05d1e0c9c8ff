/** A real Alertmanager. Skipped where it is not installed, unless ANDON_REQUIRE names alertmanager. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAlertmanager } from '../../../src/adapter/alertmanager/alertmanager.ts'
import { post } from '../../../src/adapter/webhook/request.ts'
import type { AlertState } from '../../../src/alert/alert-state.ts'
import { alertOf, noticeOf, SECRET, sinkLaws } from '../../pipeline/sink.laws.ts'
import { Alertmanager, alertmanagerCommand, openSilence } from './receivers.ts'

const never = new AbortController().signal

describe.skipIf(alertmanagerCommand === null)('Alertmanager', () => {
  const manager = new Alertmanager()
  let silence: Awaited<ReturnType<typeof openSilence>>

  beforeAll(async () => {
    silence = await openSilence()
    await manager.up()
  })
  afterAll(async () => {
    await manager.close()
    await silence.close()
  })

  const open = ({ timeoutMs = 5000, port = manager.port, clock = Date.now } = {}) => {
    const target = { name: 'alertmanager', url: `http://127.0.0.1:${port}/api/v2/alerts`, timeoutMs, ca: null }
    const headers = { authorization: `Bearer ${SECRET}` }
    return openAlertmanager({
      name: 'alertmanager',
      post: (body, signal) => post(target, headers, body, signal),
      labels: { plant: 'north' },
      link: null,
      clock
    })
  }
  const active = async () => (await manager.active()).map(({ labels }) => `${labels.alertname} ${labels.severity}`).sort()
  const subject = {
    open,
    async during(deliver: () => Promise<void>) {
      await deliver()
      return (await manager.active()).map(({ annotations }) => annotations.id!)
    },
    up: () => manager.up(),
    down: () => manager.down(),
    get silence() {
      return silence.port
    }
  }
  test.each(sinkLaws)('$name', law => law.run(subject))

  test('one cause is one alert there, under its severity, until it is cleared', async () => {
    const sink = open()
    const step = (kind: 'raised' | 'escalated' | 'acknowledged' | 'downgraded' | 'cleared', severity: 'warning' | 'critical') =>
      sink.deliver(noticeOf(alertOf({ id: 'life-1', rule: 'life', kind, severity })), never)
    const mine = async () => (await active()).filter(each => each.startsWith('life '))
    await step('raised', 'warning')
    await step('raised', 'warning')
    expect(await mine()).toEqual(['life warning'])
    await step('escalated', 'critical')
    expect(await mine()).toEqual(['life critical'])
    await step('acknowledged', 'critical')
    expect(await mine()).toEqual(['life critical'])
    await step('downgraded', 'warning')
    expect(await mine()).toEqual(['life warning'])
    await step('cleared', 'warning')
    expect(await mine()).toEqual([])
  })

  test('two banks of one line are two alerts, and the labels say what each is about', async () => {
    const sink = open()
    for (const bank of ['shared', 'solo'])
      await sink.deliver(
        noticeOf(
          alertOf({ id: bank, rule: 'expert-unstable', class: null, cause: JSON.stringify(['expert-unstable', 'press-1', 'fault', bank]) })
        ),
        never
      )
    const labels = (await manager.active()).map(each => each.labels).filter(({ alertname }) => alertname === 'expert-unstable')
    expect(labels.map(({ bank }) => bank).sort()).toEqual(['shared', 'solo'])
    expect(labels[0]).toMatchObject({ job: 'andon', plant: 'north', line: 'press-1', task: 'fault', severity: 'warning' })
  })

  test('open alerts are told again, so that an Alertmanager that lost them has them back', async () => {
    const { kind: _, time: since, ...about } = alertOf({ id: 'kept', rule: 'kept' })
    const state: AlertState = { ...about, cause: about.cause!, state: 'raised', since, at: since, clearedAt: null, acknowledgedAt: null }
    await open().refresh!.show({ open: [state], recent: [], lines: [], trial: null }, never)
    expect(await active()).toContain('kept warning')
  })

  test('an alert that ends in an hour by the clock of its line ends there now', async () => {
    const time = Date.now() + 3_600_000
    const sink = open()
    await sink.deliver(noticeOf(alertOf({ id: 'ahead', rule: 'ahead', time })), never)
    expect(await active()).toContain('ahead warning')
    await sink.deliver(noticeOf(alertOf({ id: 'ahead', rule: 'ahead', time, kind: 'cleared' })), never)
    expect(await active()).not.toContain('ahead warning')
  })
})
