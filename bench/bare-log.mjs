/**
 * The least that a durable log on this machine must cost: records appended to LMDB and read back, nothing else. Other
 * benchmarks divide by it, so that their figures can be compared between machines.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'

/**
 * Appends and reads with LMDB alone, with a durable commit each `batch`, in a new folder of `directory` (the disk decides
 * the figures: take that of the log). Gives records a second: `appends`, `reads`, and `both`, appended and then read, the
 * denominator for a pipeline, which does both to every record.
 */
export async function measureBareLog(options = {}) {
  const { records = 100_000, recordBytes = 200, batch = 500, directory = tmpdir() } = options
  const path = mkdtempSync(join(directory, 'andon-bare-'))
  const root = open({ path, noSubdir: false, overlappingSync: false, mapSize: 64 * 1024 * 1024 + records * recordBytes * 2, maxDbs: 2 })
  try {
    const table = root.openDB({ name: 'records', encoding: 'binary' })
    const value = Buffer.alloc(recordBytes, 7)
    const started = performance.now()
    for (let n = 0; n < records; ) {
      root.transactionSync(() => {
        for (let i = 0; i < batch && n < records; i++) table.putSync(n++, value, { append: true })
      })
    }
    const written = performance.now()
    let bytes = 0
    for (const { value } of table.getRange({ start: 0 })) bytes += value.length
    const read = performance.now()
    if (bytes !== records * recordBytes) throw new Error(`expected ${records * recordBytes} bytes back, came ${bytes}`)
    return {
      appends: (records / (written - started)) * 1000,
      reads: (records / (read - written)) * 1000,
      both: (records / (read - started)) * 1000
    }
  } finally {
    await root.close()
    rmSync(path, { recursive: true, force: true })
  }
}
