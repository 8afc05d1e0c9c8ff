/**
 * The options read back from their one declaration: rows for the documents, environment variables and messages, and the
 * JSON Schema for editors. Nothing here is written by hand.
 */
import * as z from 'zod'
import { options } from './options.ts'

/** The part of JSON Schema that the declarations use. */
export interface Shape {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Shape>>
  readonly additionalProperties?: boolean | Shape
  readonly items?: Shape
  readonly anyOf?: readonly Shape[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly description?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly secret?: boolean
  readonly accepts?: string
}

/** One option, wherever it stands in the tree. */
export interface OptionRow {
  readonly path: readonly string[]
  /** The environment variable that overrides it. */
  readonly variable: string
  /** What it takes, in words. */
  readonly accepts: string
  readonly initial: unknown
  readonly description: string
  readonly shape: Shape
  /** Never in a file, never printed. */
  readonly secret: boolean
}

const root = z.toJSONSchema(options, { io: 'input', target: 'draft-7' }) as Shape

/** `learner.memoryPerClass` is `ANDON_LEARNER__MEMORY_PER_CLASS`: two underscores between levels, one between words. */
export function variableOf(path: readonly string[]): string {
  const words = path.map(key =>
    key
      .replace(/[KM]iB/g, unit => unit.toUpperCase())
      .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
      .toUpperCase()
  )
  return `ANDON_${words.join('__')}`
}

function range(shape: Shape, what: string, unit: string): string {
  const least = shape.minimum ?? shape.minLength
  const most = shape.maximum ?? shape.maxLength
  const above = shape.exclusiveMinimum
  if (above !== undefined) return `${what} above ${above}${most === undefined ? '' : ` and up to ${most}`}${unit}`
  if (least !== undefined && most !== undefined) return `${what} from ${least} to ${most}${unit}`
  return least === undefined ? what : `${what} of at least ${least}${unit}`
}

/** What a shape takes, in words: `a whole number from 1 to 256`. */
export function accepts(shape: Shape): string {
  if (shape.accepts !== undefined) return shape.accepts
  if (shape.anyOf) return shape.anyOf.map(accepts).join(' or ')
  if (shape.const !== undefined) return JSON.stringify(shape.const)
  if (shape.enum) return `one of ${shape.enum.map(value => JSON.stringify(value)).join(', ')}`
  switch (shape.type) {
    case 'integer':
      return range(shape, 'a whole number', '')
    case 'number':
      return range(shape, 'a number', '')
    case 'string':
      return shape.minLength === 1 ? 'a text' : range(shape, 'a text', ' characters')
    case 'boolean':
      return 'true or false'
    case 'null':
      return 'null'
    case 'array':
      return `a list of ${shape.items ? accepts(shape.items) : 'values'}`
    case 'object':
      return typeof shape.additionalProperties === 'object'
        ? `names, each with ${accepts(shape.additionalProperties)}`
        : 'a section of options'
    default:
      return 'a value'
  }
}

/**
 * Every option in the order of its declaration.
 *
 * @example
 * ```ts
 * import { optionRows } from '../src/config/option-rows.ts'
 * optionRows().find(row => row.variable === 'ANDON_LEARNER__EXPERTS')?.accepts // => 'a whole number from 1 to 256'
 * ```
 */
export function optionRows(): OptionRow[] {
  const rows: OptionRow[] = []
  const visit = (shape: Shape, path: readonly string[]): void => {
    for (const [key, part] of Object.entries(shape.properties ?? {})) {
      const at = [...path, key]
      if (part.properties) visit(part, at)
      else {
        rows.push({
          path: at,
          variable: variableOf(at),
          accepts: accepts(part),
          initial: part.default,
          description: part.description ?? '',
          shape: part,
          secret: part.secret === true
        })
      }
    }
  }
  visit(root, [])
  return rows
}

/** The shape of an option or a section by its key. Keys come from files, so `constructor` must find nothing. */
export function propertyOf(shape: Shape, key: string): Shape | undefined {
  return shape.properties !== undefined && Object.hasOwn(shape.properties, key) ? shape.properties[key] : undefined
}

/** The shape at a path, as far down as it goes. */
export function shapeAt(path: readonly PropertyKey[]): Shape {
  let shape = root
  for (const key of path) {
    const next = typeof key === 'number' ? (shape.items ?? shape.anyOf?.find(part => part.items)?.items) : propertyOf(shape, String(key))
    const other = typeof shape.additionalProperties === 'object' ? shape.additionalProperties : undefined
    const found = next ?? other
    if (found === undefined) return shape
    shape = found
  }
  return shape
}

/** JSON Schema of the configuration file, for editors. Secrets are not in it, as they may not stand in the file. */
export function jsonSchema(): object {
  return z.toJSONSchema(options, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema: part }) => {
      delete part.accepts
      for (const [key, value] of Object.entries(part.properties ?? {})) {
        if (typeof value === 'object' && value.secret === true) delete part.properties?.[key]
      }
    }
  })
}

/** The options as a table in Markdown, which the documents print and a test holds them to. */
export function optionTable(): string {
  const rows = optionRows().map(row => {
    const initial = row.secret ? 'none' : `\`${JSON.stringify(row.initial)}\``
    const name = row.secret ? `\`${row.path.join('.')}\` (environment only)` : `\`${row.path.join('.')}\``
    return `| ${name} | ${row.accepts} | ${initial} | ${row.description.replaceAll('|', '\\|')} |`
  })
  return ['| option | takes | default | what it does |', '|---|---|---|---|', ...rows].join('\n')
}
