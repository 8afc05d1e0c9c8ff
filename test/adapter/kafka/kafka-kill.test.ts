/** Brokers that are killed under load: every record once, whatever was on its way. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { openKafkaLog } from '../../../src/adapter/kafka/log.ts'
import type { Incoming, Position } from '../../../src/pipeline/log.ts'
import { noKafka, withBroker } from './broker.ts'

const KILLS = 2
const BATCH = 50

describe.skipIf(noKafka !== null)('a broker killed with -9 and started again under load', () => {
  const broker = withBroker()

  test('loses nothing and repeats nothing: what was written, what was made of it, positions and notes', async () => {
    const told: string[] = []
    const loose: unknown[] = []
    const onLoose = (error: unknown): void => void loose.push(error)
    process.on('unhandledRejection', onLoose)
    const options = {
      brokers: [broker().address],
      partitions: { lines: 3, parts: 1 },
      prefix: 'kill.',
      create: true,
      tell: (_level: string, message: string) => void told.push(message)
    }
    const log = await openKafkaLog(options)
    const stop = new AbortController()
    const enough = new AbortController()

    let written = 0
    const feed = (async () => {
      while (!stop.signal.aborted) {
        const first = written
        written += BATCH
        await log.write(
          Array.from({ length: BATCH }, (_, i) => ({ topic: 'lines', key: `line-${i % 7}`, value: Buffer.from(`${first + i}`) }))
        )
        await sleep(5)
      }
    })()

    let made = 0
    const work = (async () => {
      const claim = await log.claim('g')
      for await (const batch of log.read(['lines'], [], enough.signal)) {
        const positions = new Map<string, Position>()
        for (const { topic, partition, offset } of batch) positions.set(`${partition}`, { topic, partition, offset: offset + 1 })
        made += batch.length
        await claim.commit({
          outputs: batch.map(({ value }) => ({ topic: 'parts', key: null, value })),
          positions: [...positions.values()],
          notes: [{ key: 'made', value: Buffer.from(`${made}`) }]
        })
        if (stop.signal.aborted && made >= written) enough.abort()
      }
    })()

    for (let i = 0; i < KILLS; i++) {
      await sleep(1500)
      await broker().kill()
      await sleep(3000) // longer than a trouble is kept to ourselves
      await broker().start()
    }
    await expect.poll(() => told.filter(message => message === 'the cluster answers again').length, { timeout: 20_000 }).toBeGreaterThan(0)
    await sleep(1500)
    stop.abort()
    await feed
    await log.write([{ topic: 'lines', key: 'line-0', value: Buffer.from(`${written++}`) }])
    await work

    const all = async (topic: string): Promise<number[]> => {
      const taken: Incoming[] = []
      for await (const batch of log.read([topic], [], AbortSignal.timeout(10_000))) {
        taken.push(...batch)
        if (taken.length >= written) break
      }
      return taken.map(({ value }) => Number(Buffer.from(value).toString()))
    }
    const expected = Array.from({ length: written }, (_, i) => i)
    console.info(`${written} records, ${KILLS} kills; told: ${told.join(' | ')}`)
    for (const topic of ['lines', 'parts']) {
      const numbers = await all(topic)
      expect(numbers.length, topic).toBe(written)
      expect(
        [...numbers].sort((a, b) => a - b),
        topic
      ).toEqual(expected)
    }
    const committed = await log.committed('g')
    expect(committed.toSorted((a, b) => a.partition - b.partition)).toEqual(await log.ends(['lines']))
    const notes: string[] = []
    for await (const { value } of (await log.claim('g')).notes()) notes.push(Buffer.from(value).toString())
    expect(notes).toEqual([`${written}`])
    await log.close()
    expect(told.some(message => message.includes('nothing is lost, trying again'))).toBe(true)
    await sleep(100)
    process.off('unhandledRejection', onLoose)
    expect(loose).toEqual([])
  }, 120_000)
})
