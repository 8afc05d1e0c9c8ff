/** Asks for a lease, tells when it has it and when it has lost it, and releases it when its input ends. */
import { once } from 'node:events'
import { built } from '../../faults/built.mjs'

const [, , dist, address, prefix, sessionMs] = process.argv
const { openKafkaLog } = await built(dist, 'adapter/kafka/log')
const log = await openKafkaLog({ brokers: [address], partitions: { lines: 1 }, prefix, create: true, sessionMs: Number(sessionMs) })
const lease = await log.lease('a', new AbortController().signal)
lease.lost.addEventListener('abort', () => console.log('lost'))
console.log('leased')
process.stdin.resume()
await once(process.stdin, 'end')
await lease.release()
await log.close()
