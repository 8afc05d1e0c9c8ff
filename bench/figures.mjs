/**
 * The figures of the published streams, by `andon evaluate` with the default configuration, as means over seeds:
 * `node bench/figures.mjs [--streams steel_plates,sme] [--seeds 1,2,3] [--limit ROWS] [--delay ROWS] [--shuffle] [--curve] [--json]`.
 * `--curve` adds κ, G-mean and recall of the rarest class along the decision exponent. Ends with 1 where a floor is missed: of labels at once, and with
 * `--delay 100` of the rows that were predicted. The streams are read from the folder in ANDON_DATA.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { distOf, table } from './running.mjs'

/** Stream → file, options of `evaluate`, and the least that a task's means may be. */
const streams = {
  steel_plates: { file: 'steel_plates.csv', options: '--label fault --domain steel', floors: { fault: { kappa: 0.655, gMean: 0.73 } } },
  imbalanced_rbf: { file: 'imbalanced_rbf.csv.gz', options: '--label label', floors: { label: { kappa: 0.898 } } },
  sme: {
    file: 'sme.csv',
    options: '--label status,product --domain machine --ignore ts',
    floors: { status: { kappa: 0.872, gMean: 0.64 }, product: { kappa: 0.965, gMean: 0.9 } }
  },
  tennessee_eastman: {
    file: 'tennessee_eastman.csv.gz',
    options: '--label fault --ignore run',
    floors: { fault: { kappa: 0.89, gMean: 0.88 } }
  },
  hydraulic: {
    file: 'hydraulic.csv',
    options: '--label valve,pump,accumulator,stable --domain cooler --ignore cycle',
    floors: { valve: { kappa: 0.79, gMean: 0.83 }, pump: { kappa: 0.955 }, accumulator: { kappa: 0.905 }, stable: { kappa: 0.895 } }
  },
  ai4i: {
    file: 'ai4i.csv',
    options: '--label failure,twf,hdf,pwf,osf,rnf --domain type',
    floors: { failure: { kappa: 0.53 }, hdf: { kappa: 0.72 }, osf: { kappa: 0.68 } }
  },
  secom: { file: 'secom.csv.gz', options: '--label result', floors: {} }
}
/** The least κ with labels 100 rows late, of the rows that were predicted. */
const late = {
  hydraulic: { valve: { predicted: 0.773 }, accumulator: { predicted: 0.872 } },
  steel_plates: { fault: { predicted: 0.609 } },
  sme: { status: { predicted: 0.837 } },
  imbalanced_rbf: { label: { predicted: 0.898 } }
}
const columns = {
  kappa: 'κ',
  gMean: 'G-mean',
  macroF1: 'macro-F1',
  rarestRecall: 'rarest recall',
  eceBefore: 'ECE before the class bias',
  ece: 'after',
  noChange: 'κ no change',
  majority: 'κ majority',
  predicted: 'κ of the predicted',
  predictedGMean: 'G-mean of the predicted',
  single: 'κ single',
  singleGMean: 'G-mean single',
  perSecond: 'events/s',
  peakRssMiB: 'peak MiB'
}
const whole = new Set(['perSecond', 'peakRssMiB'])

const { values: flags } = parseArgs({
  options: {
    streams: { type: 'string', default: Object.keys(streams).join(',') },
    seeds: { type: 'string', default: '1,2,3' },
    limit: { type: 'string' },
    delay: { type: 'string', default: '0' },
    shuffle: { type: 'boolean', default: false },
    curve: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    dist: { type: 'string' }
  }
})
const dist = resolve(distOf(flags.dist))
const data = resolve(process.env.ANDON_DATA ?? join(import.meta.dirname, '../../shared/data'))
const names = flags.streams.split(',')
const seeds = flags.seeds.split(',').map(Number)
const unknown = names.filter(name => !(name in streams))
if (unknown.length > 0) throw new Error(`expected streams of ${Object.keys(streams).join(', ')}, got ${unknown.join(', ')}`)
if (!seeds.every(seed => Number.isInteger(seed) && seed >= 0))
  throw new Error(`expected --seeds as whole numbers with commas, got ${flags.seeds}`)

const rows = []
const missed = []
const curves = []
for (const name of names) {
  const { file, floors } = streams[name]
  const path = join(data, file)
  if (!existsSync(path)) throw new Error(`expected ${path}: set ANDON_DATA to the folder of streams`)
  const runs = []
  for (const seed of seeds) runs.push(await evaluate(path, streams[name].options, seed))
  for (const task of Object.keys(runs[0].tasks)) {
    const figures = means(runs.map(run => figuresOf(run, task)))
    rows.push({ stream: name, task, ...figures })
    if (flags.curve) curves.push({ stream: name, task, points: curveOf(runs.map(run => run.tasks[task].curve)) })
    const least = flags.shuffle ? {} : flags.delay === '0' ? floors[task] : flags.delay === '100' ? late[name]?.[task] : {}
    for (const [what, floor] of Object.entries(least ?? {}))
      if (!(figures[what] >= floor))
        missed.push(`${name} ${task}: ${columns[what]} ${shown(what, figures[what])}, expected at least ${floor}`)
  }
}
if (flags.json) process.stdout.write(`${JSON.stringify({ seeds, limit: flags.limit ?? null, rows, curves, missed }, null, 2)}\n`)
else {
  const cells = rows.map(row => [row.stream, row.task, row.rarest, ...Object.keys(columns).map(what => shown(what, row[what]))])
  process.stdout.write(`${table([['stream', 'task', 'rarest class', ...Object.values(columns)], ...cells])}\n`)
  if (curves.length > 0) {
    const exponents = curves[0].points.map(({ exponent }) => `γ ${exponent}`)
    const along = curves.map(({ stream, task, points }) => [
      stream,
      task,
      ...points.map(({ kappa, gMean, rarestRecall }) => [kappa, gMean, rarestRecall].map(value => shown('kappa', value)).join(' '))
    ])
    process.stdout.write(
      `\nκ, G-mean and recall of the rarest class along the decision exponent\n${table([['stream', 'task', ...exponents], ...along])}\n`
    )
  }
  process.stdout.write(`mean of seeds ${seeds.join(', ')}\n`)
  for (const text of missed) process.stdout.write(`FAIL  ${text}\n`)
}
process.exitCode = missed.length > 0 ? 1 : 0

async function evaluate(path, options, seed) {
  const words = [join(dist, 'command/andon.js'), 'evaluate', path, ...options.split(' '), '--seed', `${seed}`, '--json']
  if (flags.limit !== undefined) words.push('--limit', flags.limit)
  if (flags.delay !== '0') words.push('--delay', flags.delay)
  if (flags.shuffle) words.push('--shuffle')
  if (flags.curve) words.push('--curve')
  const env = Object.fromEntries(Object.entries(process.env).filter(([variable]) => !variable.startsWith('ANDON_')))
  const { stdout } = await promisify(execFile)(process.execPath, words, { env, maxBuffer: 1 << 28 })
  return JSON.parse(stdout)
}

function figuresOf({ eventsPerSecond, peakRssMiB, tasks }, task) {
  const { scores, predicted, perClass, baselines, calibration } = tasks[task]
  const rarest = perClass.filter(each => each.support > 0).reduce((least, each) => (each.support < least.support ? each : least))
  return {
    rarest: `${rarest.class} (${rarest.support})`,
    kappa: scores.kappa,
    gMean: scores.gMean,
    macroF1: scores.macroF1,
    rarestRecall: rarest.recall,
    eceBefore: calibration.beforeBias,
    ece: calibration.afterBias,
    noChange: baselines.noChange.kappa,
    majority: baselines.majority.kappa,
    predicted: predicted.scores.kappa,
    predictedGMean: predicted.scores.gMean,
    single: baselines.single?.kappa ?? null,
    singleGMean: baselines.single?.gMean ?? null,
    perSecond: eventsPerSecond,
    peakRssMiB
  }
}

/** Points of the curve, as means over seeds. */
function curveOf(each) {
  const mean = (i, what) => each.reduce((sum, { points }) => sum + points[i][what], 0) / each.length
  return each[0].points.map(({ exponent }, i) => ({
    exponent,
    kappa: mean(i, 'kappa'),
    gMean: mean(i, 'gMean'),
    rarestRecall: mean(i, 'rarestRecall')
  }))
}

/** Means over seeds; null where a seed has no figure. */
function means(each) {
  const mean = what =>
    each.every(figures => figures[what] !== null) ? each.reduce((sum, figures) => sum + figures[what], 0) / each.length : null
  return { rarest: each[0].rarest, ...Object.fromEntries(Object.keys(columns).map(what => [what, mean(what)])) }
}

function shown(what, value) {
  if (value === null || value === undefined) return '–'
  return whole.has(what) ? `${Math.round(value)}` : value.toFixed(3)
}
