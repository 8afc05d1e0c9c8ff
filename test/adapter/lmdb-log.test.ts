import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openLmdbLog } from '../../src/adapter/lmdb/log.ts'
import { lawPartitions, logLaws } from '../pipeline/log.laws.ts'

const root = mkdtempSync(join(tmpdir(), 'andon-log-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let opened = 0
logLaws('the LMDB log', async () => {
  let now = 0
  const options = { directory: join(root, `${opened++}`), partitions: lawPartitions, maxBytes: 8 * 1024 * 1024, clock: () => now }
  const log = await openLmdbLog(options)
  return { log, again: () => openLmdbLog(options), forget: log, oneSequence: true, small: true, setClock: value => (now = value) }
})
