/**
 * The least that a durable log on this machine must cost: records appended to LMDB and read back, nothing else. Other
 * benchmarks divide by it, so that their figures can be compared between machines.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'

export interface BareLog {
  readonly appendsPerSecond: number
  readonly readsPerSecond: number
  /** Appended, then read: the denominator for a pipeline, which does both to every record. */
  readonly bothPerSecond: number
}

export interface BareLogOptions {
  readonly records?: number
  readonly recordBytes?: number
  /** Records in one durable transaction. */
  readonly batch?: number
  /** Where to write; a new folder of it is used and removed. The disk decides the figures: take that of the log. */
  readonly directory?: string
}

/** Appends and reads with LMDB alone, with a durable commit each batch. */
export async function measureBareLog(options: BareLogOptions = {}): Promise<BareLog> {
  const { records = 100_000, recordBytes = 200, batch = 500, directory = tmpdir() } = options
  const path = mkdtempSync(join(directory, 'andon-bare-'))
  const root = open({ path, noSubdir: false, overlappingSync: false, mapSize: 64 * 1024 * 1024 + records * recordBytes * 2, maxDbs: 2 })
  try {
    const table = root.openDB<Buffer, number>({ name: 'records', encoding: 'binary' })
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
      appendsPerSecond: (records / (written - started)) * 1000,
      readsPerSecond: (records / (read - written)) * 1000,
      bothPerSecond: (records / (read - started)) * 1000
    }
  } finally {
    await root.close()
    rmSync(path, { recursive: true, force: true })
  }
}
