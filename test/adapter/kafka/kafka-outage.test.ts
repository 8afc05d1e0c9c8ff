/** What a log says while its broker is gone, and how those who work on it end meanwhile. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openKafkaLog } from '../../../src/adapter/kafka/log.ts'
import { openCli } from '../../command/cli.ts'
import { noKafka, withBroker } from './broker.ts'

/** Longer than a trouble is kept to ourselves, on a busy machine. */
const SOON = { timeout: 15_000, interval: 50 }

/** As `andon run` has it. */
const DRAIN_MS = 10_000
const A_FEW_SECONDS = 8000

describe.skipIf(noKafka !== null)('while the broker is gone', () => {
  const broker = withBroker()

  test('a log says what it waits for, also where nobody is told; no longer when the broker is back', async () => {
    const log = await openKafkaLog({ brokers: [broker().address], partitions: { lines: 1 }, prefix: 'said.', create: true })
    try {
      expect(log.unreachable).toBeNull()
      await broker().kill()
      const asked = log.ends(['lines'])
      await expect.poll(() => log.unreachable, SOON).toMatch(/the brokers are gone or busy/)
      await broker().start()
      await asked
      expect(log.unreachable).toBeNull()
    } finally {
      await log.close()
    }
  }, 120_000)

  test('the roles are not ready, then are again; told to stop in another outage each ends soon after its drain with 0', async () => {
    const cli = openCli()
    try {
      const env = {
        ANDON_LOG__KIND: 'kafka',
        ANDON_LOG__KAFKA__BROKERS: JSON.stringify([broker().address]),
        ANDON_LOG__KAFKA__PREFIX: 'roles.',
        ANDON_LOG__KAFKA__SESSIONMS: '2000'
      }
      const fed = await cli.run(['simulate-line', '--parts', '60', '--rate', '0', '--seed', '2'], env)
      expect(fed.code, fed.stderr).toBe(0)
      const roles = ['learn', 'join', 'predict']
      const running = roles.map((role, i) => cli.start(['run', '--role', role], { ...env, ANDON_DATADIRECTORY: join(cli.folder, `${i}`) }))
      const ready = async (): Promise<boolean[]> =>
        Promise.all(
          running.map(async each => {
            const [, url] = await each.said(/listening on (http:\/\/[^" ]+)/)
            return (await fetch(`${url}/readyz`)).ok
          })
        )
      await expect.poll(ready, { timeout: 60_000, interval: 200 }).toEqual([true, true, true])
      await broker().kill()
      await expect.poll(ready, { timeout: 15_000, interval: 200 }).toEqual([false, false, false])
      await broker().start()
      await expect.poll(ready, { timeout: 60_000, interval: 200 }).toEqual([true, true, true])
      await broker().kill()
      await expect.poll(ready, { timeout: 15_000, interval: 200 }).toEqual([false, false, false])
      const told = performance.now()
      for (const { child } of running) child.kill('SIGTERM')
      for (const { ended } of running) {
        const { code, stderr } = await ended
        expect(performance.now() - told).toBeLessThan(DRAIN_MS + A_FEW_SECONDS)
        expect([code, stderr]).toEqual([0, expect.stringContaining('stopped without waiting any longer')])
      }
      console.info(`ended ${Math.round(performance.now() - told)} ms after they were told to`)
    } finally {
      cli.close()
      if (broker().pid === null) await broker().start()
    }
  }, 240_000)
})
