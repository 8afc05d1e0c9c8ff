/**
 * Everything of one log into another: records, snapshots, notes and positions of every role, translated, so that a pipeline
 * started there goes on exactly where the source stopped. Offsets and numbers of partitions may differ.
 *
 * Positions come last. Until then a note says that the copy is not finished, and a pipeline refuses to start on it.
 */
import { Fault } from '../fault/fault.ts'
import { Copy, digestsOf, type Placed, used } from './copy.ts'
import type { Claim, Forgetful, Log, Position } from './log.ts'
import { stateOf } from './publish-stage.ts'
import { SNAPSHOTS } from './published-snapshots.ts'
import { offsetIn } from './range.ts'
import { PREDICT_GROUP } from './roles.ts'
import { REST } from './shards.ts'
import type { SnapshotStore, StoredSnapshot } from './snapshot-store.ts'
import { copyNotes, takeNew, takeStandings } from './standing.ts'

/** The key of the note that every group of a target has until it holds everything. */
const UNFINISHED = 'migrate/unfinished'

/** A log with the snapshots of what was learned from it. */
export interface Depot {
  readonly log: Log & Forgetful
  /** Those of a shard's learner. */
  readonly snapshots: (shard: string) => SnapshotStore
}

export interface MigrateOptions {
  readonly from: Depot
  /** Empty, with every topic of the source. */
  readonly to: Depot
  /** Everyone that has a learner of its own; without it one learner has all lines. */
  readonly shards?: readonly string[]
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
export async function migrate({ from, to, shards = [REST], signal, progress = () => undefined }: MigrateOptions): Promise<Migrated> {
  const topics = Object.keys(from.log.partitions).filter(topic => !isOfItsLog(topic))
  const target = await takeEmpty(to, topics, shards)
  const { sole, predicted } = await takeStandings(from.log, shards)
  for (const { notes } of sole) if (notes !== null) await refuseUnfinished(notes)
  const begun = [{ key: UNFINISHED, value: Uint8Array.of(1) }]
  for (const claim of target.values()) await claim.commit({ outputs: [], positions: [], notes: begun })
  let notes = 0
  for (const each of sole) if (each.notes !== null) notes += await copyNotes(each.notes, target.get(each.group)!, signal)

  const { kept, leftOut } = await keptSnapshots(from, shards)
  const copy = await Copy.begin({ from: from.log, to: to.log, topics, signal, progress })
  const groups = [...sole, ...(predicted === null ? [] : [{ group: PREDICT_GROUP, positions: predicted }])]
  const placed = await copy.upTo([...groups, ...kept.map(({ stored }) => stored)].map(({ positions }) => positions))
  const positions = Object.fromEntries(
    groups.map(({ group }, i) => [group, placesOf(group, placed[i]!)] as const).filter(([, at]) => at.length > 0)
  )
  await copy.rest()
  const snapshots = await copySnapshots(from, to, kept, placed.slice(groups.length), leftOut, signal)
  const verified = await verify(to.log, copy, signal)

  const predictors = positions[PREDICT_GROUP]
  if (predictors !== undefined) await (await to.log.claim(PREDICT_GROUP)).commit({ outputs: [], positions: predictors, notes: [] })
  // Only when all stand where they should is any of them let go: whoever starts then finds the others' positions, too.
  for (const [group, claim] of target) await claim.commit({ outputs: [], positions: positions[group] ?? [], notes: [] })
  for (const claim of target.values()) await claim.commit({ outputs: [], positions: [], notes: [{ key: UNFINISHED, value: null }] })
  return { topics: verified, notes, positions, snapshots, leftOut }
}

/** Whether a topic names positions of its own log: who keeps it writes it anew. */
function isOfItsLog(topic: string): boolean {
  return [stateOf(REST), SNAPSHOTS].some(own => topic === own || topic.startsWith(`${own}.`))
}

/** Throws `CONFIG_INVALID` where a group has no place in the target. */
function placesOf(group: string, placed: Placed): readonly Position[] {
  return [...placed].flatMap(([topic, positions]) => {
    if (positions !== null) return positions
    throw new Fault(
      'CONFIG_INVALID',
      `expected ${group} to be ahead of the others or behind them in every partition of ${topic}, it lies across: let all come to its end, then copy`
    )
  })
}

interface Kept {
  readonly shard: string
  readonly stored: StoredSnapshot
}
type LeftOut = { readonly name: string; readonly why: string }[]

/** The snapshots that are of use in the target, each shard's oldest first. */
async function keptSnapshots(
  { log, snapshots }: Depot,
  shards: readonly string[]
): Promise<{ readonly kept: readonly Kept[]; readonly leftOut: LeftOut }> {
  const kept: Kept[] = []
  const leftOut: LeftOut = []
  for (const shard of shards)
    for (const stored of [...(await snapshots(shard).list())].reverse()) {
      const why = 'damage' in stored ? stored.damage : await unfit(log, stored)
      if (why !== null) leftOut.push({ name: stored.name, why })
      else if (!('damage' in stored)) kept.push({ shard, stored })
    }
  return { kept, leftOut }
}

async function copySnapshots(
  from: Depot,
  to: Depot,
  kept: readonly Kept[],
  placed: readonly Placed[],
  leftOut: LeftOut,
  signal: AbortSignal
): Promise<readonly StoredSnapshot[]> {
  const snapshots: StoredSnapshot[] = []
  for (const [i, { shard, stored }] of kept.entries()) {
    signal.throwIfAborted()
    const { name, fold, learned } = stored
    const examples = placed[i]!.get('examples') ?? null
    const state = examples === null ? 'it lies across others in the partitions of examples' : await wholeState(from.snapshots(shard), name)
    if (typeof state === 'string') leftOut.push({ name, why: state })
    else {
      // Signals are compared from there on: from too early a place all that are told again are found as well.
      const early = stored.positions.filter(({ topic }) => topic === 'signals').map(each => ({ ...each, offset: 0 }))
      const positions = [...(examples ?? []), ...(placed[i]!.get('signals') ?? early)]
      const written = await to.snapshots(shard).write({ fold, positions, learned }, state)
      await to.snapshots(shard).read(written.name)
      snapshots.push(written)
    }
  }
  return snapshots
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
async function takeEmpty(
  { log, snapshots }: Depot,
  topics: readonly string[],
  shards: readonly string[]
): Promise<ReadonlyMap<string, Claim>> {
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
  for (const shard of shards) if ((await snapshots(shard).list()).length > 0) refuse(`snapshots of ${shard}`)
  return takeNew(log, shards, refuse)
}

/** Why a snapshot is of no use in the target, or null. */
async function unfit(log: Log, { positions }: StoredSnapshot): Promise<string | null> {
  const ends = await log.ends(['examples', 'signals'])
  if (positions.some(each => each.offset > (offsetIn(ends, each) ?? 0))) return 'it is ahead of the log'
  const starts = await log.starts(['examples'])
  return starts.some(start => (offsetIn(positions, start) ?? 0) < start.offset) ? 'it needs examples that the log no longer holds' : null
}

/** The state, or what is wrong with it. */
async function wholeState(snapshots: SnapshotStore, name: string): Promise<Uint8Array | string> {
  try {
    return (await snapshots.read(name)).state
  } catch (error) {
    if (error instanceof Fault && error.code === 'SNAPSHOT_DAMAGED') return error.message
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
