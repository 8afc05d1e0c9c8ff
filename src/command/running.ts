/** What `andon run` does: the pipeline on its log until it is told to stop, the page and the metrics beside it. */
import { openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { openMetrics } from '../adapter/prometheus/open-metrics.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/options.ts'
import { goodBy } from '../decide/options.ts'
import { Fault } from '../fault/fault.ts'
import { serve } from '../http/serve.ts'
import type { Learner } from '../learner/learner.ts'
import { CUT_MS, inTime } from '../pipeline/deadline.ts'
import { explain } from '../pipeline/explain.ts'
import type { PipelineStatus } from '../pipeline/gateway.ts'
import { Onlooker } from '../pipeline/onlooker.ts'
import type { Phase, Pipeline } from '../pipeline/pipeline.ts'
import type { Predictor } from '../pipeline/predictor.ts'
import type { Role } from '../pipeline/roles.ts'
import { REST } from '../pipeline/shards.ts'
import { decideOptionsOf, openRole, openStore, type Store } from '../wiring.ts'
import { guardedBy, lineIn, renewing } from '../wiring-http.ts'
import { outgoing, write } from './feed.ts'
import { palette } from './output.ts'
import { screen } from './screen.ts'
import { comingDue, simulationOf } from './simulation.ts'
import { endOnSignals, stopOnSignals } from './stop.ts'

export interface Flags {
  readonly config?: string
  readonly simulate?: number | true
  readonly role: Role
  readonly shard?: string
  readonly show: boolean
  readonly for?: number
  readonly phaseFile?: string
}

/** Between two screens: on a terminal as fast as one reads, in a pipe seldom enough to be kept. */
const SCREEN_MS = { terminal: 1000, pipe: 10_000 }
/** How long a stopped pipeline goes on with what is already in the log. */
const DRAIN_MS = 10_000
/** Records of each topic that the page begins before the end: decoding them takes about two seconds beside the loop. */
const BACKLOG = 30_000
const PHASE_LETTERS: Record<Phase, string> = { recovering: 'v', reading: 'r', folding: 'f', committing: 'c', snapshotting: 's' }

export async function run(flags: Flags): Promise<void> {
  const config = loadConfig({ path: flags.config, env: process.env })
  const logger = pino({ level: config.logging.level }, pino.destination({ dest: 2, sync: true }))
  const opened = endOnSignals()
  const tell = (level: 'info' | 'warn' | 'error', message: string) => logger[level](message)
  const store = await openStore(config, { role: flags.role, shard: flags.shard ?? REST, tell })
  const stop = stopOnSignals()
  opened()
  const metrics = openMetrics()
  const pipeline = openRole(config, store, flags.role, {
    timings: metrics.timings,
    tell,
    ...(flags.shard === undefined ? {} : { shard: flags.shard }),
    ...(flags.phaseFile === undefined ? {} : { phase: phaseTo(flags.phaseFile) })
  })
  const timer = flags.for === undefined ? undefined : setTimeout(() => stop.abort(), flags.for * 1000)
  const onlooker = new Onlooker({
    ...store,
    status: () => pipeline.status(),
    isGood: goodBy(decideOptionsOf(config)),
    backlog: BACKLOG,
    clock: Date.now,
    tell
  })
  const server = await serve(
    {
      ...guardedBy(config, tell),
      gateway: pipeline,
      metrics,
      board: { onlooker, explain: (part, typical, task) => explain(learnerOf(pipeline, part.line), part, typical, task) },
      lineOf: (name, bytes) => lineIn(store.codec.decode(bytes), name),
      logger
    },
    new AbortController().signal
  )
  renewing(config.http, server, tell, stop.signal)
  logger.info(`listening on ${server.url}`)
  const beside = [
    onlooker.run(stop.signal),
    flags.simulate === undefined ? null : inTime(simulate(config, store, flags.simulate, stop.signal), stop.signal, DRAIN_MS + CUT_MS),
    flags.show ? show(pipeline, server.url, stop.signal) : null
  ]
  try {
    await Promise.all([pipeline.run(stop.signal, DRAIN_MS), ...beside])
  } finally {
    stop.abort()
    clearTimeout(timer)
    await server.close()
    await store.log.close()
  }
}

async function simulate(config: Config, { log, codec }: Store, lines: number | true, signal: AbortSignal): Promise<void> {
  const simulation = simulationOf(config.simulate, { lines: lines === true ? undefined : lines }, Date.now())
  for await (const due of comingDue(simulation, Date.now, signal)) {
    await write(
      log,
      due.map(event => outgoing(codec, event)),
      signal
    )
  }
}

async function show(pipeline: Pipeline | Predictor, url: string, signal: AbortSignal): Promise<void> {
  const terminal = process.stdout.isTTY === true
  const paint = palette(process.stdout, process.env)
  let before: PipelineStatus | null = null
  let at = performance.now()
  while (!signal.aborted) {
    await sleep(terminal ? SCREEN_MS.terminal : SCREEN_MS.pipe, undefined, { signal }).catch(() => undefined)
    if (!pipeline.ready) continue
    const status = pipeline.status()
    const now = performance.now()
    const size = { columns: process.stdout.columns ?? 160, lines: terminal ? process.stdout.rows : undefined }
    const text = screen(status, before, (now - at) / 1000, Date.now(), url, size, paint)
    process.stdout.write(terminal ? `\u001b[H\u001b[2J${text}` : `${text}\n`)
    before = status
    at = now
  }
}

/** Writes one byte at the start of a file: it outlives the process, whatever kills it. */
function phaseTo(file: string): (phase: Phase) => void {
  const descriptor = openSync(file, 'w')
  return phase => writeSync(descriptor, PHASE_LETTERS[phase], 0)
}

/** Whose state explains. Throws `UNAVAILABLE` where this process has none. */
/** The state that a part of a line is explained by: what this process learns, or what it predicts by. */
function learnerOf(pipeline: Pipeline | Predictor, line: string): Learner {
  const learner = 'learnerFor' in pipeline ? pipeline.learnerFor(line) : pipeline.learner
  if (learner === null)
    throw new Fault('UNAVAILABLE', 'expected a state to explain with, this process has none: ask one that learns or predicts')
  return learner
}
