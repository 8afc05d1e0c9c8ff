/**
 * What must hold of a log and its snapshots after any number of kills. Reads only what is durable: topics, positions, the
 * waiting room's notes, snapshots. Every check is `{name, ok, detail}`.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { alertProblems } from './alerts.mjs'
import { built } from './built.mjs'

/** Who has worked on a log: one process, or roles. `predicted` says how often an observation may be predicted. */
export const alone = {
  inputs: { andon: ['observations', 'predictions', 'labels', 'examples', 'signals', 'alerts'] },
  joins: 'andon',
  learns: 'andon',
  predicted: 'once'
}
export const roles = {
  inputs: {
    'andon-join': ['observations', 'predictions', 'labels'],
    'andon-learn': ['examples'],
    'andon-predict': ['observations'],
    'andon-watch': ['predictions', 'examples', 'signals', 'alerts']
  },
  joins: 'andon-join',
  learns: 'andon-learn'
}
const EMPTY = { list: async () => [], read: async () => null, write: async () => null, keep: async () => [] }

/**
 * `learners` are the configurations whose snapshots are looked at. Of roles an observation that comes again is predicted
 * again; `predicted` is 'each' where every record of one has one prediction, 'some' where a kill may have repeated it.
 */
export async function verify(dist, configPath, ledger, by = alone, learners = [configPath]) {
  const parts = await built(
    dist,
    'wiring',
    'config/load',
    'pipeline/range',
    'pipeline/recover',
    'pipeline/intake',
    'pipeline/shards',
    'learner/meter',
    'join/part'
  )
  const { loadConfig, openStore, placesOf, policyOf, learnerOptionsOf, recover, range, Intake, Shards, REST, noMeter, decodePart } = parts
  const config = loadConfig({ path: configPath, env: {} })
  const store = await openStore(config)
  const { log, codec, snapshots, state } = store
  const intake = new Intake(codec, policyOf(config))
  const checks = []
  const check = (name, problems, told = '') =>
    checks.push({ name, ok: problems.length === 0, detail: problems.length === 0 ? told : some(problems) })
  const { signal } = new AbortController()
  const topic = async name => collect(range(log, name, [], await log.ends([name]), signal))
  const whole = { log, codec, intake, state, learner: learnerOptionsOf(config), shards: new Shards(), shard: REST, meter: noMeter }
  const fold = (committed, from) => recover({ ...whole, snapshots: from, committed, signal })
  const fingerprint = learner => createHash('sha256').update(state.encode(learner.save())).digest('hex')

  try {
    const [observations, predictions, labels, examples, rejects, alerts, decisions] = await Promise.all(
      ['observations', 'predictions', 'labels', 'examples', 'rejects', 'alerts', 'decisions'].map(topic)
    )
    const all = { observations, predictions, labels, examples }
    const bad = new Set(ledger.bad.map(place))
    const good = Object.fromEntries(
      Object.entries(all).map(([name, records]) => [
        name,
        records.filter(record => !bad.has(place(record))).map(({ value }) => codec.decode(value).event)
      ])
    )

    const committed = await log.committed(by.learns)
    const untaken = []
    for (const [group, inputs] of Object.entries(by.inputs)) {
      const at = new Map((await log.committed(group)).map(p => [`${p.topic}/${p.partition}`, p.offset]))
      const left = (await log.ends(inputs)).filter(p => p.offset > (at.get(`${p.topic}/${p.partition}`) ?? 0))
      untaken.push(...left.map(p => `${group}: ${place(p)}`))
    }
    check('nothing is left in the log that was not taken', untaken)

    const listed = await snapshots.list()
    const [newest] = listed.filter(each => !('damage' in each))
    check(
      'every snapshot is whole',
      listed.filter(each => 'damage' in each).map(each => `${each.name}: ${each.damage}`)
    )
    if (newest === undefined) check('there is a snapshot', [`none in ${placesOf(config).snapshots}`])
    else
      check(
        'the newest snapshot has the bytes of an undisturbed fold of the same log',
        learners.flatMap(path => replayed(dist, path)),
        `${newest.learned} examples`
      )
    check(
      'what is restored has learned every label of the log once',
      await attempt(async () => {
        const { learner } = await fold(committed, snapshots)
        const { learner: undisturbed } = await fold(committed, EMPTY)
        const [a, b] = [fingerprint(learner), fingerprint(undisturbed)]
        const { learned, repeated, corrected } = learner.status()
        const counted = count(good.examples)
        const told = { learned, repeated, corrected }
        return [
          ...(a === b ? [] : [`${a} restored, ${b} folded`]),
          ...Object.keys(told).flatMap(name =>
            told[name] === counted[name] ? [] : [`${name}: ${told[name]} in the state, ${counted[name]} in the log`]
          )
        ]
      })
    )

    check(...(await predicted(by.predicted, { observations, good, intake })))
    // The first one stands.
    const served = new Map([...good.predictions].reverse().map(prediction => [prediction.observation, prediction]))
    const joined = good.examples.filter(event => 'observation' in event && event.source !== null)
    check(
      'every example made here carries the prediction as it was served',
      joined.flatMap(({ observation, prediction }) => (same(prediction, served.get(observation.id)) ? [] : [observation.id])),
      `${joined.length} examples`
    )

    const events = records => records.map(({ value }) => codec.decode(value).event)
    // What was predicted again is decided once.
    const firsts = good.predictions.filter(prediction => served.get(prediction.observation) === prediction)
    const told = { alerts: events(alerts), decisions: events(decisions), predictions: firsts }
    for (const [name, problems] of Object.entries(await alertProblems(dist, config, told))) check(name, problems, `${alerts.length} alerts`)

    const refused = rejects.map(({ value }) => codec.decode(value).event)
    const byPlace = tally(refused.map(place))
    const sums = new Map(refused.map(each => [place(each), each.sha256]))
    check(
      'every bad record is in rejects once, as it came',
      ledger.bad.flatMap(record => {
        const times = byPlace.get(place(record)) ?? 0
        return times === 1 && sums.get(place(record)) === record.sha256 ? [] : [`${place(record)} ${times} times`]
      }),
      `${ledger.bad.length} bad records`
    )

    const sources = { learned: tally(joined.map(example => example.source)), rejected: new Map(), waiting: new Map() }
    const refusedLabels = refused.flatMap(each => {
      const inner = bad.has(place(each)) ? { code: 'bad' } : codec.decode(each.value)
      return 'code' in inner ? [] : [{ name: inner.name, event: inner.event, place: place(each) }]
    })
    sources.rejected = tally(refusedLabels.filter(each => each.name === 'label').map(each => each.event.source))
    for await (const { key, value } of (await log.claim(by.joins)).notes()) {
      if (!key.startsWith('join/m/')) continue
      for (const { label } of decodePart(key, value).pending)
        sources.waiting.set(label.source, (sources.waiting.get(label.source) ?? 0) + 1)
    }
    const written = new Set(good.labels.map(label => label.source))
    check(
      'every label is learned, rejected or waiting, once and as it should be',
      [...written].flatMap(source => {
        const [learned, rejected, waiting] = ['learned', 'rejected', 'waiting'].map(where => sources[where].get(source) ?? 0)
        const [fate] = source.split('-')
        const right =
          fate === 'stranger'
            ? learned === 0 && rejected + waiting === 1
            : waiting === 0 && learned === Number(fate === 'learned') && rejected === Number(fate === 'rejected')
        return right ? [] : [`${source}: ${learned} learned, ${rejected} rejected, ${waiting} waiting`]
      }),
      `${written.size} labels, ${[...sources.rejected.values()].length} rejected, ${sources.waiting.size} waiting`
    )
    check('nothing is rejected but what should be', [
      ...refused.map(place).filter(where => !bad.has(where) && !refusedLabels.some(each => each.place === where && each.name === 'label'))
    ])
    const kept = Object.values(ledger.counts).reduce((sum, n) => sum + n, 0)
    const fed =
      observations.length +
      labels.length +
      examples.filter(({ value }) => fromFeeder(codec, value)).length +
      ledger.bad.filter(record => record.topic === 'predictions').length
    check('what the log acknowledged is in it', kept === fed ? [] : [`${kept} acknowledged, ${fed} in the log`], `${kept} records`)
    return checks
  } finally {
    await log.close()
  }
}

async function predicted(how, { observations, good, intake }) {
  const came = ids(good.predictions, p => p.observation)
  const told = `${good.predictions.length} predictions`
  if (how === 'once') {
    const problems = differences(
      ids(good.observations, o => o.id),
      came
    )
    return ['every observation has one prediction, and nothing else has', problems, told]
  }
  const read = (await Promise.all(observations.map(record => intake.read(record)))).filter(event => !('code' in event))
  const records = tally(read.map(({ event }) => event.id))
  const wrong = [...records].filter(([id, n]) => (how === 'each' ? came.get(id) !== n : (came.get(id) ?? 0) < n))
  const strange = [...came.keys()].filter(id => !records.has(id))
  return [
    how === 'each'
      ? 'every record of an observation has one prediction, and nothing else has'
      : 'every record of an observation has a prediction, and nothing else has',
    [...wrong.map(([id, n]) => `${id} ${came.get(id) ?? 0} times for ${n} records`), ...strange.map(id => `${id} unexpected`)],
    `${told}, ${good.predictions.length - read.length} repeated`
  ]
}

/** Has `andon replay` fold the log from its beginning up to the newest snapshot, and compare. */
function replayed(dist, configPath) {
  const words = [join(dist, 'command/andon.js'), 'replay', '--compare', '--json', '--config', configPath]
  const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (!stdout.startsWith('{')) return [stderr.trim()]
  const { sha256, learned, compared } = JSON.parse(stdout)
  return compared.equal ? [] : [`${compared.sha256} after ${compared.learned} examples in the snapshot, ${sha256} after ${learned} folded`]
}

/** What a learner that takes these examples, and nothing else, must have counted. */
function count(examples) {
  const known = new Map()
  const counts = { learned: 0, repeated: 0, corrected: 0 }
  for (const { observation, labels } of examples.filter(event => event.observation !== undefined)) {
    const before = known.get(observation.id) ?? {}
    const tasks = Object.keys(labels)
    const corrected = tasks.filter(task => before[task] !== undefined && before[task] !== labels[task]).length
    counts.corrected += corrected
    if (tasks.some(task => before[task] === undefined)) counts.learned++
    else if (corrected === 0) counts.repeated++
    known.set(observation.id, { ...before, ...labels })
  }
  return counts
}

/** An example that was not made by the join, or no example at all. */
function fromFeeder(codec, value) {
  const decoded = codec.decode(value)
  if ('code' in decoded) return true
  // The pipeline itself joins examples, caps the effort while many wait, and notes drift that predictions show.
  return decoded.name === 'control' ? decoded.event.id.startsWith('effort-') : decoded.event.source === null
}

async function attempt(run) {
  try {
    return await run()
  } catch (error) {
    return [error.message]
  }
}

async function collect(records) {
  const all = []
  for await (const record of records) all.push({ ...record, value: Uint8Array.from(record.value) })
  return all
}

function place({ topic, partition, offset }) {
  return `${topic}/${partition}/${offset}`
}

function tally(names) {
  const counts = new Map()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

const ids = (events, of) => tally(events.map(of))

/** Which of the expected did not come once, and what came unexpected. */
function differences(expected, came) {
  const wrong = [...expected.keys()].filter(id => came.get(id) !== 1).map(id => `${id} ${came.get(id) ?? 0} times`)
  return [...wrong, ...[...came.keys()].filter(id => !expected.has(id)).map(id => `${id} unexpected`)]
}

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b)
}

function some(problems) {
  return `${problems.length}: ${problems.slice(0, 3).join('; ')}${problems.length > 3 ? '; …' : ''}`
}
