/**
 * How well the states of experts are told: `node bench/stability.mjs [--seeds 10] [--events 100000] [--streams steel_plates,sme]
 * [--limit ROWS] [--planted] [--json]`.
 *
 * - Planted cases, whose truth is a mixture with a known number of experts, by one bank of the real learner: how often what was
 *   planted is found, after how many examples (median), and what was said against experts of which nothing is to be said, an
 *   expert and 100,000 examples.
 * - The share of experts in each state at the end of every published stream under the default configuration, and the signals
 *   an expert and 100,000 examples. The streams are read from the folder in ANDON_DATA; --planted leaves them out.
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { built, distOf, median, table, whole } from './running.mjs'

const streams = {
  steel_plates: { file: 'steel_plates.csv', labels: 'fault', domain: 'steel' },
  imbalanced_rbf: { file: 'imbalanced_rbf.csv.gz', labels: 'label' },
  sme: { file: 'sme.csv', labels: 'status,product', domain: 'machine', ignore: 'ts' },
  tennessee_eastman: { file: 'tennessee_eastman.csv.gz', labels: 'fault', ignore: 'run' },
  hydraulic: { file: 'hydraulic.csv', labels: 'valve,pump,accumulator,stable', domain: 'cooler', ignore: 'cycle' },
  ai4i: { file: 'ai4i.csv', labels: 'failure,twf,hdf,pwf,osf,rnf', domain: 'type' },
  secom: { file: 'secom.csv.gz', labels: 'result' }
}

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    events: { type: 'string', default: '100000' },
    streams: { type: 'string', default: Object.keys(streams).join(',') },
    limit: { type: 'string' },
    planted: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    dist: { type: 'string' }
  }
})
const [seeds, events] = ['seeds', 'events'].map(name => whole(name, flags[name]))
const { Learner, defaultLearnerOptions, mixtureParts, openCsv, expertStates } = await built(
  resolve(distOf(flags.dist)),
  'learner/learner',
  'learner/options',
  'simulate/mixtures',
  'adapter/csv/csv',
  'stability/state'
)

const [up, down, constant] = [
  { bias: 0, slope: 5 },
  { bias: 0, slope: -5 },
  { bias: 2, slope: 0 }
]
const DRIFT = 10_000
const marked = bank => bank.experts.filter(({ interpretable }) => !interpretable).length
const all = bank => bank.experts.length
/** `found` tells whether what was planted is told at a probe from `from` on; of cases without it nothing is to be told. */
const cases = {
  'too many experts: six for two': { truth: { experts: [up, down] }, K: 6, examples: 20_000, found: bank => marked(bank) >= 2 },
  'too many experts: four for one': { truth: { experts: [up] }, K: 4, examples: 20_000, found: bank => marked(bank) >= 1 },
  'constant, not needed: three for one': {
    truth: { experts: [constant] },
    K: 3,
    examples: 20_000,
    found: bank => marked(bank) === all(bank)
  },
  'starved: the gate shut at 1,000': {
    truth: { experts: [up, down] },
    K: 3,
    examples: 12_000,
    from: 1000,
    shut: 1,
    found: bank => bank.experts[1].state === 'dead'
  },
  'drift: the truth turns round at 10,000': {
    truth: { experts: [up, down], drift: { at: DRIFT, experts: [down, up] } },
    K: 2,
    examples: 13_000,
    from: DRIFT,
    found: bank => bank.experts.some(({ state }) => state === 'drifting')
  },
  'drift: one of two turns at 10,000': {
    truth: { experts: [up, down], drift: { at: DRIFT, experts: [up, up] } },
    K: 2,
    examples: 13_000,
    from: DRIFT,
    found: bank => bank.experts.some(({ state }) => state === 'drifting')
  },
  'as many experts as the truth has': { truth: { experts: [up, down] }, K: 2, examples: events },
  'three experts for a truth of three': { truth: { experts: [up, down, up] }, K: 3, examples: events },
  'constant, needed': { truth: { experts: [up, constant] }, K: 2, examples: events },
  'strong decay, λ .03': { truth: { experts: [up, down] }, K: 2, examples: events, bank: { rate: 0.2, decay: 0.03 } },
  'strong decay, λ .1': { truth: { experts: [up, down] }, K: 2, examples: events, bank: { rate: 0.2, decay: 0.1 } }
}

function optionsOf({ K, bank }, seed) {
  const only = { name: 'bank', scope: 'task', joint: false, rate: 0.1, decay: 0, steps: null, gate: 'all', experts: K, ...bank }
  return { ...defaultLearnerOptions, seed, single: false, domain: [], banks: [only] }
}

/** Examples until it was found, null where it was not, and what was told against an expert. */
function run(of, seed) {
  const options = optionsOf(of, seed)
  let learner = new Learner(options)
  const parts = mixtureParts(1000 + seed, of.truth)
  let found = null
  const told = { marks: 0, drifts: 0, dead: 0 }
  for (let i = 0; i < of.examples; i++) {
    if (of.shut !== undefined && i === of.from) {
      const state = learner.save()
      state.tasks[0].committee.banks[0].gate.weights.block.W[of.shut] = -30
      learner = Learner.load(state, options)
    }
    const { features, defect } = parts.next().value
    const observation = { id: `p${i}`, line: 'l', station: null, product: null, time: i, features }
    const { signals } = learner.take({ observation, labels: { defect }, labelTime: i, source: null, prediction: null })
    for (const { kind, message } of signals) {
      if (kind !== 'expert-unstable') continue
      if (/not interpretable/.test(message)) told.marks++
      else if (/dead/.test(message)) told.dead++
      else told.drifts++
    }
    if (of.found === undefined || found !== null || i < (of.from ?? 0) || (i + 1) % 250 !== 0) continue
    if (of.found(learner.status().tasks[0].banks[0])) found = i + 1 - (of.from ?? 0)
  }
  return { found, told }
}

const planted = Object.entries(cases).map(([name, of]) => {
  const runs = Array.from({ length: seeds }, (_, seed) => run(of, seed + 1))
  const delays = runs.flatMap(({ found }) => (found === null ? [] : [found]))
  const per = what => (runs.reduce((sum, { told }) => sum + told[what], 0) / (seeds * of.K * of.examples)) * 100_000
  return {
    case: name,
    found: of.found === undefined ? null : delays.length / seeds,
    delay: delays.length === 0 ? null : median(delays),
    falseMarks: of.found === undefined ? per('marks') : null,
    falseDrifts: of.found === undefined ? per('drifts') : null,
    falseDead: of.found === undefined ? per('dead') : null
  }
})

async function statesOf(name) {
  const { file, labels, domain, ignore } = streams[name] ?? {}
  if (file === undefined) throw new Error(`expected one of ${Object.keys(streams).join(', ')} for --streams, got ${name}`)
  const path = join(resolve(process.env.ANDON_DATA ?? join(import.meta.dirname, '../../shared/data')), file)
  if (!existsSync(path)) throw new Error(`expected ${path}: set ANDON_DATA to the folder of streams`)
  const learner = new Learner({ ...defaultLearnerOptions, single: false, domain: domain === undefined ? [] : ['line'] })
  const limit = flags.limit === undefined ? undefined : whole('limit', flags.limit)
  const told = { marks: 0, drifts: 0, dead: 0 }
  for await (const row of openCsv(path, { labels: labels.split(','), domain, ignore: ignore?.split(',') ?? [], limit })) {
    if (Object.keys(row.labels).length === 0) continue
    const { signals } = learner.take({ ...row, labelTime: row.observation.time, source: null, prediction: null })
    for (const { kind, message } of signals) {
      if (kind !== 'expert-unstable') continue
      told[/not interpretable/.test(message) ? 'marks' : /dead/.test(message) ? 'dead' : 'drifts']++
    }
  }
  const { tasks, learned } = learner.status()
  const experts = tasks.flatMap(({ banks }) => banks.flatMap(bank => bank.experts))
  const share = of => experts.filter(of).length / experts.length
  const per = what => (told[what] / (experts.length * learned)) * 100_000
  return {
    stream: name,
    examples: learned,
    experts: experts.length,
    states: Object.fromEntries(expertStates.map(state => [state, share(each => each.state === state)])),
    notInterpretable: share(each => !each.interpretable),
    dominating: experts.filter(each => each.dominating).length,
    per100000: { marks: per('marks'), drifts: per('drifts'), dead: per('dead') }
  }
}

const shared = []
if (!flags.planted) for (const name of flags.streams.split(',')) shared.push(await statesOf(name))

if (flags.json) process.stdout.write(`${JSON.stringify({ seeds, planted, streams: shared }, null, 2)}\n`)
else {
  const number = (value, digits = 2) => (value === null ? '–' : value.toFixed(digits))
  const percent = value => (value === null ? '–' : `${Math.round(100 * value)} %`)
  const rows = planted.map(each => [
    each.case,
    percent(each.found),
    each.delay === null ? '–' : String(each.delay),
    number(each.falseMarks),
    number(each.falseDrifts),
    number(each.falseDead)
  ])
  console.log(`${seeds} seeds; false ones an expert and 100,000 examples\n`)
  console.log(table([['planted', 'found', 'after examples', 'false marks', 'false drifts', 'false dead'], ...rows]))
  if (shared.length > 0) {
    const lines = shared.map(each => [
      each.stream,
      String(each.examples),
      String(each.experts),
      ...expertStates.map(state => percent(each.states[state])),
      percent(each.notInterpretable),
      number(each.per100000.marks),
      number(each.per100000.drifts),
      number(each.per100000.dead)
    ])
    console.log('\nshare of experts in each state at the end, and what was told an expert and 100,000 examples\n')
    console.log(table([['stream', 'examples', 'experts', ...expertStates, 'not interpretable', 'marks', 'drifts', 'dead'], ...lines]))
  }
}
