/**
 * The configuration from its file, the environment and the command line, each overriding the one before. Either all of
 * it is right, or every problem is told at once; a secret is never part of a message.
 */
import { readFileSync } from 'node:fs'
import { LineCounter, parseDocument } from 'yaml'
import { Fault } from '../fault/fault.ts'
import { type Environment, type Setting, settingsOf } from './environment.ts'
import { optionRows, propertyOf, type Shape, shapeAt } from './option-rows.ts'
import { type Config, options } from './options.ts'
import { problemsOf, shown } from './problem.ts'

/** Part of a configuration, as it stands in a file. */
export interface PartialConfig {
  readonly [option: string]: unknown
}

export interface Sources {
  /** The file, in YAML. Without it `ANDON_CONFIG` names one, and without that the defaults stand. */
  readonly path?: string | undefined
  readonly env: Environment
  /** What the command line sets: the last word. `undefined` sets nothing. */
  readonly overrides?: PartialConfig
}

/**
 * A checked configuration. Throws `CONFIG_INVALID` with every problem on a line of its own.
 *
 * @example
 * ```ts
 * import { loadConfig } from '../src/config/load.ts'
 * loadConfig({ env: {} }).learner.experts // => 16
 * loadConfig({ env: { ANDON_HTTP__PORT: '9000' } }).http.port // => 9000
 * loadConfig({ env: {}, overrides: { domain: 'site' } }).domain // => ['features.site']
 * ```
 */
export function loadConfig({ path, env, overrides = {} }: Sources): Config {
  const file = path ?? (env.ANDON_CONFIG || undefined)
  const { tree, problems, lineOf } = file === undefined ? { tree: {}, problems: [], lineOf: () => null } : readTree(file)
  problems.push(...secretsIn(tree))
  const { settings, problems: misnamed } = settingsOf(env)
  problems.push(...misnamed)
  for (const setting of settings) put(tree, setting.path, setting.value)
  merge(tree, overrides)
  readSecrets(tree, problems)

  const checked = options.safeParse(tree)
  if (checked.success && problems.length === 0) return checked.data
  const source = (at: readonly PropertyKey[]) => variableOf(at, settings) ?? (overridden(at, overrides) ? 'command line' : lineOf(at))
  for (const issue of checked.error?.issues ?? []) problems.push(...problemsOf(issue, tree, source))
  const from = file === undefined ? '' : ` in ${file}`
  throw new Fault(
    'CONFIG_INVALID',
    `expected a valid configuration, got ${count(problems.length)}${from}:\n${problems.map(each => `  ${each}`).join('\n')}`
  )
}

const count = (n: number) => (n === 1 ? 'one problem' : `${n} problems`)

interface Tree {
  [key: string]: unknown
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

function readTree(file: string): { tree: Tree; problems: string[]; lineOf: (path: readonly PropertyKey[]) => string | null } {
  const lines = new LineCounter()
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault(
      'CONFIG_INVALID',
      `expected a configuration file at ${file}, got ${(cause as Error).message}: correct the path, or leave it out for the defaults`,
      cause
    )
  }
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0) {
    const told = document.errors.map(error => {
      const { line, col } = lines.linePos(error.pos[0])
      return `  ${file}:${line}:${col}: ${error.message}`
    })
    throw new Fault('CONFIG_INVALID', `expected YAML, got ${count(told.length)} of syntax in ${file}:\n${told.join('\n')}`)
  }
  const value: unknown = document.toJS()
  if (value !== null && !isTree(value)) {
    throw new Fault('CONFIG_INVALID', `expected a mapping of options in ${file}, got ${shown(value)}: write \`option: value\` lines`)
  }
  const lineOf = (path: readonly PropertyKey[]) => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true)
      const range = typeof node === 'object' && node !== null && 'range' in node ? (node.range as readonly number[] | undefined) : undefined
      if (range?.[0] !== undefined) return `${file}:${lines.linePos(range[0]).line}`
    }
    return null
  }
  return { tree: filled(value ?? {}, shapeAt([])), problems: [], lineOf }
}

/** A section whose options are all commented out reads as null: it means its defaults. */
function filled(tree: Tree, shape: Shape): Tree {
  const entries = Object.entries(tree).map(([key, value]) => {
    const part = propertyOf(shape, key)
    if (part?.properties === undefined) return [key, value] as const
    return [key, value === null ? {} : isTree(value) ? filled(value, part) : value] as const
  })
  return Object.fromEntries(entries)
}

/** Takes secrets out of a file's tree and tells of them without showing them. */
function secretsIn(tree: Tree): string[] {
  const problems: string[] = []
  for (const row of optionRows().filter(each => each.secret)) {
    const parent = row.path.slice(0, -1).reduce<unknown>((at, key) => (isTree(at) ? at[key] : undefined), tree)
    const key = row.path.at(-1)!
    if (!isTree(parent) || !Object.hasOwn(parent, key)) continue
    delete parent[key]
    problems.push(
      `${row.path.join('.')}: expected no secret in the file: set ${row.variable}, or name a file of its own in ${row.path.join('.')}File`
    )
  }
  return problems
}

function put(tree: Tree, path: readonly string[], value: unknown): void {
  let at = tree
  for (const key of path.slice(0, -1)) {
    const next = at[key] ?? {}
    if (!isTree(next)) return // the check will tell what stands here in place of a section
    at[key] = next
    at = next
  }
  at[path.at(-1)!] = value
}

function merge(tree: Tree, overrides: PartialConfig): void {
  for (const [key, value] of Object.entries(overrides)) {
    if (value === undefined) continue
    const present = tree[key] ?? {}
    if (!isTree(value) || !isTree(present)) tree[key] = value
    else {
      merge(present, value)
      tree[key] = present
    }
  }
}

/** Secrets whose `…File` names a file of their own, unless they are set already. */
function readSecrets(tree: Tree, problems: string[]): void {
  for (const { path } of optionRows().filter(each => each.secret)) {
    const section = path.slice(0, -1).reduce<unknown>((at, key) => (isTree(at) ? at[key] : undefined), tree)
    const key = path.at(-1)!
    const file = isTree(section) ? section[`${key}File`] : undefined
    if (!isTree(section) || typeof file !== 'string' || section[key] != null) continue
    try {
      section[key] = readFileSync(file, 'utf8').trim()
    } catch (cause) {
      problems.push(`${path.join('.')}File: expected a file that can be read, got ${(cause as Error).message}`)
    }
  }
}

function variableOf(path: readonly PropertyKey[], settings: readonly Setting[]): string | null {
  const found = settings.find(setting => setting.path.every((key, i) => path[i] === key))
  return found?.variable ?? null
}

function overridden(path: readonly PropertyKey[], overrides: PartialConfig): boolean {
  const value = path.reduce<unknown>((at, key) => (isTree(at) && Object.hasOwn(at, key) ? at[String(key)] : undefined), overrides)
  return value !== undefined
}
