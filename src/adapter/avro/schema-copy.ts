/**
 * A schema from outside, copied with nothing but what reading needs. A type that is used again counts again, so that a
 * few lines cannot stand for a giant; every item of an array or map takes a byte at least, which bounds the cost of a
 * record by its length.
 */
import type { AvroSchema } from './schemas.ts'

/** Levels of types within types. Ours have 8. */
const MOST_LEVELS = 32
/** Types in a schema, each counted as often as it is used. Ours have below 100. */
const MOST_TYPES = 2000
/** Names are words of the language that compiles them, and of bounded length. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,199}$/

const primitives: Readonly<Record<string, number>> = { null: 0, boolean: 1, int: 1, long: 1, float: 4, double: 8, bytes: 1, string: 1 }
const reserved = new Set([...Object.keys(primitives), 'record', 'error', 'enum', 'array', 'map', 'fixed', 'union'])

/** Why a schema cannot be used, in words. */
export class Unfit extends Error {}

/** A copied type: how many types it stands for, and the fewest bytes its value takes. */
interface Copy {
  readonly schema: AvroSchema
  readonly types: number
  readonly least: number
}

interface Context {
  readonly namespace: string
  readonly level: number
  readonly named: Map<string, Copy>
}

/**
 * The copy: full names, no documentation, defaults, aliases or logical types, as a reader ignores those of a writer.
 * Throws `Unfit`.
 *
 * @example
 * ```ts
 * import { copySchema } from '../src/adapter/avro/schema-copy.ts'
 * copySchema({ type: 'record', name: 'A', namespace: 'n', doc: '…', fields: [{ name: 'at', type: { type: 'long', logicalType: 'x' } }] })
 * // => { type: 'record', name: 'n.A', fields: [{ name: 'at', type: 'long' }] }
 * ```
 */
export function copySchema(schema: unknown): AvroSchema {
  return copyOf(schema, { namespace: '', level: 0, named: new Map() }).schema
}

function copyOf(schema: unknown, context: Context): Copy {
  if (context.level > MOST_LEVELS) throw new Unfit(`expected at most ${MOST_LEVELS} levels of types, more came`)
  const copy = one(schema, { ...context, level: context.level + 1 })
  if (copy.types > MOST_TYPES) throw new Unfit(`expected at most ${MOST_TYPES} types, more came`)
  return copy
}

function one(schema: unknown, context: Context): Copy {
  if (typeof schema === 'string') return reference(schema, context)
  if (Array.isArray(schema)) return union(schema, context)
  if (typeof schema !== 'object' || schema === null) throw new Unfit('expected a type, got something else')
  const { type } = schema as { type?: unknown }
  const parts = schema as Record<string, unknown>
  switch (type) {
    case 'record':
    case 'error':
      return record(parts, context)
    case 'enum':
      return enumeration(parts, context)
    case 'fixed':
      return fixed(parts, context)
    case 'array': {
      const items = item(parts.items, context)
      return { schema: { type: 'array', items: items.schema }, types: items.types + 1, least: 1 }
    }
    case 'map': {
      const values = item(parts.values, context, 1)
      return { schema: { type: 'map', values: values.schema }, types: values.types + 1, least: 1 }
    }
    default:
      return copyOf(type, context)
  }
}

function reference(name: string, { namespace, named }: Context): Copy {
  const least = Object.hasOwn(primitives, name) ? primitives[name] : undefined
  if (least !== undefined) return { schema: name, types: 1, least }
  const full = name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
  const found = named.get(full)
  if (found === undefined)
    throw new Unfit(`expected every type to be defined before it is used and none within itself, ${shownName(full)} is not`)
  return { ...found, schema: full }
}

function union(branches: readonly unknown[], context: Context): Copy {
  if (branches.length === 0) throw new Unfit('expected a union of at least one type, got none')
  const copies = branches.map(branch => copyOf(branch, context))
  if (copies.some(({ schema }) => Array.isArray(schema))) throw new Unfit('expected no union within a union, got one')
  return { schema: copies.map(({ schema }) => schema), types: sum(copies), least: 1 + Math.min(...copies.map(({ least }) => least)) }
}

function record(parts: Record<string, unknown>, context: Context): Copy {
  const { name, namespace } = fullName(parts, context)
  if (!Array.isArray(parts.fields)) throw new Unfit(`expected fields in ${name}, got none`)
  if (parts.fields.length > MOST_TYPES) throw new Unfit(`expected at most ${MOST_TYPES} types, more came`)
  const fields = parts.fields.map((field: unknown) => {
    if (typeof field !== 'object' || field === null) throw new Unfit(`expected every field of ${name} to have a name and a type`)
    const { name: own, type } = field as { name?: unknown; type?: unknown }
    return { name: word(own), copy: copyOf(type, { ...context, namespace }) }
  })
  if (new Set(fields.map(field => field.name)).size < fields.length) throw new Unfit(`expected every field of ${name} once`)
  return define(context, name, {
    schema: { type: 'record', name, fields: fields.map(field => ({ name: field.name, type: field.copy.schema })) },
    types: 1 + sum(fields.map(field => field.copy)),
    least: fields.reduce((least, field) => least + field.copy.least, 0)
  })
}

function enumeration(parts: Record<string, unknown>, context: Context): Copy {
  const { name } = fullName(parts, context)
  if (!Array.isArray(parts.symbols) || parts.symbols.length === 0 || parts.symbols.length > MOST_TYPES)
    throw new Unfit(`expected 1 to ${MOST_TYPES} symbols in ${name}`)
  const symbols = parts.symbols.map(word)
  if (new Set(symbols).size < symbols.length) throw new Unfit(`expected every symbol of ${name} once`)
  return define(context, name, { schema: { type: 'enum', name, symbols }, types: 1, least: 1 })
}

function fixed(parts: Record<string, unknown>, context: Context): Copy {
  const { name } = fullName(parts, context)
  const { size } = parts
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1 || size > 65_536)
    throw new Unfit(`expected ${name} to be 1 to 65536 bytes long`)
  return define(context, name, { schema: { type: 'fixed', name, size }, types: 1, least: size })
}

/** What repeats: with `beside` bytes before each, it must take a byte. */
function item(schema: unknown, context: Context, beside = 0): Copy {
  const copy = copyOf(schema, context)
  if (copy.least + beside === 0) throw new Unfit('expected every item of an array to take at least one byte, got a type that takes none')
  return copy
}

function define({ named }: Context, name: string, copy: Copy): Copy {
  if (named.has(name)) throw new Unfit(`expected every type to be defined once, ${name} is twice`)
  named.set(name, copy)
  return copy
}

function fullName(parts: Record<string, unknown>, context: Context): { readonly name: string; readonly namespace: string } {
  const own = typeof parts.name === 'string' ? parts.name : ''
  const space = typeof parts.namespace === 'string' ? parts.namespace : context.namespace
  const words = (own.includes('.') || space === '' ? own : `${space}.${own}`).split('.').map(word)
  if (words.length > MOST_LEVELS || reserved.has(words.at(-1)!))
    throw new Unfit(`expected a name of its own for every type, got ${words.at(-1)}`)
  return { name: words.join('.'), namespace: words.slice(0, -1).join('.') }
}

/** Names of an object's own inheritance would be found where nothing is. */
function word(value: unknown): string {
  if (typeof value !== 'string' || !NAME.test(value) || value in {})
    throw new Unfit(`expected a name of letters, digits and _, got ${shownName(value)}`)
  return value
}

function shownName(value: unknown): string {
  return JSON.stringify(String(value).slice(0, 80))
}

function sum(copies: readonly Copy[]): number {
  return copies.reduce((all, { types }) => all + types, 0)
}
