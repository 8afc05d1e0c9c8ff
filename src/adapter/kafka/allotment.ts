/**
 * Who of a group works on which partitions, and how that travels: partitions of the same number stay together, whatever their
 * topic, so that a number stands for all of them.
 */
import { MemberAssignment, MemberMetadata } from 'kafkajs/src/consumer/assignerProtocol.js'

/** A member, and the numbers that it worked on until now. */
export interface Candidate {
  readonly id: string
  readonly held: readonly number[]
}

/** The name under which members of this adapter recognise each other's bytes. */
export const ALLOTMENT = 'andon'
const VERSION = 0

/**
 * Gives each of the numbers below `count` to one member, as evenly as can be. Whoever holds a number keeps it as long as that
 * is even, so that a single one stays where it is however many come.
 *
 * @example
 * ```ts
 * import { allot } from '../src/adapter/kafka/allotment.ts'
 * allot(1, [{ id: 'a', held: [] }, { id: 'b', held: [0] }]).get('b') // => [0]
 * ```
 */
export function allot(count: number, members: readonly Candidate[]): ReadonlyMap<string, readonly number[]> {
  const inOrder = members.toSorted((a, b) => b.held.length - a.held.length || (a.id < b.id ? -1 : 1))
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

/** What a member says of itself when it joins. The topics are for whoever looks at the group from outside. */
export function encodeCandidate(topics: readonly string[], held: readonly number[]): Buffer {
  return MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.from(JSON.stringify(held)) })
}

export function decodeCandidate(id: string, bytes: Buffer): Candidate {
  return { id, held: numbersOf(MemberMetadata.decode(bytes).userData) }
}

/** What a member is given. Of a group without topics only the numbers count. */
export function encodeAllotted(topics: readonly string[], numbers: readonly number[]): Buffer {
  const assignment = Object.fromEntries(topics.map(topic => [topic, numbers]))
  return MemberAssignment.encode({ version: VERSION, assignment, userData: Buffer.from(JSON.stringify(numbers)) })
}

/** Empty where nothing was given. */
export function decodeAllotted(bytes: Buffer): readonly number[] {
  return numbersOf(MemberAssignment.decode(bytes)?.userData ?? null)
}

function numbersOf(bytes: Buffer | null): readonly number[] {
  return bytes === null || bytes.length === 0 ? [] : (JSON.parse(bytes.toString()) as number[])
}
