/** A log that is closed holds no connection, whatever was under way: one that stays keeps a process that was told to stop alive. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { openKafkaLog } from '../../../src/adapter/kafka/log.ts'
import { noKafka, withBroker } from './broker.ts'

const sockets = (): number => process.getActiveResourcesInfo().filter(kind => kind === 'TCPSocketWrap').length

describe.skipIf(noKafka !== null)('a log on a real broker', () => {
  const broker = withBroker()

  test('that is closed at any moment of a read leaves no connection', async () => {
    const options = { brokers: [broker().address], partitions: { observations: 2 }, prefix: 'close.', create: true }
    const before = sockets()
    for (let ms = 0; ms < 40; ms++) {
      const log = await openKafkaLog(options)
      const stop = new AbortController()
      const read = (async () => {
        for await (const _ of log.read(['observations'], await log.starts(['observations']), stop.signal));
      })()
      await sleep(ms)
      stop.abort()
      await read
      await log.close()
    }
    await expect.poll(sockets, { timeout: 5000 }).toBe(before)
  })
})
