/**
 * Before anything is written, every schema is held to what the registry has: all that is wrong is told at once, and only
 * when nothing is does one of them get an id.
 */
import type { EventName } from '../../events/event.ts'
import { Fault } from '../../fault/fault.ts'
import type { RegistryClient } from './client.ts'

/** A schema as it shall stand at the registry. */
export interface Enrolment {
  readonly event: EventName
  readonly subject: string
  /** The schema in JSON. */
  readonly schema: string
}

/** Throws `CONFIG_INVALID` with every subject whose latest version the schema may not follow. */
export async function checkCompatible(client: RegistryClient, enrolments: readonly Enrolment[]): Promise<void> {
  const objections = await all(enrolments, ({ subject, schema }) => client.objection(subject, schema))
  refuse(
    enrolments.flatMap(({ subject }, i) => (objections[i] === null ? [] : [`${subject}: ${objections[i]}`])),
    'expected schemas that the registry takes as the next of their subjects',
    'use the version of Andon that wrote the latest one, set the compatibility of these subjects, or choose others with registry.subjects'
  )
}

/**
 * The id of every schema. With `register` those that have none are given one, after all have been found compatible; without,
 * they must be there. Throws `CONFIG_INVALID` with every subject that is wrong, `UNAVAILABLE` (retry) where the registry
 * does not answer.
 */
export async function enrol(
  client: RegistryClient,
  enrolments: readonly Enrolment[],
  register: boolean
): Promise<ReadonlyMap<EventName, number>> {
  await checkCompatible(client, enrolments)
  const ids = await all(enrolments, async ({ subject, schema }) => {
    if (register) return client.register(subject, schema)
    return (await client.lookUp(subject, schema)) ?? { problem: 'has no such version' }
  })
  refuse(
    enrolments.flatMap(({ subject }, i) => {
      const id = ids[i]!
      return typeof id === 'number' ? [] : [`${subject}: ${id.problem}`]
    }),
    `expected the registry to ${register ? 'take' : 'have'} every schema of Andon`,
    register ? 'correct what it names' : 'register the files in schemas/ under these subjects, or set registry.autoRegister'
  )
  return new Map(enrolments.map(({ event }, i) => [event, ids[i] as number]))
}

/** One after the other, so that a registry is not met by a crowd. Who is not let in has a configuration to correct. */
async function all<T>(enrolments: readonly Enrolment[], one: (enrolment: Enrolment) => Promise<T>): Promise<T[]> {
  const found: T[] = []
  try {
    for (const enrolment of enrolments) found.push(await one(enrolment))
  } catch (error) {
    if (error instanceof Fault && error.code === 'NOT_AUTHORISED') throw new Fault('CONFIG_INVALID', error.message, error)
    throw error
  }
  return found
}

function refuse(problems: readonly string[], expected: string, todo: string): void {
  if (problems.length === 0) return
  throw new Fault('CONFIG_INVALID', `${expected}, got\n${problems.map(problem => `  ${problem}`).join('\n')}\n${todo}`)
}
