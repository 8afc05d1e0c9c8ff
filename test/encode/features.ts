/** A record as the columns take it. */
import type { Feature, Features } from '../../src/encode/columns.ts'

export function featuresOf(record: Readonly<Record<string, Feature>>): Features {
  return { names: Object.keys(record), values: Object.values(record) }
}
