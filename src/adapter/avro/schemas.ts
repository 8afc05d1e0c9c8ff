/**
 * The package's schemas, every version kept: `schemas/NAME.VERSION.avsc`. They are read from that folder only and never
 * from data, since the Avro library compiles code from them. Every version of a name resolves to its newest.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import avsc from 'avsc'
import type { EventName } from '../../events/event.ts'
import { Fault } from '../../fault/fault.ts'
import { fingerprintOf } from './fingerprint.ts'

export interface StoredSchema {
  readonly name: EventName
  readonly version: number
  /** The schema as its file has it, documentation included. */
  readonly schema: AvroRecord
  /** Parsing canonical form. */
  readonly canonical: string
  readonly fingerprint: bigint
  readonly type: avsc.Type
}

/** A schema as JSON, as far as documents need it. */
export type AvroSchema = string | readonly AvroSchema[] | AvroRecord | AvroOther
export interface AvroRecord {
  readonly type: 'record'
  readonly name: string
  readonly doc?: string
  readonly fields: readonly { readonly name: string; readonly type: AvroSchema; readonly doc?: string; readonly default?: unknown }[]
}
export type AvroOther =
  | { readonly type: 'array'; readonly items: AvroSchema }
  | { readonly type: 'map'; readonly values: AvroSchema }
  | { readonly type: 'enum'; readonly name: string; readonly doc?: string; readonly symbols: readonly string[] }
  | { readonly type: 'fixed'; readonly name: string; readonly doc?: string; readonly size: number }
  | { readonly type: string; readonly logicalType?: string }

/** The names whose schema must be there. */
export const eventNames = ['observation', 'label', 'example', 'control', 'prediction', 'decision', 'alert', 'signal', 'rejection'] as const

/**
 * Every stored version by name, then version. Throws `FILE_UNREADABLE` where the folder, a file or a name is missing,
 * `CONFIG_INVALID` where a file is no schema.
 */
export function loadSchemas(folder: string = fileURLToPath(new URL('../../../schemas/', import.meta.url))): readonly StoredSchema[] {
  const found = listed(folder).flatMap(file => {
    const parts = /^([a-z]+)\.([1-9]\d*)\.avsc$/.exec(file)
    const name = eventNames.find(known => known === parts?.[1])
    return name === undefined ? [] : [{ name, version: Number(parts![2]), file }]
  })
  const missing = eventNames.filter(name => !found.some(one => one.name === name))
  if (missing.length > 0)
    throw new Fault('FILE_UNREADABLE', `expected schemas of ${missing.join(', ')} in ${folder}, found none: install the package whole`)
  found.sort((a, b) => eventNames.indexOf(a.name) - eventNames.indexOf(b.name) || a.version - b.version)
  return found.map(({ name, version, file }) => parsed(name, version, `${folder}/${file}`))
}

/** The newest version of each name. */
export function currentOf(stored: readonly StoredSchema[]): ReadonlyMap<EventName, StoredSchema> {
  return new Map(stored.map(one => [one.name, one]))
}

/**
 * What reads bytes of `writer` as `reader`; undefined where both are one. Throws `CONFIG_INVALID` where the two are
 * incompatible: that version could no longer be read.
 */
export function resolverOf(reader: StoredSchema, writer: StoredSchema): ReturnType<avsc.Type['createResolver']> | undefined {
  if (reader === writer) return undefined
  try {
    return reader.type.createResolver(writer.type)
  } catch (error) {
    throw new Fault(
      'CONFIG_INVALID',
      `expected ${writer.name}.${writer.version}.avsc to be readable as version ${reader.version}, it is not (${(error as Error).message}): give new fields a default and keep the types of old ones`,
      error
    )
  }
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    throw new Fault('FILE_UNREADABLE', `expected the folder of schemas at ${folder}, it cannot be read: install the package whole`, error)
  }
}

function parsed(name: EventName, version: number, path: string): StoredSchema {
  try {
    const schema = JSON.parse(readFileSync(path, 'utf8')) as AvroRecord
    const type = avsc.Type.forSchema(schema as Parameters<typeof avsc.Type.forSchema>[0], { wrapUnions: 'never', omitRecordMethods: true })
    const canonical = JSON.stringify(type.schema())
    return { name, version, schema, canonical, fingerprint: fingerprintOf(canonical), type }
  } catch (error) {
    throw new Fault('CONFIG_INVALID', `expected an Avro schema in ${path}, it is none: ${(error as Error).message}`, error)
  }
}
