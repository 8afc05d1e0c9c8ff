/** Places for snapshots, as the laws of a store want them: a directory, and any log. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileSnapshots } from '../../src/adapter/file/snapshots.ts'
import type { Forgetful, Log } from '../../src/pipeline/log.ts'
import { openPublishedSnapshots, SNAPSHOTS } from '../../src/pipeline/published-snapshots.ts'
import { range } from '../../src/pipeline/range.ts'
import { decodeSnapshotRecord } from '../../src/pipeline/snapshot-record.ts'
import type { SnapshotStore } from '../../src/pipeline/snapshot-store.ts'
import type { Subject } from './snapshot-store.laws.ts'

export function fileSubject(): Subject {
  const directory = mkdtempSync(join(tmpdir(), 'andon-snapshots-'))
  return {
    open: () => openFileSnapshots(directory),
    spoil: async (name, what) => {
      const bytes = readFileSync(join(directory, name))
      if (what === 'header') bytes[bytes.indexOf('learned')]! ^= 1
      else if (what === 'state') bytes[bytes.length - 1]! ^= 1
      writeFileSync(join(directory, name), what === 'length' ? bytes.subarray(0, -1) : bytes)
    },
    over: null,
    close: async () => rmSync(directory, { recursive: true, force: true })
  }
}

/** What a planted fault changes: the log below the store, and the store. */
export interface Plant {
  readonly log?: (log: Log & Forgetful) => Partial<Log & Forgetful>
  readonly store?: (store: SnapshotStore) => Partial<SnapshotStore>
}

/** `log` has the topic `snapshots` with one partition, and is empty. */
export function logSubject(log: Log & Forgetful, plant: Plant = {}): Subject {
  const changes = new Map<number, (value: Uint8Array) => Uint8Array>()
  const spoilt = changed(log, inner => ({
    read: (topics, from, signal, limit) => {
      const batches = inner.read(topics, from, signal, limit)
      return (async function* () {
        for await (const batch of batches)
          yield batch.map(record => ({ ...record, value: changes.get(record.offset)?.(record.value) ?? record.value }))
      })()
    }
  }))
  const store = (over: Log & Forgetful): SnapshotStore => {
    const planted = openPublishedSnapshots(changed(over, plant.log ?? (() => ({}))))
    const inner: SnapshotStore = {
      list: () => planted.list(),
      write: (header, state) => planted.write(header, state),
      read: name => planted.read(name),
      keep: count => planted.keep(count)
    }
    return { ...inner, ...plant.store?.(inner) }
  }
  return {
    open: () => store(spoilt),
    spoil: async (name, what) => {
      const at = Number(/-(\d+)\./.exec(name)![1])
      if (what === 'header') changes.set(at, flipped('learned'))
      else {
        const chunk = await lastChunkOf(log, at)
        changes.set(chunk, what === 'state' ? flipped(null) : value => value.slice(0, -1))
      }
    },
    over: change => store(changed(spoilt, change)),
    close: () => log.close()
  }
}

export function changed(log: Log & Forgetful, change: (log: Log & Forgetful) => Partial<Log & Forgetful>): Log & Forgetful {
  const inner: Log & Forgetful = {
    partitions: log.partitions,
    write: records => log.write(records),
    read: (topics, from, signal, limit) => log.read(topics, from, signal, limit),
    ends: topics => log.ends(topics),
    starts: topics => log.starts(topics),
    claim: group => log.claim(group),
    committed: group => log.committed(group),
    retain: (retentions, floors, now) => log.retain(retentions, floors, now),
    close: () => log.close()
  }
  return { ...inner, ...change(inner) }
}

/** Flips a bit at the first `text`, or in the last byte. */
const flipped =
  (text: string | null) =>
  (value: Uint8Array): Uint8Array => {
    const bytes = Buffer.from(value)
    bytes[text === null ? bytes.length - 1 : bytes.indexOf(text)]! ^= 1
    return bytes
  }

async function lastChunkOf(log: Log, at: number): Promise<number> {
  for await (const { offset, value } of range(log, SNAPSHOTS, [], await log.ends([SNAPSHOTS]), new AbortController().signal)) {
    if (offset !== at) continue
    const record = decodeSnapshotRecord(value)
    if (record.kind === 'header') return record.header.chunks.at(-1)!
  }
  throw new Error(`expected a header at ${at}`)
}
