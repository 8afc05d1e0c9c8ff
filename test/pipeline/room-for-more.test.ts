/** Want of room: nothing is lost, nothing is saved that is not committed, and the pipeline says so. Nothing to do: nothing is written. */
import { describe, expect, test } from 'vitest'
import { Fault } from '../../src/fault/fault.ts'
import type { Claim } from '../../src/pipeline/log.ts'
import { GROUP } from '../../src/pipeline/roles.ts'
import { input, MemorySnapshots, type Plant, World } from './world.ts'

/** A log whose commits are refused while `full`, and counted. */
function valve(): { full: boolean; commits: number; plant: Plant } {
  const state = { full: false, commits: 0 }
  const commit =
    (claim: Claim): Claim['commit'] =>
    async given => {
      if (state.full) throw new Fault('LOG_FULL', 'expected room for the records, there is none')
      state.commits++
      return claim.commit(given)
    }
  const plant: Plant = {
    log: log => ({
      claim: async group => {
        const claim = await log.claim(group)
        return { ...claim, commit: commit(claim) }
      }
    })
  }
  return Object.assign(state, { plant })
}

const parts = [0, 1, 2, 3, 4, 5]
const observations = parts.map(i => input.observation(i))
const labels = parts.map(i => input.label(i, { fault: i % 2 ? 'dent' : 'none' }))
const predicted = async (world: World) => (await world.events('predictions', 'prediction')).map(({ observation }) => observation).sort()

describe('a full log', () => {
  test('is told, stays readable, and the pipeline is not ready until there is room; then it goes on where it stood', async () => {
    const log = valve()
    const world = await World.make({ plant: log.plant })
    const stop = new AbortController()
    const pipeline = world.start()
    const running = pipeline.run(stop.signal)
    await expect.poll(() => pipeline.ready, { interval: 1 }).toBe(true)
    log.full = true
    await world.log.write([...observations, ...labels])
    await expect.poll(() => pipeline.ready, { interval: 1 }).toBe(false)
    expect(pipeline.status().reasons.join()).toContain('expected room')
    expect(await world.records('labels')).toHaveLength(6)
    expect(await world.log.committed(GROUP)).toEqual([])
    log.full = false
    await expect.poll(() => pipeline.learner!.learned, { interval: 5, timeout: 5000 }).toBe(6)
    expect(pipeline.ready).toBe(true)
    stop.abort()
    await running
    expect(await predicted(world)).toEqual(parts.map(i => `part-${i}`))
    expect(world.told.filter(message => message.includes('nothing is lost'))).toHaveLength(1)
    expect(world.told).toContain('there is room in the log again')
  })

  test('does not keep the pipeline from stopping; what was not committed is not saved, and taken again', async () => {
    const log = valve()
    const snapshots = new MemorySnapshots()
    const world = await World.make({ plant: log.plant, snapshots })
    await world.log.write(parts.map(i => input.example(i, { fault: 'none' })))
    log.full = true
    const stop = new AbortController()
    const pipeline = world.start()
    const running = pipeline.run(stop.signal, 0)
    await expect.poll(() => (pipeline.learner === null ? '' : pipeline.status().reasons.join()), { interval: 1 }).toContain('expected room')
    stop.abort()
    await running
    expect(snapshots.kept).toEqual([])
    expect(await world.log.committed(GROUP)).toEqual([])
    expect(world.told.join()).toContain('taken again at the next start')
    log.full = false
    expect((await world.drain()).learner!.learned).toBe(6)
    expect(snapshots.kept.map(({ header }) => header.learned)).toEqual([6])
  })

  test('makes no room by forgetting what has not been taken', async () => {
    const log = valve()
    const topics = ['observations', 'labels', 'examples', 'predictions', 'signals']
    const retentions = topics.map(topic => ({ topic, keepBytes: 0 }))
    const world = await World.make({ plant: log.plant, options: { retentions } })
    await world.log.write([...observations, ...labels])
    log.full = true
    const stop = new AbortController()
    const pipeline = world.start()
    const running = pipeline.run(stop.signal, 0)
    await expect.poll(() => (pipeline.learner === null ? '' : pipeline.status().reasons.join()), { interval: 1 }).toContain('expected room')
    stop.abort()
    await running
    expect((await world.log.starts(topics)).every(({ offset }) => offset === 0)).toBe(true)
    log.full = false
    expect((await world.drain()).learner!.learned).toBe(6)
  })
})

describe('no room for snapshots', () => {
  test('is told; the pipeline goes on and tries again after as many examples, not at every step', async () => {
    let tries = 0
    const full: Plant = {
      snapshots: () => ({
        write: async () => {
          tries++
          throw new Fault('LOG_FULL', 'expected room for a snapshot')
        }
      })
    }
    const world = await World.make({ plant: full })
    for (let i = 0; i < 21; i++) await world.log.write([input.example(i, { fault: 'none' })])
    const pipeline = await world.drain(undefined, { snapshot: { everyExamples: 10, keep: 2 } })
    expect(pipeline.learner!.learned).toBe(21)
    expect(tries).toBe(2)
    expect(world.told.filter(message => message.startsWith('no snapshot'))).toHaveLength(2)
  })
})

describe('retention', () => {
  test('keeps the examples after the oldest snapshot, so that a start from it finds them all', async () => {
    const retentions = ['observations', 'labels', 'examples', 'predictions', 'signals', 'rejects'].map(topic => ({ topic, keepBytes: 0 }))
    const snapshots = new MemorySnapshots()
    const world = await World.make({ snapshots, options: { retentions } })
    for (let round = 0; round < 4; round++) {
      world.now += 3_600_000
      await world.log.write(parts.map(i => input.example(10 * round + i, { fault: `f${(round + i) % 3}` })))
      await world.drain(undefined, { phase: phase => phase === 'folding' && world.pass(61_000) })
    }
    const [start] = await world.log.starts(['examples'])
    expect(start!.offset).toBeGreaterThan(0)
    expect(start!.offset).toBeLessThanOrEqual(snapshots.kept[0]!.header.positions.find(({ topic }) => topic === 'examples')!.offset)
    const whole = await world.drain()
    snapshots.kept.splice(1)
    const again = await world.drain()
    expect(again.learner!.save()).toEqual(whole.learner!.save())
  })
})

describe('an idle pipeline', () => {
  test('writes nothing while nothing changes', async () => {
    const log = valve()
    const world = await World.make({ plant: log.plant })
    await world.log.write([...observations, ...labels])
    let turns = 0
    const stop = new AbortController()
    const pipeline = world.start(undefined, { phase: phase => phase === 'reading' && turns++ })
    const running = pipeline.run(stop.signal)
    await expect.poll(() => pipeline.learner?.learned, { interval: 5 }).toBe(6)
    await expect.poll(() => Object.values(pipeline.status().lag), { interval: 5 }).toEqual([0, 0, 0, 0, 0, 0])
    const { commits } = log
    const before = turns
    await expect.poll(() => turns, { interval: 20 }).toBeGreaterThan(before + 1)
    expect(log.commits).toBe(commits)
    stop.abort()
    await running
  })
})
