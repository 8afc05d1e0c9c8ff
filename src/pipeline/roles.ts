/**
 * Who does what of the pipeline's work. One process does all of it in one loop with one commit, or several share it: who joins,
 * who learns and who predicts then each move the positions of a group of their own.
 */
import type { Topic } from '../events/event.ts'
import { Fault } from '../fault/fault.ts'
import type { Claim, Log, Note, Position } from './log.ts'
import { REST, type Shards } from './shards.ts'

export type Role = 'all' | 'join' | 'learn' | 'predict'

/** A role that takes its records alone and in order. */
export type SoleRole = Exclude<Role, 'predict'>

export interface Duty {
  /** The group whose positions it moves. */
  readonly group: string
  /** Topics it takes records from. */
  readonly inputs: readonly Topic[]
  readonly predicts: boolean
  readonly joins: boolean
  readonly learns: boolean
}

export const GROUP = 'andon'
export const PREDICT_GROUP = 'andon-predict'

const joined: readonly Topic[] = ['observations', 'predictions', 'labels']

export const duties: Readonly<Record<SoleRole, Duty>> = {
  all: { group: GROUP, inputs: [...joined, 'examples'], predicts: true, joins: true, learns: true },
  join: { group: 'andon-join', inputs: joined, predicts: false, joins: true, learns: false },
  learn: { group: 'andon-learn', inputs: ['examples'], predicts: false, joins: false, learns: true }
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

/** Everyone for whom records must be kept, where this role is at work. */
export function readersOf(role: Role, { names }: Shards): readonly Reader[] {
  if (role === 'all') return [duties.all]
  const learners = names.map(shard => ({ group: groupOf('learn', shard), inputs: duties.learn.inputs }))
  return [duties.join, ...learners, { group: PREDICT_GROUP, inputs: ['observations'] }]
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
export async function claimFor(log: Log, role: SoleRole, shard: string): Promise<Claim> {
  const { inputs, joins } = duties[role]
  const group = groupOf(role, shard)
  if (role === 'all') {
    const apart = [duties.join.group, duties.learn.group, PREDICT_GROUP]
    for (const other of apart)
      if ((await log.committed(other)).length > 0)
        throw new Fault(
          'CONFIG_INVALID',
          `expected a log that one process works off, ${other} has worked on it: start with --role learn, join and predict`
        )
    return log.claim(group)
  }
  const own = await log.claim(group)
  if (own.positions().length > 0) return own
  if ((await log.committed(GROUP)).length === 0) return own
  const whole = await log.claim(GROUP)
  const positions = whole.positions().filter(({ topic }) => inputs.includes(topic as Topic))
  if (positions.length > 0) await takeOver(whole, own, positions, joins)
  return own
}

/** Positions last: whoever is stopped before begins again, and the same notes are written over themselves. */
async function takeOver(from: Claim, to: Claim, positions: readonly Position[], withNotes: boolean): Promise<void> {
  let notes: Note[] = []
  if (withNotes)
    for await (const note of from.notes()) {
      notes.push(note)
      if (notes.length < NOTES) continue
      await to.commit({ outputs: [], positions: [], notes })
      notes = []
    }
  await to.commit({ outputs: [], positions, notes })
}
