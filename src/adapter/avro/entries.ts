/**
 * Counts the entries of the maps in a decoded value. Fewer than the bytes held means that a key came twice or is a name
 * that JavaScript objects swallow (`__proto__`): the value is then not what was sent.
 */
import type { AvroSchema } from './schemas.ts'

export type Count = (value: unknown) => number

/** The counter of a schema; null where no map can be in it. */
export function entriesOf(schema: AvroSchema, named = new Map<string, Count | null>()): Count | null {
  if (typeof schema === 'string') return named.get(schema) ?? null
  if ('length' in schema) return unionCount(schema, named)
  if ('fields' in schema) {
    const fields: { readonly name: string; readonly count: Count }[] = []
    for (const field of schema.fields) {
      const count = entriesOf(field.type, named)
      if (count !== null) fields.push({ name: field.name, count })
    }
    const count: Count | null =
      fields.length === 0
        ? null
        : value => {
            let sum = 0
            for (const field of fields) sum += field.count((value as Record<string, unknown>)[field.name])
            return sum
          }
    named.set(schema.name, count)
    return count
  }
  if ('items' in schema) {
    const item = entriesOf(schema.items, named)
    return item === null ? null : value => (value as readonly unknown[]).reduce<number>((sum, one) => sum + item(one), 0)
  }
  if ('values' in schema) {
    const inner = entriesOf(schema.values, named)
    return value => {
      const keys = Object.keys(value as object)
      return inner === null ? keys.length : keys.reduce((sum, key) => sum + 1 + inner((value as Record<string, unknown>)[key]), 0)
    }
  }
  return null
}

function unionCount(branches: readonly AvroSchema[], named: Map<string, Count | null>): Count | null {
  const counts = branches.map(branch => entriesOf(branch, named)).filter(count => count !== null)
  const [count] = counts
  if (count === undefined) return null
  if (counts.length > 1) throw new Error('a union may hold maps in one of its branches only')
  return value => (typeof value === 'object' && value !== null ? count(value) : 0)
}
