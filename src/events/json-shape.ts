/**
 * Readers of parsed JSON: each takes an unknown value and its path, and returns the value or `undefined`, in which case
 * it has told every problem it saw. Nothing is dropped: a key without a reader is a problem.
 */
import { shown } from './shown.ts'
import { parseTime, timeForms } from './time.ts'

export type Shape<T> = (value: unknown, path: string, problems: string[]) => T | undefined

export const text: Shape<string> = (value, path, problems) => (typeof value === 'string' ? value : told(problems, path, 'text', value))

export const finite: Shape<number> = (value, path, problems) =>
  typeof value === 'number' && Number.isFinite(value) ? value : told(problems, path, 'a finite number', value)

export const whole: Shape<number> = (value, path, problems) =>
  Number.isSafeInteger(value) ? (value as number) : told(problems, path, 'a whole number', value)

export const time: Shape<number> = (value, path, problems) => {
  if (Number.isSafeInteger(value)) return value as number
  const parsed = typeof value === 'string' ? parseTime(value) : null
  return parsed ?? told(problems, path, timeForms, value)
}

export const feature: Shape<number | string | null> = (value, path, problems) => {
  if (value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))) return value
  return told(problems, path, 'a finite number, text or null', value)
}

/** Null, absent, or the shape. */
export function optional<T>(shape: Shape<T>): Shape<T | null> {
  return (value, path, problems) => (value === undefined || value === null ? null : shape(value, path, problems))
}

export function list<T>(item: Shape<T>): Shape<readonly T[]> {
  return (value, path, problems) => {
    if (!Array.isArray(value)) return told(problems, path, 'an array', value)
    const before = problems.length
    const items = value.map((one, i) => item(one, `${path}[${i}]`, problems))
    return problems.length === before ? (items as T[]) : undefined
  }
}

/** An object of any keys with values of one shape. */
export function map<T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return (value, path, problems) => {
    if (!isObject(value)) return told(problems, path, 'an object', value)
    const before = problems.length
    const result: Record<string, T> = {}
    for (const [key, one] of Object.entries(value)) {
      if (key === '__proto__') told(problems, path, 'any key but this reserved one', key)
      else result[key] = item(one, `${path}.${key}`, problems) as T
    }
    return problems.length === before ? result : undefined
  }
}

/** An object of exactly these keys; an absent key is read as `undefined`, which only `optional` shapes take. */
export function record<T extends object>(fields: { readonly [K in keyof T]: Shape<T[K]> }): Shape<T> {
  const keys = Object.keys(fields) as (keyof T & string)[]
  return (value, path, problems) => {
    if (!isObject(value)) return told(problems, path, 'an object', value)
    const before = problems.length
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(fields, key)) problems.push(`${at(path)}expected the keys ${keys.join(', ')}, got ${shown(key)}`)
    }
    const result: Partial<T> = {}
    for (const key of keys) {
      const one = Object.hasOwn(value, key) ? value[key] : undefined
      result[key] = fields[key](one, path === '' ? key : `${path}.${key}`, problems) as T[typeof key]
    }
    return problems.length === before ? (result as T) : undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function told(problems: string[], path: string, wanted: string, got: unknown): undefined {
  problems.push(`${at(path)}expected ${wanted}, got ${shown(got)}`)
  return undefined
}

function at(path: string): string {
  return path === '' ? '' : `${path}: `
}
