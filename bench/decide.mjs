/**
 * How promises are kept and what an inspection budget buys, by `andon evaluate` with the default configuration:
 * `node bench/decide.mjs promise [--streams steel_plates,sme,imbalanced_rbf] [--delays 0,100] [--promise 0.05] [--limit ROWS]`
 * tells coverage per class against the promise, with and without adaptation, on each stream as it is and with a planted
 * drift: from the middle on, a third of its sensors read the wrong way round.
 * `node bench/decide.mjs inspect [--streams …] [--shares 0.05,0.1,0.2,0.4] [--beyond 0.7] [--seeds 1,2,3] [--limit ROWS]` tells scores over
 * all rows where only a share of them is ever labelled, picked where a label teaches most or at random, and how many labels
 * each needs for the same score; the shares of `--beyond` are only picked at random, to compare with. The streams are read from the folder in ANDON_DATA. `--json` prints one object.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { distOf, table } from './running.mjs'

/** `mirrored` are the columns that the planted drift turns round. */
const streams = {
  steel_plates: {
    file: 'steel_plates.csv',
    options: '--label fault --domain steel',
    mirrored: [
      'X_Minimum',
      'Pixels_Areas',
      'Length_of_Conveyer',
      'Steel_Plate_Thickness',
      'Edges_Index',
      'Empty_Index',
      'LogOfAreas',
      'Outside_X_Index'
    ]
  },
  sme: { file: 'sme.csv', options: '--label status --domain machine --ignore ts,product', mirrored: ['power_avg'] },
  imbalanced_rbf: { file: 'imbalanced_rbf.csv.gz', options: '--label label', mirrored: ['x0', 'x1', 'x2'] }
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    streams: { type: 'string' },
    delays: { type: 'string', default: '0,100' },
    promise: { type: 'string', default: '0.05' },
    beyond: { type: 'string', default: '0.7' },
    shares: { type: 'string', default: '0.05,0.1,0.2,0.4' },
    seeds: { type: 'string', default: '1,2,3' },
    limit: { type: 'string' },
    drift: { type: 'string', default: 'none,planted' },
    json: { type: 'boolean', default: false },
    dist: { type: 'string' }
  }
})
const dist = resolve(distOf(flags.dist))
const data = resolve(process.env.ANDON_DATA ?? join(import.meta.dirname, '../../shared/data'))
const [what = 'promise'] = positionals
const names = (flags.streams ?? (what === 'promise' ? 'steel_plates,sme,imbalanced_rbf' : 'steel_plates,imbalanced_rbf')).split(',')
for (const name of names) {
  if (!(name in streams)) throw new Error(`expected streams of ${Object.keys(streams).join(', ')}, got ${name}`)
  if (!existsSync(join(data, streams[name].file)))
    throw new Error(`expected ${join(data, streams[name].file)}: set ANDON_DATA to the folder of streams`)
}
if (what === 'promise') await promises()
else if (what === 'inspect') await inspections()
else throw new Error(`expected promise or inspect, got ${what}`)

async function promises() {
  const rows = []
  for (const name of names)
    for (const drift of flags.drift.split(','))
      for (const delay of flags.delays.split(',')) {
        const given = drift === 'none' ? { path: join(data, streams[name].file), remove: () => {} } : drifting(name)
        try {
          const words = ['--promise', flags.promise, '--delay', delay]
          const { tasks, events } = await evaluate(given.path, streams[name].options, words)
          for (const [task, { decisions }] of Object.entries(tasks)) {
            for (const each of decisions.adaptive.classes) {
              const fixed = decisions.fixed.classes.find(one => one.class === each.class)
              rows.push({
                stream: name,
                task,
                drift,
                delay: Number(delay),
                events,
                ...kept(each, 'adaptive', events),
                ...kept(fixed, 'fixed', events)
              })
            }
          }
        } finally {
          given.remove()
        }
      }
  if (flags.json) return print(JSON.stringify({ promise: Number(flags.promise), rows }, null, 2))
  const heading = [
    'stream',
    'drift',
    'late',
    'class',
    'labels',
    'covered',
    '95 % interval',
    'in set',
    'second half',
    'not adapting',
    'in set',
    'second half'
  ]
  const cells = rows.map(row => [
    row.stream,
    row.drift,
    `${row.delay}`,
    row.class,
    `${row.labels}`,
    figure(row.adaptive),
    row.interval === null ? '–' : row.interval.map(figure).join(' to '),
    figure(row.adaptiveInSet),
    figure(row.adaptiveLate),
    figure(row.fixed),
    figure(row.fixedInSet),
    figure(row.fixedLate)
  ])
  print(`promised: at least ${1 - Number(flags.promise)} covered\n${table([heading, ...cells])}`)
  const least = side => Math.min(...rows.filter(row => row.labels >= 50).map(row => row[side]))
  print(`least of classes with 50 labels or more: ${figure(least('adaptive'))} adapting, ${figure(least('fixed'))} not`)
  print(`least in their second half: ${figure(least('adaptiveLate'))} adapting, ${figure(least('fixedLate'))} not`)
}

/** Coverage over all labels and over those of the second half of the rows. */
function kept({ class: name, labels, coverage, interval, inSet, blocks }, side, events) {
  const late = blocks.slice(Math.floor(events / 2 / 500))
  const sum = key => late.reduce((total, block) => total + block[key], 0)
  const own = { [side]: coverage, [`${side}InSet`]: inSet, [`${side}Late`]: sum('labels') > 0 ? 1 - sum('outside') / sum('labels') : null }
  return side === 'adaptive' ? { class: name, labels, interval, ...own } : own
}

async function inspections() {
  const rows = []
  const seeds = flags.seeds.split(',').map(Number)
  const beyond = flags.beyond === '' ? [] : flags.beyond.split(',')
  for (const name of names)
    for (const share of [...flags.shares.split(','), ...beyond])
      for (const pick of beyond.includes(share) ? ['random'] : ['teaching', 'random']) {
        const runs = []
        for (const seed of seeds)
          runs.push(
            await evaluate(join(data, streams[name].file), streams[name].options, ['--inspect', share, '--pick', pick, '--seed', `${seed}`])
          )
        for (const task of Object.keys(runs[0].tasks)) {
          const mean = of => runs.reduce((sum, run) => sum + of(run.tasks[task], run), 0) / runs.length
          const rarest = ({ perClass }) =>
            perClass.filter(each => each.support > 0).reduce((least, each) => (each.support < least.support ? each : least))
          rows.push({
            stream: name,
            task,
            share: Number(share),
            pick,
            labels: mean((_, run) => run.learned),
            kappa: mean(({ scores }) => scores.kappa),
            gMean: mean(({ scores }) => scores.gMean),
            rarest: rarest(runs[0].tasks[task]).class,
            rarestRecall: mean(each => rarest(each).recall)
          })
        }
      }
  const saved = names.flatMap(name =>
    ['kappa', 'gMean', 'rarestRecall'].map(score =>
      savedBy(
        rows.filter(row => row.stream === name),
        name,
        score
      )
    )
  )
  if (flags.json) return print(JSON.stringify({ seeds, rows, saved }, null, 2))
  const cells = rows.map(row => [
    row.stream,
    row.share.toString(),
    row.pick,
    `${Math.round(row.labels)}`,
    figure(row.kappa),
    figure(row.gMean),
    row.rarest,
    figure(row.rarestRecall)
  ])
  print(table([['stream', 'budget', 'picked', 'labels', 'κ', 'G-mean', 'rarest', 'its recall'], ...cells]))
  const told = saved.map(({ stream, score, at }) => [
    stream,
    score,
    ...at.map(({ labels, needed }) => `${Math.round(labels)} for ${needed === null ? 'more than were tried' : Math.round(needed)}`)
  ])
  print(`\nlabels picked where they teach, for how many at random with the same score (mean of seeds ${seeds.join(', ')})`)
  print(table([['stream', 'score', ...flags.shares.split(',').map(share => `budget ${share}`)], ...told]))
}

/** At each budget of `teaching`: how many labels at random give the same score, between neighbouring budgets in a straight line. */
function savedBy(rows, stream, score) {
  const of = pick => rows.filter(row => row.pick === pick).sort((a, b) => a.labels - b.labels)
  const random = of('random')
  const at = of('teaching').map(({ labels, [score]: reached }) => {
    let needed = null
    if (reached <= random[0][score]) needed = random[0].labels
    for (let i = 1; i < random.length && needed === null; i++) {
      const [a, b] = [random[i - 1], random[i]]
      if (b[score] >= reached) needed = a.labels + ((b.labels - a.labels) * (reached - a[score])) / (b[score] - a[score] || 1)
    }
    return { labels, reached, needed }
  })
  return { stream, score, at }
}

/** The stream with a third of its sensors turned round from the middle on, as a file of its own. */
function drifting(name) {
  const { file, mirrored } = streams[name]
  const bytes = readFileSync(join(data, file))
  const lines = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trim().split(/\r?\n/)
  const columns = lines[0].split(',')
  const at = mirrored.map(column => columns.indexOf(column))
  if (at.includes(-1)) throw new Error(`expected the columns ${mirrored.join(', ')} in ${file}`)
  const rows = lines.slice(1, flags.limit === undefined ? undefined : 1 + Number(flags.limit)).map(line => line.split(','))
  for (const c of at) {
    const values = rows.map(row => Number(row[c]))
    const sum = values.reduce((least, x) => Math.min(least, x), Infinity) + values.reduce((most, x) => Math.max(most, x), -Infinity)
    rows.forEach((row, i) => {
      if (i >= rows.length / 2) row[c] = `${Number((sum - values[i]).toPrecision(9))}`
    })
  }
  const folder = mkdtempSync(join(tmpdir(), 'andon-decide-'))
  const path = join(folder, `${name}.csv`)
  writeFileSync(path, `${[columns, ...rows].map(row => row.join(',')).join('\n')}\n`)
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

async function evaluate(path, options, more) {
  const words = [join(dist, 'command/andon.js'), 'evaluate', path, ...options.split(' '), ...more, '--json']
  if (flags.limit !== undefined) words.push('--limit', flags.limit)
  const env = Object.fromEntries(Object.entries(process.env).filter(([variable]) => !variable.startsWith('ANDON_')))
  const { stdout } = await promisify(execFile)(process.execPath, words, { env, maxBuffer: 1 << 28 })
  return JSON.parse(stdout)
}

function figure(value) {
  return value === null ? '–' : value.toFixed(3)
}

function print(text) {
  process.stdout.write(`${text}\n`)
}
