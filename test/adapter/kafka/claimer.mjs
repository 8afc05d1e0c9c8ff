/** Claims the group of a log, commits until it has made 40 commits or is fenced, and prints what it made. */
import { setTimeout as sleep } from 'node:timers/promises'
import { built } from '../../faults/built.mjs'

const [, , dist, address, prefix, name] = process.argv
const { openKafkaLog } = await built(dist, 'adapter/kafka/log')
const log = await openKafkaLog({ brokers: [address], partitions: { lines: 3, parts: 1 }, prefix, create: true })
const made = []
let ended = 'done'
try {
  const claim = await log.claim('g')
  for (let i = 0; i < 40; i++) {
    const value = `${name}-${i}`
    await claim.commit({
      outputs: [{ topic: 'parts', key: null, value: Buffer.from(value) }],
      positions: [{ topic: 'lines', partition: 0, offset: i + 1 }],
      notes: [{ key: 'last', value: Buffer.from(value) }]
    })
    made.push(value)
    await sleep(20)
  }
} catch (error) {
  ended = error.code ?? String(error)
}
await log.close()
console.log(JSON.stringify({ name, ended, made }))
