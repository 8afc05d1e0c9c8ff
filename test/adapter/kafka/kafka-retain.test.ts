/** Forgetting on a cluster, whose clock is its own: the two laws of retention, with times taken from the records. */
import { describe, expect, test } from 'vitest'
import { openKafkaLog } from '../../../src/adapter/kafka/log.ts'
import { take } from '../../pipeline/log.laws.ts'
import { noKafka, withBroker } from './broker.ts'

const record = (topic: string, value: string) => ({ topic, key: null, value: Buffer.from(value) })
const at = (offset: number) => [{ topic: 'parts', partition: 0, offset }]

describe.skipIf(noKafka !== null)('a log on a real broker', () => {
  const broker = withBroker()
  const open = (prefix: string) => openKafkaLog({ brokers: [broker().address], partitions: { lines: 3, parts: 1 }, prefix, create: true })

  test('forgets by age the oldest, never at or after a floor, and readers go on behind it', async () => {
    const log = await open('age.')
    for (let i = 0; i < 30; i++) await log.write([record('parts', `${i}`), record('lines', `${i}`)])
    const records = await take(log, ['parts'], 30)
    const cut = records.findIndex(({ timestamp }) => timestamp >= records[20]!.timestamp)
    const now = records[20]!.timestamp + 10
    const stop = new AbortController()
    const early = log.read(['parts'], at(3), stop.signal, 1)[Symbol.asyncIterator]()
    expect(await log.retain([{ topic: 'parts', keepMs: 10 }], at(12), now)).toEqual({ parts: 12 })
    expect(await log.starts(['parts'])).toEqual(at(12))
    const { value } = await early.next()
    expect(value![0].offset).toBe(12)
    stop.abort()
    await early.return?.()
    expect((await take(log, ['parts'], 18)).map(({ offset }) => offset)).toEqual(Array.from({ length: 18 }, (_, i) => i + 12))
    expect(await log.retain([{ topic: 'parts', keepMs: 10 }], [], now)).toEqual({ parts: Math.max(0, cut - 12) })
    expect(await take(log, ['lines'], 30)).toHaveLength(30)
    // Nothing is younger than a limit in the future: everything goes, and the next record has the next offset.
    await log.retain([{ topic: 'parts', keepMs: 0 }], [], now + 60_000)
    expect(await log.starts(['parts'])).toEqual(await log.ends(['parts']))
    expect(await log.write([record('parts', 'next')])).toEqual(at(30))
    await log.close()
  })

  test('forgets by size until the rest fits, partitions held by a floor apart, and offsets go on', async () => {
    const log = await open('size.')
    await log.write(Array.from({ length: 90 }, (_, i) => ({ topic: 'lines', key: null, value: new Uint8Array(1000).fill(i) })))
    await log.retain([{ topic: 'lines', keepBytes: 61_000 }], [{ topic: 'lines', partition: 2, offset: 0 }], 0)
    const starts = await log.starts(['lines'])
    expect(starts[2]!.offset).toBe(0)
    for (const { offset } of starts.slice(0, 2)) expect(offset).toBe(15)
    expect(await log.retain([{ topic: 'lines', keepBytes: 61_000 }], [], 0)).toEqual({ lines: 0 })
    await log.retain([{ topic: 'lines', keepBytes: 0 }], [], 0)
    expect(await log.starts(['lines'])).toEqual(await log.ends(['lines']))
    const [position] = await log.write([record('lines', 'next')])
    expect(position!.offset).toBe(30)
    expect((await take(log, ['lines'], 1)).map(({ value }) => Buffer.from(value).toString())).toEqual(['next'])
    await log.close()
  })
})
