/** How a value that came stands in a message: short, on one line, whatever it is. */

const LONGEST = 60

/**
 * A value as text of at most about 60 characters.
 *
 * @example
 * ```ts
 * import { shown } from '../src/events/shown.ts'
 * shown('a\nb') // => '"a\\nb"'
 * shown([1, 2]) // => 'an array of 2'
 * shown(Number.NaN) // => 'NaN'
 * ```
 */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value !== 'string') return String(value)
  const text = JSON.stringify(value.slice(0, LONGEST).replace(/\p{Cs}$/u, ''))
  return value.length > LONGEST ? `${text}… (${value.length} characters)` : text
}
