/**
 * Kills the processes that share the work over a Kafka broker, and the broker, again and again, and then holds what is left to
 * what must be: `node test/faults/roles.mjs [--kills N] [--broker-kills M] [--seed S] [--once] [--json] [--plant early]
 * [--dist FOLDER] [--keep]`.
 *
 * Two learners (one is active), a joiner, two predictors and a watch run at a time, and whoever ends is started again. Some of the kills
 * are stops in order, so that partitions change hands that way, too. With `--once` predictions are made in transactions, and
 * none may come twice. With `--plant early` predictors move their positions before they write (plant.mjs), and the run must
 * fail. The broker is this run's own.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startBroker } from '../../deploy/kafka/broker.mjs'
import { rules } from './alerts.mjs'
import { built, distOf } from './built.mjs'
import { learnedTo, learnersOf, startFleet, takeOver } from './fleet.mjs'
import { MAX_AGE_S } from './stream.mjs'
import { roles, verify } from './verify.mjs'

const { values: flags } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    'broker-kills': { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    once: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    plant: { type: 'string' },
    dist: { type: 'string' },
    keep: { type: 'boolean', default: false }
  }
})
const kills = whole('kills', flags.kills)
const brokerKills = whole('broker-kills', flags['broker-kills'])
const seed = whole('seed', flags.seed)
const dist = resolve(distOf(flags.dist))
const say = text => flags.json || process.stdout.write(`${text}\n`)
/** Between two faults, at most: some come while the last is being mended. */
const PACE_MS = 2500
/** How long a broker is away, at most, beside the time that it takes to come up. */
const AWAY_MS = 4000
const PARTITIONS = 6
const SETTLE_MS = 120_000
/** Far beyond what it takes under all this load; how long it takes is for bench/takeover.mjs to tell. */
const TAKE_OVER_MS = 20_000
/** How long a standby is waited for before the active one is killed. */
const STANDBY_MS = 10_000

if (flags.plant !== undefined && flags.plant !== 'early') throw new Error(`expected --plant early, got ${flags.plant}`)

process.exitCode = (await run()) ? 0 : 1

async function run() {
  const began = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'andon-roles-'))
  const broker = await startBroker({ directory: join(folder, 'broker'), heapMiB: 384, brief: true })
  const configs = []
  const configOf = name => {
    const path = join(folder, `${name}.yaml`)
    writeFileSync(path, configuration(join(folder, name), broker.address))
    configs.push([name, path])
    return path
  }
  const { openStore, loadConfig, Random } = await built(dist, 'wiring', 'config/load', 'numeric/random')
  const watched = configOf('watch')
  const { log } = await openStore(loadConfig({ path: watched, env: {} }), { role: 'learn' })
  const ledger = join(folder, 'ledger.json')
  const feeder = spawn(process.execPath, [join(import.meta.dirname, 'feeder.mjs'), dist, watched, String(seed), ledger, 'roles'], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const fed = once(feeder, 'exit')
  let fleet = []
  const done = { learner: 0, standby: 0, joiner: 0, predictor: 0, watch: 0, stops: 0, broker: 0 }
  const takeOvers = []
  try {
    await Promise.race([once(feeder.stdout, 'data'), fed])
    fleet = startFleet(dist, configOf, flags.plant)
    await until(async () => (await learnedTo(log)) > 0, 60_000, 'the first example to be learned')
    const random = new Random(seed)
    for (let kill = 0, brokers = 0; kill < kills || brokers < brokerKills; ) {
      if (fleet.some(({ problems }) => problems.length > 0) || feeder.exitCode !== null) break
      if (brokers < brokerKills && (kill >= kills || brokers < (brokerKills * (kill + 0.5)) / kills)) {
        await broker.kill()
        await sleep(random.next() * AWAY_MS)
        await broker.start()
        brokers++
        done.broker++
      } else {
        await strike(fleet, log, random, kill++, { done, takeOvers })
        if (kill % 20 === 0) say(`${kill} kills, ${brokers} of the broker, ${Math.round((performance.now() - began) / 1000)} s`)
      }
      await sleep(random.next() * PACE_MS)
    }
    feeder.kill('SIGTERM')
    await fed
    const checks = [{ name: 'the feeder went on', ok: existsSync(ledger), detail: '' }]
    await until(() => settled(log), SETTLE_MS, 'everything to be taken')
    // The standby first: with nobody to take over, the last learner saves what it has.
    for (const role of ['predict', 'join', 'learn', 'watch'])
      for (const worker of fleet.filter(each => each.role === role).reverse()) await worker.stop(true)
    const problems = fleet.flatMap(({ name, problems: met }) => met.map(problem => `${name}: ${problem}`))
    checks.push({
      name: 'every process lasted until its end by signal, but those that were fenced or found no broker',
      ok: problems.length === 0,
      detail: problems.join('; ')
    })
    const learners = configs
      .filter(([name]) => name.startsWith('learn') && holdsSome(join(folder, name, 'snapshots')))
      .map(([, path]) => path)
    const by = { ...roles, predicted: flags.once ? 'each' : 'some' }
    checks.push(...(await verify(dist, learners[0], JSON.parse(readFileSync(ledger, 'utf8')), by, learners)))
    const middle = takeOvers.toSorted((a, b) => a - b)[takeOvers.length >> 1] ?? 0
    checks.push({
      name: `where the active learner was killed beside a standby, another learned again within ${TAKE_OVER_MS / 1000} s, in the median`,
      ok: middle < TAKE_OVER_MS,
      detail: `${Math.round(middle)} ms, of ${takeOvers.length}`
    })
    const [fenced, unreachable] = ['fenced', 'unreachable'].map(why => fleet.reduce((sum, each) => sum + each[why], 0))
    return report(checks, done, { fenced, unreachable }, takeOvers, (performance.now() - began) / 1000)
  } finally {
    for (const worker of fleet) worker.abandon()
    feeder.kill('SIGKILL')
    await log.close()
    await broker.kill()
    if (!flags.keep) rmSync(folder, { recursive: true, force: true })
    else say(`kept in ${folder}`)
  }
}

/** One fault: of twelve, three meet the active learner and one any, three a predictor, two the joiner, two the watch, and one is a stop in order. */
async function strike(fleet, log, random, kill, { done, takeOvers }) {
  const [first, second] = ['learn', 'predict'].map(role => fleet.filter(each => each.role === role)[random.below(2)])
  const aims = ['active', 'predict', 'join', 'watch', 'active', 'stop', 'predict', 'learn', 'watch', 'join', 'active', 'predict']
  const aim = aims[kill % aims.length]
  if (aim === 'active') {
    await until(async () => (await learnersOf(fleet)) !== null, STANDBY_MS, 'a standby').catch(() => undefined)
    const ms = await takeOver(fleet, log)
    if (ms !== null) {
      takeOvers.push(ms)
      done.learner++
    } else {
      // Nobody stands by just now: whoever it is.
      await first.kill()
      done.standby++
    }
  } else if (aim === 'learn') {
    await first.kill()
    done.standby++
  } else if (aim === 'join') {
    await fleet.find(({ role }) => role === 'join').kill()
    done.joiner++
  } else if (aim === 'watch') {
    await fleet.find(({ role }) => role === 'watch').kill()
    done.watch++
  } else if (aim === 'predict') {
    await second.kill()
    done.predictor++
  } else {
    await second.stop()
    done.stops++
  }
}

/** Whether every group stands at the end of what it takes, twice in a row. */
async function settled(log) {
  for (let times = 0; times < 2; times++) {
    for (const [group, inputs] of Object.entries(roles.inputs)) {
      const at = new Map((await log.committed(group)).map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
      for (const { topic, partition, offset } of await log.ends(inputs)) if (offset > (at.get(`${topic}/${partition}`) ?? 0)) return false
    }
    await sleep(500)
  }
  return true
}

function holdsSome(directory) {
  return existsSync(directory) && readdirSync(directory).length > 0
}

async function until(reached, ms, what) {
  const end = performance.now() + ms
  while (!(await reached())) {
    if (performance.now() > end) throw new Error(`expected ${what} within ${ms / 1000} s`)
    await sleep(100)
  }
}

/** Small, so that a run holds many of everything: snapshots, publications, parts that leave. */
function configuration(dataDirectory, address) {
  return JSON.stringify({
    dataDirectory,
    seed,
    http: { port: 0 },
    snapshot: { everyExamples: 200, keep: 3 },
    publish: { everyExamples: 50, everyMs: 200 },
    join: { maxAgeHours: MAX_AGE_S / 3600, predictionWaitMs: 600_000, dedupe: { maxIds: 20_000 } },
    learner: { experts: 4, preset: 'fast' },
    alert: { rules },
    log: {
      kind: 'kafka',
      kafka: { brokers: [address], sessionMs: 2000, stallMs: 10_000, transactionalPredictions: flags.once },
      partitions: { observations: PARTITIONS, labels: PARTITIONS, predictions: PARTITIONS }
    }
  })
}

function report(checks, done, ended, takeOvers, seconds) {
  const passed = checks.filter(each => each.ok).length
  const failed = checks.length - passed
  const sorted = [...takeOvers].sort((a, b) => a - b)
  const over = { n: sorted.length, medianMs: sorted[sorted.length >> 1] ?? null, maxMs: sorted.at(-1) ?? null }
  if (flags.json)
    process.stdout.write(
      `${JSON.stringify({ kills, brokerKills, seed, plant: flags.plant ?? null, seconds, done, ended, takeOvers: over, checks, passed, failed, skipped: 0 }, null, 2)}\n`
    )
  else {
    const struck = Object.entries(done).map(([name, n]) => `${name} ${n}`)
    say(
      `struck: ${struck.join(', ')}; ${ended.fenced} ended since another had taken over, ${ended.unreachable} since there was no broker for long; seed ${seed}, ${seconds.toFixed(0)} s`
    )
    if (over.n > 0)
      say(
        `learning again ${Math.round(over.medianMs)} ms after a kill (median of ${over.n}, at most ${Math.round(over.maxMs)}), session 2000 ms`
      )
    for (const { name, ok, detail } of checks) say(`${ok ? 'ok  ' : 'FAIL'}  ${name}${detail === '' ? '' : ` (${detail})`}`)
    say(`${passed} passed, ${failed} failed, 0 skipped`)
  }
  return failed === 0
}

function whole(name, text) {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new Error(`expected a whole number for --${name}, got ${text}`)
  return value
}
