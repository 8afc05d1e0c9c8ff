/**
 * Reads the log in its global sequence. Nothing of LMDB is held between two batches, so that a slow reader never keeps
 * pages from being used again.
 */
import type { Incoming, Position } from '../../pipeline/log.ts'
import { nextSequence, sequenceOf } from './append.ts'
import { decodeRecord, offsetOf, partitionAt, topicOf } from './record.ts'
import type { Tables } from './tables.ts'

/** A batch ends early at so many bytes, whatever its limit. */
const BATCH_BYTES = 8 * 1024 * 1024
/** After so many records of other topics the event loop gets its turn. */
const SCAN_RECORDS = 4096
/** How soon another process's records are seen. Ours are seen at once. */
const POLL_MS = 25

/** Wakes those who wait for records. */
export class Wake {
  readonly #waiting = new Set<() => void>()

  all(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  /** Resolves when woken, when `signal` aborts, or after the poll's time. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const done = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        this.#waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, POLL_MS)
      signal.addEventListener('abort', done)
      this.#waiting.add(done)
      if (signal.aborted) done()
    })
  }
}

/** The records of the topics (by number) from the positions on, in batches, until `signal` aborts or `closed()`. */
export async function* readTables(
  tables: Tables,
  topics: readonly number[],
  from: readonly Position[],
  signal: AbortSignal,
  limit: number,
  wake: Wake,
  closed: () => boolean
): AsyncGenerator<readonly Incoming[]> {
  if (closed() || topics.length === 0) return
  tables.root.resetReadTxn()
  const wanted: (number[] | undefined)[] = []
  let sequence = Number.POSITIVE_INFINITY
  for (const topic of topics) {
    const { name, partitions } = tables.topics[topic]!
    wanted[topic] = []
    for (let partition = 0; partition < partitions; partition++) {
      const offset = from.find(position => position.topic === name && position.partition === partition)?.offset ?? 0
      wanted[topic].push(offset)
      sequence = Math.min(sequence, sequenceOf(tables, topic, partition, offset))
    }
  }
  while (!signal.aborted && !closed()) {
    tables.root.resetReadTxn()
    const batch: Incoming[] = []
    let bytes = 0
    let scanned = 0
    let more = false
    const end = nextSequence(tables)
    for (const { key, value } of tables.records.getRange({ start: sequence })) {
      sequence = key + 1
      scanned++
      const next = wanted[topicOf(value)]
      const partition = partitionAt(value)
      if (next && offsetOf(value) >= next[partition]!) {
        batch.push(decodeRecord(value, tables.topics[topicOf(value)]!.name))
        next[partition] = offsetOf(value) + 1
        bytes += value.length
      }
      more = batch.length >= limit || bytes >= BATCH_BYTES || scanned >= SCAN_RECORDS
      if (more) break
    }
    if (!more) sequence = Math.max(sequence, end)
    if (batch.length > 0) yield batch
    else if (more) await new Promise(resolve => setImmediate(resolve))
    else await wake.wait(signal)
  }
}
