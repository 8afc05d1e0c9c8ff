/** The bare loop of `kafka.mjs`: kafkajs consumes, the codec decodes, kafkajs produces one message for each. */
import kafkajs from 'kafkajs'
import { atThousand, quantiles, records } from './kafka-events.mjs'
import { built } from './running.mjs'

const [dist, address, kind, size] = process.argv.slice(2)
const { openAvroCodec } = await built(dist, 'adapter/avro/codec')
const { Kafka, logLevel } = kafkajs
const run = `bare-${process.pid}-`
const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING, retry: { retries: 8 } })
const codec = openAvroCodec({})
const admin = kafka.admin()
await admin.connect()
await admin.createTopics({ topics: ['observations', 'labels', 'out'].map(topic => ({ topic: run + topic, numPartitions: 1 })) })
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
await producer.connect()
const consumer = kafka.consumer({ groupId: run, maxWaitTimeInMs: 5 })

/** Messages of the bare loop have the size of a prediction: the same bytes as came in, twice. */
const made = value => Buffer.concat([value, value])

process.stdout.write(JSON.stringify(kind === 'throughput' ? await throughput(Number(size)) : await latency(1000 * Number(size))))
await Promise.all([consumer.disconnect(), producer.disconnect(), admin.disconnect()])

async function throughput(events) {
  const all = await records(dist, codec, events)
  for (let i = 0; i < all.length; i += 500) {
    const chunk = all.slice(i, i + 500)
    const topics = ['observations', 'labels'].map(topic => ({
      topic: run + topic,
      messages: chunk.filter(each => each.topic === topic).map(({ key, value }) => ({ key, value: Buffer.from(value) }))
    }))
    await producer.sendBatch({ topicMessages: topics.filter(({ messages }) => messages.length > 0) })
  }
  await consumer.connect()
  await consumer.subscribe({ topics: [`${run}observations`, `${run}labels`], fromBeginning: true })
  let done = 0
  let began = 0
  let cpu = 0
  await new Promise((resolve, reject) => {
    consumer.on('consumer.crash', ({ payload }) => reject(payload.error))
    consumer.run({
      eachBatch: async ({ batch, heartbeat }) => {
        if (began === 0) {
          began = performance.now()
          cpu = cpuMicros()
        }
        for (let i = 0; i < batch.messages.length; i += 500) {
          const messages = batch.messages.slice(i, i + 500).map(({ key, value }) => {
            const decoded = codec.decode(value)
            if ('code' in decoded) throw new Error(decoded.reason)
            return { key, value: made(value) }
          })
          await producer.send({ topic: `${run}out`, messages })
          await heartbeat()
          done += messages.length
        }
        if (done === events) resolve()
      }
    })
  })
  return { events, seconds: (performance.now() - began) / 1000, clientMicros: (cpuMicros() - cpu) / events }
}

async function latency(total) {
  const all = (await records(dist, codec, 3 * total)).filter(({ topic }) => topic === 'observations').slice(0, total)
  const out = kafka.consumer({ groupId: `${run}out`, maxWaitTimeInMs: 5 })
  const sentAt = new Map()
  const waits = []
  await Promise.all([consumer.connect(), out.connect()])
  await consumer.subscribe({ topic: `${run}observations`, fromBeginning: true })
  await out.subscribe({ topic: `${run}out`, fromBeginning: true })
  await consumer.run({
    eachBatch: async ({ batch }) => {
      const messages = batch.messages.map(({ key, value }) => ({ key: codec.decode(value).event.id, value: made(value), headers: { key } }))
      await producer.send({ topic: `${run}out`, messages })
    }
  })
  const finished = new Promise(resolve => {
    out.run({
      eachBatch: async ({ batch }) => {
        const now = performance.now()
        for (const { key } of batch.messages) waits.push(now - sentAt.get(key.toString()))
        if (waits.length >= total) resolve()
      }
    })
  })
  const feeder = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await feeder.connect()
  await new Promise(resolve => setTimeout(resolve, 3000)) // both consumers have their partitions
  await atThousand(total, async (i, n) => {
    const chunk = all.slice(i, i + n)
    for (const { value } of chunk) sentAt.set(codec.decode(value).event.id, performance.now())
    await feeder.send({ topic: `${run}observations`, messages: chunk.map(({ key, value }) => ({ key, value: Buffer.from(value) })) })
  })
  await finished
  await Promise.all([out.disconnect(), feeder.disconnect()])
  return { events: total, ...quantiles(waits.slice(total / 10)) }
}

function cpuMicros() {
  const { user, system } = process.cpuUsage()
  return user + system
}
