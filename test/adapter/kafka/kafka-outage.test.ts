/** What a log says while its broker is gone, and how those who work on it end meanwhile. */
import { describe, expect, test } from 'vitest'
import { openKafkaLog } from '../../../src/adapter/kafka/log.ts'
import { noKafka, withBroker } from './broker.ts'

/** Longer than a trouble is kept to ourselves, on a busy machine. */
const SOON = { timeout: 15_000, interval: 50 }

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
})
