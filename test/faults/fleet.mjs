/** The processes that share the work, each kept alive by a supervisor that starts another where one has ended. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Why a process may end by itself: another has taken its place. */
const FENCED = /another process has taken over/
/** Or because there was no broker when it started, which is for whoever supervises it. */
const UNREACHABLE = /expected the cluster to answer, could not reach the cluster/
/** Told by a process that listens to signals. */
const STARTED = /listening on|listening to signals/
/** How long that may take. */
const STARTED_MS = 60_000
/** Between an end and the next start, milliseconds. */
const RESTART_MS = 300

export class Worker {
  #words
  #child = null
  #told = ''
  #supervised = true
  /** Lives that ended by themselves, and how. */
  fenced = 0
  unreachable = 0
  problems = []

  /** With a fault planted in it where `plant` is given. */
  constructor(dist, role, name, config, plant) {
    this.role = role
    this.name = name
    this.#words =
      plant === undefined
        ? [join(dist, 'command/andon.js'), 'run', '--role', role, '--config', config]
        : [join(import.meta.dirname, 'plant-role.mjs'), dist, plant, config]
    this.#start()
  }

  get pid() {
    return this.#child.pid
  }

  get url() {
    return /listening on (http:\/\/[^"]+)"/.exec(this.#told)?.[1] ?? null
  }

  /** What it tells of itself, or null where it does not answer. */
  async status() {
    try {
      const answer = await fetch(`${this.url}/status`, { signal: AbortSignal.timeout(1000) })
      return answer.ok ? await answer.json() : null
    } catch {
      return null
    }
  }

  /** What it does, for whoever looks why nothing goes on. */
  async tell() {
    const { ready = null, reasons = [], lag = {} } = (await this.status()) ?? {}
    return `${this.name}: ready ${ready}, ${reasons.join('; ')}, lag ${JSON.stringify(lag)}; ${this.#lastWords()}`
  }

  /** Kills it; the supervisor starts another. */
  async kill() {
    const child = this.#child
    const gone = once(child, 'close')
    child.killed_by_us = true
    child.kill('SIGKILL')
    await gone
  }

  /** Lets it drain and go; the supervisor starts another, but not after the last time. */
  async stop(last = false) {
    const until = performance.now() + STARTED_MS
    while (!STARTED.test(this.#told) && performance.now() < until) await sleep(50)
    if (last) this.#supervised = false
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'close')
    child.killed_by_us = true
    child.kill('SIGTERM')
    const [code, signal] = await gone
    if (code !== 0) this.problems.push(`expected to end with 0, got ${code ?? signal}: ${this.#lastWords()}`)
  }

  /** For a run that is given up. */
  abandon() {
    this.#supervised = false
    this.#child.kill('SIGKILL')
  }

  #start() {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ANDON_')))
    const child = spawn(process.execPath, this.#words, { env, stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    this.#told = ''
    child.stderr.on('data', text => {
      // The address comes first, what it ended with last.
      this.#told = this.#told.length < 8000 ? this.#told + text : this.#told.slice(0, 4000) + (this.#told + text).slice(-4000)
    })
    child.once('close', async code => {
      if (!child.killed_by_us) {
        if (code !== 0 && FENCED.test(this.#told)) this.fenced++
        else if (code !== 0 && UNREACHABLE.test(this.#told)) this.unreachable++
        else this.problems.push(`ended by itself with ${code}: ${this.#lastWords()}`)
      }
      await sleep(RESTART_MS)
      if (this.#supervised) this.#start()
    })
  }

  /** But for requests that failed since there was no state yet: whoever waits asks often. */
  #lastWords() {
    const told = this.#told.trim().split('\n')
    const words = told.filter(line => !line.includes('"a request failed"'))
    return words.slice(-6).join(' ').slice(-2000)
  }
}

/** Two learners, a joiner, two predictors and a watch; `configOf` gives each the configuration that it is to run with, `plant` the predictors a fault. */
export function startFleet(dist, configOf, plant) {
  const names = ['learn-0', 'learn-1', 'join-0', 'predict-0', 'predict-1', 'watch-0']
  return names.map(name => {
    const [role] = name.split('-')
    return new Worker(dist, role, name, configOf(name), role === 'predict' ? plant : undefined)
  })
}

/** The learner that is active and the one that stands by; null where that is not so. */
export async function learnersOf(fleet) {
  const learners = fleet.filter(({ role }) => role === 'learn')
  const status = await Promise.all(learners.map(each => each.status()))
  const active = status.findIndex(each => each?.ready)
  const standby = status.findIndex(each => each?.reasons.some(reason => reason.startsWith('standing by')))
  return active < 0 || standby < 0 ? null : { active: learners[active], standby: learners[standby] }
}

/** Where the learner stands in `examples`, over all partitions. */
export async function learnedTo(log) {
  return (await log.committed('andon-learn')).reduce((sum, { offset }) => sum + offset, 0)
}

/**
 * Kills the active learner and resolves with the milliseconds until something was learned again. The log is asked, since
 * only what is committed counts; a commit that was under way at the kill shows at once, and is not taken for the next.
 */
export async function takeOver(fleet, log, limitMs = 120_000) {
  const learners = await learnersOf(fleet)
  if (learners === null) return null
  const at = performance.now()
  await learners.active.kill()
  await sleep(250)
  const before = await learnedTo(log)
  while ((await learnedTo(log)) <= before) {
    if (performance.now() - at > limitMs) {
      const told = await Promise.all(fleet.map(each => each.tell()))
      throw new Error(`expected a standby to learn within ${limitMs} ms, none did\n${told.join('\n')}`)
    }
    await sleep(20)
  }
  return performance.now() - at
}
