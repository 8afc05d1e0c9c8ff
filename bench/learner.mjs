/**
 * What learning costs, without log, codec or files: `node bench/learner.mjs [--rows 100000] [--json]`.
 *
 * - Test-then-train events a second of CPU on imbalanced_rbf by preset, baselines not counted, beside a bare loop that makes
 *   the same gathers and updates of the kernel in the same run, and with the plain kernel in place of SIMD.
 * - Whether the cost of an event stays flat, also when as many ids are remembered as may be, and how it grows with active
 *   inputs and with experts.
 * - What resting banks, sparse routing and the cheap set save, as a share of the default’s cost in the same run, beside κ.
 * - State and snapshot at 100 lines.
 *
 * Figures are of one core; ratios travel, the rest does not. The stream is read from the folder in ANDON_DATA.
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { built, distOf, median, table, whole } from './running.mjs'

const { values: flags } = parseArgs({
  options: { rows: { type: 'string', default: '100000' }, json: { type: 'boolean', default: false }, dist: { type: 'string' } }
})
const dist = resolve(distOf(flags.dist))
const limit = whole('rows', flags.rows)
const file = join(resolve(process.env.ANDON_DATA ?? join(import.meta.dirname, '../../shared/data')), 'imbalanced_rbf.csv.gz')
if (!existsSync(file)) throw new Error(`expected ${file}: set ANDON_DATA to the folder of streams`)
const { Learner, defaultLearnerOptions, openKernel, Sparse, Random, openCsv, encodeSaved, noMeter } = await built(
  dist,
  'learner/learner',
  'learner/options',
  'learner/meter',
  'numeric/open-kernel',
  'numeric/sparse',
  'numeric/random',
  'adapter/csv/csv',
  'adapter/file/saved'
)

const alone = { ...defaultLearnerOptions, single: false }
const cpu = () => process.cpuUsage().user / 1e6

/** Examples, read before any clock runs. */
async function rbf() {
  const examples = []
  for await (const { observation, labels } of openCsv(file, { labels: ['label'], ignore: [], limit }))
    examples.push(example(observation, labels))
  return examples
}

function example(observation, labels) {
  return { observation, labels, labelTime: observation.time, source: null, prediction: null }
}

/** Seconds of CPU to take the examples, in `parts` equal parts. */
function learn(learner, examples, parts = 1) {
  const seconds = []
  for (let part = 0; part < parts; part++) {
    const [from, to] = [part, part + 1].map(i => Math.floor((i * examples.length) / parts))
    const began = cpu()
    for (let i = from; i < to; i++) learner.take(examples[i])
    seconds.push(cpu() - began)
  }
  return seconds
}

const learnerOf = (options, kernel = openKernel()) => new Learner({ ...alone, domain: [], ...options }, noMeter, null, kernel)
const sum = seconds => seconds.reduce((all, each) => all + each, 0)

/** A kernel that counts its gathers and updates by span and number of active inputs. */
function counting(kernel) {
  const counts = new Map()
  const count = (what, width, { n }) => {
    const key = `${what} ${width} ${n}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return {
    counts,
    kernel: {
      ...kernel,
      gather(W, stride, from, width, x, out, add) {
        count('gather', width, x)
        kernel.gather(W, stride, from, width, x, out, add)
      },
      update(W, S, stride, from, width, x, delta, pace) {
        count('update', width, x)
        kernel.update(W, S, stride, from, width, x, delta, pace)
      },
      updateGroups(W, S, stride, from, K, C, x, delta, pace, groups, n, places) {
        count('update', 4 * n * C, x)
        kernel.updateGroups(W, S, stride, from, K, C, x, delta, pace, groups, n, places)
      }
    }
  }
}

/** Seconds of CPU of the gathers and updates alone, on weights of the same number of rows. */
function bare(counts, rows) {
  const kernel = openKernel()
  const random = new Random(1)
  const pace = { rate: 0.1, decay: 0.001, forgetting: 0.9995 }
  let seconds = 0
  for (const [key, times] of counts) {
    const [what, width, n] = key.split(' ').map((word, i) => (i === 0 ? word : Number(word)))
    const stride = width
    const [W, S] = [kernel.floats(rows * stride), kernel.floats(rows * stride)]
    const [out, delta] = [kernel.floats(width), kernel.floats(width).fill(0.01)]
    const records = Array.from({ length: 256 }, () => {
      const x = new Sparse(kernel)
      for (let i = 0; i < n; i++) x.push(Math.floor((i * rows) / n) + random.below(Math.max(1, Math.floor(rows / n))), 0.5)
      return x
    })
    const began = cpu()
    if (what === 'gather') for (let i = 0; i < times; i++) kernel.gather(W, stride, 0, width, records[i & 255], out, false)
    else for (let i = 0; i < times; i++) kernel.update(W, S, stride, 0, width, records[i & 255], delta, pace)
    seconds += cpu() - began
    for (const array of [W, S, out, delta]) kernel.release(array)
  }
  return seconds
}

function presetFigures(examples, preset) {
  const counter = counting(openKernel())
  const counted = learnerOf({ preset }, counter.kernel)
  learn(counted, examples)
  const rows = counted.save().columns.rows
  // In turn, so that a machine whose speed drifts drifts for both.
  const runs = Array.from({ length: 3 }, () => {
    const seconds = sum(learn(learnerOf({ preset }), examples))
    const kernel = bare(counter.counts, rows)
    return { seconds, kernel, ratio: kernel / seconds }
  })
  const { kappa, gMean } = counted.status().tasks[0].testThenTrain.scores
  const some = examples.slice(0, 5000)
  const plain = sum(learn(learnerOf({ preset }, openKernel('plain')), some)) / sum(learn(learnerOf({ preset }), some))
  return {
    preset,
    kappa,
    gMean,
    perSecond: examples.length / median(runs.map(run => run.seconds)),
    bareRatio: median(runs.map(run => run.ratio)),
    plainTimes: plain
  }
}

/** Examples of `inputs` numbers and three classes, one line or many, one task or several that differ by which inputs tell. */
function made(n, inputs, lines = 1, tasks = 1) {
  const random = new Random(7)
  return Array.from({ length: n }, (_, i) => {
    const values = Array.from({ length: inputs }, () => random.next())
    return example(
      {
        id: `${i}`,
        line: `line-${i % lines}`,
        station: null,
        product: null,
        time: i,
        features: Object.fromEntries(values.map((value, j) => [`x${j}`, value]))
      },
      Object.fromEntries(
        Array.from({ length: tasks }, (_, t) => {
          const score = values[t % inputs] + values[(t + 1) % inputs] - values[(t + 2) % inputs]
          return [`quality${t}`, score > 0.9 ? 'a' : score > 0.2 ? 'b' : 'c']
        })
      )
    )
  })
}

/** Microseconds an event once an event costs what it will go on to cost: the least of three runs, as what disturbs only adds. */
function settled(options, examples) {
  const warm = Math.floor(examples.length * 0.6)
  const runs = Array.from({ length: 3 }, () => {
    const learner = learnerOf({ ...options, effort: { least: 2, most: 2, scale: 1 } })
    learn(learner, examples.slice(0, warm))
    return (1e6 * sum(learn(learner, examples.slice(warm)))) / (examples.length - warm)
  })
  return Math.min(...runs)
}

/** Cost and κ of the default and of what may cost less, in turn, so that a machine whose speed drifts drifts for all. */
function savings(name, examples, base, variants) {
  const all = [['default', {}], ...variants]
  const runs = Array.from({ length: 3 }, () =>
    all.map(([, options]) => {
      const learner = learnerOf({ ...base, ...options })
      const seconds = sum(learn(learner, examples))
      return { micros: (1e6 * seconds) / examples.length, kappas: learner.status().tasks.map(task => task.testThenTrain.scores.kappa) }
    })
  )
  return all.map(([variant], i) => ({
    stream: name,
    variant,
    micros: median(runs.map(run => run[i].micros)),
    ofDefault: median(runs.map(run => run[i].micros / run[0].micros)),
    kappas: runs[0][i].kappas
  }))
}

async function hydraulic() {
  const path = join(file, '../hydraulic.csv')
  const examples = []
  const labels = ['valve', 'pump', 'accumulator', 'stable']
  for await (const row of openCsv(path, { labels, ignore: ['cycle'], limit: Number.POSITIVE_INFINITY }))
    examples.push(example(row.observation, row.labels))
  return examples
}

function manyLines() {
  const sizes = {}
  for (const sharing of ['full', 'cheap']) {
    const learner = learnerOf({ domain: ['line'], sharing })
    const examples = made(20_000, 10, 100, 3)
    const micros = (1e6 * sum(learn(learner, examples))) / examples.length
    const began = cpu()
    const bytes = encodeSaved(learner.save()).byteLength
    sizes[sharing] = { stateMiB: learner.bytes / 1_048_576, snapshotMiB: bytes / 1_048_576, snapshotMs: 1000 * (cpu() - began), micros }
  }
  return sizes
}

const examples = await rbf()
const presets = ['fast', 'default'].map(preset => presetFigures(examples, preset))
// Twice the stream under other ids, and later: from its middle on the ids of the first time are forgotten, one for one that comes.
const again = examples.map(({ observation, ...rest }, i) => ({
  ...rest,
  observation: { ...observation, id: `again-${observation.id}`, time: examples.at(-1).observation.time + 1 + i }
}))
const long = [...examples, ...again]
const tenths = learn(learnerOf({ maxIds: examples.length }), long, 10).map(seconds => (1e6 * seconds * 10) / long.length)
const inputs = [5, 10, 20, 40].map(n => [n, settled({}, made(8000, n))])
const experts = [4, 8, 16, 32].map(K => [
  K,
  settled(
    { experts: K, banks: [{ name: 'task', scope: 'task', joint: false, rate: 0.1, decay: 0, steps: 2, gate: 'all' }] },
    made(8000, 10)
  )
])
const lines = manyLines()
const asleep = { rest: { below: 0 } }
const saved = [
  ...savings('imbalanced_rbf', examples.slice(0, 20_000), {}, [
    ['no bank rests', asleep],
    ['sparse routing', { sparse: 0.01 }]
  ]),
  ...savings('hydraulic', await hydraulic(), { domain: ['features.cooler'] }, [
    ['no bank rests', asleep],
    ['sparse routing', { sparse: 0.01 }],
    ['cheap set', { sharing: 'cheap' }]
  ])
]
if (flags.json)
  process.stdout.write(`${JSON.stringify({ rows: examples.length, presets, tenths, inputs, experts, lines, saved }, null, 2)}\n`)
else {
  const figure = (value, digits) => value.toFixed(digits)
  process.stdout.write(
    `${table([
      ['preset', 'κ', 'G-mean', 'events/s of CPU', 'of a bare loop of its gathers and updates', 'plain kernel, times as long'],
      ...presets.map(p => [
        p.preset,
        figure(p.kappa, 3),
        figure(p.gMean, 3),
        `${Math.round(p.perSecond)}`,
        figure(p.bareRatio, 2),
        figure(p.plainTimes, 1)
      ])
    ])}\n\nµs an event in each tenth of the stream twice, ids forgotten from its middle on: ${tenths.map(us => figure(us, 1)).join(' ')}\n`
  )
  process.stdout.write(`µs an event by inputs: ${inputs.map(([n, us]) => `${n}: ${figure(us, 1)}`).join('  ')}\n`)
  process.stdout.write(`µs an event of one bank by experts: ${experts.map(([n, us]) => `${n}: ${figure(us, 1)}`).join('  ')}\n`)
  for (const [sharing, { stateMiB, snapshotMiB, snapshotMs, micros }] of Object.entries(lines))
    process.stdout.write(
      `100 lines, three tasks, ${sharing}: state ${figure(stateMiB, 1)} MiB, snapshot ${figure(snapshotMiB, 1)} MiB in ${Math.round(snapshotMs)} ms, ${Math.round(micros)} µs an event\n`
    )
  process.stdout.write(
    `\n${table([
      ['stream', '', 'µs an event', 'of the default', 'κ'],
      ...saved.map(({ stream, variant, micros, ofDefault, kappas }) => [
        stream,
        variant,
        figure(micros, 0),
        figure(ofDefault, 2),
        kappas.map(kappa => figure(kappa, 3)).join(' ')
      ])
    ])}\n`
  )
}
