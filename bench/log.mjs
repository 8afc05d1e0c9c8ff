/** What the log gives through its port: commits of outputs with a position and a note, then a whole read. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Records a second through the log's port, with the options and figures of `measureBareLog`. */
export async function measureLog(dist, options = {}) {
  const { openLmdbLog } = await import(pathToFileURL(join(dist, 'adapter/lmdb/log.js')).href)
  const { records = 100_000, recordBytes = 200, batch = 500, directory = tmpdir() } = options
  const path = mkdtempSync(join(directory, 'andon-log-'))
  const log = await openLmdbLog({
    directory: join(path, 'log'),
    partitions: { parts: 1 },
    maxBytes: 64 * 1024 * 1024 + records * recordBytes * 3
  })
  try {
    const claim = await log.claim('bench')
    const value = new Uint8Array(recordBytes).fill(7)
    const started = performance.now()
    for (let n = 0; n < records; n += batch) {
      await claim.commit({
        outputs: Array.from({ length: batch }, () => ({ topic: 'parts', key: 'line', value })),
        positions: [{ topic: 'parts', partition: 0, offset: n }],
        notes: [{ key: 'n', value: value.subarray(0, 8) }]
      })
    }
    const written = performance.now()
    const stop = new AbortController()
    let seen = 0
    for await (const taken of log.read(['parts'], [], stop.signal)) {
      seen += taken.length
      if (seen >= records) break
    }
    const read = performance.now()
    const rate = ms => (records / ms) * 1000
    return { appends: rate(written - started), reads: rate(read - written), both: rate(read - started) }
  } finally {
    await log.close()
    rmSync(path, { recursive: true, force: true })
  }
}
