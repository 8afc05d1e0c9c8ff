/**
 * Simulated events through `andon run` as fast as it takes them, to see whether memory stays flat and the log bounded:
 * `node bench/soak.mjs [--events 1000000] [--rate PER_SECOND] [--seed S] [--kafka HOST:PORT] [--json]`. Ends with 1 where it does not.
 * With `--kafka` it runs on that broker (`npm run kafka`), whose disk is not looked at.
 *
 * Whatever Andon keeps has a bound (parts waiting, identities, records of a topic). Here the bounds are set so low that all
 * are reached in the first tenth of the run: from then on nothing may grow.
 */
import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { behind, feed } from './feed.mjs'
import { built, distOf, median, memoryOf, place, start, statusOf, table, whole } from './running.mjs'

const { values: flags } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    rate: { type: 'string' },
    kafka: { type: 'string' },
    json: { type: 'boolean', default: false },
    dist: { type: 'string' }
  }
})
const dist = resolve(distOf(flags.dist))
const events = whole('events', flags.events)
/** Samples along the way; flat means that their last quarter is no higher than the second, for the log than the third, within noise. */
const SAMPLES = 40
/** With fewer events the heap is still growing to the size that the collector likes, and retention has not come round. */
const JUDGED_FROM = 500_000
/** What garbage collection and the allocator leave to chance: a tenth, and never less than this many MiB. */
const NOISE = { ratio: 1.1, mebibytes: 16 }
/** Half of the events are parts: a twentieth of the run fills the room, a tenth the identities. */
const parts = Math.max(1000, Math.floor(events / 40))
const options = {
  join: { maxWaiting: parts, dedupe: { maxIds: parts } },
  learner: { dedupe: { maxIds: parts } },
  log: {
    ...(flags.kafka === undefined ? {} : { kind: 'kafka', kafka: { brokers: [flags.kafka], prefix: `soak-${process.pid}.` } }),
    maxMiB: 1024,
    retention: { observations: { MiB: 20 }, labels: { MiB: 10 }, predictions: { MiB: 60 }, examples: { MiB: 60 } }
  }
}

const home = place(options)
const samples = []
let life = null
try {
  life = await start(dist, home.config)
  process.exitCode = await run()
} finally {
  if (life?.alive) life.kill()
  home.remove()
}

async function run() {
  const { loadConfig, openStore } = await built(dist, 'wiring', 'config/load')
  const store = await openStore(loadConfig({ path: home.config, env: {} }))
  const began = performance.now()
  let due = 0
  let pending = Promise.resolve()
  const header = ['events', 'seconds', 'events/s', 'RSS MiB', 'own MiB', 'heap MiB', 'lag', 'log MiB', 'kept']
  if (!flags.json) process.stdout.write(`${table([header])}\n`)
  const sample = async fed => {
    const lag = await behind(store.log)
    const starts = await store.log.starts(['examples'])
    const ends = await store.log.ends(['examples'])
    const seconds = (performance.now() - began) / 1000
    const disk = flags.kafka === undefined ? (statSync(join(home.folder, 'data/log/data.mdb')).blocks * 512) / 1_048_576 : 0
    const before = samples.at(-1) ?? { events: 0, seconds: 0 }
    const perSecond = (fed - before.events) / (seconds - before.seconds)
    samples.push({
      events: fed,
      seconds,
      perSecond,
      ...(await memoryOf(life)),
      lag,
      logMiB: disk,
      examplesKept: ends[0].offset - starts[0].offset
    })
    if (!flags.json) process.stdout.write(`${line(samples.at(-1))}\n`)
  }
  const written = await feed(dist, store, {
    events,
    seed: Number(flags.seed),
    ...(flags.rate === undefined ? {} : { rate: whole('rate', flags.rate) }),
    fed: n => {
      if (!life.alive) throw new Error(`andon run ended: ${life.told}`)
      if (n >= due) {
        due += events / SAMPLES
        pending = pending.then(() => sample(n))
      }
      return true
    }
  })
  await pending
  while ((await behind(store.log)) > 0) await new Promise(done => setTimeout(done, 50))
  await sample(events)
  const status = await statusOf(life)
  const seconds = (performance.now() - began) / 1000
  await life.stop()
  await store.log.close()
  return report(status, written, seconds)
}

function report({ learner }, written, seconds) {
  const checks = [
    flat('own', 'memory of its own', 1),
    flat('heap', 'JavaScript heap', 1),
    ...(flags.kafka === undefined ? [flat('logMiB', 'log on disk', 2)] : []),
    { name: 'every label was learned', ok: learner.learned === written.label, detail: `${learner.learned} of ${written.label}` }
  ]
  const failed = checks.filter(each => each.ok === false).length
  const skipped = checks.filter(each => each.ok === null).length
  if (flags.json)
    process.stdout.write(`${JSON.stringify({ events, seconds, eventsPerSecond: events / seconds, samples, checks }, null, 2)}\n`)
  else {
    process.stdout.write(
      `${events} events (${written.observation} observations, ${written.label} labels) in ${seconds.toFixed(0)} s: ${Math.round(events / seconds)} events/s\n`
    )
    for (const { name, ok, detail } of checks) process.stdout.write(`${ok === null ? 'skip' : ok ? 'ok  ' : 'FAIL'}  ${name} (${detail})\n`)
    process.stdout.write(`${checks.length - failed - skipped} passed, ${failed} failed, ${skipped} skipped\n`)
  }
  return failed === 0 ? 0 : 1
}

/** The median of the last quarter of the samples beside that of an earlier one, counted from 0. */
function flat(what, name, earlier) {
  const quarter = n =>
    samples.slice(Math.floor((n * samples.length) / 4), Math.floor(((n + 1) * samples.length) / 4)).map(each => each[what])
  const [early, late] = [median(quarter(earlier)), median(quarter(3))]
  const ok = events < JUDGED_FROM ? null : late <= Math.max(early * NOISE.ratio, early + NOISE.mebibytes)
  return { name: `${name} stays flat`, ok, detail: `${early.toFixed(0)} MiB in quarter ${earlier + 1}, ${late.toFixed(0)} MiB in the last` }
}

function line(sample) {
  const { events: fed, seconds, perSecond, rss, own, heap, lag, logMiB, examplesKept } = sample
  const cells = [
    fed,
    seconds.toFixed(0),
    Math.round(perSecond),
    ...[rss, own ?? Number.NaN, heap].map(Math.round),
    lag,
    Math.round(logMiB),
    examplesKept
  ]
  return `| ${cells.join(' | ')} |`
}
