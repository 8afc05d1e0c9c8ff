/** The schemas as tables for people, made of the schemas' own documentation so that the two cannot part. */

import { headerOf } from './fingerprint.ts'
import type { AvroRecord, AvroSchema, StoredSchema } from './schemas.ts'

/**
 * One section a schema in Markdown: what it is, the ten bytes before each record, and a row a field. Fields of a record
 * within stand under its path; a record that has a section of its own is named only.
 */
export function describeSchemas(stored: readonly StoredSchema[]): string {
  const sections = new Set(stored.map(one => one.schema.name))
  return stored
    .map(one => {
      const header = Buffer.from(headerOf(one.fingerprint)).toString('hex')
      const rows = rowsOf(one.schema, '', sections)
      const table = ['| field | type | default | what |', '|---|---|---|---|', ...rows].join('\n')
      return `### ${one.name}.${one.version}\n\n${one.schema.doc}\n\nHeader: \`${header}\`\n\n${table}\n`
    })
    .join('\n')
}

function rowsOf(record: AvroRecord, path: string, sections: ReadonlySet<string>): readonly string[] {
  return record.fields.flatMap(field => {
    const fallback = 'default' in field ? `\`${JSON.stringify(field.default)}\`` : ''
    const place = `${path}${field.name}`
    return [`| \`${place}\` | ${typeOf(field.type)} | ${fallback} | ${field.doc ?? ''} |`, ...innerRows(field.type, place, sections)]
  })
}

function innerRows(type: AvroSchema, place: string, sections: ReadonlySet<string>): readonly string[] {
  if (typeof type === 'string') return []
  if ('length' in type) return type.flatMap(branch => innerRows(branch, place, sections))
  if ('items' in type) return innerRows(type.items, `${place}[]`, sections)
  return 'fields' in type && !sections.has(type.name) ? rowsOf(type, `${place}.`, sections) : []
}

/** A type in words that fit a cell. */
function typeOf(type: AvroSchema): string {
  if (typeof type === 'string') return type
  if ('length' in type) return type.map(typeOf).join(' or ')
  if ('fields' in type) return type.name
  if ('items' in type) return `array of ${typeOf(type.items)}`
  if ('values' in type) return `map of ${typeOf(type.values)}`
  if ('symbols' in type) return type.symbols.map(symbol => `\`${symbol}\``).join(', ')
  if ('size' in type) return `${type.size} bytes`
  return type.logicalType === undefined ? type.type : `${type.type} (${type.logicalType})`
}
