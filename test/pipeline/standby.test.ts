/** A learner in waiting, over one log. */
import { describe, expect, test } from 'vitest'
import { encodeSaved } from '../../src/adapter/file/saved.ts'
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import type { Leasing, Log, Settling } from '../../src/pipeline/log.ts'
import type { Pipeline } from '../../src/pipeline/pipeline.ts'
import { input, partitions, World } from './world.ts'

const { example } = input
const hex = (saved: Saved): string => Buffer.from(encodeSaved(saved)).toString('hex')
const fed = (from: number, n: number) => Array.from({ length: n }, (_, i) => example(from + i, { fault: i % 3 === 0 ? 'dent' : 'none' }))

interface Process {
  readonly pipeline: Pipeline
  readonly stop: AbortController
  readonly running: Promise<void>
}

/** A log, and learners to be started on it. */
async function worldOf(lease?: Leasing['lease']): Promise<{ world: World; start: () => Process }> {
  const world = await World.make({
    open: clock => Object.assign(openMemoryLog({ partitions, clock }), lease === undefined ? {} : { lease })
  })
  const start = (): Process => {
    const stop = new AbortController()
    const pipeline = world.start(undefined, { role: 'learn' })
    const running = pipeline.run(stop.signal)
    running.catch(() => undefined)
    return { pipeline, stop, running }
  }
  return { world, start }
}

describe('a standby', () => {
  test('holds the bytes of the active one at the same position, and takes its place', async () => {
    const { world, start } = await worldOf()
    await world.log.write(fed(0, 20))
    const active = start()
    await expect.poll(() => active.pipeline.ready && active.pipeline.status().lag.examples).toBe(0)
    const standby = start()
    await expect.poll(() => standby.pipeline.learner?.learned, { timeout: 5000 }).toBe(20)
    for (let round = 1; round < 4; round++) {
      await world.log.write(fed(100 * round, 15))
      await expect.poll(() => active.pipeline.learner!.learned).toBe(20 + 15 * round)
      await expect.poll(() => standby.pipeline.learner!.learned, { timeout: 5000 }).toBe(20 + 15 * round)
      expect(standby.pipeline.status().positions).toEqual(active.pipeline.status().positions)
      expect(hex(standby.pipeline.learner!.save())).toBe(hex(active.pipeline.learner!.save()))
    }
    expect(standby.pipeline.status()).toMatchObject({ ready: false, reasons: ['standing by: another learner is active'] })
    active.stop.abort()
    await active.running
    await expect.poll(() => standby.pipeline.ready, { timeout: 5000 }).toBe(true)
    await world.log.write(fed(900, 10))
    await expect.poll(() => standby.pipeline.learner!.learned).toBe(75)
    const fold = await world.fold()
    expect(Buffer.compare(encodeSaved(standby.pipeline.learner!.save()), fold.bytes)).toBe(0)
    expect(await world.events('signals', 'signal')).toEqual(fold.signals)
    standby.stop.abort()
    await standby.running
    expect(world.wrongs).toEqual([])
  })

  test('that takes over from one that is only thought to be gone fences it, and nothing is learned twice', async () => {
    // A lease that two hold at once: what a session that has run out looks like to who was only paused.
    const { world, start } = await worldOf(async () => ({ lost: new AbortController().signal, release: async () => {} }))
    await world.log.write(fed(0, 20))
    const paused = start()
    await expect.poll(() => paused.pipeline.ready && paused.pipeline.status().lag.examples).toBe(0)
    const next = start()
    await expect.poll(() => next.pipeline.ready, { timeout: 5000 }).toBe(true)
    await world.log.write(fed(100, 20))
    await expect(paused.running).rejects.toMatchObject({ code: 'LOG_FENCED' })
    await expect.poll(() => next.pipeline.learner!.learned).toBe(40)
    const fold = await world.fold()
    expect(Buffer.compare(encodeSaved(next.pipeline.learner!.save()), fold.bytes)).toBe(0)
    expect(await world.events('signals', 'signal')).toEqual(fold.signals)
    next.stop.abort()
    await next.running
  })

  test('that comes while the active one goes on does not take what that one tells meanwhile for a divergence', async () => {
    const { world, start } = await worldOf()
    await world.log.write(fed(0, 20))
    const active = start()
    await expect.poll(() => active.pipeline.ready && active.pipeline.status().lag.examples).toBe(0)
    const { committed } = world.log
    // Between a standby's look at what is committed and its reading of it the active one corrects itself, which it tells.
    let told = 0
    world.log.committed = async group => {
      const positions = await committed.call(world.log, group)
      if (told++ < 3) {
        await world.log.write([example(0, { fault: told % 2 ? 'crack' : 'dent' })])
        await expect.poll(() => active.pipeline.status().lag.examples).toBe(0)
      }
      return positions
    }
    const standby = start()
    await expect.poll(() => standby.pipeline.learner?.learned, { timeout: 5000 }).toBe(20)
    await expect.poll(() => standby.pipeline.status().positions, { timeout: 5000 }).toEqual(active.pipeline.status().positions)
    expect((await world.events('signals', 'signal')).length).toBeGreaterThan(0)
    for (const each of [active, standby]) each.stop.abort()
    await Promise.all([active.running, standby.running])
  })

  test('that waits for a commit which the one that is gone has left open takes over all the same', async () => {
    const { world, start } = await worldOf()
    await world.log.write([...fed(0, 20), input.raw('examples', 1, 2, 3)])
    const active = start()
    await expect.poll(() => active.pipeline.ready && active.pipeline.status().lag.examples).toBe(0)
    // The commit ends when the group is claimed by another.
    const { ends, claim } = world.log
    let open = true
    let waits = 0
    const hidden: Log['ends'] = async topics =>
      (await ends.call(world.log, topics)).map(end => (open && end.topic === 'rejects' ? { ...end, offset: 0 } : end))
    const settled: Settling['settled'] = (topics, signal) => {
      waits++
      return open ? new Promise((_, refuse) => signal.addEventListener('abort', () => refuse(signal.reason))) : hidden(topics)
    }
    Object.assign(world.log, { ends: hidden, settled })
    world.log.claim = async group => {
      open = false
      return claim.call(world.log, group)
    }
    const standby = start()
    await expect.poll(() => waits, { timeout: 5000 }).toBe(1)
    active.stop.abort()
    await active.running
    await expect.poll(() => standby.pipeline.ready, { timeout: 5000 }).toBe(true)
    expect(standby.pipeline.learner!.learned).toBe(20)
    standby.stop.abort()
    await standby.running
  })

  test('is what a lone learner never says that it is, though it takes a second until it is given the lease', async () => {
    const { world, start } = await worldOf(async () => {
      await new Promise(resolve => setTimeout(resolve, 1000))
      return { lost: new AbortController().signal, release: async () => {} }
    })
    await world.log.write(fed(0, 20))
    const alone = start()
    const reasons = new Set<string>()
    const ready = (): boolean => {
      if (alone.pipeline.learner !== null) for (const reason of alone.pipeline.status().reasons) reasons.add(reason)
      return alone.pipeline.ready
    }
    await expect.poll(ready, { interval: 20, timeout: 5000 }).toBe(true)
    expect([...reasons, ...world.told].filter(said => said.includes('another'))).toEqual([])
    alone.stop.abort()
    await alone.running
  })

  test('is stopped while it stands by without a trace', async () => {
    const { world, start } = await worldOf()
    await world.log.write(fed(0, 20))
    const active = start()
    await expect.poll(() => active.pipeline.ready).toBe(true)
    const standby = start()
    await expect.poll(() => standby.pipeline.learner?.learned, { timeout: 5000 }).toBe(20)
    standby.stop.abort()
    await standby.running
    expect(standby.pipeline.status().reasons).toEqual(['stopped'])
    await world.log.write(fed(50, 5))
    await expect.poll(() => active.pipeline.learner!.learned).toBe(25)
    active.stop.abort()
    await active.running
  })
})
