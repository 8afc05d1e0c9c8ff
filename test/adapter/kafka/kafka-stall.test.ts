/** Readers whose records stop coming though the cluster answers: on a real broker, behind a proxy that swallows their requests. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningBroker, startBroker } from '../../../deploy/kafka/broker.mjs'
import { openKafkaLog } from '../../../src/adapter/kafka/log.ts'
import type { Incoming } from '../../../src/pipeline/log.ts'
import { noKafka } from './broker.ts'
import { type HoldingProxy, openHoldingProxy } from './holding-proxy.ts'

const STALL_MS = 1000
const partitions = { lines: 2, parts: 1 }

describe.skipIf(noKafka !== null)('records that are there and do not come', () => {
  const directory = mkdtempSync(join(tmpdir(), 'andon-stall-'))
  let broker: RunningBroker
  let proxy: HoldingProxy
  beforeAll(async () => {
    proxy = await openHoldingProxy(() => broker.port)
    const properties = { 'advertised.listeners': `PLAINTEXT://127.0.0.1:${proxy.port}` }
    broker = await startBroker({ directory, heapMiB: 384, brief: true, properties })
  }, 120_000)
  afterAll(async () => {
    await proxy.close()
    await broker.kill()
    rmSync(directory, { recursive: true, force: true })
  })

  const open = (prefix: string, told: string[]) =>
    openKafkaLog({
      brokers: [`127.0.0.1:${proxy.port}`],
      partitions,
      prefix,
      create: true,
      sessionMs: 2000,
      stallMs: STALL_MS,
      tell: (_level, message) => void told.push(message)
    })
  /** From now on no request comes through, and none is under way. */
  const stalled = async (): Promise<void> => {
    proxy.holdOpen()
    await new Promise(resolve => setTimeout(resolve, STALL_MS))
  }
  const some = (from: number) =>
    Array.from({ length: 10 }, (_, i) => ({ topic: 'lines', key: `${i % 4}`, value: Buffer.from(`${from + i}`) }))
  const numbers = (records: readonly Incoming[]): number[] => records.map(({ value }) => Number(Buffer.from(value))).sort((a, b) => a - b)
  const all = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

  test('are read on new connections, each once, and that is told', async () => {
    const told: string[] = []
    const log = await open('read.', told)
    const taken: Incoming[] = []
    const stop = new AbortController()
    const reading = (async () => {
      for await (const batch of log.read(['lines'], [], stop.signal)) taken.push(...batch)
    })()
    await log.write(some(0))
    await expect.poll(() => taken.length, { timeout: 10_000 }).toBe(10)
    await stalled()
    await log.write(some(10))
    await expect.poll(() => taken.length, { timeout: 20_000 }).toBe(20)
    expect(numbers(taken)).toEqual(all(20))
    expect(told).toEqual([expect.stringContaining('lines')])
    stop.abort()
    await reading
    await log.close()
  })

  test('of a member of a group come, too, and it stays a member', async () => {
    const told: string[] = []
    const log = await open('share.', told)
    const taken: Incoming[] = []
    const stop = new AbortController()
    const sharing = (async () => {
      for await (const { records, done } of log.share('g', ['lines'], stop.signal)) {
        taken.push(...records)
        await done([])
      }
    })()
    await log.write(some(0))
    await expect.poll(() => taken.length, { timeout: 10_000 }).toBe(10)
    await stalled()
    await log.write(some(10))
    await expect.poll(() => taken.length, { timeout: 20_000 }).toBe(20)
    expect(numbers(taken)).toEqual(all(20))
    stop.abort()
    await sharing
    await log.close()
  })

  test('in spite of new connections end the reader with what to do', async () => {
    const told: string[] = []
    const log = await open('ends.', told)
    await log.write(some(0))
    const reading = log.read(['lines'], [], new AbortController().signal)[Symbol.asyncIterator]()
    expect((await reading.next()).done).toBe(false)
    proxy.holdAll(true)
    await stalled()
    await log.write(some(10))
    try {
      const end = (async () => {
        for (;;) await reading.next()
      })()
      await expect(end).rejects.toMatchObject({ code: 'LOG_STALLED', message: expect.stringContaining('start the process again') })
      expect(told.filter(message => message.includes('new connections'))).toHaveLength(3)
    } finally {
      proxy.holdAll(false)
    }
    await log.close()
  })

  test('are not missed as long as a transaction of another holds them back', async () => {
    const told: string[] = []
    const log = await open('held.', told)
    const taken: Incoming[] = []
    const stop = new AbortController()
    const reading = (async () => {
      for await (const batch of log.read(['parts'], [], stop.signal)) taken.push(...batch)
    })()
    const kafka = new Kafka({ brokers: [`127.0.0.1:${proxy.port}`], logLevel: 0 })
    const other = kafka.producer({ transactionalId: 'other', maxInFlightRequests: 1, idempotent: true })
    await other.connect()
    const transaction = await other.transaction()
    await transaction.send({ topic: 'held.parts', messages: [{ key: 'k', value: '0' }] })
    await log.write([{ topic: 'parts', key: 'k', value: Buffer.from('1') }])
    await new Promise(resolve => setTimeout(resolve, 6 * STALL_MS))
    expect([taken.length, told]).toEqual([0, []])
    await transaction.commit()
    await expect.poll(() => taken.length, { timeout: 10_000 }).toBe(2)
    stop.abort()
    await reading
    await other.disconnect()
    await log.close()
  })

  test('are not missed where none are, nor where the cluster is away', async () => {
    const told: string[] = []
    const log = await open('quiet.', told)
    const taken: Incoming[] = []
    const stop = new AbortController()
    const reading = (async () => {
      for await (const batch of log.read(['lines'], [], stop.signal)) taken.push(...batch)
    })()
    await log.write(some(0))
    await expect.poll(() => taken.length, { timeout: 10_000 }).toBe(10)
    await new Promise(resolve => setTimeout(resolve, 4 * STALL_MS))
    expect(told).toEqual([])
    await broker.kill()
    const writing = log.write(some(10))
    await new Promise(resolve => setTimeout(resolve, 4 * STALL_MS))
    await broker.start()
    await writing
    await expect.poll(() => taken.length, { timeout: 30_000 }).toBe(20)
    expect(told.filter(message => message.includes('new connections'))).toEqual([])
    stop.abort()
    await reading
    await log.close()
  })
})
