/** The laws of sharing, on a real broker: at least once, and exactly once in transactions. */
import { describe } from 'vitest'
import { openKafkaLog } from '../../../src/adapter/kafka/log.ts'
import { sharePartitions, sharingLaws } from '../../pipeline/sharing.laws.ts'
import { noKafka, withBroker } from './broker.ts'

describe.skipIf(noKafka !== null)('on a real broker', () => {
  const broker = withBroker()
  let opened = 0
  for (const transactional of [false, true])
    sharingLaws(
      transactional ? 'the Kafka log in transactions' : 'the Kafka log',
      async () => {
        const prefix = `share-${opened++}.`
        const open = () =>
          openKafkaLog({ brokers: [broker().address], partitions: sharePartitions, prefix, create: true, sessionMs: 2000, transactional })
        const logs = [await open()]
        const again = async () => {
          const log = await open()
          logs.push(log)
          return log
        }
        return { log: logs[0]!, again, end: async () => void (await Promise.all(logs.map(log => log.close()))) }
      },
      // The faults are the same in either mode.
      transactional ? [] : undefined
    )
})
