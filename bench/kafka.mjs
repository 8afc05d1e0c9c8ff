/**
 * Andon on a real broker beside a bare kafkajs loop over the same messages in the same run:
 * `node bench/kafka.mjs [--events 40000] [--seconds 20] [--json]`. Needs Java and Maven, as `npm run kafka` does.
 *
 * - Throughput: the bare loop consumes observations and labels, decodes each and produces one message for each, idempotent and
 *   not in transactions. The pipeline also checks, joins and encodes, reads its own predictions and examples back, and commits
 *   everything in transactions; once with a trivial model, once learning as by default. Then two of its roles, each alone: the
 *   joiner, with predictions beside the same messages, and the learner, of the examples made of them.
 * - Latency from observation to prediction at 1,000 observations a second, ten a write.
 *
 * CPU is of one process each, the broker's beside it.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { startBroker } from '../deploy/kafka/broker.mjs'
import { distOf, table, whole } from './running.mjs'

const { values: flags } = parseArgs({
  options: {
    events: { type: 'string', default: '40000' },
    seconds: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
    dist: { type: 'string' }
  }
})
const dist = resolve(distOf(flags.dist))
const events = whole('events', flags.events)
const seconds = whole('seconds', flags.seconds)
const trivial = { experts: 1, preset: 'fast', single: false }

const folder = mkdtempSync(join(tmpdir(), 'andon-bench-kafka-'))
const broker = await startBroker({ directory: folder })
try {
  const told = {
    events,
    throughput: [
      worker('bare kafkajs loop', 'kafka-bare.mjs', 'throughput', events),
      worker('pipeline, trivial model', 'kafka-andon.mjs', 'throughput', events, trivial),
      worker('pipeline, learning as by default', 'kafka-andon.mjs', 'throughput', events, {}),
      worker('role join alone', 'kafka-andon.mjs', 'throughput', events, trivial, 'join'),
      worker('role learn alone, trivial model', 'kafka-andon.mjs', 'throughput', events, trivial, 'learn'),
      worker('role learn alone, as by default', 'kafka-andon.mjs', 'throughput', events, {}, 'learn')
    ],
    latency: [
      worker('bare kafkajs loop', 'kafka-bare.mjs', 'latency', seconds),
      worker('pipeline, trivial model', 'kafka-andon.mjs', 'latency', seconds, trivial)
    ]
  }
  if (flags.json) process.stdout.write(`${JSON.stringify(told, null, 2)}\n`)
  else process.stdout.write(page(told))
} finally {
  await broker.stop()
  rmSync(folder, { recursive: true, force: true })
}

/** One process; its figures with the CPU that the broker spent meanwhile, microseconds an event. */
function worker(what, script, kind, size, learner, ...more) {
  const before = brokerCpuMs()
  const words = [join(import.meta.dirname, script), dist, broker.address, kind, String(size), JSON.stringify(learner ?? {}), ...more]
  const told = JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8', maxBuffer: 1 << 26 }))
  return { what, ...told, brokerMicros: (1000 * (brokerCpuMs() - before)) / told.events }
}

/** Milliseconds of CPU of the broker's process; null where the system does not tell. */
function brokerCpuMs() {
  try {
    const fields = readFileSync(`/proc/${broker.pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return Number.NaN
  }
}

function page({ throughput, latency }) {
  const [bare] = throughput
  const rate = each => each.events / each.seconds
  const rates = throughput.map(each => [
    each.what,
    Math.round(rate(each)).toLocaleString('en'),
    (rate(each) / rate(bare)).toFixed(2),
    each.clientMicros.toFixed(0),
    each.brokerMicros.toFixed(0)
  ])
  const waits = latency.map(each => [each.what, each.p50.toFixed(1), each.p99.toFixed(1), String(each.events)])
  return [
    table([['', 'events/s', 'of bare', 'CPU µs/event', 'broker CPU µs/event'], ...rates]),
    '',
    table([['observation to prediction at 1,000/s', 'p50 ms', 'p99 ms', 'observations'], ...waits]),
    ''
  ].join('\n')
}
