/**
 * What is kept and what is forgotten: snapshots of the state at committed positions, and retention that never passes a
 * record that a role has still to take, nor what comes after the oldest snapshot. Want of room stops neither the pipeline nor
 * the log.
 */
import { isPassing } from '../fault/fault.ts'
import { FOLD, type Learner } from '../learner/learner.ts'
import type { Claim, Forgetful, Log, Position, Retention } from './log.ts'
import type { StateCodec } from './recover.ts'
import type { Reader } from './roles.ts'
import { examplesIn, type SnapshotStore, type StoredSnapshot } from './snapshot-store.ts'

export interface KeeperOptions {
  readonly log: Log & Partial<Forgetful>
  readonly snapshots: SnapshotStore
  readonly state: StateCodec
  readonly snapshot: { readonly everyExamples: number; readonly keep: number }
  readonly retentions: readonly Retention[]
  /** Who must have taken a record before it may go, in this process and in others. */
  readonly readers: readonly Reader[]
  /** What of the published state followers still need. */
  readonly published: () => Position | null
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly tell: (level: 'info' | 'error', message: string) => void
  /** Called before a snapshot is made. */
  readonly saving: () => void
}

const RETAIN_EVERY_MS = 60_000

export class Keeper {
  readonly #options: KeeperOptions
  readonly #learner: Learner
  readonly #claim: Claim
  #newest: StoredSnapshot | null
  #newestAt = 0
  /** Examples and controls in the newest snapshot, and when the last was tried. */
  #savedAt: number
  #triedAt: number
  /** The first signal that the state has not told. */
  #signals: Position | null
  #retainedAt: number

  /** `newest` is the snapshot that the learner was recovered from, `signals` where the log's signals end by now. */
  constructor(options: KeeperOptions, learner: Learner, claim: Claim, newest: StoredSnapshot | null, signals: Position | null) {
    this.#options = options
    this.#learner = learner
    this.#claim = claim
    this.#newest = newest
    this.#savedAt = examplesIn(newest?.positions ?? [])
    this.#triedAt = this.#savedAt
    this.#signals = signals
    this.#retainedAt = options.clock()
  }

  /** The newest snapshot, and when this process made it (0 where it found it). */
  get newest(): { readonly learned: number; readonly at: number; readonly bytes: number } | null {
    return this.#newest === null ? null : { learned: this.#newest.learned, at: this.#newestAt, bytes: this.#newest.bytes }
  }

  /** A commit gave its outputs these positions. */
  committed(written: readonly Position[]): void {
    const last = written.filter(position => position.topic === 'signals').at(-1)
    if (last !== undefined) this.#signals = { ...last, offset: last.offset + 1 }
  }

  /** Saves and forgets when it is time to. */
  async tend(): Promise<void> {
    if (examplesIn(this.#claim.positions()) - this.#triedAt >= this.#options.snapshot.everyExamples) await this.save()
    if (this.#options.clock() - this.#retainedAt >= RETAIN_EVERY_MS) await this.retain()
  }

  /** A snapshot at the committed positions, unless the newest stands there; `anew` makes one all the same. */
  async save(anew = false): Promise<void> {
    const { snapshots, state, snapshot, clock, saving, tell } = this.#options
    const examples = examplesIn(this.#claim.positions())
    if (examples === 0 || (examples === this.#savedAt && !anew)) return
    saving()
    this.#triedAt = examples
    const { learned } = this.#learner
    const positions = this.#claim.positions().filter(position => position.topic === 'examples')
    if (this.#signals !== null) positions.push(this.#signals)
    try {
      this.#newest = await snapshots.write({ fold: FOLD, positions, learned }, state.encode(this.#learner.save()))
      this.#newestAt = clock()
      this.#savedAt = examples
      await snapshots.keep(snapshot.keep)
    } catch (error) {
      if (!isPassing(error)) throw error
      tell('error', `no snapshot: ${error.message}; the next is tried after ${snapshot.everyExamples} more examples or at the end`)
    }
  }

  /** Forgets what the log need not keep. */
  async retain(): Promise<void> {
    const { log, retentions, snapshots, published, clock, tell } = this.#options
    this.#retainedAt = clock()
    const state = published()
    const all = state === null ? retentions : [...retentions, { topic: state.topic, keepBytes: 0 }]
    if (log.retain === undefined || all.length === 0) return
    try {
      const oldest = (await snapshots.list()).filter((each): each is StoredSnapshot => !('damage' in each)).at(-1)
      const floors = await this.#untaken()
      for (const { topic, partition } of await log.starts(['examples', 'signals'])) {
        const kept = oldest?.positions.find(position => position.topic === topic && position.partition === partition)
        floors.push({ topic, partition, offset: kept?.offset ?? 0 })
      }
      await log.retain(all, state === null ? floors : [...floors, state], clock())
    } catch (error) {
      if (!isPassing(error)) throw error
      tell('error', `nothing is forgotten: ${error.message}; it is tried again later`)
    }
  }

  /** The first record of each partition that someone has still to take. */
  async #untaken(): Promise<Position[]> {
    const { log, readers } = this.#options
    const floors: Position[] = []
    for (const { group, inputs } of readers) {
      const taken = await log.committed(group)
      for (const { topic, partition } of await log.starts(inputs))
        floors.push({ topic, partition, offset: taken.find(each => each.topic === topic && each.partition === partition)?.offset ?? 0 })
    }
    return floors
  }
}
