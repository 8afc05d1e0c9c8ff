/** The laws of a lease, on the log in memory. */
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import { leasingLaws } from './leasing.laws.ts'

leasingLaws('the memory log', async () => {
  const log = openMemoryLog({ partitions: { lines: 1 }, clock: Date.now })
  return { log, again: async () => log, soonMs: 1500, end: () => log.close() }
})
