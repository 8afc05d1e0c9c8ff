/**
 * Events a second of the embedded pipeline, end to end, and of `andon evaluate`, beside a bare LMDB loop on the same disk
 * in the same run: `node bench/throughput.mjs [--events 40000] [--rows 10000] [--json]`.
 *
 * An event is an observation or a label. The second pipeline learns as little as one can, one expert and one step without a
 * single model beside: what is then left is the log, the codec, the checks and the join.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { measureBareLog } from './bare-log.mjs'
import { measureLog } from './log.mjs'
import { distOf, place, table, whole } from './running.mjs'

const { values: flags } = parseArgs({
  options: {
    events: { type: 'string', default: '40000' },
    rows: { type: 'string', default: '10000' },
    json: { type: 'boolean', default: false },
    dist: { type: 'string' }
  }
})
const dist = resolve(distOf(flags.dist))
const events = whole('events', flags.events)
const rows = whole('rows', flags.rows)
const data = resolve(process.env.ANDON_DATA ?? join(import.meta.dirname, '../../shared/data'))
const node = words => JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8', maxBuffer: 1 << 26 }))

const bare = await measureBareLog()
const port = await measureLog(dist)
const figures = [
  { what: 'bare LMDB: append, then read', perSecond: bare.both, peakRssMiB: null },
  { what: 'the log through its port', perSecond: port.both, peakRssMiB: null },
  pipeline('pipeline, learning as by default', {}),
  pipeline('pipeline, learning next to nothing', { learner: { experts: 1, preset: 'fast', single: false } })
]
const stream = join(data, 'imbalanced_rbf.csv.gz')
if (existsSync(stream)) {
  const { eventsPerSecond, peakRssMiB } = node([
    join(dist, 'command/andon.js'),
    'evaluate',
    stream,
    '--label',
    'label',
    '--limit',
    `${rows}`,
    '--json'
  ])
  figures.push({ what: `evaluate imbalanced_rbf, ${rows} rows`, perSecond: eventsPerSecond, peakRssMiB })
} else process.stderr.write(`evaluate is left out: no ${stream}, set ANDON_DATA to the folder of streams\n`)

const told = figures.map(each => ({ ...each, ratio: each.perSecond / bare.both }))
if (flags.json) process.stdout.write(`${JSON.stringify({ events, bare, figures: told }, null, 2)}\n`)
else process.stdout.write(`${table([['', 'events/s', 'of bare', 'peak MiB'], ...told.map(row)])}\n`)

function pipeline(what, options) {
  const { config, remove } = place(options)
  try {
    const { events: taken, seconds, peakRssMiB } = node([join(import.meta.dirname, 'pipeline.mjs'), dist, config, `${events}`])
    return { what, perSecond: taken / seconds, peakRssMiB }
  } finally {
    remove()
  }
}

function row({ what, perSecond, ratio, peakRssMiB }) {
  return [what, Math.round(perSecond).toLocaleString('en'), ratio.toFixed(4), peakRssMiB === null ? '–' : `${Math.round(peakRssMiB)}`]
}
