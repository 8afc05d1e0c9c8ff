/** The interface over a real pipeline: what is posted is predicted, joined, learned and told. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAvroCodec } from '../../src/adapter/avro/codec.ts'
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import { openMetrics } from '../../src/adapter/prometheus/open-metrics.ts'
import { topics } from '../../src/events/event.ts'
import { type Server, serve } from '../../src/http/serve.ts'
import { unnamedToken } from '../../src/http/token.ts'
import { defaultLearnerOptions } from '../../src/learner/options.ts'
import { Pipeline } from '../../src/pipeline/pipeline.ts'
import { REST, Shards } from '../../src/pipeline/shards.ts'
import type { SnapshotStore } from '../../src/pipeline/snapshot-store.ts'
import { plainWatch, untold } from '../pipeline/plain-watch.ts'
import { send, token } from './fake-gateway.ts'

const noSnapshots: SnapshotStore = {
  list: async () => [],
  write: async header => ({ ...header, name: '0', sha256: '', bytes: 0 }),
  read: async name => Promise.reject(new Error(`expected no read, ${name} was read`)),
  keep: async () => []
}

const codec = openAvroCodec()
const now = Date.now()
const observation = (i: number) => ({
  id: `part-${i}`,
  line: 'line-1',
  time: now - 10_000 + i,
  features: { torque: i % 7, tool: i % 2 ? 'a' : 'b' }
})
const label = (i: number) => ({
  observation: `part-${i}`,
  line: 'line-1',
  time: now - 5_000 + i,
  labels: { fault: i % 2 ? 'scratch' : 'none' }
})

describe('over a real pipeline', () => {
  const stop = new AbortController()
  let pipeline: Pipeline
  let server: Server
  let running: Promise<void>

  beforeAll(async () => {
    const metrics = openMetrics()
    pipeline = new Pipeline({
      log: openMemoryLog({ partitions: Object.fromEntries(Object.keys(topics).map(topic => [topic, 1])), clock: Date.now }),
      codec,
      snapshots: noSnapshots,
      state: { encode: () => new Uint8Array(), decode: () => null },
      learner: { ...defaultLearnerOptions, experts: 2 },
      role: 'all',
      shards: new Shards(),
      shard: REST,
      watch: plainWatch(),
      telling: untold,
      publish: { run: 'run', everyExamples: 100, everyMs: 1000 },
      load: { behind: 0, least: 1 },
      room: { maxWaiting: 1000, maxAgeMs: 3_600_000, predictionWaitMs: 1000, maxIds: 1000 },
      policy: { maxSkewMs: 60_000, maxFeatures: 100 },
      snapshot: { everyExamples: 1_000_000, keep: 1 },
      retentions: [],
      posting: { maxWaiting: 100, predictWaitMs: 10_000 },
      timings: metrics.timings,
      clock: Date.now,
      stopwatch: () => performance.now(),
      tell: () => {}
    })
    server = await serve({ gateway: pipeline, metrics, port: 0, tokens: [unnamedToken(token)] }, stop.signal)
    running = pipeline.run(stop.signal)
  })

  const warnings: string[] = []
  const warned = (warning: Error) => void warnings.push(warning.name)
  process.on('warning', warned)

  afterAll(async () => {
    process.off('warning', warned)
    stop.abort()
    await running
    await server.close()
  })

  const learned = async () => ((await (await fetch(`${server.url}/status`)).json()) as { learner: { learned: number } }).learner.learned

  test('an observation is answered with its prediction, its label is learned, and the metrics tell of it', async () => {
    await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(200)
    const count = 60
    const indices = Array.from({ length: count }, (_, i) => i)
    const first = await send(`${server.url}/observations`, indices.map(observation))
    expect(first.status).toBe(200)
    const { receipts } = (await first.json()) as { receipts: { position: unknown; prediction: { observation: string } }[] }
    expect(receipts.map(receipt => receipt.prediction.observation)).toEqual(indices.map(i => `part-${i}`))
    expect((await send(`${server.url}/labels`, { records: indices.map(label) })).status).toBe(200)
    await expect.poll(learned, { timeout: 20_000 }).toBe(count)
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toContain(`\nandon_learned_examples_total ${count}\n`)
    expect(metrics).toContain(`andon_label_delay_seconds_count ${count}\n`)
    expect(metrics).toContain(`andon_predict_duration_seconds_count ${count}\n`)
    expect(metrics).toMatch(/andon_expert_utilisation_ratio\{task="fault",bank="[^"]+",domain="",expert="1"\}/)
    expect(metrics).not.toMatch(/(topic|outcome|part)="other"/)
  })

  test('a labelled example and an Avro record come in by the same door', async () => {
    const before = await learned()
    expect((await send(`${server.url}/examples`, { observation: observation(900), labels: { fault: 'none' } })).status).toBe(200)
    const bytes = codec.encode('observation', { station: null, product: null, ...observation(901) })
    const answer = await send(`${server.url}/observations`, bytes, { 'content-type': 'application/avro' })
    const { receipts } = (await answer.json()) as { receipts: { prediction: { tasks: { task: string; classes: string[] }[] } }[] }
    expect(receipts[0]!.prediction.tasks[0]).toMatchObject({ task: 'fault', classes: expect.arrayContaining(['none', 'scratch']) })
    await expect.poll(learned).toBe(before + 1)
  })

  test('what fails a check is told with the code that rejects carry, beside what was accepted', async () => {
    const late = { ...observation(910), time: now + 3_600_000 }
    const response = await send(`${server.url}/observations`, [late, observation(911), { id: 1 }])
    expect(response.status).toBe(207)
    const { receipts } = (await response.json()) as { receipts: { accepted: boolean; rejection?: { code: string } }[] }
    expect(receipts.map(receipt => receipt.rejection?.code)).toEqual(['time-out-of-range', undefined, 'malformed'])
    const wrong = codec.encode('label', { source: null, ...label(1) })
    const other = await send(`${server.url}/observations`, wrong, { 'content-type': 'application/avro' })
    expect([other.status, await other.text()]).toEqual([422, expect.stringContaining('wrong-event')])
    const damaged = await send(`${server.url}/labels`, Uint8Array.of(1, 2, 3), { 'content-type': 'application/avro' })
    expect(damaged.status).toBe(422)
  })

  test('more observations than may wait are told to come again', async () => {
    const many = Array.from({ length: 101 }, (_, i) => observation(2000 + i))
    const response = await send(`${server.url}/observations`, many)
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '1'])
  })

  test('a post of many records makes the process warn of nothing', () => {
    expect(warnings).toEqual([])
  })
})
