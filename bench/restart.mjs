/**
 * From the start of the process to the first 200 of `/readyz`, with a snapshot of at least 10 MiB to load:
 * `node bench/restart.mjs [--runs 5] [--json]`. Ends with 1 where the median is 2 s or more.
 *
 * The snapshot is that of a line with many features and classes. Every run stops in order, so that nothing is folded again.
 */
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { behind } from './feed.mjs'
import { built, distOf, median, place, start, whole } from './running.mjs'

const { values: flags } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, json: { type: 'boolean', default: false }, dist: { type: 'string' } }
})
const dist = resolve(distOf(flags.dist))
const runs = whole('runs', flags.runs)
const LEAST_MIB = 10
const LIMIT_MS = 2000
/** 400 features of 16 experts over 12 classes: somewhat more than 10 MiB of weights. */
const WIDE = { features: 400, classes: 12, examples: 400 }

const port = await freePort()
const home = place({ http: { port } })
try {
  process.exitCode = await run()
} finally {
  home.remove()
}

async function run() {
  const parts = await built(dist, 'wiring', 'config/load', 'numeric/random', 'adapter/file/snapshots')
  const first = await start(dist, home.config)
  const store = await parts.openStore(parts.loadConfig({ path: home.config, env: {} }))
  await store.log.write(examples(store.codec, new parts.Random(1)))
  while ((await behind(store.log)) > 0) await sleep(20)
  await store.log.close()
  await first.stop()
  const [snapshot] = await parts.openFileSnapshots(join(home.folder, 'data/snapshots')).list()
  const mebibytes = snapshot.bytes / 1_048_576
  if (mebibytes < LEAST_MIB) throw new Error(`expected a snapshot of at least ${LEAST_MIB} MiB, got ${mebibytes.toFixed(1)}`)
  const ms = []
  for (let n = 0; n < runs; n++) {
    const began = performance.now()
    const started = start(dist, home.config)
    ms.push(await ready(began))
    await (await started).stop()
  }
  const middle = median(ms)
  const ok = middle < LIMIT_MS
  if (flags.json) process.stdout.write(`${JSON.stringify({ mebibytes, ms, median: middle, limitMs: LIMIT_MS, ok }, null, 2)}\n`)
  else
    process.stdout.write(
      `ready after ${ms.map(Math.round).join(', ')} ms, median ${Math.round(middle)} ms, with a snapshot of ${mebibytes.toFixed(1)} MiB: ${ok ? 'ok' : `FAIL, expected less than ${LIMIT_MS} ms`}\n`
    )
  return ok ? 0 : 1
}

function examples(codec, random) {
  const time = Date.now() - 3_600_000
  return Array.from({ length: WIDE.examples }, (_, n) => {
    const features = Object.fromEntries(Array.from({ length: WIDE.features }, (_, i) => [`f${i}`, random.next()]))
    const observation = { id: `wide-${n}`, line: 'line-1', station: null, product: null, time: time + n, features }
    const labels = { fault: `class-${n % WIDE.classes}` }
    return {
      topic: 'examples',
      key: 'shard-0',
      value: codec.encode('example', { observation, labels, labelTime: time + n, source: null, prediction: null })
    }
  })
}

/** Milliseconds since `began` at the first 200. */
async function ready(began) {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null)
    if (answer?.status === 200) return performance.now() - began
    if (performance.now() - began > 60_000) throw new Error('expected to be ready within a minute')
    await sleep(3)
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(done => server.once('listening', done))
  const { port: free } = server.address()
  await new Promise(done => server.close(done))
  return free
}
