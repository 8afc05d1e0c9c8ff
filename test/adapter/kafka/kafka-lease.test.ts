/** Leases on a real broker: the laws, and what becomes of a lease when its holder or the broker dies. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openKafkaLog } from '../../../src/adapter/kafka/log.ts'
import type { Lease, Leasing, Log } from '../../../src/pipeline/log.ts'
import { leasingLaws } from '../../pipeline/leasing.laws.ts'
import { compileSources } from '../compiled.ts'
import { noKafka, withBroker } from './broker.ts'

const SESSION_MS = 2000

describe.skipIf(noKafka !== null)('on a real broker', () => {
  const broker = withBroker()
  const built = noKafka === null ? compileSources() : null
  afterAll(() => built?.remove())
  let opened = 0
  const open = (prefix: string): Promise<Log & Leasing> =>
    openKafkaLog({ brokers: [broker().address], partitions: { lines: 1 }, prefix, create: true, sessionMs: SESSION_MS })

  leasingLaws('the Kafka log', async () => {
    const prefix = `lease-${opened++}.`
    const logs = [await open(prefix)]
    const again = async (): Promise<Leasing> => {
      const log = await open(prefix)
      logs.push(log)
      return log
    }
    return { log: logs[0]!, again, soonMs: 6000, end: async () => void (await Promise.all(logs.map(log => log.close()))) }
  })

  /** A process of its own that asks for the lease, tells when it has it, when it has lost it, and when it has ended. */
  function holder(prefix: string): { readonly child: ChildProcess; said(word: string): Promise<number> } {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'holder.mjs'), built!.path, broker().address, prefix, `${SESSION_MS}`],
      {
        stdio: ['pipe', 'pipe', 'inherit']
      }
    )
    let told = ''
    const heard = new Set<() => void>()
    child.stdout!.on('data', text => {
      told += text
      for (const look of heard) look()
    })
    const said = (word: string): Promise<number> =>
      new Promise(resolve => {
        const look = (): void => {
          if (!told.includes(word)) return
          heard.delete(look)
          resolve(performance.now())
        }
        heard.add(look)
        look()
      })
    return { child, said }
  }

  test('the lease of a process killed with -9 goes to the next after its session, not before', async () => {
    const [first, second] = [holder('killed.'), holder('killed.')]
    const winner = await Promise.race([first.said('leased').then(() => first), second.said('leased').then(() => second)])
    const other = winner === first ? second : first
    await new Promise(resolve => setTimeout(resolve, SESSION_MS))
    const killed = performance.now()
    winner.child.kill('SIGKILL')
    const took = (await other.said('leased')) - killed
    console.info(`taken over after ${Math.round(took)} ms with a session of ${SESSION_MS} ms`)
    expect(took).toBeGreaterThan(SESSION_MS / 2)
    expect(took).toBeLessThan(15_000)
    other.child.stdin!.end('release')
    await once(other.child, 'exit')
  })

  test('a process that was stopped for longer than its session finds it lost, though nobody told it', async () => {
    const [first, second] = [holder('stopped.'), holder('stopped.')]
    const winner = await Promise.race([first.said('leased').then(() => first), second.said('leased').then(() => second)])
    const other = winner === first ? second : first
    winner.child.kill('SIGSTOP')
    await other.said('leased')
    winner.child.kill('SIGCONT')
    await winner.said('lost')
    for (const { child } of [first, second]) {
      child.stdin!.end('release')
      await once(child, 'exit')
    }
  })

  test('a process that releases its lease and closes its log ends by itself: nothing of it is left', async () => {
    const { child, said } = holder('ended.')
    await said('leased')
    child.stdin!.end('release')
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
  })

  test('a session shorter than the cluster allows is refused with what to do', async () => {
    const options = { brokers: [broker().address], partitions: { lines: 1 }, prefix: 'short.', create: true, sessionMs: 100 }
    const log = await openKafkaLog(options)
    await expect(log.lease('a', AbortSignal.timeout(10_000))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('log.kafka.sessionMs')
    })
    await log.close()
  })

  test('is lost within a session when the broker dies, and can be had again when it is back', async () => {
    const log = await open('outage.')
    try {
      const lease = await log.lease('a', AbortSignal.timeout(10_000))
      await broker().kill()
      await expect.poll(() => lease.lost.aborted, { timeout: 3 * SESSION_MS }).toBe(true)
      const again = log.lease('a', AbortSignal.timeout(40_000))
      await broker().start()
      expect((await again).lost.aborted).toBe(false)
    } finally {
      await log.close()
    }
  })

  test('after an outage longer than the session it is again its holder’s, who asked at once, not of who waits', async () => {
    const [mine, other] = [await open('again.'), await open('again.')]
    try {
      const lease = await mine.lease('a', AbortSignal.timeout(10_000))
      let given = false
      const waiting = other.lease('a', new AbortController().signal).then(() => {
        given = true
      })
      waiting.catch(() => undefined)
      await new Promise(resolve => setTimeout(resolve, SESSION_MS)) // by now it is a member
      const again = new Promise<Lease>(resolve =>
        lease.lost.addEventListener('abort', () => resolve(mine.lease('a', AbortSignal.timeout(60_000))))
      )
      await broker().kill()
      await expect.poll(() => lease.lost.aborted, { timeout: 5 * SESSION_MS }).toBe(true)
      await broker().start()
      const held = await again
      await new Promise(resolve => setTimeout(resolve, 2 * SESSION_MS))
      expect([held.lost.aborted, given]).toEqual([false, false])
      await held.release()
      await waiting
    } finally {
      await Promise.all([mine.close(), other.close()])
    }
  }, 120_000)

  test('who has lost it and does not ask again leaves it to others', async () => {
    const [mine, other] = [await open('left.'), await open('left.')]
    try {
      const lease = await mine.lease('a', AbortSignal.timeout(10_000))
      await broker().kill()
      await expect.poll(() => lease.lost.aborted, { timeout: 5 * SESSION_MS }).toBe(true)
      await broker().start()
      expect((await other.lease('a', AbortSignal.timeout(30_000))).lost.aborted).toBe(false)
    } finally {
      await Promise.all([mine.close(), other.close()])
    }
  }, 120_000)
})
