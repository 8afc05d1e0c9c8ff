/** Kinds of values that several options take. */
import * as z from 'zod'
import { Secret } from './secret.ts'

/** A whole number within bounds, both included. */
export const count = (least: number, most: number) => z.int().min(least).max(most)

/** A path; null for none. */
export const file = (what: string) => z.string().min(1).nullable().default(null).describe(what)

/** Characters that a header can carry, without spaces. */
export const printable = /^[\x21-\x7e]+$/

/** What only the environment or a file may hold; null for none. `pattern` null takes any text. */
export const secret = (what: string, least = 1, pattern: RegExp | null = printable) => {
  const text = z.string().min(least).max(4096)
  return (pattern === null ? text : text.regex(pattern))
    .transform(value => new Secret(value))
    .nullable()
    .prefault(null)
    .meta({ secret: true })
    .describe(what)
}
