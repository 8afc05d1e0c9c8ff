/**
 * How soon a learner on another machine is ready, with no file of its own, from a real broker:
 * `node bench/catch-up.mjs [--examples 20000] [--json]`. Once from the published snapshot and the examples behind it, once from
 * the examples alone; both must hold the bytes of the learner that was there before. Needs Java and Maven.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { startBroker } from '../deploy/kafka/broker.mjs'
import { built, distOf, place, table, whole } from './running.mjs'

const { values: flags } = parseArgs({
  options: { examples: { type: 'string', default: '20000' }, json: { type: 'boolean', default: false }, dist: { type: 'string' } }
})
const dist = resolve(distOf(flags.dist))
const examples = whole('examples', flags.examples)
const { loadConfig, openStore, openPipeline, encodeSaved, SimulatedLines, driftOf } = await built(
  dist,
  'wiring',
  'config/load',
  'adapter/file/saved',
  'simulate/lines',
  'command/simulation'
)

const folder = mkdtempSync(join(tmpdir(), 'andon-bench-catch-up-'))
const broker = await startBroker({ directory: folder })
try {
  await fill()
  const first = await learner(true)
  const fresh = await learner(true)
  const bare = await learner(false)
  for (const each of [fresh, bare])
    if (each.sha256 !== first.sha256) throw new Error(`expected the bytes of the learner before, ${first.sha256}, got ${each.sha256}`)
  const told = { examples, snapshotMiB: first.snapshotMiB, withSnapshotMs: fresh.readyMs, withoutMs: bare.readyMs }
  const rows = [
    ['a learner without files', 'ready after'],
    [`from the published snapshot (${told.snapshotMiB.toFixed(1)} MiB)`, `${Math.round(told.withSnapshotMs).toLocaleString('en')} ms`],
    [`from ${examples.toLocaleString('en')} examples alone`, `${Math.round(told.withoutMs).toLocaleString('en')} ms`]
  ]
  process.stdout.write(flags.json ? `${JSON.stringify(told, null, 2)}\n` : `${table(rows)}\n`)
} finally {
  await broker.stop()
  rmSync(folder, { recursive: true, force: true })
}

function configOf(home) {
  return loadConfig({ path: home.config, env: {} })
}

function home() {
  return place({ load: { behind: 0 }, log: { kind: 'kafka', kafka: { brokers: [broker.address] } }, logging: { level: 'silent' } })
}

async function fill() {
  const at = home()
  const { log, codec } = await openStore(configOf(at), { role: 'learn' })
  const lines = new SimulatedLines({
    seed: 1,
    lines: 3,
    intervalMs: 1000,
    startMs: Date.now() - 86_400_000,
    labelDelayParts: 0,
    drift: driftOf('none', 3)
  })
  const seen = new Map()
  let chunk = []
  for (let n = 0; n < examples; ) {
    const { name, event } = lines.next().value.event
    if (name === 'observation') seen.set(event.id, event)
    else {
      const observation = seen.get(event.observation)
      const example = { observation, labels: event.labels, labelTime: event.time, source: null, prediction: null }
      chunk.push({ topic: 'examples', key: 'shard-0', value: codec.encode('example', example) })
      n++
    }
    if (chunk.length === 500 || n === examples) {
      await log.write(chunk)
      chunk = []
    }
  }
  await log.close()
  at.remove()
}

/** A learner until it has everything, in a folder of its own, which is gone afterwards. */
async function learner(published) {
  const at = home()
  const store = await openStore(configOf(at), { role: 'learn' })
  const none = { list: async () => [], write: store.snapshots.write.bind(store.snapshots), keep: async () => [] }
  const given = published ? store : { ...store, snapshots: none }
  const pipeline = openPipeline(configOf(at), given, 'learn', { timings: { labelDelay() {}, predictMs() {}, learnMs() {} }, tell() {} })
  const stop = new AbortController()
  const began = performance.now()
  const running = pipeline.run(stop.signal)
  while (!pipeline.ready || pipeline.status().lag.examples > 0) await new Promise(done => setTimeout(done, 5))
  const readyMs = performance.now() - began
  const bytes = encodeSaved(pipeline.learner.save())
  stop.abort()
  await running
  await store.log.close()
  at.remove()
  return { readyMs, snapshotMiB: bytes.length / 1_048_576, sha256: createHash('sha256').update(bytes).digest('hex') }
}
