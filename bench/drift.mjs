/**
 * Drift: how soon a change is found, and how often one is told where there is none: `node bench/drift.mjs [--labels 400000]
 * [--seeds 20] [--answer] [--rows 4000] [--json]`.
 *
 * First the detectors alone, on independent errors: false alarms per 100,000 of them, beside the run length that each states,
 * and values from a change to its alarm, with one that always and one that never fires beside. Then a whole line as the learner
 * watches it, of 2 to 21 classes: false alarms per 100,000 labels, and labels, and parts of the class, until the fall of one
 * class's recall from .8 to .4 is told, beside ADWIN with River's defaults on the raw error.
 *
 * `--answer` learns streams that change in the middle, told alone and answered, seeds 1 to 3: κ over the 300 examples after
 * the change, the next 700, and the rest. The streams are read from the folder in ANDON_DATA.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { built, distOf, table, whole } from './running.mjs'

const { values: flags } = parseArgs({
  options: {
    labels: { type: 'string', default: '400000' },
    seeds: { type: 'string', default: '20' },
    rows: { type: 'string', default: '4000' },
    answer: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    dist: { type: 'string' }
  }
})
const [labels, seeds, rows] = ['labels', 'seeds', 'rows'].map(name => whole(name, flags[name]))
const modules = [
  'drift/adwin',
  'drift/page-hinkley',
  'drift/ddm',
  'drift/kswin',
  'learner/line-watch',
  'learner/learner',
  'learner/options'
]
const { Adwin, PageHinkley, Ddm, Kswin, LineWatch, Learner, defaultLearnerOptions, Random, SimulatedLines } = await built(
  resolve(distOf(flags.dist)),
  ...modules,
  'numeric/random',
  'simulate/lines'
)

const median = all => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)]
const mean = all => all.reduce((sum, each) => sum + each, 0) / all.length
/** A median of delays, with how many were never found. */
const delayOf = (found, of) =>
  found.length === 0 ? 'never' : `${median(found)}${found.length < of ? ` (${of - found.length} of ${of} missed)` : ''}`

const result = flags.answer ? { answers: answers() } : { detectors: detectors(), lines: lines(), simulated: simulated() }
if (flags.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
else
  for (const [name, all] of Object.entries(result)) {
    const heads = Object.keys(all[0])
    process.stdout.write(`${name}\n${table([heads, ...all.map(row => heads.map(head => `${row[head]}`))])}\n\n`)
  }

function detectors() {
  const nothing = { reset() {}, change: null }
  const subjects = {
    'always fires': () => ({ ...nothing, averageRunLength: 1, update: () => true }),
    'never fires': () => ({ ...nothing, averageRunLength: Number.POSITIVE_INFINITY, update: () => false }),
    'ADWIN, δ .002': () => new Adwin(),
    'ADWIN, δ .02 at every value': () => new Adwin({ delta: 0.02, clock: 1 }),
    'ADWIN by likelihood, δ .0002': () => new Adwin({ delta: 2e-4, clock: 1, bound: 'likelihood', least: 10 }),
    'Page-Hinkley, λ 50': () => new PageHinkley(),
    'Page-Hinkley, λ 15, δ .05': () => new PageHinkley({ threshold: 15, tolerance: 0.05 }),
    DDM: () => new Ddm(),
    'KSWIN, α .005': () => new Kswin(),
    'KSWIN, α .0001': () => new Kswin({ alpha: 0.0001 })
  }
  return Object.entries(subjects).map(([detector, open]) => {
    const row = { detector, 'stated run length': Math.round(open().averageRunLength) }
    for (const p of [0.05, 0.2, 0.5]) {
      const [one, random] = [open(), new Random(1)]
      let alarms = 0
      const n = Math.min(labels, detector.startsWith('KSWIN') ? 100_000 : labels)
      for (let i = 0; i < n; i++) if (one.update(random.next() < p ? 1 : 0)) alarms++
      row[`false alarms per 100,000 at ${p}`] = ((alarms * 1e5) / n).toFixed(1)
    }
    for (const [from, to] of [
      [0.05, 0.15],
      [0.2, 0.5]
    ]) {
      const found = []
      for (let seed = 1; seed <= seeds; seed++) {
        const [one, random] = [open(), new Random(1000 + seed)]
        for (let i = 0; i < 1000; i++) one.update(random.next() < from ? 1 : 0)
        for (let i = 1; i <= 5000; i++)
          if (one.update(random.next() < to ? 1 : 0)) {
            found.push(i)
            break
          }
      }
      row[`delay ${from} → ${to}`] = delayOf(found, seeds)
    }
    return row
  })
}

/** Labels of a line; the recall of the last class falls at `change`. */
function* line(random, rates, change) {
  const last = rates.length - 1
  for (let i = 0; ; i++) {
    let [u, y] = [random.next(), 0]
    while (y < last && u >= rates[y]) u -= rates[y++]
    const recall = y === last && i >= change ? 0.4 : 0.8
    yield { y, chosen: random.next() < recall ? y : random.below(rates.length), confidence: 0.8, time: i }
  }
}

function lines() {
  const worlds = {
    '2 classes, 10 %': [0.9, 0.1],
    '2 classes, 3 %': [0.97, 0.03],
    '7 classes, 10 %': [0.4, ...Array(6).fill(0.1)],
    '21 classes, 2.5 %': [0.5, ...Array(20).fill(0.025)]
  }
  return Object.entries(worlds).map(([world, rates]) => {
    const row = { world }
    const [watch, raw, random] = [new LineWatch(), new Adwin(), new Random(1)]
    let [alarms, rawAlarms, n] = [0, 0, 0]
    for (const said of line(random, rates, Number.POSITIVE_INFINITY)) {
      watch.watch(said.y)
      if (watch.observe(said, 1)?.kind === 'detected') alarms++
      if (raw.update(said.y === said.chosen ? 0 : 1)) rawAlarms++
      if (++n === labels) break
    }
    row['false alarms per 100,000'] = ((alarms * 1e5) / labels).toFixed(2)
    row['ADWIN on the error'] = ((rawAlarms * 1e5) / labels).toFixed(2)
    const [found, parts, rawFound] = [[], [], []]
    let named = 0
    for (let seed = 1; seed <= seeds; seed++) {
      const [one, error] = [new LineWatch(), new Adwin()]
      let [i, of, done, rawDone] = [0, 0, false, false]
      for (const said of line(new Random(1000 + seed), rates, 5000)) {
        if (i >= 5000 && said.y === rates.length - 1) of++
        one.watch(said.y)
        const finding = one.observe(said, 1)
        if (!done && i >= 5000 && finding?.kind === 'detected') {
          done = true
          found.push(i - 5000)
          parts.push(of)
          if (finding.found.class === rates.length - 1) named++
        }
        if (error.update(said.y === said.chosen ? 0 : 1) && !rawDone && i >= 5000) {
          rawDone = true
          rawFound.push(i - 5000)
        }
        if (++i === 25_000 || (done && rawDone)) break
      }
    }
    row['labels until told'] = delayOf(found, seeds)
    row['parts of the class'] = delayOf(parts, seeds)
    row['class named'] = `${named} of ${found.length}`
    row['ADWIN on the error, labels'] = delayOf(rawFound, seeds)
    return row
  })
}

/** The simulated line: its torque sensor and its limit of overstrain move at part 3,000 of line 2. */
function simulated() {
  return [1, 2, 3].map(seed => {
    const moves = [
      { line: 'line-2', what: 'torque_nm', by: 6 },
      { line: 'line-2', what: 'overstrainNmMin', by: -1500 }
    ]
    const drift = { kind: 'sudden', atPart: 3000, overParts: 3000, moves }
    const feed = new SimulatedLines({ seed, lines: 2, tasks: ['failure'], labelDelayParts: 20, rarity: { mode: 'any', factor: 3 }, drift })
    const learner = new Learner({ ...defaultLearnerOptions, preset: 'fast', single: false })
    const [parts, waiting, told] = [{}, new Map(), []]
    for (const {
      event: { name, event }
    } of feed) {
      if (name === 'observation') {
        parts[event.line] = (parts[event.line] ?? 0) + 1
        waiting.set(event.id, { observation: event, prediction: learner.predict(event), part: parts[event.line] })
        continue
      }
      const { part, ...seen } = waiting.get(event.observation)
      waiting.delete(event.observation)
      const { signals } = learner.take({ ...seen, labels: event.labels, labelTime: event.time, source: null })
      for (const signal of signals) if (signal.kind === 'drift-detected') told.push({ ...signal, part: parts[event.line] })
      if (part > 6000) break
    }
    const first = told.find(({ domain, part }) => domain === 'line-2' && part > 3000)
    return {
      seed,
      'parts until told': first === undefined ? 'never' : first.part - 3000,
      'minutes at a part a second': first === undefined ? '–' : ((first.part - 3000) / 60).toFixed(1),
      'told elsewhere or before': told.filter(({ domain, part }) => domain !== 'line-2' || part <= 3000).length,
      message: first?.message ?? '–'
    }
  })
}

function answers() {
  const data = resolve(process.env.ANDON_DATA ?? join(import.meta.dirname, '../../shared/data'))
  const read = file => {
    const path = join(data, file)
    if (!existsSync(path)) throw new Error(`expected ${path}: set ANDON_DATA to the folder of streams`)
    const bytes = readFileSync(path)
    const [head, ...lines] = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().trim().split('\n')
    return { head: head.split(','), lines: lines.slice(0, rows).map(each => each.split(',')) }
  }
  const streams = {
    imbalanced_rbf: () => {
      const { head, lines } = read('imbalanced_rbf.csv.gz')
      return lines.map(cells => ({
        line: '',
        y: cells.at(-1),
        x: Object.fromEntries(head.slice(0, -1).map((name, i) => [name, +cells[i]]))
      }))
    },
    steel_plates: () => {
      const { head, lines } = read('steel_plates.csv')
      return lines.map(cells => ({
        line: cells[0],
        y: cells.at(-1),
        x: Object.fromEntries(head.slice(1, -1).map((name, i) => [name, +cells[i + 1]]))
      }))
    }
  }
  /** What becomes of a row after the change: classes turn by one, the first two change places, a third of the inputs move by 1.5 σ. */
  const changes = {
    none: row => row,
    permute: (row, { classes }) => ({ ...row, y: classes[(classes.indexOf(row.y) + 1) % classes.length] }),
    swap: (row, { classes: [a, b] }) => ({ ...row, y: row.y === a ? b : row.y === b ? a : row.y }),
    shift: (row, { sigma }) => ({
      ...row,
      x: Object.fromEntries(Object.entries(row.x).map(([name, value], i) => [name, i % 3 === 0 ? value + 1.5 * sigma[name] : value]))
    })
  }
  const out = []
  for (const [stream, load] of Object.entries(streams)) {
    const all = load()
    const sigma = Object.fromEntries(
      Object.keys(all[0].x).map(name => {
        const values = all.map(({ x }) => x[name])
        const m = mean(values)
        return [name, Math.sqrt(mean(values.map(value => (value - m) ** 2)))]
      })
    )
    const known = { classes: [...new Set(all.map(({ y }) => y))].sort(), sigma }
    const middle = Math.floor(all.length / 2)
    for (const [change, turn] of Object.entries(changes)) {
      const given = all.map((row, i) => (i < middle ? row : turn(row, known)))
      for (const drift of ['tell', 'answer']) {
        const runs = [1, 2, 3].map(seed => learned(given, stream === 'steel_plates' ? ['line'] : [], seed, drift, middle))
        const cell = at => mean(runs.map(run => run.kappas[at])).toFixed(3)
        out.push({
          stream,
          change,
          drift,
          'first 300': cell(0),
          'next 700': cell(1),
          rest: all.length - middle > 1000 ? cell(2) : '–',
          told: mean(runs.map(({ told }) => told)).toFixed(1)
        })
      }
    }
  }
  return out
}

function learned(all, domain, seed, drift, middle) {
  const learner = new Learner({ ...defaultLearnerOptions, domain, seed, drift, single: false })
  const windows = [[], [], []]
  let told = 0
  all.forEach(({ line, y, x }, i) => {
    const observation = { id: `row-${i}`, line, station: null, product: null, time: i * 1000, features: x }
    if (i >= middle) {
      const said = learner.predict(observation).tasks[0]?.chosen ?? null
      windows[i < middle + 300 ? 0 : i < middle + 1000 ? 1 : 2].push([y, said])
    }
    const { signals } = learner.take({ observation, labels: { label: y }, labelTime: i * 1000 + 1, source: null, prediction: null })
    told += signals.filter(({ kind }) => kind === 'drift-detected').length
  })
  return { kappas: windows.map(kappaOf), told }
}

function kappaOf(pairs) {
  if (pairs.length === 0) return Number.NaN
  const [truth, said] = [new Map(), new Map()]
  let hits = 0
  for (const [y, chosen] of pairs) {
    truth.set(y, (truth.get(y) ?? 0) + 1)
    said.set(chosen, (said.get(chosen) ?? 0) + 1)
    if (y === chosen) hits++
  }
  const n = pairs.length
  const chance = [...truth].reduce((sum, [y, count]) => sum + (count / n) * ((said.get(y) ?? 0) / n), 0)
  return (hits / n - chance) / (1 - chance)
}
