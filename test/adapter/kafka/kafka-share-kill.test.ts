/** Members of a group that are killed, leave and come, and a broker that is killed, while records come. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { openKafkaLog } from '../../../src/adapter/kafka/log.ts'
import type { Incoming, Log } from '../../../src/pipeline/log.ts'
import { compileSources } from '../compiled.ts'
import { noKafka, withBroker } from './broker.ts'

const partitions = { lines: 6, parts: 6 }
const LIMIT = 20

interface Said {
  readonly what: 'ready' | 'taken' | 'done'
  readonly partition: number
  readonly offset: number
  readonly count: number
  readonly rss: number
}

interface Member {
  readonly child: ChildProcess
  readonly said: readonly Said[]
  leave(): Promise<void>
}

describe.skipIf(noKafka !== null)('members of a group on a real broker', () => {
  const broker = withBroker()
  const built = noKafka === null ? compileSources() : null
  afterAll(() => built?.remove())

  function member(prefix: string, options: object): Member {
    const words = [
      join(import.meta.dirname, 'sharer.mjs'),
      built!.path,
      broker().address,
      prefix,
      JSON.stringify({ limit: LIMIT, ...options })
    ]
    const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] })
    const said: Said[] = []
    let rest = ''
    child.stdout!.on('data', text => {
      const lines = `${rest}${text}`.split('\n')
      rest = lines.pop()!
      said.push(...lines.map(line => JSON.parse(line) as Said))
    })
    const ended = once(child, 'exit')
    return {
      child,
      said,
      leave: async () => {
        child.stdin!.end()
        await ended
      }
    }
  }

  const took = (each: Member, n = 1): Promise<void> =>
    expect.poll(() => each.said.filter(({ what }) => what === 'taken').length, { timeout: 30_000 }).toBeGreaterThanOrEqual(n)

  const lag = async (log: Log): Promise<number> => {
    const done = new Map((await log.committed('g')).map(each => [`${each.topic}/${each.partition}`, each.offset]))
    const ends = await log.ends(['lines'])
    return ends.reduce((sum, { topic, partition, offset }) => sum + Math.max(0, offset - (done.get(`${topic}/${partition}`) ?? 0)), 0)
  }

  async function all(log: Log, topic: string): Promise<Incoming[]> {
    const left = (await log.ends([topic])).reduce((sum, { offset }) => sum + offset, 0)
    const taken: Incoming[] = []
    const ends = new Map((await log.ends([topic])).filter(({ offset }) => offset > 0).map(each => [each.partition, each.offset]))
    if (left === 0) return taken
    for await (const batch of log.read([topic], [], AbortSignal.timeout(30_000))) {
      taken.push(...batch)
      for (const { partition, offset } of batch) if (offset + 1 >= (ends.get(partition) ?? 0)) ends.delete(partition)
      if (ends.size === 0) break
    }
    return taken
  }

  test.each([{ transactional: false }, { transactional: true }])(
    'killed, leaving and coming lose nothing, repeat but what was under way, and move no position back: %o',
    async ({ transactional }) => {
      const prefix = `members-${transactional}.`
      const log = await openKafkaLog({ brokers: [broker().address], partitions, prefix, create: true })
      let written = 0
      let feeding = true
      const feed = (async () => {
        while (feeding) {
          const batch = Array.from({ length: 40 }, () => {
            const number = written++
            return { topic: 'lines', key: `line-${number % 23}`, value: Buffer.from(`${number}`) }
          })
          await log.write(batch)
          await sleep(40)
        }
      })()
      const back: string[] = []
      const seen = new Map<number, number>()
      const watch = (async () => {
        while (feeding) {
          for (const { partition, offset } of await log.committed('g')) {
            if (offset < (seen.get(partition) ?? 0)) back.push(`${partition}: ${offset} after ${seen.get(partition)}`)
            seen.set(partition, offset)
          }
          await sleep(30)
        }
      })()
      const members = [member(prefix, { transactional }), member(prefix, { transactional }), member(prefix, { transactional })]
      await Promise.all(members.map(each => took(each, 3)))
      const [killed, leaving, staying] = members as [Member, Member, Member]
      // In the middle of a portion: between having taken it and having done it.
      await expect.poll(() => killed.said.at(-1)!.what, { interval: 1, timeout: 10_000 }).toBe('taken')
      killed.child.kill('SIGKILL')
      await sleep(3000)
      await leaving.leave()
      const coming = member(prefix, { transactional })
      await took(coming, 2)
      await broker().kill()
      await sleep(1000)
      await broker().start()
      const before = [staying.said.length, coming.said.length]
      await expect.poll(() => staying.said.length > before[0]! && coming.said.length > before[1]!, { timeout: 30_000 }).toBe(true)
      await sleep(1500)
      feeding = false
      await Promise.all([feed, watch])
      await expect.poll(() => lag(log), { timeout: 30_000, interval: 200 }).toBe(0)
      await Promise.all([staying.leave(), coming.leave()])

      const parts = await all(log, 'parts')
      const times = new Map<number, number>()
      for (const { value } of parts) times.set(Number(Buffer.from(value)), (times.get(Number(Buffer.from(value))) ?? 0) + 1)
      const repeated = parts.length - times.size
      console.info(`${written} records, ${repeated} of them repeated, transactional ${transactional}`)
      expect(times.size).toBe(written)
      expect(back).toEqual([])
      if (transactional) expect(repeated).toBe(0)
      // The portion of the one that was killed, and what was under way when the broker was.
      else expect(repeated).toBeLessThanOrEqual(3 * LIMIT)
      // What repeats is passed over: first times come in the order of the partition.
      const first = new Map<string, number>()
      const known = new Set<number>()
      for (const { key, value } of parts) {
        const number = Number(Buffer.from(value))
        if (known.has(number)) continue
        known.add(number)
        expect(number).toBeGreaterThan(first.get(key!) ?? -1)
        first.set(key!, number)
      }
      await log.close()
    },
    180_000
  )

  test('one that takes longer for a portion than its session stays a member, and takes no more memory for what waits', async () => {
    const prefix = 'slow.'
    const log = await openKafkaLog({ brokers: [broker().address], partitions, prefix, create: true })
    const body = 'x'.repeat(10_000)
    const fill = async (n: number): Promise<void> => {
      for (let i = 0; i < n; i++)
        await log.write(Array.from({ length: 100 }, (_, k) => ({ topic: 'lines', key: `line-${k}`, value: Buffer.from(body) })))
    }
    await fill(10)
    const slow = member(prefix, { workMs: 10_000 })
    await took(slow)
    const { rss } = slow.said.at(-1)!
    await fill(200) // 200 MB
    await expect.poll(() => slow.said.filter(({ what }) => what === 'done').length, { timeout: 30_000 }).toBeGreaterThanOrEqual(2)
    // Done means that the group still took its positions: an expelled member is given its portion again.
    const taken = slow.said.filter(({ what }) => what === 'taken').map(({ partition, offset }) => `${partition}@${offset}`)
    expect(new Set(taken).size).toBe(taken.length)
    expect((await log.committed('g')).reduce((sum, { offset }) => sum + offset, 0)).toBeGreaterThanOrEqual(2 * LIMIT)
    expect(slow.said.at(-1)!.rss - rss).toBeLessThan(64 * 2 ** 20)
    slow.child.kill('SIGKILL')
    await log.close()
  }, 120_000)
})
