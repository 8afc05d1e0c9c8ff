import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import { lawPartitions, logLaws } from '../pipeline/log.laws.ts'

logLaws('the memory log', async () => {
  let now = 0
  const log = openMemoryLog({ partitions: lawPartitions, clock: () => now, maxRecords: 199 })
  return { log, again: null, forget: log, oneSequence: true, small: true, setClock: value => (now = value) }
})
