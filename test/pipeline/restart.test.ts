/** A restart goes on where the last life stood, however many lives ended without a snapshot in between. */
import { expect, test } from 'vitest'
import { openAvroCodec } from '../../src/adapter/avro/codec.ts'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import { topics } from '../../src/events/event.ts'
import { Fault } from '../../src/fault/fault.ts'
import { defaultLearnerOptions } from '../../src/learner/options.ts'
import { Pipeline } from '../../src/pipeline/pipeline.ts'
import { REST, Shards } from '../../src/pipeline/shards.ts'
import type { SnapshotStore, StoredSnapshot } from '../../src/pipeline/snapshot-store.ts'
import { plainWatch, untold } from './plain-watch.ts'

const NOW = Date.UTC(2026, 4, 1)
const codec = openAvroCodec()
const log = openMemoryLog({ partitions: Object.fromEntries(Object.keys(topics).map(topic => [topic, 1])), clock: () => NOW })

/** Snapshots in memory; while `full` none can be written, as when a life is killed before its first. */
function kept(): SnapshotStore & { full: boolean; readonly stored: { header: StoredSnapshot; state: Uint8Array }[] } {
  const stored: { header: StoredSnapshot; state: Uint8Array }[] = []
  return {
    full: false,
    stored,
    list: async () => stored.map(each => each.header).reverse(),
    read: async name => stored.find(each => each.header.name === name)!,
    keep: async () => [],
    async write(header, state) {
      if (this.full) throw new Fault('LOG_FULL', 'expected room, there is none')
      const whole = { ...header, name: `${stored.length}`, sha256: '', bytes: state.length }
      stored.push({ header: whole, state })
      return whole
    }
  }
}

/** One life: it recovers, takes what is in the log, saves. */
async function live(snapshots: SnapshotStore): Promise<number> {
  const stop = new AbortController()
  const pipeline = new Pipeline({
    log,
    codec,
    snapshots,
    state: { encode: encodeSaved, decode: decodeSaved },
    learner: { ...defaultLearnerOptions, experts: 2 },
    role: 'all',
    shards: new Shards(),
    shard: REST,
    watch: plainWatch(),
    telling: untold,
    publish: { run: 'run', everyExamples: 100, everyMs: 1000 },
    load: { behind: 0, least: 1 },
    room: { maxWaiting: 1000, maxAgeMs: 3_600_000, predictionWaitMs: 1000, maxIds: 1000 },
    policy: { maxSkewMs: 1000, maxFeatures: 100 },
    snapshot: { everyExamples: 1_000_000, keep: 1 },
    retentions: [],
    posting: { maxWaiting: 100, predictWaitMs: 1000 },
    timings: { labelDelay: () => {}, predictMs: () => {}, learnMs: () => {} },
    clock: () => NOW,
    stopwatch: () => performance.now(),
    tell: () => {},
    phase: phase => phase === 'reading' && stop.abort()
  })
  await pipeline.run(stop.signal)
  return pipeline.learner!.learned
}

let next = 0
async function write(label: string): Promise<void> {
  const observation = {
    id: `p-${next}`,
    line: 'l',
    station: null,
    product: null,
    time: NOW - 1000 + next++,
    features: { torque: next % 7 }
  }
  const example = { observation, labels: { fault: label }, labelTime: NOW, source: null, prediction: null }
  await log.write([{ topic: 'examples', key: REST, value: codec.encode('example', example) }])
}

test('a snapshot stands behind the signals of what was folded again, so that the next life does not miss them', async () => {
  const snapshots = kept()
  await write('none')
  await live(snapshots)

  snapshots.full = true
  await write('dent') // a new class: a signal
  await live(snapshots)

  snapshots.full = false
  await write('dent') // folded after the class again, tells nothing
  await live(snapshots)
  expect(snapshots.stored.length).toBe(2)
  expect(snapshots.stored[1]!.header.positions).toContainEqual((await log.ends(['signals']))[0])

  await write('none')
  expect(await live(snapshots)).toBe(4)
})
