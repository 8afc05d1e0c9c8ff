/** The laws of a log go red on a real broker, too: the faults of the memory log, planted in the Kafka log. */
import { describe, expect, test } from 'vitest'
import { openKafkaLog } from '../../../src/adapter/kafka/log.ts'
import { lawPartitions, laws, type Subject } from '../../pipeline/log.laws.ts'
import { faults, planted } from '../../pipeline/log.plants.ts'
import { noKafka, withBroker } from './broker.ts'

/** Seen by laws that say nothing of this log: its clock is its own, and it has no small limit. */
const unseen = [
  'retention passes the floor', // kafka-retain.test.ts
  'retention removes nothing', // kafka-retain.test.ts
  'half of a refused write stays',
  'the time that another log gave is forgotten',
  'positions are committed apart from outputs' // the kill run of kafka-pipeline.test.ts
]

describe.skipIf(noKafka !== null)('on a real broker the laws of a log go red', () => {
  const broker = withBroker()
  let opened = 0
  test.each(Object.keys(faults).filter(name => !unseen.includes(name)))('when %s', async name => {
    expect(await firstRed(name)).not.toBeNull()
  })

  /** One law that sees it is enough. */
  async function firstRed(name: string): Promise<string | null> {
    for (const { name: law, run, skip } of laws) {
      const options = { brokers: [broker().address], partitions: lawPartitions, prefix: `fault-${opened++}.`, create: true }
      const inner = await openKafkaLog(options)
      const log = planted(inner, faults[name]!)
      const subject: Subject = { log, again: () => openKafkaLog(options), forget: log, oneSequence: false, small: false, setClock: null }
      try {
        if (skip?.(subject)) continue
        await run(subject)
      } catch {
        return law
      } finally {
        await inner.close()
      }
    }
    return null
  }
})
