/** What is wrong with a configuration, in words: where, what was expected, what came, and where it came from. */
import type * as z from 'zod'
import { accepts, optionRows, shapeAt } from './option-rows.ts'

/** `['learner', 'knots', 'refitAt', 2]` is `learner.knots.refitAt[2]`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`),
    ''
  )
}

/** Levenshtein's distance: changes of one character between two words. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    previous = row
  }
  return previous[b.length]!
}

/** The most similar name, or null where none is similar: at most a third of the letters differ. */
export function nearest(name: string, names: readonly string[]): string | null {
  const lower = name.toLowerCase()
  const ranked = names.map(other => ({ other, distance: editDistance(lower, other.toLowerCase()) })).sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best && best.distance <= Math.max(1, Math.floor(name.length / 3)) ? best.other : null
}

/** A value as it came, on one line and not too long. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value))
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined),
    tree
  )
}

function unknownOption(path: readonly PropertyKey[], key: string): string {
  const siblings = Object.keys(shapeAt(path).properties ?? {})
  const elsewhere = optionRows().find(row => row.path.at(-1) === key)
  const near = nearest(key, siblings)
  const meant = near !== null ? pathText([...path, near]) : elsewhere?.path.join('.')
  return `${pathText([...path, key])}: no such option${meant === undefined ? '; `andon config options` lists them' : `, did you mean ${meant}?`}`
}

/**
 * The problems behind one issue, each starting with its path. `source` says where the value at a path was set, and may
 * know nothing of it.
 */
export function problemsOf(issue: z.core.$ZodIssue, tree: unknown, source: (path: readonly PropertyKey[]) => string | null): string[] {
  const from = (path: readonly PropertyKey[]) => {
    const place = source(path)
    return place === null ? '' : ` (${place})`
  }
  if (issue.code === 'unrecognized_keys') return issue.keys.map(key => unknownOption(issue.path, key) + from([...issue.path, key]))
  const where = pathText(issue.path) || 'configuration'
  if (issue.code === 'custom') return [`${where}: ${issue.message}${from(issue.path)}`]
  const path = deepest(issue)
  const shape = shapeAt(path)
  const got = shape.secret ? 'something else (a secret is not shown)' : shown(valueAt(tree, path))
  return [`${pathText(path) || 'configuration'}: expected ${accepts(shape)}, got ${got}${from(path)}`]
}

/** Where in a union the value went wrong: inside the branch that took it furthest. */
function deepest(issue: z.core.$ZodIssue): PropertyKey[] {
  if (issue.code !== 'invalid_union') return [...issue.path]
  const inner = issue.errors.flat().map(each => deepest(each))
  const best = inner.reduce((longest, path) => (path.length > longest.length ? path : longest), [] as PropertyKey[])
  return [...issue.path, ...best]
}
