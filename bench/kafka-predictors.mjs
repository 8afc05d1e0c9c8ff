/**
 * Predictors on a real broker: `node bench/kafka-predictors.mjs [--observations 60000] [--seconds 20] [--json]`. Needs Java and Maven.
 *
 * - Observations a second of one and of two `andon run --role predict` over six partitions, between a tenth and nine tenths of
 *   what lies there when they start.
 * - Latency from observation to prediction at 1,000 observations a second, ten a write, through one predictor; at least once,
 *   and exactly once (`log.kafka.transactionalPredictions`).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { startBroker } from '../deploy/kafka/broker.mjs'
import { atThousand, quantiles } from './kafka-events.mjs'
import { built, distOf, place, start, statusOf, table, whole } from './running.mjs'

const { values: flags } = parseArgs({
  options: {
    observations: { type: 'string', default: '60000' },
    seconds: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
    dist: { type: 'string' }
  }
})
const dist = resolve(distOf(flags.dist))
const observations = whole('observations', flags.observations)
const seconds = whole('seconds', flags.seconds)
const { loadConfig, openStore, openPipeline } = await built(dist, 'wiring', 'config/load')
/** So many lines that their keys fall on every partition. */
const LINES = 60
const PARTITIONS = 6

const folder = mkdtempSync(join(tmpdir(), 'andon-bench-predictors-'))
const broker = await startBroker({ directory: folder })
try {
  const [one, two] = [await throughput(1), await throughput(2)]
  const told = { observations, one, two, ratio: two / one, plain: await latency(false), transactional: await latency(true) }
  const rates = [
    ['predictors', 'observations/s', 'of one'],
    ['1', Math.round(one).toLocaleString('en'), '1.00'],
    ['2', Math.round(two).toLocaleString('en'), told.ratio.toFixed(2)]
  ]
  const waits = [
    ['observation to prediction at 1,000/s', 'p50 ms', 'p99 ms'],
    ...[
      ['at least once', told.plain],
      ['exactly once', told.transactional]
    ].map(([how, { p50, p99 }]) => [how, p50.toFixed(1), p99.toFixed(1)])
  ]
  process.stdout.write(flags.json ? `${JSON.stringify(told, null, 2)}\n` : `${table(rates)}\n\n${table(waits)}\n`)
} finally {
  await broker.stop()
  rmSync(folder, { recursive: true, force: true })
}

function configured(prefix, transactional = false) {
  const counts = Object.fromEntries(['observations', 'labels', 'predictions'].map(topic => [topic, PARTITIONS]))
  const kafka = { brokers: [broker.address], prefix, transactionalPredictions: transactional, sessionMs: 6000 }
  return place({ log: { kind: 'kafka', kafka, partitions: counts }, learner: { single: false }, logging: { level: 'info' } })
}

/** A log with a published state that knows two classes, and what writes observations of it. */
async function prepared(home) {
  const config = loadConfig({ path: home.config, env: {} })
  const store = await openStore(config, { role: 'learn' })
  const seen = i => ({
    id: `part-${i}`,
    line: `line-${i % LINES}`,
    station: null,
    product: null,
    time: Date.now(),
    features: { torque: (i * 37) % 101, speed: (i * 53) % 97, tool: i % 3 ? 'a' : 'b', wear: i % 211 }
  })
  const example = i => ({
    observation: seen(-1 - i),
    labels: { fault: i % 5 ? 'none' : 'worn' },
    labelTime: Date.now(),
    source: null,
    prediction: null
  })
  const examples = Array.from({ length: 500 }, (_, i) => ({
    topic: 'examples',
    key: 'shard-0',
    value: store.codec.encode('example', example(i))
  }))
  await store.log.write(examples)
  const pipeline = openPipeline(config, store, 'learn', { timings: { labelDelay() {}, predictMs() {}, learnMs() {} }, tell() {} })
  const stop = new AbortController()
  const running = pipeline.run(stop.signal)
  while (!pipeline.ready || pipeline.status().lag.examples > 0) await pause(10)
  stop.abort()
  await running
  const record = i => ({ topic: 'observations', key: `line-${i % LINES}`, value: store.codec.encode('observation', seen(i)) })
  return { log: store.log, codec: store.codec, record }
}

async function throughput(predictors) {
  const home = configured(`rate-${predictors}.`)
  const { log, record } = await prepared(home)
  for (let i = 0; i < observations; i += 2000)
    await log.write(Array.from({ length: Math.min(2000, observations - i) }, (_, j) => record(i + j)))
  const lives = await Promise.all(Array.from({ length: predictors }, () => start(dist, home.config, ['--role', 'predict'])))
  const done = async () => (await log.committed('andon-predict')).reduce((sum, { offset }) => sum + offset, 0)
  const at = async part => {
    while ((await done()) < part * observations) await pause(20)
    return [performance.now(), await done()]
  }
  const [began, before] = await at(0.1)
  const [ended, after] = await at(0.9)
  await Promise.all(lives.map(life => life.stop()))
  await log.close()
  home.remove()
  return (1000 * (after - before)) / (ended - began)
}

async function latency(transactional) {
  const home = configured(`wait-${transactional}.`, transactional)
  const { log, codec, record } = await prepared(home)
  const life = await start(dist, home.config, ['--role', 'predict'])
  while (!(await statusOf(life)).ready) await pause(50)
  const total = 1000 * seconds
  const sentAt = new Map()
  const waits = []
  const reading = new AbortController()
  const read = (async () => {
    for await (const batch of log.read(['predictions'], [], reading.signal)) {
      const now = performance.now()
      for (const { value } of batch) waits.push(now - sentAt.get(codec.decode(value).event.observation))
      if (waits.length >= total) return
    }
  })()
  await atThousand(total, (i, n) => {
    for (let j = i; j < i + n; j++) sentAt.set(`part-${j}`, performance.now())
    return log.write(Array.from({ length: n }, (_, j) => record(i + j)))
  })
  await read
  reading.abort()
  await life.stop()
  await log.close()
  home.remove()
  return quantiles(waits.slice(total / 10))
}

function pause(ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}
