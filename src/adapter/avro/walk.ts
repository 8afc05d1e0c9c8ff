/**
 * Walks the bytes of a record by its schema before they are decoded. The decoder trusts lengths and counts that stand in
 * the data; after this walk they are known to lie within the bytes, so that no record, whatever it claims, costs more
 * than its length.
 *
 *     long     zig-zag, 7 bits a byte, least first, at most 10 bytes
 *     string   long length, UTF-8        bytes   long length, bytes
 *     array    blocks of long count (negative: its size in bytes follows), items; a count of 0 ends
 *     map      as array, each item a string and a value
 *     union    long branch, value        enum    long symbol
 *     float    4 bytes                   double  8 bytes         boolean  1 byte, 0 or 1
 *     fixed    as many bytes as its schema says
 */
import { isUtf8 } from 'node:buffer'
import type { RejectionCode } from '../../events/event.ts'
import type { AvroSchema } from './schemas.ts'

/** Where the walk stands. `entries` counts the entries of all maps passed. */
export interface Cursor {
  readonly bytes: Uint8Array
  position: number
  entries: number
}

/** Passes one value or throws `Broken`. */
export type Walk = (cursor: Cursor) => void

/** Why the bytes are no value of the schema. */
export class Broken extends Error {
  readonly code: RejectionCode

  constructor(code: RejectionCode, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * The walk of a schema; named types are looked up in `named`, where every definition adds itself. With `once` it refuses
 * maps that hold a name twice or one that objects swallow, for values that nobody counts after they are decoded.
 */
export function walkOf(schema: AvroSchema, named = new Map<string, Walk>(), once = false): Walk {
  if (typeof schema === 'string') return primitives[schema] ?? namedWalk(named, schema)
  if ('length' in schema) return unionWalk(schema.map(branch => walkOf(branch, named, once)))
  if ('fields' in schema) {
    const fields = schema.fields.map(field => walkOf(field.type, named, once))
    const walk: Walk = cursor => {
      for (const field of fields) field(cursor)
    }
    named.set(schema.name, walk)
    return walk
  }
  if ('items' in schema) return blocksWalk(walkOf(schema.items, named, once))
  if ('values' in schema) {
    const value = walkOf(schema.values, named, once)
    if (once) return cursor => blocksWalk(onceWalk(value))(cursor)
    return blocksWalk(cursor => {
      passString(cursor)
      value(cursor)
      cursor.entries++
    })
  }
  if ('symbols' in schema) {
    const count = schema.symbols.length
    const walk: Walk = cursor => {
      const symbol = readLong(cursor)
      if (symbol < 0 || symbol >= count) throw malformed(cursor, `a symbol below ${count}`, symbol)
    }
    named.set(schema.name, walk)
    return walk
  }
  if ('size' in schema) {
    const walk: Walk = cursor => pass(cursor, schema.size)
    named.set(schema.name, walk)
    return walk
  }
  return walkOf(schema.type, named, once)
}

/** The entries of one map: no name comes twice, and none is `__proto__`. */
function onceWalk(value: Walk): Walk {
  const names = new Set<string>()
  return cursor => {
    const from = passString(cursor)
    const name = Buffer.from(cursor.bytes.buffer, cursor.bytes.byteOffset + from, cursor.position - from).toString('latin1')
    if (names.has(name) || name === '__proto__')
      throw malformed(cursor, 'every name once in a map and none of them __proto__', JSON.stringify(name))
    names.add(name)
    value(cursor)
    cursor.entries++
  }
}

const primitives: Readonly<Record<string, Walk>> = {
  null: () => {},
  boolean: cursor => {
    const value = cursor.bytes[cursor.position]
    pass(cursor, 1)
    if (value! > 1) throw malformed(cursor, 'a boolean of 0 or 1', value!)
  },
  int: cursor => {
    const value = readLong(cursor)
    if ((value | 0) !== value) throw malformed(cursor, 'an integer of 32 bits', value)
  },
  long: readLong,
  float: cursor => pass(cursor, 4),
  double: cursor => pass(cursor, 8),
  bytes: cursor => pass(cursor, readLength(cursor)),
  string: passString
}

function namedWalk(named: ReadonlyMap<string, Walk>, name: string): Walk {
  const walk = named.get(name)
  if (walk === undefined) throw new Error(`the schema names a type that is not defined before: ${name}`)
  return walk
}

function unionWalk(branches: readonly Walk[]): Walk {
  return cursor => {
    const branch = readLong(cursor)
    const walk = branches[branch]
    if (walk === undefined) throw malformed(cursor, `a branch below ${branches.length}`, branch)
    walk(cursor)
  }
}

/** Every item takes at least one byte (a schema test holds that), so a count beyond the bytes left is known to be false. */
function blocksWalk(item: Walk): Walk {
  return cursor => {
    for (;;) {
      let count = readLong(cursor)
      if (count === 0) return
      let end = -1
      if (count < 0) {
        count = -count
        end = readLength(cursor) + cursor.position
      }
      if (count > cursor.bytes.length - cursor.position) throw truncated(cursor, `${count} items`)
      while (count-- > 0) item(cursor)
      if (end >= 0 && end !== cursor.position)
        throw malformed(cursor, `a block that ends at byte ${end}`, `one that ends at ${cursor.position}`)
    }
  }
}

function pass(cursor: Cursor, length: number): void {
  if (length > cursor.bytes.length - cursor.position) throw truncated(cursor, `${length} bytes`)
  cursor.position += length
}

/** Returns where the text begins. */
function passString(cursor: Cursor): number {
  const start = cursor.position
  const length = readLength(cursor)
  const from = cursor.position
  pass(cursor, length)
  const { bytes, position } = cursor
  for (let i = from; i < position; i++) {
    if (bytes[i]! < 0x80) continue
    if (isUtf8(bytes.subarray(from, position))) return from
    throw new Broken('malformed', `expected text in UTF-8 at byte ${start}, other bytes came`)
  }
  return from
}

function readLength(cursor: Cursor): number {
  const length = readLong(cursor)
  if (length < 0) throw malformed(cursor, 'a length of 0 or more', length)
  return length
}

function readLong(cursor: Cursor): number {
  const { bytes } = cursor
  const start = cursor.position
  let position = start
  let value = 0
  let unit = 1
  for (;;) {
    if (position >= bytes.length) throw truncated(cursor, 'an integer')
    const byte = bytes[position++]!
    value += (byte & 0x7f) * unit
    if (byte < 0x80) break
    if (position - start === 10) throw malformed(cursor, 'an integer of at most 10 bytes', 'more')
    unit *= 128
  }
  // Zig-zag doubles, so 2⁵⁴ here is 2⁵³ there; beyond it numbers lose their last digits. The decoder stops 2 before.
  if (value >= 18014398509481980) throw malformed(cursor, 'an integer of magnitude below 2^53', 'a greater one')
  cursor.position = position
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

function truncated(cursor: Cursor, wanted: string): Broken {
  return new Broken(
    'truncated',
    `expected ${wanted} at byte ${cursor.position}, the record ends ${cursor.bytes.length - cursor.position} bytes later`
  )
}

function malformed(cursor: Cursor, wanted: string, got: number | string): Broken {
  return new Broken('malformed', `expected ${wanted} before byte ${cursor.position}, got ${got}`)
}
