/** Names of parts, lines, features, tasks and classes: what all of them have to be. */
import { shown } from './shown.ts'

/** Longest name, in characters. A name is a key of the learner's state, so its size is part of what is promised. */
export const NAME_LIMIT = 200
/** Longest category of a feature, in characters. */
export const CATEGORY_LIMIT = 500

/** Control characters, and halves of characters, which UTF-8 cannot hold. */
const unwritable = /[\p{Cc}\p{Cs}]/u

/**
 * What is wrong with a name; null when nothing is. Names that JavaScript objects understand otherwise are refused.
 *
 * @example
 * ```ts
 * import { nameProblem } from '../src/events/names.ts'
 * nameProblem('press-2') // => null
 * nameProblem('') // => 'expected 1 to 200 characters, got none'
 * ```
 */
export function nameProblem(name: string): string | null {
  if (name.length === 0) return `expected 1 to ${NAME_LIMIT} characters, got none`
  if (name.length > NAME_LIMIT) return `expected 1 to ${NAME_LIMIT} characters, got ${name.length}`
  if (unwritable.test(name)) return `expected no control characters and no halves of characters, got ${shown(name)}`
  if (name === '__proto__' || name === 'constructor' || name === 'prototype')
    return `expected any name but this reserved one, got ${shown(name)}`
  return null
}

/** What is wrong with a category; null when nothing is. An empty one is a category like any other. */
export function categoryProblem(category: string): string | null {
  if (category.length > CATEGORY_LIMIT) return `expected at most ${CATEGORY_LIMIT} characters, got ${category.length}`
  if (unwritable.test(category)) return `expected no control characters and no halves of characters, got ${shown(category)}`
  return null
}
