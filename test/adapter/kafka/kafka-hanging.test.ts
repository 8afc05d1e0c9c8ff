/**
 * A transaction that has ended and of which a partition was never told hangs: nobody who reads what is committed is given more.
 * A broker that is killed at the wrong moment leaves one; here it is made by writing to a partition that the transaction does
 * not name, which a broker that does not verify it takes.
 */
import { describe, expect, test } from 'vitest'
import { heldUp } from '../../../src/adapter/kafka/edges.ts'
import { Link } from '../../../src/adapter/kafka/link.ts'
import { openKafkaLog } from '../../../src/adapter/kafka/log.ts'
import { Placing } from '../../../src/adapter/kafka/produce.ts'
import { type Broker, TRANSACTION_COORDINATOR } from '../../../src/adapter/kafka/protocol.ts'
import { Transacting } from '../../../src/adapter/kafka/transaction.ts'
import { take } from '../../pipeline/log.laws.ts'
import { noKafka, withBroker } from './broker.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const partitions = { lines: 1, parts: 1 }

/** Whether there is something in a topic that a reader of what is committed is not given. */
async function held(link: Link, topic: string): Promise<boolean> {
  return (await heldUp(link, [{ topic, partition: 0 }], 0, new AbortController().signal)).length > 0
}

/** A link whose first transaction does not name the topic of that name. */
class Forgetting extends Link {
  forgets: string | null = null

  override async coordinatorOf(...given: Parameters<Link['coordinatorOf']>): Promise<Broker> {
    const broker = await super.coordinatorOf(...given)
    const { forgets } = this
    if (forgets === null) return broker
    return new Proxy(broker, {
      get: (of, name) => {
        if (name !== 'addPartitionsToTxn') return (of as unknown as Record<string | symbol, unknown>)[name]
        return (request: Parameters<Broker['addPartitionsToTxn']>[0]) => {
          this.forgets = null
          return of.addPartitionsToTxn({ ...request, topics: request.topics.filter(({ topic }) => topic !== forgets) })
        }
      }
    })
  }
}

describe.skipIf(noKafka !== null)('a transaction that hangs', () => {
  const broker = withBroker({ properties: { 'transaction.partition.verification.enable': false } })
  let opened = 0

  type Opened = Awaited<ReturnType<typeof openKafkaLog>>

  async function withLog(prefix: string, run: (log: Opened) => Promise<void>): Promise<void> {
    const log = await openKafkaLog({ brokers: [broker().address], partitions, prefix, create: true })
    try {
      await run(log)
    } finally {
      await log.close()
    }
  }

  async function texts(log: Opened, topics: string[], n: number): Promise<string[]> {
    return (await take(log, topics, n)).map(({ value }) => Buffer.from(value).toString())
  }

  /** Writes to both topics in one transaction under the id of the group `g`, which leaves `parts` without its end, a commit unless told. */
  async function hanging(
    run: (hung: { prefix: string; link: Link; transacting: Transacting; told: string[] }) => Promise<void>,
    committed = true
  ): Promise<void> {
    const prefix = `hanging-${opened++}.`
    const log = await openKafkaLog({ brokers: [broker().address], partitions, prefix, create: true })
    const link = new Forgetting({ brokers: [broker().address] }, [`${prefix}lines`, `${prefix}parts`])
    const told: string[] = []
    const tell = (_level: string, message: string) => void told.push(message)
    const transacting = new Transacting({ link, transactionalId: `${prefix}g`, group: `${prefix}g`, partitions, prefix, tell })
    try {
      await transacting.begin()
      const end = transacting.end.bind(transacting)
      if (!committed) transacting.end = () => end(false)
      link.forgets = `${prefix}parts`
      const outputs = ['lines', 'parts'].map(topic => ({ topic, key: null, value: bytes(`first of ${topic}`) }))
      await transacting.transact(new Placing(partitions, prefix).place(outputs), [])
      await log.write([{ topic: 'parts', key: null, value: bytes('second of parts') }])
      expect(await held(link, `${prefix}parts`), 'nothing is given of a partition where a transaction hangs').toBe(true)
      await run({ prefix, link, transacting, told })
    } finally {
      await link.close()
      await log.close()
    }
  }

  test('is ended by whoever has made it, once its records do not come to be seen', () =>
    hanging(async ({ prefix, link, told }) => {
      await expect.poll(() => held(link, `${prefix}parts`), { timeout: 10_000 }).toBe(false)
      await withLog(prefix, async log => {
        expect(await texts(log, ['parts'], 2)).toEqual(['first of parts', 'second of parts'])
        expect(told).toEqual([`a commit to ${prefix}parts/0 does not come to be seen: ending it there once more`])
      })
    }))

  test('is ended by whoever has made it, however often it commits elsewhere meanwhile', () =>
    hanging(async ({ prefix, link, transacting }) => {
      const placing = new Placing(partitions, prefix)
      const until = performance.now() + 10_000
      while ((await held(link, `${prefix}parts`)) && performance.now() < until) {
        await transacting.transact(placing.place([{ topic: 'lines', key: null, value: bytes('more') }]), [])
        await new Promise(resolve => setTimeout(resolve, 200))
      }
      expect(await held(link, `${prefix}parts`)).toBe(false)
    }))

  test('is ended by whoever transacts next under its id, where who made it is gone', () =>
    hanging(async ({ prefix, link }) => {
      await link.close() // Gone before it has looked.
      await withLog(prefix, async log => {
        const claim = await log.claim('g')
        expect(await texts(log, ['parts'], 2)).toEqual(['first of parts', 'second of parts'])
        await claim.commit({ outputs: [{ topic: 'parts', key: null, value: bytes('third of parts') }], positions: [], notes: [] })
        expect(await take(log, ['parts'], 3)).toHaveLength(3)
      })
    }))

  test('that was aborted stays so for whoever transacts next under its id', () =>
    hanging(async ({ prefix, link }) => {
      await link.close()
      await withLog(prefix, async log => {
        await log.claim('g')
        await log.write([{ topic: 'lines', key: null, value: bytes('second of lines') }])
        expect((await texts(log, ['lines', 'parts'], 2)).sort()).toEqual(['second of lines', 'second of parts'])
      })
    }, false))

  test('that was committed is given though one after it was aborted elsewhere', () =>
    hanging(async ({ prefix, link, transacting }) => {
      await new Promise(resolve => setTimeout(resolve, 50))
      const end = transacting.end.bind(transacting)
      transacting.end = () => end(false)
      await transacting.transact(new Placing(partitions, prefix).place([{ topic: 'lines', key: null, value: bytes('never of lines') }]), [])
      await link.close()
      await withLog(prefix, async log => {
        await log.claim('g')
        await log.write([{ topic: 'lines', key: null, value: bytes('second of lines') }])
        const all = ['first of lines', 'first of parts', 'second of lines', 'second of parts']
        expect((await texts(log, ['lines', 'parts'], 4)).sort()).toEqual(all)
      })
    }))

  test('of which the cluster no longer knows how it has ended is given rather than lost', () =>
    hanging(async ({ prefix, link }) => {
      await link.close()
      const other = new Link({ brokers: [broker().address] }, [`${prefix}parts`])
      try {
        await other.use('begin and be gone', async () =>
          (await other.coordinatorOf(`${prefix}g`, TRANSACTION_COORDINATOR)).initProducerId({
            transactionalId: `${prefix}g`,
            transactionTimeout: 60_000
          })
        )
        expect(await held(other, `${prefix}parts`), 'to begin alone ends nothing').toBe(true)
        await withLog(prefix, async log => {
          await log.claim('g')
          expect(await texts(log, ['parts'], 2)).toEqual(['first of parts', 'second of parts'])
        })
      } finally {
        await other.close()
      }
    }))

  test('another one that is only open holds nobody up, and is not ended', () =>
    hanging(async ({ prefix, link }) => {
      await link.close()
      const log = await openKafkaLog({ brokers: [broker().address], partitions, prefix, create: true })
      const other = new Link({ brokers: [broker().address] }, [`${prefix}lines`, `${prefix}parts`])
      try {
        const open = new Transacting({ link: other, transactionalId: `${prefix}h`, group: `${prefix}h`, partitions, prefix })
        const end = open.end.bind(open)
        await open.begin()
        let finish = (): void => undefined
        const until = new Promise<void>(resolve => {
          finish = resolve
        })
        open.end = async committed => {
          await until
          await end(committed)
        }
        const transacted = open.transact(new Placing(partitions, prefix).place([{ topic: 'lines', key: null, value: bytes('of h') }]), [])
        await expect.poll(() => held(other, `${prefix}lines`)).toBe(true)
        await log.claim('g')
        expect(await held(other, `${prefix}lines`), 'what is open stays open').toBe(true)
        finish()
        await transacted
        expect((await take(log, ['lines'], 2)).map(({ value }) => Buffer.from(value).toString())).toEqual(['first of lines', 'of h'])
      } finally {
        await other.close()
        await log.close()
      }
    }))
})
