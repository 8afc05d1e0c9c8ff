/**
 * Who does what of the pipeline's work. One process does all of it in one loop with one commit, or several share it: who joins,
 * who learns and who predicts then each move the positions of a group of their own.
 */
import type { Topic } from '../events/event.ts'
import { Fault } from '../fault/fault.ts'
import type { Claim, Log, Note, Position } from './log.ts'
import { REST, type Shards } from './shards.ts'

export type Role = 'all' | 'join' | 'learn' | 'predict' | 'watch'

/** A role that takes its records alone and in order. */
export type SoleRole = Exclude<Role, 'predict'>

export interface Duty {
  /** The group whose positions it moves. */
  readonly group: string
  /** Topics it takes records from. */
  readonly inputs: readonly Topic[]
  /** Those whose unusable records it puts into `rejects`; of the others somebody else does, so that each is there once. */
  readonly rejects: readonly Topic[]
  readonly predicts: boolean
  readonly joins: boolean
  readonly learns: boolean
  /** Decides on predictions and raises alerts. */
  readonly watches: boolean
}

export const GROUP = 'andon'
export const PREDICT_GROUP = 'andon-predict'

const joined: readonly Topic[] = ['observations', 'predictions', 'labels']
const watched: readonly Topic[] = ['signals', 'alerts']
const nothing = { predicts: false, joins: false, learns: false, watches: false }

const every: readonly Topic[] = [...joined, 'examples', ...watched]

export const duties: Readonly<Record<SoleRole, Duty>> = {
  all: { group: GROUP, inputs: every, rejects: every, predicts: true, joins: true, learns: true, watches: true },
  join: { ...nothing, group: 'andon-join', inputs: joined, rejects: joined, joins: true },
  learn: { ...nothing, group: 'andon-learn', inputs: ['examples'], rejects: ['examples'], learns: true },
  watch: { ...nothing, group: 'andon-watch', inputs: ['predictions', 'examples', ...watched], rejects: watched, watches: true }
}

/** A role's group; the learner of each shard has its own. */
export function groupOf(role: SoleRole, shard: string): string {
  const { group, learns } = duties[role]
  return role === 'all' || !learns || shard === REST ? group : `${group}.${shard}`
}

/** Who has still to take what of a log that a role works on. */
export interface Reader {
  readonly group: string
  readonly inputs: readonly Topic[]
}

/**
 * Everyone for whom records must be kept, where this role is at work. Not for who watches: a log that is full because nobody
 * looks at alerts would stop the line's learning.
 */
export function readersOf(role: Role, { names }: Shards): readonly Reader[] {
  if (role === 'all') return [duties.all]
  const learners = names.map(shard => ({ group: groupOf('learn', shard), inputs: duties.learn.inputs }))
  return [duties.join, ...learners, { group: PREDICT_GROUP, inputs: ['observations'] }]
}

/** The groups whose positions tell what the snapshots of a shard, and of the others, still need of examples and signals. */
export function keepsOf(shard: string, { names }: Shards): { readonly own: string; readonly others: readonly string[] } {
  const group = (name: string): string => `andon-keep.${name}`
  return { own: group(shard), others: names.filter(name => name !== shard).map(group) }
}

/** Where the learner of a shard stands: by its own group, or by that of the one process that did all. */
export async function learnedUpTo(log: Pick<Log, 'committed'>, shard: string): Promise<readonly Position[]> {
  const own = await log.committed(groupOf('learn', shard))
  const positions = own.length > 0 || shard !== REST ? own : await log.committed(GROUP)
  return positions.filter(({ topic }) => topic === 'examples')
}

/** Notes of one commit. */
const NOTES = 500

/**
 * Claims what a role works from. A log that one process has worked off so far is taken over where it stands, notes of the
 * waiting room included; that process is fenced by it. The other way round there is none: throws `CONFIG_INVALID` where one
 * process is to do all on a log that roles have worked off.
 */
export async function claimFor(log: Log, role: SoleRole, shard: string, shards: Shards): Promise<Claim> {
  const { inputs, learns } = duties[role]
  const group = groupOf(role, shard)
  if (role === 'all') {
    const apart = [duties.join.group, duties.learn.group, duties.watch.group, PREDICT_GROUP]
    for (const other of apart)
      if ((await log.committed(other)).length > 0)
        throw new Fault(
          'CONFIG_INVALID',
          `expected a log that one process works off, ${other} has worked on it: start with --role learn, join and predict`
        )
    return log.claim(group)
  }
  const own = await log.claim(group)
  if (learns) await expectSameShards(own, shards)
  if (own.positions().length > 0) return own
  if ((await log.committed(GROUP)).length === 0) return own
  const whole = await log.claim(GROUP)
  const positions = whole.positions().filter(({ topic }) => inputs.includes(topic as Topic))
  if (learns && shards.names.length > 1 && positions.length > 0)
    throw new Fault(
      'CONFIG_INVALID',
      `expected no shards on a log that one process has learned, got ${shards.text}: remove them, or learn a new log (see docs/operations.md)`
    )
  if (positions.length > 0) await takeOver(whole, own, positions, keptBy(role))
  return own
}

const LINES = 'shards'

/** Which lines share a learner is part of what it has learned: another division would be another fold. */
async function expectSameShards(claim: Claim, shards: Shards): Promise<void> {
  const now = shards.text
  for await (const { key, value } of claim.notes()) {
    if (key !== LINES) continue
    const before = new TextDecoder().decode(value)
    if (before === now) return
    throw new Fault(
      'CONFIG_INVALID',
      `expected the shards that the log was learned with, ${before}, got ${now}: restore them, or learn a new log (see docs/operations.md)`
    )
  }
  if (claim.positions().length > 0 && shards.names.length > 1)
    throw new Fault(
      'CONFIG_INVALID',
      `expected no shards on a log that was learned without, got ${now}: remove them, or learn a new log (see docs/operations.md)`
    )
  if (shards.names.length > 1)
    await claim.commit({ outputs: [], positions: [], notes: [{ key: LINES, value: new TextEncoder().encode(now) }] })
}

/**
 * Predictors begin where one process that did all has left off: what it has predicted is not predicted again. Does nothing
 * where they have begun already, or nobody has predicted yet.
 */
export async function beginAfterOneProcess(log: Log): Promise<void> {
  if ((await log.committed(PREDICT_GROUP)).length > 0) return
  const positions = (await log.committed(GROUP)).filter(({ topic }) => topic === 'observations')
  if (positions.length > 0) await (await log.claim(PREDICT_GROUP)).commit({ outputs: [], positions, notes: [] })
}

/** How the keys of a role's notes begin; null where it keeps none that another needs. */
function keptBy(role: SoleRole): string | null {
  return role === 'join' || role === 'watch' ? `${role}/` : null
}

/** Positions last: whoever is stopped before begins again, and the same notes are written over themselves. */
async function takeOver(from: Claim, to: Claim, positions: readonly Position[], prefix: string | null): Promise<void> {
  let notes: Note[] = []
  if (prefix !== null)
    for await (const note of from.notes()) {
      if (!note.key.startsWith(prefix)) continue
      notes.push(note)
      if (notes.length < NOTES) continue
      await to.commit({ outputs: [], positions: [], notes })
      notes = []
    }
  await to.commit({ outputs: [], positions, notes })
}
