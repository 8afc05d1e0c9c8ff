/**
 * A member of a group that shares `lines`: writes what it took to `parts`, with the partition's number, waits between taking
 * and doing, and tells of each portion when it has it and when it is done. Leaves when its input ends.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { built } from '../../faults/built.mjs'

const [, , dist, address, prefix, options] = process.argv
const { transactional = false, workMs = 20, limit = 20 } = JSON.parse(options ?? '{}')
const { openKafkaLog } = await built(dist, 'adapter/kafka/log')
const partitions = { lines: 6, parts: 6 }
const log = await openKafkaLog({ brokers: [address], partitions, prefix, create: true, sessionMs: 2000, transactional })
const stop = new AbortController()
process.stdin.resume().once('end', () => stop.abort())
const tell = said => process.stdout.write(`${JSON.stringify({ ...said, at: Date.now(), rss: process.memoryUsage.rss() })}\n`)
tell({ what: 'ready' })
for await (const { records, done } of log.share('g', ['lines'], stop.signal, limit)) {
  const [{ partition, offset }] = records
  tell({ what: 'taken', partition, offset, count: records.length })
  await sleep(workMs)
  // Under the key of its line, so that the order within a partition stays.
  await done(records.map(({ key, value }) => ({ topic: 'parts', key, value })))
  tell({ what: 'done', partition, offset, count: records.length })
}
await log.close()
