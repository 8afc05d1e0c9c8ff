/**
 * Who of a group works on which partitions, and how that travels: partitions of the same number stay together, whatever their
 * topic, so that a number stands for all of them.
 */
import { MemberAssignment, MemberMetadata } from 'kafkajs/src/consumer/assignerProtocol.js'

/** What a member says of itself. */
export interface Standing {
  /** The numbers that it worked on until now. */
  readonly held: readonly number[]
  /** Generations that it has been through: who has waited longest has caught up with what is to be done. */
  readonly generations: number
}

export interface Candidate extends Standing {
  readonly id: string
}

/** The name under which members of this adapter recognise each other's bytes. */
export const ALLOTMENT = 'andon'
const VERSION = 0

/**
 * Gives each of the numbers below `count` to one member, as evenly as can be. Whoever holds a number keeps it as long as that
 * is even, so that a single one stays where it is however many come; then it is the turn of who has been there longest.
 *
 * @example
 * ```ts
 * import { allot } from '../src/adapter/kafka/allotment.ts'
 * allot(1, [{ id: 'a', held: [], generations: 9 }, { id: 'b', held: [0], generations: 2 }]).get('b') // => [0]
 * ```
 */
export function allot(count: number, members: readonly Candidate[]): ReadonlyMap<string, readonly number[]> {
  const inOrder = members.toSorted((a, b) => b.held.length - a.held.length || b.generations - a.generations || (a.id < b.id ? -1 : 1))
  const quota = (i: number): number => Math.floor(count / inOrder.length) + (i < count % inOrder.length ? 1 : 0)
  const free = new Set(Array.from({ length: count }, (_, number) => number))
  const given = inOrder.map(({ held }, i) => {
    const kept = [...new Set(held)].filter(number => free.has(number)).slice(0, quota(i))
    for (const number of kept) free.delete(number)
    return kept
  })
  for (const [i, numbers] of given.entries())
    for (const number of [...free].slice(0, quota(i) - numbers.length)) {
      free.delete(number)
      numbers.push(number)
    }
  return new Map(inOrder.map(({ id }, i) => [id, given[i]!.sort((a, b) => a - b)]))
}

/** What a member says when it joins. The topics are for whoever looks at the group from outside. */
export function encodeStanding(topics: readonly string[], standing: Standing): Buffer {
  return MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.from(JSON.stringify(standing)) })
}

export function decodeCandidate(id: string, bytes: Buffer): Candidate {
  const { userData } = MemberMetadata.decode(bytes)
  return { id, ...(JSON.parse(userData!.toString()) as Standing) }
}

/** What a member is given. Of a group without topics only the numbers count. */
export function encodeAllotted(topics: readonly string[], numbers: readonly number[]): Buffer {
  const assignment = Object.fromEntries(topics.map(topic => [topic, numbers]))
  return MemberAssignment.encode({ version: VERSION, assignment, userData: Buffer.from(JSON.stringify(numbers)) })
}

/** Empty where nothing was given. */
export function decodeAllotted(bytes: Buffer): readonly number[] {
  const numbers = MemberAssignment.decode(bytes)?.userData ?? null
  return numbers === null || numbers.length === 0 ? [] : (JSON.parse(numbers.toString()) as number[])
}
