/** A lease that is asked for again whenever it is lost. */
import { expect, test } from 'vitest'
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import { hold } from '../../src/pipeline/held.ts'
import type { Lease, Leasing } from '../../src/pipeline/log.ts'
import { input, partitions, World } from './world.ts'

/** Gives a lease to whoever asks, as long as there is one, and can take it away. */
class Giving implements Leasing {
  asked = 0
  readonly #given: AbortController[] = []

  async lease(_name: string, signal: AbortSignal): Promise<Lease> {
    this.asked++
    signal.throwIfAborted()
    const lost = new AbortController()
    this.#given.push(lost)
    return { lost: lost.signal, release: async () => lost.abort() }
  }

  get held(): number {
    return this.#given.filter(({ signal }) => !signal.aborted).length
  }

  takeAway(): void {
    this.#given.at(-1)!.abort()
  }
}

test('is asked for as often as it is lost, and not after it is released', async () => {
  const log = new Giving()
  const told: string[] = []
  const held = hold(log, 'a', await log.lease('a', new AbortController().signal), (_level, message) => told.push(message))
  for (let n = 2; n < 5; n++) {
    log.takeAway()
    await expect.poll(() => [log.asked, log.held], { interval: 1 }).toEqual([n, 1])
  }
  await held.release()
  expect([log.asked, log.held]).toEqual([4, 0])
  expect(told.filter(message => message.endsWith('held again'))).toHaveLength(3)
})

test('an active learner that loses its lease and is given it again learns on', async () => {
  const giving = new Giving()
  const world = await World.make({
    open: clock => Object.assign(openMemoryLog({ partitions, clock }), { lease: giving.lease.bind(giving) })
  })
  const stop = new AbortController()
  const pipeline = world.start(undefined, { role: 'learn' })
  const running = pipeline.run(stop.signal)
  await expect.poll(() => pipeline.ready).toBe(true)
  giving.takeAway()
  await expect.poll(() => [giving.asked, giving.held]).toEqual([2, 1])
  await world.log.write([input.example(0, { fault: 'none' })])
  await expect.poll(() => pipeline.learner!.learned).toBe(1)
  stop.abort()
  await running
  expect(giving.held).toBe(0)
})
