/** A log that is cut off for a while: whoever waits for it says so, and goes on by itself. */
import { describe, expect, test } from 'vitest'
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import type { Claim, Forgetful, Leasing, Log, Reachable } from '../../src/pipeline/log.ts'
import { Predictor } from '../../src/pipeline/predictor.ts'
import { stateOf } from '../../src/pipeline/publish-stage.ts'
import { REST } from '../../src/pipeline/shards.ts'
import { input, MemorySnapshots, partitions, predictorOptions, World } from './world.ts'

const GONE = 'could not reach the cluster'

/** A log whose calls wait while it is cut off, as those to brokers that are gone do. */
class Cuttable implements Log, Forgetful, Leasing, Reachable {
  unreachable: string | null = null
  readonly partitions: Log['partitions']
  readonly #log: Log & Forgetful & Leasing
  #mended: Promise<void> = Promise.resolve()
  #mend = (): void => undefined

  constructor(log: Log & Forgetful & Leasing) {
    this.#log = log
    this.partitions = log.partitions
  }

  cut(): void {
    this.unreachable = GONE
    this.#mended = new Promise(resolve => {
      this.#mend = resolve
    })
  }

  mend(): void {
    this.unreachable = null
    this.#mend()
  }

  write: Log['write'] = records => this.#when(() => this.#log.write(records))
  read: Log['read'] = (...given) => this.#log.read(...given)
  ends: Log['ends'] = topics => this.#when(() => this.#log.ends(topics))
  starts: Log['starts'] = topics => this.#when(() => this.#log.starts(topics))
  committed: Log['committed'] = group => this.#when(() => this.#log.committed(group))
  retain: Forgetful['retain'] = (...given) => this.#when(() => this.#log.retain(...given))
  lease: Leasing['lease'] = (...given) => this.#log.lease(...given)
  close: Log['close'] = () => this.#log.close()

  async claim(group: string): Promise<Claim> {
    const claim = await this.#when(() => this.#log.claim(group))
    return { ...claim, commit: commit => this.#when(() => claim.commit(commit)) }
  }

  async #when<T>(act: () => Promise<T>): Promise<T> {
    await this.#mended
    return act()
  }
}

async function cuttable(): Promise<{ readonly world: World; readonly log: Cuttable }> {
  const world = await World.make({ open: clock => openMemoryLog({ partitions: { ...partitions, [stateOf(REST)]: 1 }, clock }) })
  return { world, log: new Cuttable(world.log as Log & Forgetful & Leasing) }
}

function predictorOf(world: World, log: Log & Reachable): Predictor {
  return new Predictor({ ...predictorOptions(world), log })
}

const examples = Array.from({ length: 8 }, (_, i) => input.example(i, { fault: i % 2 ? 'none' : 'scratch' }))

describe('while the log is cut off', () => {
  test.each(['learn', 'join', 'all'] as const)('the role %s is not ready and says why; it is again by itself', async role => {
    const { world, log } = await cuttable()
    const stop = new AbortController()
    const pipeline = world.start(undefined, { role, log })
    const running = pipeline.run(stop.signal)
    await expect.poll(() => pipeline.ready).toBe(true)
    log.cut()
    expect(pipeline.ready).toBe(false)
    expect(pipeline.status().reasons).toEqual([GONE])
    log.mend()
    expect(pipeline.ready).toBe(true)
    stop.abort()
    await running
  })

  test('a standby says so beside that it stands by', async () => {
    const { world, log } = await cuttable()
    await world.log.write(examples)
    const stop = new AbortController()
    const active = world.start(undefined, { role: 'learn', log })
    const running = [active.run(stop.signal)]
    await expect.poll(() => active.ready).toBe(true)
    const standby = world.start(undefined, { role: 'learn', log })
    running.push(standby.run(stop.signal))
    await expect.poll(() => standby.learner?.learned, { timeout: 5000 }).toBe(8)
    log.cut()
    expect(standby.status().reasons).toEqual(['standing by: another learner is active', GONE])
    log.mend()
    expect(standby.status().reasons).toEqual(['standing by: another learner is active'])
    stop.abort()
    await Promise.all(running)
  })

  test('a predictor is not ready, though its last look was well; it is again by itself', async () => {
    const { world, log } = await cuttable()
    await world.log.write(examples)
    await world.drain(undefined, { role: 'learn' })
    const stop = new AbortController()
    const predictor = predictorOf(world, log)
    const running = predictor.run(stop.signal)
    await expect.poll(() => predictor.ready, { timeout: 5000 }).toBe(true)
    log.cut()
    expect([predictor.ready, predictor.status().reasons]).toEqual([false, [GONE]])
    log.mend()
    expect(predictor.ready).toBe(true)
    stop.abort()
    await running
  })
})

describe('told to stop while the log is cut off', () => {
  const DRAIN_MS = 50

  test.each(['learn', 'join', 'all'] as const)(
    'the role %s ends soon after its drain, says what it did not do, and the next start does it',
    async role => {
      const { world, log } = await cuttable()
      const snapshots = new MemorySnapshots()
      const stop = new AbortController()
      const pipeline = world.start(undefined, { role, log, snapshots })
      const running = pipeline.run(stop.signal, DRAIN_MS)
      await expect.poll(() => pipeline.ready).toBe(true)
      log.cut()
      await world.log.write(examples)
      stop.abort()
      await running
      expect(snapshots.kept).toEqual([])
      expect(world.told.at(-1)).toContain(GONE)
      expect(world.told.at(-1)).toContain('what was not committed is taken again at the next start')
      expect([pipeline.ready, pipeline.status().reasons.includes('stopped')]).toEqual([false, true])
      if (role === 'join') return
      const next = await world.drain(undefined, { role, snapshots })
      expect(next.learner!.learned).toBe(examples.length)
    }
  )

  test('before the state is recovered it ends, too', async () => {
    const { world, log } = await cuttable()
    log.cut()
    const stop = new AbortController()
    const running = world.start(undefined, { role: 'join', log }).run(stop.signal, DRAIN_MS)
    stop.abort()
    await running
    expect(world.told.at(-1)).toContain('stopped without waiting any longer')
  })

  test('a predictor ends soon after its drain and says what it did not do', async () => {
    const { world, log } = await cuttable()
    await world.log.write(examples)
    await world.drain(undefined, { role: 'learn' })
    const stop = new AbortController()
    const predictor = predictorOf(world, log)
    const running = predictor.run(stop.signal, DRAIN_MS)
    await expect.poll(() => predictor.ready, { timeout: 5000 }).toBe(true)
    log.cut()
    await world.log.write([input.observation(100)])
    stop.abort()
    await running
    expect(world.told.at(-1)).toContain('predicted again')
  })
})
