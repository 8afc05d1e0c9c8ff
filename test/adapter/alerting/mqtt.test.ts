/** Stack lights over a real mosquitto. Skipped where it is not installed, unless ANDON_REQUIRE names mosquitto. */
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type MqttOptions, openMqtt } from '../../../src/adapter/mqtt/mqtt.ts'
import type { AlertState } from '../../../src/alert/alert-state.ts'
import { alertOf, noticeOf, SECRET, sinkLaws } from '../../pipeline/sink.laws.ts'
import { makeCertificates } from '../kafka/certificates.ts'
import { Mosquitto, mosquittoCommand, openSilence } from './receivers.ts'

const never = new AbortController().signal
const stateOf = (line: string, severity: AlertState['severity'], state: AlertState['state'] = 'raised'): AlertState => {
  const { kind: _, time: since, ...about } = alertOf({ line, severity })
  return { ...about, cause: about.cause!, state, since, at: since, clearedAt: null, acknowledgedAt: null }
}

describe.skipIf(mosquittoCommand === null)('mosquitto', () => {
  const broker = new Mosquitto()
  let silence: Awaited<ReturnType<typeof openSilence>>

  beforeAll(async () => {
    silence = await openSilence()
    await broker.up()
  })
  afterAll(async () => {
    await broker.close()
    await silence.close()
  })

  const open = (also: Partial<MqttOptions> & { readonly port?: number } = {}) =>
    openMqtt({
      name: 'mqtt',
      url: `mqtt://127.0.0.1:${also.port ?? broker.port}`,
      prefix: 'plant/andon',
      clientId: `andon-${Math.random()}`,
      username: 'andon',
      password: () => SECRET,
      tls: { ca: null, cert: null, key: null },
      timeoutMs: 5000,
      ...also
    })
  const subject = {
    open: (options: { timeoutMs: number; port?: number }) => open(options),
    async during(deliver: () => Promise<void>) {
      // Heard only once who listens is there: a mark of our own says so.
      const heard: string[] = []
      const mark = open({ prefix: 'mark' })
      const hearing = broker.hear('#', messages => {
        for (const [topic, payload] of messages) if (topic.endsWith('/alerts')) heard.push(JSON.parse(payload).id)
        return messages.has('mark/lines/there/light') && delivered !== null && heard.length > 0
      })
      let delivered: Promise<void> | null = null
      await mark.refresh!.show({ open: [], recent: [], lines: ['there'], trial: null }, never)
      await broker.hear('mark/#', messages => messages.has('mark/lines/there/light'))
      delivered = deliver()
      await delivered
      await hearing
      await mark.close()
      return heard
    },
    up: () => broker.up(),
    down: () => broker.down(),
    get silence() {
      return silence.port
    }
  }
  test.each(sinkLaws)('$name', law => law.run(subject))

  test('a light that is switched on later shows the colour that stands', async () => {
    const sink = open({ prefix: 'p1' })
    const lines = ['press/1', 'lathe', 'mill']
    const show = (alerts: readonly AlertState[]) => sink.refresh!.show({ open: alerts, recent: [], lines, trial: null }, never)
    const lights = async () => {
      const heard = await broker.hear('p1/#', messages => messages.size === 7)
      return lines.map(line => ['light', 'seen'].map(what => heard.get(`p1/lines/${encodeURIComponent(line)}/${what}`)).join(' '))
    }
    await show([
      stateOf('press/1', 'critical'),
      stateOf('lathe', 'warning', 'acknowledged'),
      stateOf('mill', 'information', 'acknowledged')
    ])
    expect(await lights()).toEqual(['red no', 'amber yes', 'green yes'])
    await show([stateOf('*', 'warning')])
    expect(await lights()).toEqual(['amber no', 'amber no', 'amber no'])
    await show([])
    expect(await lights()).toEqual(['green yes', 'green yes', 'green yes'])
    await sink.close()
  })

  test('the status is online while it runs, and offline where it goes by itself or is cut off', async () => {
    const status = async (of: string, wanted: string) =>
      (await broker.hear(`${of}/status`, messages => messages.get(`${of}/status`) === wanted)).get(`${of}/status`)
    const goes = open({ prefix: 'p2' })
    await goes.deliver(noticeOf(alertOf()), never)
    expect(await status('p2', 'online')).toBe('online')
    await goes.close()
    expect(await status('p2', 'offline')).toBe('offline')

    // Another client of the same name: the broker cuts the first one off, as it would where a machine dies.
    const cut = open({ prefix: 'p3', clientId: 'same' })
    await cut.deliver(noticeOf(alertOf()), never)
    const other = open({ prefix: 'p4', clientId: 'same' })
    await other.deliver(noticeOf(alertOf()), never)
    expect(await status('p3', 'offline')).toBe('offline')
    await other.close()
    await cut.close()
  })

  test('after the broker is back the lights are shown anew', async () => {
    const sink = open({ prefix: 'p5' })
    const show = () => sink.refresh!.show({ open: [stateOf('press', 'critical')], recent: [], lines: ['press'], trial: null }, never)
    await show()
    await broker.down()
    await expect.poll(() => show().catch((error: Error) => error)).toMatchObject({ code: 'UNAVAILABLE' })
    await broker.up()
    await show()
    const heard = await broker.hear('p5/#', messages => messages.has('p5/lines/press/light') && messages.has('p5/status'))
    expect([heard.get('p5/lines/press/light'), heard.get('p5/status')]).toEqual(['red', 'online'])
    await sink.close()
  })
})

describe.skipIf(mosquittoCommand === null)('mosquitto with TLS and passwords', () => {
  const broker = new Mosquitto([])
  let ca: string

  beforeAll(async () => {
    const at = (name: string): string => join(broker.folder, name)
    ca = makeCertificates(broker.folder).ca
    writeFileSync(at('passwords'), passwordLine('andon', SECRET))
    broker.add([
      'allow_anonymous false',
      `password_file ${at('passwords')}`,
      `cafile ${at('ca.pem')}`,
      `certfile ${at('broker.pem')}`,
      `keyfile ${at('broker.key')}`
    ])
    await broker.up()
  })
  afterAll(() => broker.close())

  const open = (password: string, authority: string | null) =>
    openMqtt({
      name: 'mqtt',
      url: `mqtts://127.0.0.1:${broker.port}`,
      prefix: 'andon',
      clientId: 'andon',
      username: 'andon',
      password: () => password,
      tls: { ca: authority, cert: null, key: null },
      timeoutMs: 5000
    })

  test('takes who has the password and trusts the authority, and nobody else', async () => {
    const good = open(SECRET, ca)
    await good.deliver(noticeOf(alertOf()), never)
    await good.close()
    for (const wrong of [open('another-password', ca), open(SECRET, null)]) {
      const fault = await wrong.deliver(noticeOf(alertOf()), never).catch((error: Error) => error)
      expect(fault).toMatchObject({ code: 'UNAVAILABLE' })
      expect((fault as Error).message).not.toContain(SECRET)
      await wrong.close()
    }
  })
})

/** A line of mosquitto's password file: PBKDF2 with SHA-512, 101 rounds. */
function passwordLine(name: string, password: string): string {
  const salt = randomBytes(12)
  const hash = pbkdf2Sync(password, salt, 101, 64, 'sha512')
  return `${name}:$7$101$${salt.toString('base64')}$${hash.toString('base64')}\n`
}
