/** What holds of a claim on a cluster beyond the laws of a log: who is newest, what the cluster gives up, how long notes grow. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Kafka } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { openKafkaLog } from '../../../src/adapter/kafka/log.ts'
import type { Forgetful, Log, Settling } from '../../../src/pipeline/log.ts'
import { take } from '../../pipeline/log.laws.ts'
import { compileSources } from '../compiled.ts'
import { noKafka, withBroker } from './broker.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const partitions = { lines: 3, parts: 1 }
const at = (offset: number) => [{ topic: 'parts', partition: 0, offset }]

describe.skipIf(noKafka !== null)('a claim on a real broker', () => {
  const broker = withBroker({ properties: { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': 500 } })
  let opened = 0
  async function withLog(run: (log: Log & Forgetful & Settling, prefix: string) => Promise<void>): Promise<void> {
    const prefix = `claim-${opened++}.`
    const log = await openKafkaLog({ brokers: [broker().address], partitions, prefix, create: true })
    try {
      await run(log, prefix)
    } finally {
      await log.close()
    }
  }
  const outside = () => new Kafka({ brokers: [broker().address], logLevel: 0 })

  test('that the cluster gave up, without another claim, begins anew and makes each commit once', () =>
    withLog(async (log, prefix) => {
      const claim = await log.claim('g')
      await claim.commit({ outputs: [{ topic: 'parts', key: null, value: bytes('a') }], positions: at(1), notes: [] })
      // What the cluster does when a transaction has timed out: another epoch for the same id, and nobody there.
      const other = outside().producer({ transactionalId: `${prefix}g`, maxInFlightRequests: 1, idempotent: true })
      await other.connect()
      await other.disconnect()
      await claim.commit({ outputs: [{ topic: 'parts', key: null, value: bytes('b') }], positions: at(2), notes: [] })
      expect((await take(log, ['parts'], 2)).map(({ value }) => Buffer.from(value).toString())).toEqual(['a', 'b'])
      expect(await log.committed('g')).toEqual(at(2))
    }))

  test('goes on where the newest commit left off, though the cluster shows positions of before', () =>
    withLog(async (log, prefix) => {
      const claim = await log.claim('g')
      await claim.commit({ outputs: [], positions: at(3), notes: [] })
      await claim.commit({ outputs: [], positions: at(7), notes: [{ key: 'a', value: bytes('1') }] })
      // What a broker shows for a moment when the transaction has ended.
      const admin = outside().admin()
      await admin.connect()
      await admin.setOffsets({ groupId: `${prefix}g`, topic: `${prefix}parts`, partitions: [{ partition: 0, offset: '3' }] })
      await admin.disconnect()
      expect(await log.committed('g')).toEqual(at(3))
      expect((await log.claim('g')).positions()).toEqual(at(7))
      // The next one has not committed anything, and is followed by another.
      const last = await log.claim('g')
      expect(last.positions()).toEqual(at(7))
      await last.commit({ outputs: [], positions: at(8), notes: [] })
      expect((await log.claim('g')).positions()).toEqual(at(8))
    }))

  test('finds its newest commit behind many notes', () =>
    withLog(async log => {
      const notes = Array.from({ length: 300 }, (_, i) => ({ key: `${i}`, value: bytes('1') }))
      await (await log.claim('g')).commit({ outputs: [], positions: at(5), notes })
      const claim = await log.claim('g')
      expect(claim.positions()).toEqual(at(5))
      let count = 0
      for await (const _ of claim.notes()) count++
      expect(count).toBe(300)
    }))

  test('aborts what an older claim has left open, and readers go on behind it', () =>
    withLog(async (log, prefix) => {
      const left = outside().producer({ transactionalId: `${prefix}g`, maxInFlightRequests: 1, idempotent: true })
      await left.connect()
      const transaction = await left.transaction()
      await transaction.send({ topic: `${prefix}parts`, messages: [{ key: 'k', value: 'never' }] })
      await log.write([{ topic: 'parts', key: null, value: bytes('waits') }])
      expect(await log.ends(['parts'])).toEqual(at(2))
      const claim = await log.claim('g')
      await claim.commit({ outputs: [{ topic: 'parts', key: null, value: bytes('last') }], positions: [], notes: [] })
      const taken = await take(log, ['parts'], 2)
      expect(taken.map(({ value }) => Buffer.from(value).toString())).toEqual(['waits', 'last'])
      await left.disconnect()
    }))

  test('settled ends wait for a transaction under way, and hold what was committed behind it', () =>
    withLog(async (log, prefix) => {
      const left = outside().producer({ transactionalId: `${prefix}other`, maxInFlightRequests: 1, idempotent: true })
      await left.connect()
      const transaction = await left.transaction()
      await transaction.send({ topic: `${prefix}parts`, messages: [{ key: 'k', value: 'never' }] })
      const claim = await log.claim('g')
      const [written] = await claim.commit({ outputs: [{ topic: 'parts', key: null, value: bytes('behind') }], positions: [], notes: [] })
      const impatient = AbortSignal.timeout(300)
      await expect(log.settled(['parts'], impatient)).rejects.toBe(await aborted(impatient))
      const settled = log.settled(['parts'], new AbortController().signal)
      await transaction.abort()
      expect(await settled).toEqual(at(written!.offset + 1))
      expect((await take(log, ['parts'], 1)).map(({ value }) => Buffer.from(value).toString())).toEqual(['behind'])
      await left.disconnect()
    }))

  test('ends are those of records, not of the markers behind them, for this handle and for another', () =>
    withLog(async (log, prefix) => {
      const claim = await log.claim('g')
      for (let i = 0; i < 5; i++)
        await claim.commit({ outputs: [{ topic: 'parts', key: null, value: bytes(`${i}`) }], positions: [], notes: [] })
      const taken = await take(log, ['parts'], 5)
      const end = taken.at(-1)!.offset + 1
      expect(end).toBeGreaterThan(5)
      expect(await log.ends(['parts'])).toEqual(at(end))
      const other = await openKafkaLog({ brokers: [broker().address], partitions, prefix })
      expect(await other.ends(['parts'])).toEqual(at(end))
      await other.close()
    }))

  test('keeps its notes while their topic stays bounded', () =>
    withLog(async (log, prefix) => {
      const claim = await log.claim('g')
      const rounds = 120
      for (let round = 0; round < rounds; round++) {
        const notes = Array.from({ length: 100 }, (_, i) => ({ key: `${round}/${i}`, value: bytes(`${round}`) }))
        const gone = round < 5 ? [] : Array.from({ length: 100 }, (_, i) => ({ key: `${round - 5}/${i}`, value: null }))
        // One that is never changed again, so that it must be carried along.
        const still = round === 0 ? [{ key: 'still', value: bytes('here') }] : []
        await claim.commit({ outputs: [], positions: [], notes: [...notes, ...gone, ...still] })
      }
      const admin = outside().admin()
      await admin.connect()
      await expect
        .poll(async () => {
          const [notes] = await admin.fetchTopicOffsets(`${prefix}g.notes`)
          return Number(notes!.high) - Number(notes!.low)
        })
        .toBeLessThan(6000)
      await admin.disconnect()
      const found = new Map<string, string>()
      for await (const { key, value } of (await log.claim('g')).notes()) found.set(key, Buffer.from(value).toString())
      expect(found.size).toBe(501)
      expect(found.get('still')).toBe('here')
      expect(found.get(`${rounds - 1}/0`)).toBe(`${rounds - 1}`)
    }))

  test('of three processes at once exactly one goes on, and nothing of the others comes after', async () => {
    const built = compileSources()
    try {
      await withLog(async (log, prefix) => {
        await log.claim('g') // a cluster that knows no transactions yet makes its first claims wait
        const workers = ['a', 'b', 'c'].map(name => {
          const child = spawn(process.execPath, [join(import.meta.dirname, 'claimer.mjs'), built.path, broker().address, prefix, name], {
            stdio: ['pipe', 'pipe', 'inherit']
          })
          let said = ''
          child.stdout.on('data', data => (said += data))
          return { child, ready: once(child.stdout, 'data'), ended: once(child, 'close').then(() => said.replace('ready\n', '')) }
        })
        await Promise.all(workers.map(({ ready }) => ready))
        for (const { child } of workers) child.stdin.write('go\n')
        const outcomes = (await Promise.all(workers.map(({ ended }) => ended))).map(
          said => JSON.parse(said) as { name: string; ended: string; made: string[] }
        )
        expect(outcomes.map(({ ended }) => ended).sort()).toEqual(['LOG_FENCED', 'LOG_FENCED', 'done'])
        const made = outcomes.flatMap(outcome => outcome.made)
        const taken = (await take(log, ['parts'], made.length)).map(({ value }) => Buffer.from(value).toString())
        expect([...taken].sort()).toEqual([...made].sort())
        // Whoever has taken over is never followed by an older one.
        const order = taken.map(value => value.split('-')[0]!)
        const turns = order.filter((name, i) => name !== order[i - 1])
        expect(new Set(turns).size).toBe(turns.length)
      })
    } finally {
      built.remove()
    }
  })
})

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(signal.reason)))
}
