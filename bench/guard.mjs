/**
 * What the guard promises, and what is left of it when labels come late: `node bench/guard.mjs [--rows 6000] [--seed 1]
 * [--experts 4] [--json]`.
 *
 * A committee learns six kindred lines of which one contradicts the others, with labels 0, 100 and 1,000 rows late. Of what
 * was served, a pool and a guard per line and task are kept beside, as the learner keeps them: weighed when a row comes,
 * taught when its label does; of a row that came before its task was known, from the opinions on arrival, uncounted. The slack is what the bound leaves, in nats over all labels of a line: bound less the loss
 * beyond the best bank or the pool, the least of the tasks. At once it is above 0 by proof; late nobody promised it.
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { built, distOf, table, whole } from './running.mjs'

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '6000' },
    seed: { type: 'string', default: '1' },
    experts: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
    dist: { type: 'string' }
  }
})
const [rows, seed, experts] = ['rows', 'seed', 'experts'].map(name => whole(name, flags[name]))
const { Learner, defaultLearnerOptions, recipeOf, Pool, Guard, floored, kindred, kindredLines } = await built(
  resolve(distOf(flags.dist)),
  'learner/learner',
  'learner/options',
  'learner/presets',
  'pool/pool',
  'pool/guard',
  'simulate/kindred'
)
const options = { ...defaultLearnerOptions, experts, single: false }
const names = recipeOf(options).banks.map(({ name }) => name)
const solo = recipeOf(options).banks.findIndex(({ scope }) => scope === 'solo')

/** Pool and guard of a line and task, and what was lost by each forecaster against what was served, while it spoke. */
class Book {
  constructor(from) {
    this.pool = new Pool(names.length, options.pool)
    if (from !== undefined) this.pool.startFrom(from.pool)
    this.guard = new Guard(names.length, options.guardShare)
    this.n = 0
    /** Σ ln q − ln p of the pool and of each bank, (M + 1). */
    this.ahead = new Float64Array(names.length + 1)
  }

  mix(Q, spoke, C) {
    const [q0, p] = [new Float64Array(C), new Float64Array(C)]
    this.pool.mix(Q, spoke, C, q0)
    this.guard.mix(q0, Q, spoke, C, p)
    return { q0, p }
  }

  count({ Q, spoke, C, q0, p }, y) {
    const gained = q => Math.log(floored(q, C)) - Math.log(p[y])
    this.ahead[0] += gained(q0[y])
    for (let m = 0; m < names.length; m++) if (spoke[m] === 1) this.ahead[m + 1] += gained(Q[m * C + y])
  }

  learn({ Q, spoke, C }, y) {
    this.n++
    this.guard.learn(this.mix(Q, spoke, C).q0, Q, spoke, C, y)
    this.pool.learn(Q, spoke, C, y)
  }

  get slack() {
    return Math.log(names.length + 1) - (this.n - 1) * Math.log1p(-options.guardShare) - Math.max(...this.ahead)
  }

  /** What sharing gained the line against its own bank, as it was served. */
  get gain() {
    return -this.ahead[solo + 1]
  }
}

/** One pass: the books by task and line, and the gains as the learner tells them. */
function pass(delay) {
  const learner = new Learner(options)
  const all = new Map()
  const books = new Map()
  const waiting = []
  let i = 0
  for (const { line, features, labels } of kindred(seed, rows)) {
    const observation = { id: `part-${i}`, line, station: null, product: null, time: i * 1000, features }
    const prediction = learner.predict(observation)
    const served = new Map()
    for (const of of prediction.tasks) {
      const said = saidOf(of)
      served.set(of.task, { ...said, ...bookOf(books, all, of.task, line).mix(said.Q, said.spoke, said.C) })
    }
    waiting.push({ observation, labels, prediction, served })
    if (waiting.length > delay) teach(learner, all, books, waiting.shift())
    i++
  }
  const told = new Map(
    learner
      .status()
      .tasks.flatMap(({ task, committee }) =>
        Object.entries(committee).map(([line, { transfer }]) => [`${task} ${line}`, transfer?.gain ?? 0])
      )
  )
  return { books, told }
}

/** The opinions of a prediction of one task, (M, C), and who spoke. */
function saidOf({ classes, banks }) {
  const C = classes.length
  const Q = new Float32Array(names.length * C)
  const spoke = new Uint8Array(names.length)
  for (const { bank, opinion } of banks) {
    spoke[names.indexOf(bank)] = 1
    Q.set(opinion, names.indexOf(bank) * C)
  }
  return { classes, C, Q, spoke }
}

function bookOf(books, all, task, line) {
  if (!all.has(task)) all.set(task, new Book())
  const key = `${task} ${line}`
  if (!books.has(key)) books.set(key, new Book(all.get(task)))
  return books.get(key)
}

function teach(learner, all, books, { observation, labels, prediction, served }) {
  if (Object.keys(labels).length === 0) return
  const now = Object.keys(labels).every(task => served.has(task)) ? null : learner.predict(observation)
  for (const task in labels) {
    const late = now?.tasks.find(each => each.task === task)
    const said = served.get(task) ?? (late === undefined ? undefined : saidOf(late))
    const y = said?.classes.indexOf(labels[task]) ?? -1
    if (y < 0) continue
    const book = bookOf(books, all, task, observation.line)
    if (served.has(task)) book.count(said, y)
    all.get(task).learn(said, y)
    book.learn(said, y)
  }
  learner.take({ observation, labels, labelTime: observation.time, source: null, prediction })
}

const delays = [0, 100, 1000]
const figures = delays.map(delay => {
  const { books, told } = pass(delay)
  return kindredLines.map(({ line }) => {
    const keys = [...books.keys()].filter(key => key.endsWith(` ${line}`))
    const own = keys.map(key => books.get(key))
    return {
      line,
      delay,
      labels: own.reduce((sum, { n }) => sum + n, 0),
      slack: Math.min(...own.map(({ slack }) => slack)),
      gain: own.reduce((sum, { gain }) => sum + gain, 0),
      told: keys.reduce((sum, key) => sum + told.get(key), 0)
    }
  })
})

const late = delay => (delay === 0 ? 'at once' : `${delay.toLocaleString('en')} late`)
if (flags.json)
  process.stdout.write(`${JSON.stringify({ rows, seed, experts, guardShare: options.guardShare, lines: figures.flat() }, null, 2)}\n`)
else {
  const heading = ['line', ...delays.map(delay => `slack, ${late(delay)}`), ...delays.map(delay => `gain, ${late(delay)}`)]
  const cells = kindredLines.map(({ line }, l) => [
    line,
    ...figures.map(each => each[l].slack.toFixed(1)),
    ...figures.map(each => each[l].gain.toFixed(1))
  ])
  process.stdout.write(`${table([heading, ...cells])}\n`)
}
