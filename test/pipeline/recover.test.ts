/** A state half recovered is none: whoever stops in the middle of it leaves everything as it was. */
import { expect, test } from 'vitest'
import { openAvroCodec } from '../../src/adapter/avro/codec.ts'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import { type Observation, topics } from '../../src/events/event.ts'
import { noMeter } from '../../src/learner/meter.ts'
import { defaultLearnerOptions } from '../../src/learner/options.ts'
import { Intake } from '../../src/pipeline/intake.ts'
import type { Position } from '../../src/pipeline/log.ts'
import { Pipeline } from '../../src/pipeline/pipeline.ts'
import { recover } from '../../src/pipeline/recover.ts'
import { GROUP } from '../../src/pipeline/roles.ts'
import { REST, Shards } from '../../src/pipeline/shards.ts'
import type { SnapshotStore } from '../../src/pipeline/snapshot-store.ts'
import { plainWatch, untold } from './plain-watch.ts'

const NOW = Date.UTC(2026, 4, 1)
const codec = openAvroCodec()
const policy = { maxSkewMs: 1000, maxFeatures: 100 }
const learner = { ...defaultLearnerOptions, experts: 2 }

/** A log whose examples a pipeline has learned without ever saving a snapshot. */
async function learned(count: number) {
  const log = openMemoryLog({ partitions: Object.fromEntries(Object.keys(topics).map(topic => [topic, 1])), clock: () => NOW })
  const written: number[] = []
  const snapshots: SnapshotStore = {
    list: async () => [],
    write: async header => {
      written.push(header.learned)
      return { ...header, name: '1', sha256: '', bytes: 0 }
    },
    read: async name => Promise.reject(new Error(`expected no read, ${name} was read`)),
    keep: async () => []
  }
  const told: string[] = []
  const pipeline = () =>
    new Pipeline({
      log,
      codec,
      snapshots,
      state: { encode: encodeSaved, decode: decodeSaved },
      learner,
      role: 'all',
      shards: new Shards(),
      shard: REST,
      watch: plainWatch(),
      telling: untold,
      publish: { run: 'run', everyExamples: 100, everyMs: 1000 },
      load: { behind: 0, least: 1 },
      room: { maxWaiting: 1000, maxAgeMs: 3_600_000, predictionWaitMs: 1000, maxIds: 1000 },
      policy,
      snapshot: { everyExamples: 1_000_000, keep: 1 },
      retentions: [],
      posting: { maxWaiting: 100, predictWaitMs: 1000 },
      timings: { labelDelay: () => {}, predictMs: () => {}, learnMs: () => {} },
      clock: () => NOW,
      stopwatch: () => performance.now(),
      tell: (_, message) => told.push(message)
    })
  const example = (i: number) => {
    const observation: Observation = {
      id: `p-${i}`,
      line: 'l',
      station: null,
      product: null,
      time: NOW - count + i,
      features: { torque: i % 7 }
    }
    return codec.encode('example', {
      observation,
      labels: { fault: i % 2 ? 'dent' : 'none' },
      labelTime: NOW,
      source: null,
      prediction: null
    })
  }
  await log.write(Array.from({ length: count }, (_, i) => ({ topic: 'examples', key: REST, value: example(i) })))
  await pipeline().run(AbortSignal.abort())
  return { log, snapshots, written, told, pipeline }
}

test('a pipeline stopped while it recovers saves nothing and moves no position', async () => {
  const { log, written, told, pipeline } = await learned(50)
  expect(written).toEqual([50])
  const before = await log.committed(GROUP)
  expect(before.find(each => each.topic === 'examples')?.offset).toBe(50)
  const stopped = pipeline()
  await stopped.run(AbortSignal.abort())
  expect(written).toEqual([50])
  expect(await log.committed(GROUP)).toEqual(before)
  expect(told.at(-1)).toMatch(/stopped while the state was being recovered/)
  expect(stopped.ready).toBe(false)
})

test('recovering ends at the committed position or, when aborted, not at all', async () => {
  const { log, snapshots } = await learned(50)
  const committed: Position[] = [{ topic: 'examples', partition: 0, offset: 30 }]
  const given = {
    log,
    codec,
    snapshots,
    state: { encode: encodeSaved, decode: decodeSaved },
    learner,
    shards: new Shards(),
    shard: REST,
    meter: noMeter,
    intake: new Intake(codec, policy),
    committed,
    earlier: true
  }
  expect((await recover({ ...given, signal: new AbortController().signal })).learner.learned).toBe(30)
  await expect(recover({ ...given, signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
  const middle = new AbortController()
  const aborting = recover({ ...given, signal: middle.signal, progress: done => done === 10 && middle.abort() })
  // What a batch already holds may still be folded: then the state is whole.
  const outcome = await aborting.then(
    ({ learner: { learned: count } }) => count,
    (error: Error) => error.name
  )
  expect([30, 'AbortError']).toContain(outcome)
})
