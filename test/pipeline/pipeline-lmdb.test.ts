/** The laws of a pipeline over the durable log: all but the crash at every await, which the kill run does from outside. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { encodeSaved } from '../../src/adapter/file/saved.ts'
import { openFileSnapshots } from '../../src/adapter/file/snapshots.ts'
import { openLmdbLog } from '../../src/adapter/lmdb/log.ts'
import { pipelineLaws } from './pipeline.laws.ts'
import { input, partitions, type Whole, World } from './world.ts'

const directories: string[] = []
const logs: Whole[] = []
const fresh = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'andon-pipeline-'))
  directories.push(directory)
  return directory
}
async function open(directory: string, clock: () => number): Promise<Whole> {
  const log = await openLmdbLog({ directory: join(directory, 'log'), partitions, maxBytes: 64 * 1024 * 1024, clock })
  logs.push(log)
  return log
}

afterEach(async () => {
  for (const log of logs.splice(0)) await log.close()
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

describe('a pipeline over the log in LMDB', () => {
  for (const { name, run } of pipelineLaws.filter(law => !law.name.startsWith('a crash at any await'))) {
    test(name, () =>
      run(options => {
        const directory = fresh()
        return World.make({
          ...options,
          open: clock => open(directory, clock),
          snapshots: openFileSnapshots(join(directory, 'snapshots'))
        })
      })
    )
  }

  test('closed and opened again between all rounds it comes to the same model', async () => {
    const directory = fresh()
    let last: World | null = null
    for (let round = 0; round < 4; round++) {
      last = await World.make({ open: clock => open(directory, clock), snapshots: openFileSnapshots(join(directory, 'snapshots')) })
      const i = 2 * round
      await last.log.write([input.observation(i), input.label(i, { fault: `f${round % 2}` }), input.observation(i + 1)])
      if (round > 0) await last.log.write([input.label(i - 1, { fault: 'late' })])
      const pipeline = await last.drain()
      expect(Buffer.compare(encodeSaved(pipeline.learner!.save()), (await last.fold()).bytes)).toBe(0)
      if (round < 3) await last.log.close()
    }
    const learned = (await last!.events('examples', 'example')).map(({ observation, labels }) => `${observation.id} ${labels.fault}`)
    expect(learned.sort()).toEqual(['part-0 f0', 'part-1 late', 'part-2 f1', 'part-3 late', 'part-4 f0', 'part-5 late', 'part-6 f1'])
  })
})
