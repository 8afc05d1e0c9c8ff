/** The decider in the loop: each decision is in the log once, and what it has learned outlives the process. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openLmdbLog } from '../../src/adapter/lmdb/log.ts'
import { Decider } from '../../src/decide/decider.ts'
import { type DecideOptions, defaultDecideOptions } from '../../src/decide/options.ts'
import { openDeciding } from '../../src/pipeline/deciding.ts'
import type { PipelineOptions } from '../../src/pipeline/pipeline.ts'
import { plainWatch } from './plain-watch.ts'
import { Awaits, Crash, input, partitions, type Whole, World } from './world.ts'

const directories: string[] = []
const logs: Whole[] = []
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close()
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

async function open(clock: () => number): Promise<Whole> {
  const directory = mkdtempSync(join(tmpdir(), 'andon-decisions-'))
  directories.push(directory)
  const log = await openLmdbLog({ directory, partitions, maxBytes: 64 * 1024 * 1024, clock })
  logs.push(log)
  return log
}

const policy: DecideOptions = {
  ...defaultDecideOptions,
  tasks: { fault: { missRate: 0.25 } },
  inspection: { ...defaultDecideOptions.inspection, perThousand: 300, maxListed: 6 },
  labels: 'all'
}
/** As a process just started has it. */
const watch = (): Pick<PipelineOptions, 'watch'> => ({ watch: { ...plainWatch(), decider: openDeciding(new Decider(policy)) } })
const truth = (i: number) => ({ fault: i % 4 === 1 ? 'dent' : 'none' })
const parts = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => input.observation(from + i, { station: 'gate' }))
const labels = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => input.label(from + i, truth(from + i)))

describe('the decider in the loop', () => {
  test('tells what is worth keeping, lists what is to be inspected, and forgets neither over a restart', async () => {
    const world = await World.make({ open })
    await world.log.write(parts(0, 10))
    const first = await world.drain(new Awaits(), watch())
    // Nothing is known of the task yet, and it has a promise: every part is left to a person.
    const told = await world.events('decisions', 'decision')
    expect(
      told.map(({ observation, station, action, inspect, propensity }) => [observation, station, action, inspect, propensity])
    ).toEqual(Array.from({ length: 10 }, (_, i) => [`part-${i}`, 'gate', 'abstain', true, 1]))
    const listed = first.inspections(100, null)!
    expect(new Set(listed.map(each => each.station))).toEqual(new Set(['gate']))
    expect(listed.map(each => each.observation)).toEqual(['part-9', 'part-8', 'part-7', 'part-6', 'part-5', 'part-4'])

    const again = await world.drain(new Awaits(), watch())
    expect(again.inspections(100, null)).toEqual(listed)
    expect(again.decisions()).toEqual(first.decisions())

    await world.log.write(labels(0, 8))
    await world.log.write(parts(10, 30))
    const later = await world.drain(new Awaits(), watch())
    const left = later.inspections(100, null)!.map(each => each.observation)
    for (const gone of ['part-4', 'part-7']) expect(left).not.toContain(gone)
    const [task] = later.decisions()!.tasks
    expect(task!.classes.map(each => [each.class, each.labels, each.promise])).toEqual([
      ['none', 6, null],
      ['dent', 2, 0.25]
    ])
    expect(Object.values(task!.decided).reduce((sum, n) => sum + n, 0)).toBe(30)
    const kept = (await world.events('decisions', 'decision')).slice(10)
    expect(kept.every(({ action, inspect }) => action !== 'pass' || inspect)).toBe(true)
    expect(later.status().decisions).toEqual(later.decisions())
  })

  test('a crash at any await decides neither twice nor otherwise', async () => {
    const life = async (crash: Awaits | null) => {
      const world = await World.make()
      await world.log.write(parts(0, 12))
      await world.log.write(labels(0, 6))
      if (crash !== null)
        await world.drain(crash, watch()).catch(error => {
          if (!(error instanceof Crash)) throw error
        })
      const pipeline = await world.drain(new Awaits(), watch())
      return { report: pipeline.decisions(), told: await world.events('decisions', 'decision'), list: pipeline.inspections(100, null) }
    }
    const expected = await life(null)
    expect(expected.told.length).toBeGreaterThan(0)
    for (let n = 0, crashed = true; crashed; n++) {
      const awaits = new Awaits(n)
      // Which labels have come when a part is predicted depends on the batches, and these on where it was stopped.
      const { told, report } = await life(awaits)
      crashed = awaits.crashed
      expect(told.map(({ observation, task }) => `${observation} ${task}`).sort()).toEqual(
        [...new Set(told.map(({ observation, task }) => `${observation} ${task}`))].sort()
      )
      const [task] = report!.tasks
      expect(Object.values(task!.decided).reduce((sum, count) => sum + count, 0)).toBe(12)
      expect(task!.classes.reduce((sum, each) => sum + each.labels, 0)).toBe(6)
    }
  })

  test('apart from the others it goes on where one process stopped, and who does not watch decides nothing', async () => {
    const world = await World.make()
    await world.log.write(parts(0, 10))
    const whole = await world.drain(new Awaits(), watch())
    const apart = await world.drain(new Awaits(), { role: 'watch', ...watch() })
    expect(apart.decisions()).toEqual(whole.decisions())
    expect(apart.inspections(3, null)).toEqual(whole.inspections(3, null))
    const join = await world.drain(new Awaits(), { role: 'join', ...watch() })
    expect([join.decisions(), join.inspections(3, null)]).toEqual([null, null])
  })
})
