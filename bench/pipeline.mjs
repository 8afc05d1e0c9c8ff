/**
 * One process of the throughput benchmark: `node pipeline.mjs DIST CONFIG EVENTS` feeds the log and folds it, end to end,
 * and prints `{events, learned, seconds, peakRssMiB}`.
 */
import { feed } from './feed.mjs'
import { built } from './running.mjs'

const [dist, configPath, events] = process.argv.slice(2)
const { loadConfig, openStore, openPipeline } = await built(dist, 'wiring', 'config/load')
const config = loadConfig({ path: configPath, env: {} })
const store = await openStore(config)
const timings = { labelDelay() {}, predictMs() {}, learnMs() {} }
const pipeline = openPipeline(config, store, 'all', { timings, tell() {} })
const stop = new AbortController()
/** Longer than any backlog takes. */
const DRAIN_MS = 600_000

const began = performance.now()
const running = pipeline.run(stop.signal, DRAIN_MS)
const written = await feed(dist, store, { events: Number(events) })
stop.abort()
await running
const seconds = (performance.now() - began) / 1000
const { learned } = pipeline.learner
await store.log.close()
if (learned !== written.label) throw new Error(`expected ${written.label} examples to be learned, got ${learned}`)
const peakRssMiB = process.resourceUsage().maxRSS / 1024
process.stdout.write(JSON.stringify({ events: written.observation + written.label, learned, seconds, peakRssMiB }))
