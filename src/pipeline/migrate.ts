/**
 * Everything of one log into another: records, snapshots, a group's notes and positions, translated, so that a pipeline
 * started there goes on exactly where the source stopped. Offsets and numbers of partitions may differ.
 *
 * Positions come last. Until then a note says that the copy is not finished, and a pipeline refuses to start on it.
 */
import { Fault } from '../fault/fault.ts'
import { Copy, digestsOf, used } from './copy.ts'
import type { Claim, Forgetful, Log, Note, Position } from './log.ts'
import { SNAPSHOTS } from './published-snapshots.ts'
import { offsetIn } from './range.ts'
import type { SnapshotStore, StoredSnapshot } from './snapshot-store.ts'

/** The key of the note that a target has until it holds everything. */
const UNFINISHED = 'migrate/unfinished'
/** Notes of a commit, and the bytes after which it is made all the same. */
const NOTES = 500
const NOTE_BYTES = 1024 * 1024

/** A log with the snapshots of what was learned from it. */
export interface Depot {
  readonly log: Log & Forgetful
  readonly snapshots: SnapshotStore
}

export interface MigrateOptions {
  readonly from: Depot
  /** Empty, with every topic of the source. */
  readonly to: Depot
  readonly group: string
  readonly signal: AbortSignal
  /** Called with the records copied so far. */
  readonly progress?: (records: number) => void
}

export interface Migrated {
  /** What was copied of each topic, and the digest that both logs have. */
  readonly topics: Readonly<Record<string, { readonly records: number; readonly sha256: string }>>
  readonly notes: number
  /** The group's positions in the target. */
  readonly positions: readonly Position[]
  readonly snapshots: readonly StoredSnapshot[]
  /** Snapshots that were not copied, with the reason. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[]
}

/**
 * Copies and verifies. Takes over the group in both logs, so that a pipeline that still runs on either stops.
 *
 * Throws `INPUT_INVALID` where the target is not empty, `CONFIG_INVALID` where it lacks a topic, `LOG_DAMAGED` where the
 * source is itself a copy that was never finished, or the target does not hold what was written to it, and what the logs
 * throw. After any of these, and after an abort, the target is to be removed; the source is as it was.
 */
export async function migrate({ from, to, group, signal, progress = () => undefined }: MigrateOptions): Promise<Migrated> {
  const topics = Object.keys(from.log.partitions).filter(topic => topic !== SNAPSHOTS)
  const target = await claimEmpty(to, topics, group)
  const source = await from.log.claim(group)
  const committed = source.positions()
  await refuseUnfinished(source)
  await target.commit({ outputs: [], positions: [], notes: [{ key: UNFINISHED, value: Uint8Array.of(1) }] })
  const notes = await copyNotes(source, target, signal)

  const copy = await Copy.begin({ from: from.log, to: to.log, topics, signal, progress })
  const leftOut: { name: string; why: string }[] = []
  const moved: { readonly stored: StoredSnapshot; readonly positions: readonly Position[] }[] = []
  for (const stored of [...(await from.snapshots.list())].reverse()) {
    const why = 'damage' in stored ? stored.damage : await unfit(from.log, stored, committed, copy)
    if (why !== null) leftOut.push({ name: stored.name, why })
    else if (!('damage' in stored)) moved.push({ stored, positions: await copy.upTo(stored.positions) })
  }
  const positions = await copy.upTo(committed)
  await copy.rest()

  const snapshots: StoredSnapshot[] = []
  for (const { stored, positions: translated } of moved) {
    signal.throwIfAborted()
    const state = await wholeState(from.snapshots, stored.name)
    if (state instanceof Fault) leftOut.push({ name: stored.name, why: state.message })
    else {
      const written = await to.snapshots.write({ fold: stored.fold, positions: translated, learned: stored.learned }, state)
      await to.snapshots.read(written.name)
      snapshots.push(written)
    }
  }
  const verified = await verify(to.log, copy, signal)
  await target.commit({ outputs: [], positions, notes: [{ key: UNFINISHED, value: null }] })
  return { topics: verified, notes, positions, snapshots, leftOut }
}

/** Throws `LOG_DAMAGED` where a claim's log is a copy that was never finished. */
export async function refuseUnfinished(claim: Claim): Promise<void> {
  for await (const { key } of claim.notes()) expectFinished(key)
}

/** Throws `LOG_DAMAGED` where a note says that its log is a copy that was never finished. */
export function expectFinished(key: string): void {
  if (key === UNFINISHED)
    throw new Fault('LOG_DAMAGED', 'expected a whole log, came a copy that `andon migrate` did not finish: remove it and copy again')
}

/** Takes over the group of a log that never held anything. */
async function claimEmpty({ log, snapshots }: Depot, topics: readonly string[], group: string): Promise<Claim> {
  const missing = topics.filter(topic => log.partitions[topic] === undefined)
  if (missing.length > 0)
    throw new Fault('CONFIG_INVALID', `expected the topics ${missing.join(', ')} in the log that is copied to: make them there first`)
  const refuse = (came: string): never => {
    throw new Fault(
      'INPUT_INVALID',
      `expected a log to copy to that never held anything, came ${came}: nothing is ever overwritten; name another, or remove it if it is a copy that was not finished`
    )
  }
  const [place] = await used(log, Object.keys(log.partitions))
  if (place !== undefined) refuse(`records in partition ${place}`)
  if ((await snapshots.list()).length > 0) refuse('snapshots')
  const claim = await log.claim(group)
  for await (const { key } of claim.notes()) refuse(`the note ${key}`)
  return claim
}

async function copyNotes(source: Claim, target: Claim, signal: AbortSignal): Promise<number> {
  let count = 0
  let bytes = 0
  let notes: Note[] = []
  const flush = async (): Promise<void> => {
    await target.commit({ outputs: [], positions: [], notes })
    count += notes.length
    notes = []
    bytes = 0
  }
  for await (const note of source.notes()) {
    signal.throwIfAborted()
    notes.push(note)
    bytes += note.value.length
    if (notes.length >= NOTES || bytes >= NOTE_BYTES) await flush()
  }
  if (notes.length > 0) await flush()
  return count
}

/** Why a snapshot is of no use in the target, or null. */
async function unfit(log: Log, { positions }: StoredSnapshot, committed: readonly Position[], copy: Copy): Promise<string | null> {
  const examples = positions.filter(({ topic }) => topic === 'examples')
  if (examples.some(each => each.offset > (offsetIn(committed, each) ?? 0))) return 'it holds examples that the log has not committed'
  const starts = await log.starts(['examples'])
  if (starts.some(start => (offsetIn(examples, start) ?? 0) < start.offset)) return 'it needs examples that the log no longer holds'
  return copy.passed(positions) ? 'it is not of one line with those before it' : null
}

async function wholeState(snapshots: SnapshotStore, name: string): Promise<Uint8Array | Fault> {
  try {
    return (await snapshots.read(name)).state
  } catch (error) {
    if (error instanceof Fault && error.code === 'SNAPSHOT_DAMAGED') return error
    throw error
  }
}

/** Reads everything back. */
async function verify(log: Log, { digests }: Copy, signal: AbortSignal): Promise<Migrated['topics']> {
  const found = await digestsOf(log, [...digests.keys()], signal)
  return Object.fromEntries(
    [...digests].map(([topic, digest]) => {
      const [records, sha256, came] = [digest.records, digest.sum(), found.get(topic)!]
      if (came.records !== records || came.sum() !== sha256)
        throw new Fault(
          'LOG_DAMAGED',
          `expected ${records} records of ${topic} with digest ${sha256} in the copy, came ${came.records} with ${came.sum()}: remove it and copy again`
        )
      return [topic, { records, sha256 }]
    })
  )
}
