/** The pipeline of `kafka.mjs`: all of it in one process, or one role alone. */
import { atThousand, quantiles, records } from './kafka-events.mjs'
import { built, place } from './running.mjs'

const [dist, address, kind, size, learner, role = 'all'] = process.argv.slice(2)
const { loadConfig, openStore, openPipeline, learnerOptionsOf, Learner, Shards } = await built(
  dist,
  'wiring',
  'config/load',
  'learner/learner',
  'pipeline/shards'
)
const home = place({
  log: { kind: 'kafka', kafka: { brokers: [address], prefix: `andon-${process.pid}.` } },
  learner: JSON.parse(learner),
  logging: { level: 'silent' }
})
const config = loadConfig({ path: home.config, env: {} })
const store = await openStore(config, { role })
const timings = { labelDelay() {}, predictMs() {}, learnMs() {} }
const pipeline = openPipeline(config, store, role, { timings, tell() {} })
const stop = new AbortController()
try {
  process.stdout.write(JSON.stringify(kind === 'throughput' ? await throughput(Number(size)) : await latency(1000 * Number(size))))
} finally {
  await store.log.close()
  home.remove()
}

async function throughput(events) {
  const given = await records(dist, store.codec, events)
  const all = role === 'all' ? given : taken(given)
  for (let i = 0; i < all.length; i += 2000) await store.log.write(all.slice(i, i + 2000))
  const began = performance.now()
  const cpu = cpuMicros()
  const running = pipeline.run(stop.signal)
  while (!pipeline.ready) await pause(5)
  // Seldom, as the whole status is made for it.
  while (Object.values(pipeline.status().lag).some(lag => lag > 0)) await pause(200)
  const seconds = (performance.now() - began) / 1000
  const clientMicros = (cpuMicros() - cpu) / events
  stop.abort()
  await running
  const labels = given.filter(({ topic }) => topic === 'labels').length
  if (role === 'join') {
    const { waiting, events } = pipeline.status()
    const { count } = events.find(({ topic, outcome }) => topic === 'labels' && outcome === 'taken')
    if (count - waiting.labels !== labels)
      throw new Error(`expected ${labels} labels to be joined, got ${count}, ${waiting.labels} of them waiting`)
  } else if (pipeline.learner.learned !== labels)
    throw new Error(`expected ${labels} examples to be learned, got ${pipeline.learner.learned}`)
  return { events, seconds, clientMicros }
}

/** What a role takes where these observations and labels come: predictions beside them, or the examples made of them. */
function taken(given) {
  const model = new Learner(learnerOptionsOf(config))
  const shards = new Shards(config.shards)
  const seen = new Map()
  const write = (topic, key, name, event) => ({ topic, key, value: store.codec.encode(name, event) })
  const joined = []
  const examples = []
  for (const record of given) {
    const { event } = store.codec.decode(record.value)
    joined.push(record)
    if (record.topic === 'observations') {
      const prediction = model.predict(event)
      seen.set(event.id, { observation: event, prediction })
      joined.push(write('predictions', event.line, 'prediction', prediction))
    } else {
      const example = { ...seen.get(event.observation), labels: event.labels, labelTime: event.time, source: event.source }
      model.take(example)
      examples.push(write('examples', shards.of(event.line), 'example', example))
    }
  }
  return role === 'join' ? joined : examples
}

async function latency(total) {
  const all = (await records(dist, store.codec, 3 * total)).filter(({ topic }) => topic === 'observations').slice(0, total)
  const running = pipeline.run(stop.signal)
  while (!pipeline.ready) await pause(5)
  const sentAt = new Map()
  const waits = []
  const reading = new AbortController()
  const read = (async () => {
    for await (const batch of store.log.read(['predictions'], [], reading.signal)) {
      const now = performance.now()
      for (const { value } of batch) waits.push(now - sentAt.get(store.codec.decode(value).event.observation))
      if (waits.length >= total) return
    }
  })()
  await atThousand(total, async (i, n) => {
    const chunk = all.slice(i, i + n)
    for (const { value } of chunk) sentAt.set(store.codec.decode(value).event.id, performance.now())
    await store.log.write(chunk)
  })
  await read
  reading.abort()
  stop.abort()
  await running
  return { events: total, ...quantiles(waits.slice(total / 10)) }
}

function cpuMicros() {
  const { user, system } = process.cpuUsage()
  return user + system
}

function pause(ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}
