/** `npm run kafka`: a broker on this machine until it is told to stop. */
import { parseArgs } from 'node:util'
import { startBroker } from './broker.mjs'
import { defaultCache, missingForKafka, newestKafka } from './jars.mjs'

const help = `A single Kafka broker on 127.0.0.1, until Ctrl-C.

npm run kafka -- [options]
  --port <n>        where clients connect (9092)
  --data <folder>   settings, log and data (.andon/kafka)
  --kafka <version> Kafka's version (${newestKafka}; 3.9.2 works, too)
  --cache <folder>  where its jars are kept (${defaultCache({ XDG_CACHE_HOME: '~/.cache' })}, or ANDON_KAFKA_CACHE)`

const port = { type: 'string', default: '9092' }
const data = { type: 'string', default: '.andon/kafka' }
const kafka = { type: 'string', default: newestKafka }
const cache = { type: 'string', default: defaultCache() }

async function run() {
  const { values } = parseArgs({ options: { port, data, kafka, cache, help: { type: 'boolean', default: false } } })
  if (values.help) {
    console.log(help)
    return
  }
  const chosen = Number(values.port)
  if (!Number.isInteger(chosen) || chosen < 1 || chosen > 65_535) throw new Error(`expected a port from 1 to 65535, got ${values.port}`)
  const missing = missingForKafka()
  if (missing !== null) throw new Error(missing)
  console.log(`starting Kafka ${values.kafka}; the first time its jars are fetched, about 45 MB`)
  const broker = await startBroker({ directory: values.data, port: chosen, version: values.kafka, cache: values.cache })
  console.log(`Kafka is ready at ${broker.address}, its data and log in ${values.data}; Ctrl-C stops it`)
  let stopping = false
  const stop = () => {
    stopping = true
    broker.stop()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  const code = await broker.ended()
  if (!stopping) throw new Error(`expected the broker to run until stopped, it ended with ${code}: see ${broker.log}`)
  console.log('Kafka is stopped')
}

run().catch(error => {
  console.error(error.message)
  process.exitCode = 1
})
