/**
 * Restart: the newest good snapshot, then the examples after it up to the committed position. What the fold tells again on
 * the way is compared with what the log holds, and not written again.
 */
import type { Signal } from '../events/event.ts'
import { Fault } from '../fault/fault.ts'
import { Learner } from '../learner/learner.ts'
import type { Meter } from '../learner/meter.ts'
import type { LearnerOptions } from '../learner/options.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Codec } from './codec.ts'
import { decoding, type Intake } from './intake.ts'
import type { Incoming, Log, Position, Settling } from './log.ts'
import { range } from './range.ts'
import type { Shards } from './shards.ts'
import { sha256 } from './snapshot-record.ts'
import type { SnapshotStore, StoredSnapshot } from './snapshot-store.ts'

/** How state becomes bytes: the same tree, the same bytes. */
export interface StateCodec {
  encode(saved: Saved): Uint8Array
  decode(bytes: Uint8Array): Saved
}

export interface RecoverOptions {
  readonly log: Log & Partial<Settling>
  readonly codec: Codec
  readonly intake: Intake
  readonly snapshots: SnapshotStore
  readonly state: StateCodec
  readonly learner: LearnerOptions
  readonly shards: Shards
  readonly shard: string
  readonly meter: Meter
  /** Where the learner stands: the first example not yet committed, per partition. */
  readonly committed: readonly Position[]
  readonly signal: AbortSignal
  /** Aborts when no commit of others is to be waited for any more; its reason is then thrown. */
  readonly hurry?: AbortSignal
  /** A state to go on from in place of a snapshot: what an earlier recovery gave, up to its committed positions. */
  readonly from?: { readonly recovered: Recovered; readonly positions: readonly Position[] }
  /** The log may hold signals of examples after `committed`: a replay up to there, or beside a running process. */
  readonly earlier?: boolean
  /** Tries again while what fails is passing; null when given up. Without it the first failure is thrown. */
  readonly patiently?: <T>(attempt: () => Promise<T>) => Promise<T | null>
  /** Called after every record folded again with the number done. */
  readonly progress?: (refolded: number) => void
}

export interface Recovered {
  readonly learner: Learner
  /** Examples and controls folded again. */
  readonly refolded: number
  /** The snapshot it comes from; null when from the beginning of the log. */
  readonly snapshot: StoredSnapshot | null
  /** What was passed over, in words. */
  readonly warnings: readonly string[]
}

/** The state at the committed positions. Throws the signal's reason when aborted: a state half recovered is none. */
export async function recover(options: RecoverOptions): Promise<Recovered> {
  const committed = options.committed.filter(position => position.topic === 'examples')
  const { learner, snapshot, warnings } = options.from?.recovered ?? (await newestGood(options, committed))
  const from = options.from?.positions ?? snapshot?.positions ?? []
  await refuseGap(options.log, from, committed)
  const signals: Signal[] = []
  const unread: Unread[] = []
  let refolded = 0
  for await (const record of range(options.log, 'examples', from, committed, options.signal)) {
    const event = await patient(options, () => options.intake.read(record))
    if ('code' in event) unread.push({ ...record, reason: event.reason, sha256: sha256(record.value) })
    if ('code' in event || (event.name !== 'example' && event.name !== 'control')) continue
    if (!options.shards.takes(options.shard, event, record.key)) continue
    signals.push(...learner.take(event.event).signals)
    refolded++
    options.progress?.(refolded)
  }
  await refuseUnread(options, unread)
  // Of a state gone on from, the signals before were compared then, and where they end is not known.
  if (options.from === undefined) await compare(options, snapshot, signals)
  return { learner, refolded, snapshot, warnings }
}

/** What `attempt` gives. Throws the signal's reason when given up. */
async function patient<T>({ patiently, signal }: RecoverOptions, attempt: () => Promise<T>): Promise<T> {
  const value = patiently === undefined ? await attempt() : await patiently(attempt)
  if (value !== null) return value
  signal.throwIfAborted()
  throw new Fault('UNAVAILABLE', 'expected to go on until it succeeds or is stopped, it was given up before')
}

async function newestGood(
  { log, snapshots, state, learner, meter }: RecoverOptions,
  committed: readonly Position[]
): Promise<{ learner: Learner; snapshot: StoredSnapshot | null; warnings: string[] }> {
  const warnings: string[] = []
  const loaded = (bytes: Uint8Array, name: string): Learner => {
    try {
      return Learner.load(state.decode(bytes), learner, meter)
    } catch (error) {
      throw new Fault('FOLD_VERSION', `snapshot ${name}: ${(error as Error).message}`, error)
    }
  }
  for (const stored of await snapshots.list()) {
    if ('damage' in stored) {
      warnings.push(`snapshot ${stored.name} is damaged (${stored.damage}): passed over`)
      continue
    }
    const ahead = stored.positions.find(
      p => p.topic === 'examples' && p.offset > (committed.find(c => c.partition === p.partition)?.offset ?? 0)
    )
    if (ahead !== undefined) {
      warnings.push(`snapshot ${stored.name} holds examples up to ${ahead.offset}, which the log has not committed: passed over`)
      continue
    }
    const gap = await gapAfter(log, stored.positions, committed)
    if (gap !== null) {
      warnings.push(`snapshot ${stored.name} needs examples from ${gap.need} on, the oldest kept is ${gap.start}: passed over`)
      continue
    }
    const bytes = await wholeState(snapshots, stored.name)
    if (bytes instanceof Uint8Array) return { learner: loaded(bytes, stored.name), snapshot: stored, warnings }
    warnings.push(`snapshot ${stored.name} cannot be read (${bytes.message}): passed over`)
  }
  return { learner: new Learner(learner, meter), snapshot: null, warnings }
}

/** The state of a snapshot, or the fault that says why it is not whole. */
async function wholeState(snapshots: SnapshotStore, name: string): Promise<Uint8Array | Fault> {
  try {
    return (await snapshots.read(name)).state
  } catch (error) {
    if (error instanceof Fault && error.code === 'SNAPSHOT_DAMAGED') return error
    throw error
  }
}

/** Retention must not have taken examples that the state still needs. */
async function refuseGap(log: Log, from: readonly Position[], committed: readonly Position[]): Promise<void> {
  const gap = await gapAfter(log, from, committed)
  if (gap !== null)
    throw new Fault(
      'LOG_DAMAGED',
      `expected examples from ${gap.need} on in the log, the oldest kept is ${gap.start}: restore a backup or a snapshot at ${gap.start} or later`
    )
}

/** The first example needed and the oldest kept, where retention has taken what stands between. */
async function gapAfter(
  log: Log,
  from: readonly Position[],
  committed: readonly Position[]
): Promise<{ readonly need: number; readonly start: number } | null> {
  for (const { partition, offset: start } of await log.starts(['examples'])) {
    const need = from.find(p => p.topic === 'examples' && p.partition === partition)?.offset ?? 0
    const end = committed.find(p => p.partition === partition)?.offset ?? 0
    if (start > need && end > need) return { need, start }
  }
  return null
}

/** An example that cannot be read, and why. */
interface Unread extends Position {
  readonly reason: string
  readonly sha256: string
}

/**
 * What cannot be read now must have been rejected when it came: else it was learned, and the state would lose it. A
 * registry left out of the configuration, or names no longer taken, show here. Rejections that retention took prove nothing.
 * They are known by content, not by place: a log that was moved has the places of the one before.
 */
async function refuseUnread(options: RecoverOptions, unread: readonly Unread[]): Promise<void> {
  const { log, codec } = options
  if (unread.length === 0 || (await log.starts(['rejects'])).some(({ offset }) => offset > 0)) return
  const learned = new Map(unread.map(each => [each.sha256, each]))
  for await (const record of toldIn(options, 'rejects', [], () => learned.size === 0)) {
    const decoded = await patient(options, () => decoding(codec, record.value))
    if ('code' in decoded || decoded.name !== 'rejection' || decoded.event.topic !== 'examples') continue
    learned.delete(decoded.event.sha256)
    if (learned.size === 0) return
  }
  const [first] = learned.values()
  const more = learned.size === 1 ? '' : ` and ${learned.size - 1} more`
  throw diverged(
    `example ${first!.offset} of partition ${first!.partition}${more} to be readable, as when it was learned, it is not (${first!.reason}): start with the configuration it was learned under, above all its registry and policy`
  )
}

/**
 * Holds the signals told again to those in the log, both ways. Those that retention took are not compared. Both are
 * written anew for it: in what framing, and by which version of the schema, the log has them says nothing of the state.
 */
async function compare(options: RecoverOptions, snapshot: StoredSnapshot | null, told: readonly Signal[]): Promise<void> {
  const { log, codec, earlier, shard, shards } = options
  const from = (snapshot?.positions ?? []).filter(position => position.topic === 'signals')
  const whole = snapshot === null || from.length > 0
  const byId = new Map(told.map(each => [each.id, each]))
  for await (const record of toldIn(options, 'signals', from, () => byId.size === 0)) {
    if (shards.names.length > 1 && record.key !== shard) continue
    const decoded = await patient(options, () => decoding(codec, record.value))
    if ('code' in decoded || decoded.name !== 'signal') continue
    if (earlier && byId.size === 0) return
    const { id, message } = decoded.event
    const again = byId.get(id)
    if (again === undefined ? whole : !sameBytes(codec.encode('signal', again), codec.encode('signal', decoded.event))) {
      const came = again === undefined ? 'nothing' : `"${again.message}"`
      throw diverged(
        `${id} to be told again as "${message}", got ${came}: the state does not come from this log; remove the snapshots to rebuild it`
      )
    }
    byId.delete(id)
  }
  const [missing] = byId.values()
  const taken = (await log.starts(['signals'])).some(start => start.offset > (from.find(p => p.partition === start.partition)?.offset ?? 0))
  if (missing !== undefined && !taken) {
    throw diverged(
      `the log to hold ${missing.id} ("${missing.message}"), it does not: outputs and positions were not committed together, or the snapshots are another log's; remove them to rebuild the state`
    )
  }
}

/**
 * What a topic holds from a position on. Others write there, too, and what the learner committed may stand behind a commit of
 * theirs: as long as it is not `enough`, those under way are waited for.
 */
async function* toldIn(
  { log, signal, hurry = signal }: RecoverOptions,
  topic: string,
  from: readonly Position[],
  enough: () => boolean
): AsyncIterable<Incoming> {
  const ends = await log.ends([topic])
  yield* range(log, topic, from, ends, signal)
  if (log.settled === undefined || enough()) return
  const settled = await log.settled([topic], AbortSignal.any([signal, hurry]))
  yield* range(log, topic, ends, settled, signal)
}

function diverged(expected: string): Fault {
  return new Fault('FOLD_DIVERGED', `expected ${expected}`)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
