/**
 * Readers of schemas that others wrote. The Avro library compiles code from a schema, so a foreign one is first copied
 * part by part into a new one: known kinds of types, names that are plain words, bounded depth and size. Nothing else of
 * it is ever seen by the library. The library's resolution then says whether it can be read as ours.
 */
import avsc from 'avsc'
import type { EventName } from '../../events/event.ts'
import { SINGLE_OBJECT_BYTES } from './framing.ts'
import { limitOf } from './limits.ts'
import type { Reader } from './reader.ts'
import { copySchema, Unfit } from './schema-copy.ts'
import { currentOf, eventNames, type StoredSchema } from './schemas.ts'
import { Broken, walkOf } from './walk.ts'

/**
 * The maker of readers, beside those of the stored schemas: a schema that is one of ours gets the very reader it has. It
 * takes the id, for messages, and the text of a schema, and throws `Unfit` where records of it can never be read.
 */
export function foreignReaders(readers: ReadonlyMap<StoredSchema, Reader>, maxBytes: number): (id: number, text: string) => Reader {
  const current = currentOf([...readers.keys()])
  const ours = new Map([...readers].map(([schema, reader]) => [JSON.stringify(copySchema(schema.schema)), reader]))
  return (id, text) => {
    const copy = copied(id, text)
    const known = ours.get(JSON.stringify(copy))
    if (known !== undefined) return known
    const name = nameOf(id, copy)
    const reader = current.get(name)!
    try {
      // Wrapped unions can hold what unwrapped ones cannot tell apart (int beside long); our own type makes the values.
      const writer = avsc.Type.forSchema(copy as Parameters<typeof avsc.Type.forSchema>[0], {
        wrapUnions: 'always',
        omitRecordMethods: true
      })
      const resolver = reader.type.createResolver(writer, { ignoreNamespaces: true } as never)
      const limit = limitOf(name, maxBytes)
      const read = (bytes: Buffer, at: number): unknown => {
        const event = reader.type.decode(bytes, at, resolver).value
        // What is short as an int is longer as a double: the event must fit once it is written by our own schema.
        const length = reader.type.toBuffer(event).length + SINGLE_OBJECT_BYTES
        if (length > limit) throw new Broken('too-long', `expected at most ${limit} bytes by our own schema, it takes ${length}`)
        return event
      }
      return { name, limit, walk: walkOf(copy, new Map(), true), entries: null, read, readAsWritten: null }
    } catch (error) {
      throw new Unfit(
        `expected schema ${id} of the registry to be readable as version ${reader.version} of ${name}, it is not (${(error as Error).message}): write with a compatible schema`
      )
    }
  }
}

function copied(id: number, text: string): ReturnType<typeof copySchema> {
  try {
    return copySchema(JSON.parse(text))
  } catch (error) {
    throw new Unfit(`expected an Avro schema under id ${id} of the registry, got none that can be used: ${(error as Error).message}`)
  }
}

/** The event that a schema means: by its record's name, in whatever namespace. */
function nameOf(id: number, schema: ReturnType<typeof copySchema>): EventName {
  const full = typeof schema === 'object' && 'fields' in schema ? schema.name : null
  const plain = full?.split('.').at(-1)
  const found = eventNames.find(name => `${name[0]!.toUpperCase()}${name.slice(1)}` === plain)
  if (found === undefined) {
    const names = eventNames.map(name => name[0]!.toUpperCase() + name.slice(1)).join(', ')
    throw new Unfit(`expected schema ${id} of the registry to be a record named ${names}, got ${full ?? 'no record'}`)
  }
  return found
}
