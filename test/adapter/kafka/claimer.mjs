/** Opens a log, says that it is ready, waits for a word; then claims the group, commits until it has made 60 commits or is fenced, and prints what it made. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { built } from '../../faults/built.mjs'

const [, , dist, address, prefix, name] = process.argv
const { openKafkaLog } = await built(dist, 'adapter/kafka/log')
const log = await openKafkaLog({ brokers: [address], partitions: { lines: 3, parts: 1 }, prefix, create: true })
process.stdout.write('ready\n')
await once(process.stdin, 'data')
process.stdin.destroy()
const made = []
let ended = 'done'
try {
  const claim = await log.claim('g')
  for (let i = 0; i < 60; i++) {
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
  ended = error.name === 'Fault' ? error.code : String(error.stack)
}
await log.close()
console.log(JSON.stringify({ name, ended, made }))
