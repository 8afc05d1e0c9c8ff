/**
 * Kills a running pipeline with SIGKILL again and again, while another process feeds it, and then holds what is left to
 * what must be: `node test/faults/kill.mjs [--kills N] [--seed S] [--json] [--plant FAULT] [--kafka HOST:PORT]
 * [--dist FOLDER] [--keep]`.
 *
 * Half of the kills come after a random time; the others wait for a phase, so that each gets its share. With `--plant` the
 * pipeline has a fault (see plant.mjs) and the run must fail, which kill.test.ts asks of it. With `--kafka` the log is on
 * that broker in place of a file.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { rules } from './alerts.mjs'
import { built, distOf } from './built.mjs'
import { Life, phases } from './life.mjs'
import { MAX_AGE_S } from './stream.mjs'
import { verify } from './verify.mjs'

const { values: flags } = parseArgs({
  options: {
    kills: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    plant: { type: 'string' },
    kafka: { type: 'string' },
    dist: { type: 'string' },
    keep: { type: 'boolean', default: false }
  }
})
const faults = ['apart', 'twice', 'behind']
/** From this many kills on, a phase that got none is a failure: each is aimed at every tenth time. */
const ALL_PHASES_FROM = 40
/** How long a pipeline lives at most before a random kill, counted from its first phase. */
const LIFE_MS = 700
const AIM_MS = 5000
const kills = whole('kills', flags.kills)
const seed = whole('seed', flags.seed)
const dist = resolve(distOf(flags.dist))
const say = text => flags.json || process.stdout.write(`${text}\n`)

if (flags.plant !== undefined && !faults.includes(flags.plant)) throw new Error(`expected --plant ${faults.join(', ')}, got ${flags.plant}`)

process.exitCode = (await run()) ? 0 : 1

async function run() {
  const began = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'andon-kill-'))
  const places = { config: join(folder, 'andon.yaml'), phase: join(folder, 'phase'), ledger: join(folder, 'ledger.json') }
  writeFileSync(places.config, configuration(join(folder, 'data')))
  const command =
    flags.plant === undefined
      ? [join(dist, 'command/andon.js'), 'run', '--config', places.config, '--phase-file', places.phase]
      : [join(import.meta.dirname, 'plant.mjs'), dist, flags.plant, places.config, places.phase]
  const feeder = spawn(process.execPath, [join(import.meta.dirname, 'feeder.mjs'), dist, places.config, String(seed), places.ledger], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const fed = once(feeder, 'exit')
  let ended = false
  const problems = []
  const byPhase = Object.fromEntries(['starting', ...Object.values(phases)].map(name => [name, 0]))
  try {
    await Promise.race([once(feeder.stdout, 'data'), fed])
    const { Random } = await built(dist, 'numeric/random')
    const random = new Random(seed)
    for (let kill = 0; kill < kills && problems.length === 0; kill++) {
      const life = new Life(command, places.phase)
      await wait(life, aim(kill), random)
      const { bySelf, phase, code } = await life.end('SIGKILL')
      if (bySelf) problems.push(`ended by itself with ${code} before kill ${kill + 1}: ${life.told.trim().split('\n').slice(-2).join(' ')}`)
      else byPhase[phase]++
      if (feeder.exitCode !== null) problems.push(`the feeder ended with ${feeder.exitCode}`)
      if ((kill + 1) % 20 === 0) say(`${kill + 1} kills, ${Math.round((performance.now() - began) / 1000)} s`)
    }
    feeder.kill('SIGTERM')
    await fed
    ended = true
    const last = new Life(command, places.phase)
    await last.reaches(['r', 'f', 'c', 's'], 60_000)
    const { code, signal, bySelf } = await last.end('SIGTERM')
    if (code !== 0 || bySelf)
      problems.push(`expected the last to drain and end with 0, got ${code ?? signal}: ${last.told.trim().split('\n').slice(-2).join(' ')}`)
    const checks = [{ name: 'every life lasted until its end by signal', ok: problems.length === 0, detail: problems.join('; ') }]
    if (!existsSync(places.ledger)) throw new Error('expected the feeder to leave its ledger, it did not')
    checks.push(...(await verify(dist, places.config, JSON.parse(readFileSync(places.ledger, 'utf8')))))
    const missed = Object.values(phases).filter(name => byPhase[name] === 0)
    if (kills >= ALL_PHASES_FROM && flags.plant === undefined)
      checks.push({ name: 'every phase was hit', ok: missed.length === 0, detail: missed.join(', ') })
    return report(checks, byPhase, (performance.now() - began) / 1000)
  } finally {
    if (!ended) feeder.kill('SIGKILL')
    if (!flags.keep) rmSync(folder, { recursive: true, force: true })
    else say(`kept in ${folder}`)
  }
}

/** Of ten kills one at each phase, one from the very start, four after a random time. */
function aim(kill) {
  if (flags.plant !== undefined) return flags.plant === 'behind' ? 'random' : 'c'
  return ['random', 'v', 'random', 'r', 'f', 'random', 'c', 's', 'random', 'start'][kill % 10]
}

async function wait(life, target, random) {
  const delay = random.next()
  if (target === 'start') return sleep(delay * LIFE_MS)
  if (target === 'v') return life.catches('v', AIM_MS)
  await life.reaches(target === 'random' ? Object.keys(phases) : ['r', 'f', 'c', 's'], 30_000)
  await sleep(delay * LIFE_MS)
  if (target !== 'random') life.catches(target, AIM_MS)
}

/** Small, so that a run holds many of everything: snapshots, parts that leave, identities forgotten. */
function configuration(dataDirectory) {
  return JSON.stringify({
    dataDirectory,
    seed,
    http: { port: 0 },
    snapshot: { everyExamples: 200, keep: 3 },
    join: { maxAgeHours: MAX_AGE_S / 3600, predictionWaitMs: 600_000, dedupe: { maxIds: 20_000 } },
    learner: { experts: 4, preset: 'fast' },
    alert: { rules },
    ...(flags.kafka === undefined ? {} : { log: onKafka(flags.kafka) })
  })
}

/** A prefix of its own, so that each run has a log of its own on the broker, and lines in partitions of their own. */
function onKafka(broker) {
  const partitions = { observations: 3, labels: 3, predictions: 3 }
  return { kind: 'kafka', kafka: { brokers: [broker], prefix: `kill-${process.pid}-${Date.now()}.` }, partitions }
}

function report(checks, byPhase, seconds) {
  const passed = checks.filter(each => each.ok).length
  const failed = checks.length - passed
  if (flags.json)
    process.stdout.write(
      `${JSON.stringify({ kills, seed, plant: flags.plant ?? null, seconds, phases: byPhase, checks, passed, failed, skipped: 0 }, null, 2)}\n`
    )
  else {
    say(
      `kills by phase: ${Object.entries(byPhase)
        .map(([name, n]) => `${name} ${n}`)
        .join(', ')}; seed ${seed}, ${seconds.toFixed(0)} s`
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
