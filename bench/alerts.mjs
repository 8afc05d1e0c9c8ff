/**
 * How soon an alert comes, how often it is repeated, and how often there is none to be told of: `node bench/alerts.mjs
 * [--days 3] [--parts 6000] [--seeds 3] [--chain] [--json]`.
 *
 * Rules alone (not with `--chain`): three lines of a part a second whose usual share of flagged parts is known, with a burst of defects every four
 * hours. A raised alert is right in a burst or in the 200 parts after it, a repeat where the same rule has already told of that
 * burst, and false elsewhere. Beside the rules as they come stands what one would write in a minute: the share of the last 200
 * parts against a fixed level, told whenever it is above.
 *
 * The whole chain: simulated lines learn, predict, decide and alert; half way one line's power limit moves, so that many more
 * parts fail. Labels come 50 parts late. Heat failures come in waves by themselves, on every line: an alert of decisions is
 * borne out where of the last 200 parts of its line as many as its rule asks for have truly failed.
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { built, distOf, table, whole } from './running.mjs'

const { values: flags } = parseArgs({
  options: {
    days: { type: 'string', default: '3' },
    parts: { type: 'string', default: '6000' },
    seeds: { type: 'string', default: '3' },
    chain: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    dist: { type: 'string' }
  }
})
const [days, parts, seeds] = ['days', 'parts', 'seeds'].map(name => whole(name, flags[name]))
const { Alarms, defaultRules, Random, Learner, SimulatedLines, Decider, decideOptionsOf, learnerOptionsOf, loadConfig } = await built(
  resolve(distOf(flags.dist)),
  'alert/alarms',
  'alert/default-rules',
  'numeric/random',
  'learner/learner',
  'simulate/lines',
  'decide/decider',
  'wiring',
  'config/load'
)
const T0 = Date.UTC(2026, 0, 1)
const DAY = 86_400
const EVERY = 4 * 3600
/** Parts after a burst in which a window still holds it. */
const AFTER = 200
const LINES = ['line-1', 'line-2', 'line-3']

/** Bursts by their length in parts and their share of flagged parts. */
const bursts = [
  { share: 1, length: 20 },
  { share: 0.5, length: 60 },
  { share: 0.3, length: 200 },
  { share: 0.15, length: 1000 }
]

/** A fixed level without bound, support, hysteresis or cooldown: told whenever a part finds it above and the one before did not. */
class Naive {
  #last = new Map()
  #above = new Map()
  take({ line, action, time }) {
    const last = this.#last.get(line) ?? []
    last.push(action === 'flag' ? 1 : 0)
    if (last.length > 200) last.shift()
    this.#last.set(line, last)
    const above = last.reduce((sum, hit) => sum + hit, 0) / last.length >= 0.1
    const raised = above && this.#above.get(line) !== true
    this.#above.set(line, above)
    return raised ? [{ kind: 'raised', rule: 'naive', line, time }] : []
  }
}

/** One line's part: in which burst it is, and the share of flagged parts there. */
function burstAt(second, usual) {
  const n = Math.floor(second / EVERY)
  const burst = bursts[n % bursts.length]
  const since = (second % EVERY) - EVERY / 2
  if (since < 0 || since >= burst.length + AFTER) return { n: null, share: usual, since }
  return { n, share: since < burst.length ? burst.share : usual, since }
}

function ruled(usual, seed, make) {
  const random = new Random(seed)
  const alarms = make()
  const told = Object.fromEntries(bursts.map((_, i) => [i, { seen: 0, of: 0, delays: [], repeats: 0 }]))
  let wrong = 0
  const heard = new Set()
  for (let second = 0; second < days * DAY; second++)
    for (const [i, line] of LINES.entries()) {
      const at = second + i * 700
      const { n, share, since } = burstAt(at, usual)
      const hit = random.next() < share
      const decision = { observation: `${line}-${second}`, line, task: 'fault', time: T0 + 1000 * second, learned: 1e6, probability: 1 }
      if (n !== null && since === 0) told[n % bursts.length].of++
      for (const { kind, rule } of alarms.take({ ...decision, action: hit ? 'flag' : 'pass', class: hit ? 'bad' : null }, decision.time)) {
        if (kind !== 'raised') continue
        if (n === null) wrong++
        else {
          const book = told[n % bursts.length]
          const key = `${line} ${n}`
          if (!heard.has(key)) {
            heard.add(key)
            book.seen++
            book.delays.push(since + 1)
          }
          if (heard.has(`${key} ${rule}`)) book.repeats++
          heard.add(`${key} ${rule}`)
        }
      }
    }
  return { told, wrong }
}

const shares = flags.chain ? [] : [0.01, 0.034, 0.1]

function rules() {
  const rows = []
  for (const usual of shares)
    for (const [name, make] of [
      ['Andon', () => new Alarms({ rules: defaultRules, maxCauses: 100, maxRecent: 10 })],
      ['naive', () => new Naive()]
    ]) {
      const runs = Array.from({ length: seeds }, (_, seed) => ruled(usual, seed + 1, make))
      const lineDays = days * LINES.length * seeds
      const cell = i => {
        const all = runs.map(({ told }) => told[i])
        const [seen, of] = [sum(all.map(each => each.seen)), sum(all.map(each => each.of))]
        const delays = all.flatMap(each => each.delays).sort((a, b) => a - b)
        return { found: seen / of, median: delays[Math.floor(delays.length / 2)] ?? null, worst: delays.at(-1) ?? null }
      }
      const repeats = sum(runs.flatMap(({ told }) => Object.values(told).map(each => each.repeats)))
      rows.push({
        usual,
        name,
        bursts: bursts.map((_, i) => cell(i)),
        repeats: repeats / sum(runs.flatMap(({ told }) => Object.values(told).map(each => each.of))),
        falseADay: sum(runs.map(({ wrong }) => wrong)) / lineDays
      })
    }
  return rows
}

function chain(seed) {
  const config = loadConfig({ env: {}, overrides: { seed, learner: { preset: 'fast', experts: 8 } } })
  const learner = new Learner(learnerOptionsOf(config))
  const decider = new Decider(decideOptionsOf(config))
  const alarms = new Alarms({ rules: defaultRules, maxCauses: 1000, maxRecent: 10 })
  const half = Math.floor(parts / 2)
  const moves = [{ line: 'line-1', what: 'powerHighW', by: -2000 }]
  const lines = new SimulatedLines({
    seed,
    lines: 3,
    startMs: T0,
    intervalMs: 1000,
    labelDelayParts: 50,
    drift: { kind: 'sudden', atPart: half, overParts: 1, moves }
  })
  const seen = new Map()
  const alerts = []
  const order = new Map()
  const failed = new Set()
  let line1 = 0
  let failing = 0
  for (let n = 0; n < 3 * parts; ) {
    const { event } = lines.next().value
    if (event.name === 'observation') {
      n++
      if (event.event.line === 'line-1') line1++
      if (!order.has(event.event.line)) order.set(event.event.line, [])
      order.get(event.event.line).push(event.event.id)
      const prediction = learner.predict(event.event)
      seen.set(event.event.id, { observation: event.event, prediction })
      const { time, line } = event.event
      const came = [...alarms.part(line, time, time), ...decider.decide(prediction).flatMap(each => alarms.take(each, time))]
      alerts.push(...came.map(alert => ({ ...alert, part: line1, at: order.get(line).length })))
      continue
    }
    const { observation: id, labels, time } = event.event
    const known = seen.get(id)
    if (known === undefined) continue
    const example = { ...known, labels, labelTime: time, source: 'bench' }
    if (known.observation.line === 'line-1' && line1 > half + 50 && labels.failure === 'failure') failing++
    if (labels.failure === 'failure') failed.add(id)
    decider.learn(example)
    for (const told of learner.take(example).signals) {
      alerts.push(...alarms.signal(told, time).map(alert => ({ ...alert, part: line1 })))
    }
  }
  const raised = alerts.filter(({ kind }) => kind === 'raised')
  const right = raised.filter(({ line, part }) => line === 'line-1' && part > half)
  const decided = raised.filter(({ rule }) => rule === 'defect-rate' || rule === 'defect-run')
  const unborne = decided.filter(({ line, at }) => {
    const last = order.get(line).slice(Math.max(0, at - 200), at)
    return last.filter(id => failed.has(id)).length < defaultRules[0].raise * last.length
  })
  return {
    seed,
    failing: failing / Math.max(1, parts - half - 50),
    delay: right.length === 0 ? null : right[0].part - half,
    by: right[0]?.rule ?? null,
    decided: (right.find(alert => decided.includes(alert))?.part ?? Number.NaN) - half,
    raised: tallied(raised.map(({ rule }) => rule)),
    repeats: right.length - new Set(right.map(({ cause }) => cause)).size,
    unborne: unborne.length,
    unbornePer100k: (unborne.length * 100_000) / (3 * parts)
  }
}

/** Names with how often each stands there. */
function tallied(names) {
  const counts = new Map()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].map(([name, n]) => `${name} ${n}`).join(', ')
}

function sum(values) {
  return values.reduce((total, each) => total + each, 0)
}

const alone = rules()
const whole3 = Array.from({ length: seeds }, (_, seed) => chain(seed + 1))
if (flags.json) process.stdout.write(`${JSON.stringify({ days, parts, seeds, rules: alone, chain: whole3 }, null, 2)}\n`)
else {
  const shown = ({ found, median, worst }) => `${Math.round(found * 100)} %, ${median ?? '–'} (${worst ?? '–'})`
  process.stdout.write(`Found, parts until told: median (worst); ${days} days, 3 lines, ${seeds} seeds\n\n`)
  process.stdout.write(
    table([
      [
        'usual share',
        'rules',
        ...bursts.map(({ share, length }) => `${length} parts at ${share}`),
        'repeats a burst',
        'false a line and day'
      ],
      ...alone.map(row => [String(row.usual), row.name, ...row.bursts.map(shown), row.repeats.toFixed(3), row.falseADay.toFixed(3)])
    ])
  )
  process.stdout.write('\n\nThe whole chain: a limit of line-1 moves half way\n\n')
  process.stdout.write(
    table([
      [
        'seed',
        'failing after',
        'parts to first alert',
        'by',
        'to one of decisions',
        'raised in all',
        'repeats',
        'not borne out',
        'per 100,000 parts'
      ],
      ...whole3.map(row =>
        [
          row.seed,
          row.failing.toFixed(3),
          row.delay ?? '–',
          row.by ?? '–',
          row.decided,
          row.raised,
          row.repeats,
          row.unborne,
          row.unbornePer100k.toFixed(1)
        ].map(String)
      )
    ])
  )
  process.stdout.write('\n')
}
