/** Where everyone who works on a log stands, by whichever roles: to be taken from one log and put into another. */
import type { Claim, Log, Note, Position } from './log.ts'
import { placeOf } from './range.ts'
import { GROUP, groupOf, PREDICT_GROUP } from './roles.ts'
import { REST } from './shards.ts'

const JOIN = groupOf('join', REST)
const WATCH = groupOf('watch', REST)
/** Topics that the watch alone takes. */
const watched = ['signals', 'alerts', 'decisions']
/** Notes of a commit, and the bytes after which it is made all the same. */
const NOTES = 500
const NOTE_BYTES = 1024 * 1024

export interface Standing {
  readonly group: string
  /** The first record of each partition not yet taken. */
  readonly positions: readonly Position[]
  /** What it keeps beside; null where another group has taken that over. */
  readonly notes: Claim | null
}

/** Where a log's groups stand. */
export interface Standings {
  readonly sole: readonly Standing[]
  /** Up to where predictors and those who join have both come: who predicts from there on says nothing new twice. */
  readonly predicted: readonly Position[] | null
}

/** Everyone who moves positions alone, each in a group of its own. */
function soleGroups(shards: readonly string[]): string[] {
  return [GROUP, JOIN, WATCH, ...shards.map(shard => groupOf('learn', shard))]
}

/**
 * Takes over every group of a log that learners of these shards work on, so that whoever still does so stops. What one
 * process did and roles have gone on with counts as they left it.
 */
export async function takeStandings(log: Log, shards: readonly string[]): Promise<Standings> {
  const claims = new Map<string, Claim>()
  for (const group of soleGroups(shards))
    if (group === GROUP || (await log.committed(group)).length > 0) claims.set(group, await log.claim(group))
  const joined = claims.has(JOIN)
  const looked = claims.has(WATCH)
  const learned = shards.every(shard => claims.has(groupOf('learn', shard)))
  const taken = (topic: string): boolean => (topic === 'examples' ? learned : watched.includes(topic) ? looked : joined)
  const sole = [...claims].map(([group, claim]) => {
    if (group !== GROUP) return { group, positions: claim.positions(), notes: claim }
    const positions = claim.positions().filter(({ topic }) => !taken(topic))
    return { group, positions, notes: joined && (looked || positions.length === 0) ? null : claim }
  })
  const predicted = await log.committed(PREDICT_GROUP)
  return {
    sole,
    predicted:
      predicted.length === 0
        ? null
        : earlier(
            predicted,
            sole.flatMap(({ positions }) => positions)
          )
  }
}

/** Of each place the earlier position; 0 where the second does not name it. */
function earlier(positions: readonly Position[], others: readonly Position[]): Position[] {
  const at = new Map(others.map(each => [placeOf(each), each.offset]))
  return positions.map(each => ({ ...each, offset: Math.min(each.offset, at.get(placeOf(each)) ?? 0) }))
}

/** Takes over every group of a log in which nobody has worked. Throws what `refuse` throws where a group keeps anything. */
export async function takeNew(log: Log, shards: readonly string[], refuse: (came: string) => never): Promise<ReadonlyMap<string, Claim>> {
  const claims = new Map<string, Claim>()
  for (const group of soleGroups(shards)) {
    const claim = await log.claim(group)
    for await (const { key } of claim.notes()) refuse(`the note ${key} of ${group}`)
    if (claim.positions().length > 0) refuse(`positions of ${group}`)
    claims.set(group, claim)
  }
  return claims
}

/** Commits every note of a group to another. Returns how many. */
export async function copyNotes(from: Claim, to: Claim, signal: AbortSignal): Promise<number> {
  let count = 0
  let bytes = 0
  let notes: Note[] = []
  const flush = async (): Promise<void> => {
    await to.commit({ outputs: [], positions: [], notes })
    count += notes.length
    notes = []
    bytes = 0
  }
  for await (const note of from.notes()) {
    signal.throwIfAborted()
    notes.push(note)
    bytes += note.value.length
    if (notes.length >= NOTES || bytes >= NOTE_BYTES) await flush()
  }
  if (notes.length > 0) await flush()
  return count
}
