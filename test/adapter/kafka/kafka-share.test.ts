/** The laws of sharing, on a real broker: at least once, and exactly once in transactions. */
import { describe, expect, test } from 'vitest'
import { Link } from '../../../src/adapter/kafka/link.ts'
import { openKafkaLog } from '../../../src/adapter/kafka/log.ts'
import { committedOf, settledOf } from '../../../src/adapter/kafka/positions.ts'
import { GROUP_COORDINATOR, TRANSACTION_COORDINATOR } from '../../../src/adapter/kafka/protocol.ts'
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

  test('where a group stands is not told while a transaction that moves it is open, and is told of other partitions', async () => {
    const partitions = { lines: 2 }
    const log = await openKafkaLog({ brokers: [broker().address], partitions, prefix: 'settled.', create: true })
    const link = new Link({ brokers: [broker().address] }, ['settled.lines'])
    const [group, transactionalId] = ['settled.g', 'settled.t']
    try {
      const coordinator = await link.use('begin', () => link.coordinatorOf(transactionalId, TRANSACTION_COORDINATOR))
      const producer = await link.use('begin', () => coordinator.initProducerId({ transactionalId, transactionTimeout: 60_000 }))
      const transaction = { ...producer, transactionalId, groupId: group }
      const topics = [{ topic: 'settled.lines', partitions: [{ partition: 0, offset: '7' }] }]
      await link.use('add', () => coordinator.addOffsetsToTxn(transaction))
      await link.use('move', async () => (await link.coordinatorOf(group, GROUP_COORDINATOR)).txnOffsetCommit({ ...transaction, topics }))
      let told = false
      const settled = settledOf(link, group, ['lines'], [0], 'settled.').finally(() => {
        told = true
      })
      expect(await settledOf(link, group, ['lines'], [1], 'settled.')).toEqual([])
      expect(await committedOf(link, group, partitions, 'settled.')).toEqual([])
      await new Promise(resolve => setTimeout(resolve, 500))
      expect(told).toBe(false)
      await link.use('end', () => coordinator.endTxn({ ...transaction, transactionResult: true }))
      expect(await settled).toEqual([{ topic: 'lines', partition: 0, offset: 7 }])
    } finally {
      await link.close()
      await log.close()
    }
  })
})
