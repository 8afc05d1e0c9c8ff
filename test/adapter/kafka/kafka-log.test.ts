/** The laws of a log, on a real broker. */
import { describe } from 'vitest'
import { openKafkaLog } from '../../../src/adapter/kafka/log.ts'
import { lawPartitions, logLaws } from '../../pipeline/log.laws.ts'
import { noKafka, withBroker } from './broker.ts'

describe.skipIf(noKafka !== null)('on a real broker', () => {
  const broker = withBroker()
  let opened = 0
  logLaws('the Kafka log', async () => {
    const options = { brokers: [broker().address], partitions: lawPartitions, prefix: `law-${opened++}.`, create: true }
    const log = await openKafkaLog(options)
    return { log, again: () => openKafkaLog(options), forget: log, oneSequence: false, small: false, setClock: null }
  })
})
