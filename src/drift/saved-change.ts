/** What a detector has found, and its numbers, as they are saved. */
import type { Saved } from '../numeric/saved.ts'
import type { Change } from './detector.ts'

export type SavedChange = Float64Array | null

export function saveChange(change: Change | null): SavedChange {
  return change === null ? null : Float64Array.of(change.seen, change.before, change.after, change.since)
}

export function loadChange(saved: SavedChange): Change | null {
  return saved === null ? null : { seen: saved[0]!, before: saved[1]!, after: saved[2]!, since: saved[3]! }
}

/** Of a detector whose state is a record of numbers. */
export function saveNumbers(numbers: Readonly<Record<string, number>>, change: Change | null): Saved {
  return { numbers: Float64Array.from(Object.values(numbers)), change: saveChange(change) }
}

/** `names` has the keys of what was saved, in their order. */
export function loadNumbers<T extends Readonly<Record<string, number>>>(
  saved: Saved,
  names: T
): { readonly numbers: T; readonly change: Change | null } {
  const { numbers, change } = saved as { numbers: Float64Array; change: SavedChange }
  return { numbers: Object.fromEntries(Object.keys(names).map((key, i) => [key, numbers[i]!])) as T, change: loadChange(change) }
}
