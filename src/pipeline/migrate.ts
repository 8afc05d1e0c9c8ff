/**
 * Everything of one log into another: records, snapshots, notes and positions of every role, translated, so that a pipeline
 * started there goes on exactly where the source stopped. Offsets and numbers of partitions may differ.
 *
 * Positions come last. Until then a note says that the copy is not finished, and a pipeline refuses to start on it.
 */
import { Fault } from '../fault/fault.ts'
import { Copy, digestsOf, used } from './copy.ts'
import type { Claim, Forgetful, Log, Position } from './log.ts'
import { STATE_TOPIC } from './publish-stage.ts'
import { SNAPSHOTS } from './published-snapshots.ts'
import { offsetIn } from './range.ts'
import { PREDICT_GROUP } from './roles.ts'
import type { SnapshotStore, StoredSnapshot } from './snapshot-store.ts'
import { copyNotes, type Standings, takeNew, takeStandings } from './standing.ts'

/** The key of the note that every group of a target has until it holds everything. */
const UNFINISHED = 'migrate/unfinished'
/** Topics that name positions of their own log: their content is written anew by who keeps them. */
const OF_THEIR_LOG = [SNAPSHOTS, STATE_TOPIC]

/** A log with the snapshots of what was learned from it. */
export interface Depot {
  readonly log: Log & Forgetful
  readonly snapshots: SnapshotStore
}

export interface MigrateOptions {
  readonly from: Depot
  /** Empty, with every topic of the source. */
  readonly to: Depot
  readonly signal: AbortSignal
  /** Called with the records copied so far. */
  readonly progress?: (records: number) => void
}

export interface Migrated {
  /** What was copied of each topic, and the digest that both logs have. */
  readonly topics: Readonly<Record<string, { readonly records: number; readonly sha256: string }>>
  readonly notes: number
  /** Positions in the target, of each group that has any. */
  readonly positions: Readonly<Record<string, readonly Position[]>>
  readonly snapshots: readonly StoredSnapshot[]
  /** Snapshots that were not copied, with the reason. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[]
}

/**
 * Copies and verifies. Takes over the groups of both logs, so that a pipeline that still runs on either stops.
 *
 * Throws `INPUT_INVALID` where the target is not empty, `CONFIG_INVALID` where it lacks a topic, `LOG_DAMAGED` where the
 * source is itself a copy that was never finished, or the target does not hold what was written to it, and what the logs
 * throw. After any of these, and after an abort, the target is to be removed; the source is as it was.
 */
export async function migrate({ from, to, signal, progress = () => undefined }: MigrateOptions): Promise<Migrated> {
  const topics = Object.keys(from.log.partitions).filter(topic => !OF_THEIR_LOG.includes(topic))
  const target = await takeEmpty(to, topics)
  const standings = await takeStandings(from.log)
  for (const { notes } of standings.sole) if (notes !== null) await refuseUnfinished(notes)
  const begun = [{ key: UNFINISHED, value: Uint8Array.of(1) }]
  for (const claim of target.values()) await claim.commit({ outputs: [], positions: [], notes: begun })
  let notes = 0
  for (const each of standings.sole) if (each.notes !== null) notes += await copyNotes(each.notes, target.get(each.group)!, signal)

  const copy = await Copy.begin({ from: from.log, to: to.log, topics, signal, progress })
  const { snapshots, leftOut } = await copySnapshots(from, to, standings, copy, signal)
  const positions = await copyPositions(standings, copy)
  await copy.rest()
  const verified = await verify(to.log, copy, signal)

  const predicted = positions[PREDICT_GROUP]
  if (predicted !== undefined) await (await to.log.claim(PREDICT_GROUP)).commit({ outputs: [], positions: predicted, notes: [] })
  // Only when all stand where they should is any of them let go: whoever starts then finds the others' positions, too.
  for (const [group, claim] of target) await claim.commit({ outputs: [], positions: positions[group] ?? [], notes: [] })
  for (const claim of target.values()) await claim.commit({ outputs: [], positions: [], notes: [{ key: UNFINISHED, value: null }] })
  return { topics: verified, notes, positions, snapshots, leftOut }
}

/** Copies up to where each group stands. Returns where that is in the target. */
async function copyPositions({ sole, predicted }: Standings, copy: Copy): Promise<Record<string, readonly Position[]>> {
  const positions: Record<string, readonly Position[]> = {}
  if (predicted !== null) positions[PREDICT_GROUP] = await copy.upTo(predicted)
  const all = await copy.upTo(sole.flatMap(each => each.positions))
  for (const each of sole) {
    const topics = new Set(each.positions.map(({ topic }) => topic))
    if (topics.size > 0) positions[each.group] = all.filter(({ topic }) => topics.has(topic))
  }
  return positions
}

/** Copies up to where each snapshot stands, and puts it there; the oldest first. */
async function copySnapshots(
  from: Depot,
  to: Depot,
  { sole }: Standings,
  copy: Copy,
  signal: AbortSignal
): Promise<Pick<Migrated, 'snapshots' | 'leftOut'>> {
  const committed = sole.flatMap(({ positions }) => positions)
  const leftOut: { name: string; why: string }[] = []
  const snapshots: StoredSnapshot[] = []
  for (const stored of [...(await from.snapshots.list())].reverse()) {
    signal.throwIfAborted()
    const why = 'damage' in stored ? stored.damage : await unfit(from.log, stored, committed, copy)
    const state = why === null ? await wholeState(from.snapshots, stored.name) : null
    if (state instanceof Uint8Array && !('damage' in stored)) {
      const positions = await copy.upTo(stored.positions)
      const written = await to.snapshots.write({ fold: stored.fold, positions, learned: stored.learned }, state)
      await to.snapshots.read(written.name)
      snapshots.push(written)
    } else leftOut.push({ name: stored.name, why: why ?? (state as Fault).message })
  }
  return { snapshots, leftOut }
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

/** Takes over the groups of a log that never held anything. */
async function takeEmpty({ log, snapshots }: Depot, topics: readonly string[]): Promise<ReadonlyMap<string, Claim>> {
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
  return takeNew(log, refuse)
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
