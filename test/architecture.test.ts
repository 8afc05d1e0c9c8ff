/**
 * The layers of src/README.md, as a test: every source file keeps to its row, and a made-up file that breaks a rule is
 * caught, so that no rule can have gone blind.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'

interface Row {
  readonly pure: boolean
  readonly may: readonly string[]
  readonly packages: readonly string[]
}
/** The root may import everyone. */
const EVERYONE = '*'

function readTable(markdown: string): Map<string, Row> {
  const rows = markdown
    .split('\n')
    .filter(line => line.startsWith('|'))
    .map(line => line.split('|').map(cell => cell.trim()))
  const heading = rows[0] ?? []
  const column = (name: string) => {
    const at = heading.indexOf(name)
    if (at < 0) throw new Error(`expected a column "${name}" in the table of layers, got ${heading.join(', ')}`)
    return at
  }
  const list = (cell: string | undefined) =>
    (cell ?? '')
      .split(',')
      .map(name => name.trim())
      .filter(name => name !== '')
  const [folder, pure, may, packages] = [column('folder'), column('pure'), column('may import'), column('packages')]
  return new Map(
    rows.slice(2).map(row => [row[folder]!, { pure: row[pure] === 'yes', may: list(row[may]), packages: list(row[packages]) }])
  )
}

const table = readTable(readFileSync('src/README.md', 'utf8'))
const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map(file => file.replaceAll('\\', '/'))
  .filter(file => /\.[cm]?[jt]sx?$/.test(file))

const token =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|(?<=[(,=:[!&|?{};]\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[dgimsuvy]*(?=\s*[.,;)\]\n])/g

/** The code alone: comments and patterns blanked out, strings as `"#n"` with what they say apart. Lines stay where they are. */
function codeOf(source: string): { code: string; strings: string[] } {
  const strings: string[] = []
  const code = source.replace(token, found => {
    if (found.startsWith("'") || found.startsWith('"')) return `"#${strings.push(found.slice(1, -1)) - 1}"`
    return found.replace(/[^\n]/g, ' ')
  })
  return { code, strings }
}

/** Every module a source names: import, export from, import type, import(), require(). Null stands for a computed name. */
function importsOf(source: string): (string | null)[] {
  const { code, strings } = codeOf(source)
  const named = [...code.matchAll(/(?:\bfrom|\bimport|\b(?:import|require)\s*\()\s*"#(\d+)"/g)].map(found => strings[Number(found[1])]!)
  const computed = [...code.matchAll(/\b(?:import|require)\s*\(\s*(?!"#\d+"\s*[,)])/g)].map(() => null)
  return [...named, ...computed]
}

const forbidden: readonly (readonly [RegExp, string])[] = [
  [/\bDate\b/, 'the clock (Date)'],
  [/\bperformance\b/, 'the clock (performance)'],
  [/\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/, 'a timer'],
  [/\bMath\s*(?:\.\s*random\b|\[)|\bcrypto\b/, 'chance (Math.random)'],
  [/\bprocess\b/, 'the environment (process)'],
  [/\bconsole\b/, 'the terminal (console)'],
  [/\bglobalThis\b|\bfetch\b/, 'the outside world'],
  [/\btoLocale\w+|\bIntl\b|\blocaleCompare\b/, 'the machine’s locale'],
  [
    /\bMath\s*\.\s*(?:exp|expm1|log|log2|log10|log1p|pow|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|asinh|acosh|atanh|cbrt|hypot)\b/,
    'a function of Math whose last bit is not specified: take it from numeric/exp-log.ts'
  ],
  [/\b(?:const|let|var)\s*\{[^}]*\}\s*=\s*Math\b|=\s*Math\s*(?:[;,)\n]|$)/, 'Math under another name'],
  [/\*\*/, 'the power operator, whose last bit is not specified']
]

/** What a file may not do but does, by the rules of its row. */
function violations(file: string, source: string, rows: ReadonlyMap<string, Row> = table): string[] {
  const parts = file.split('/')
  const folderOf = (path: string) => {
    const at = path.split('/')
    if (at.length === 1) return 'root'
    return at[0] === 'adapter' ? `adapter/${at[1]}` : at[0]!
  }
  const folder = folderOf(file)
  const root = parts.length === 1
  const row = root ? { pure: false, may: [EVERYONE], packages: [EVERYONE] } : rows.get(folder)
  if (row === undefined) return [`src/${folder} has no row in the table of layers`]

  const found: string[] = []
  for (const specifier of importsOf(source)) {
    if (specifier === null) found.push(`${folder} may not import by a computed name`)
    else if (specifier.startsWith('.')) {
      const target = posix.join(posix.dirname(file), specifier)
      if (target.startsWith('..')) found.push(`may not import ${specifier}: it lies outside src`)
      else if (!specifier.endsWith('.ts')) found.push(`may not import ${specifier}: write the extension .ts`)
      else if (folderOf(target) !== folder && !row.may.includes(EVERYONE) && !row.may.includes(folderOf(target))) {
        found.push(`${folder} may not import ${folderOf(target)}`)
      }
    } else if (specifier.startsWith('node:')) {
      if (row.pure) found.push(`${folder} is pure and may not import ${specifier}`)
    } else {
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/')
      if (row.pure || !(row.packages.includes(EVERYONE) || row.packages.includes(name)))
        found.push(`${folder} may not import the package ${name}`)
    }
  }
  if (row.pure) {
    const { code } = codeOf(source)
    for (const [pattern, what] of forbidden) {
      const at = code.search(pattern)
      if (at >= 0) found.push(`${folder} is pure and may not use ${what}, line ${code.slice(0, at).split('\n').length}`)
    }
  }
  return found
}

/** Folders in the order of a walk that came back to where it began, or null. */
function cycle(rows: ReadonlyMap<string, Row>): string[] | null {
  const visit = (folder: string, path: string[]): string[] | null => {
    if (path.includes(folder)) return [...path.slice(path.indexOf(folder)), folder]
    for (const next of rows.get(folder)?.may ?? []) {
      const found = visit(next, [...path, folder])
      if (found) return found
    }
    return null
  }
  for (const folder of rows.keys()) {
    const found = visit(folder, [])
    if (found) return found
  }
  return null
}

describe('the table of layers', () => {
  test('names only folders that have a row, and never goes in a circle', () => {
    const unknown = [...table].flatMap(([folder, row]) =>
      row.may.filter(name => name !== EVERYONE && !table.has(name)).map(name => `${folder} → ${name}`)
    )
    expect(unknown).toEqual([])
    expect(cycle(table)).toBeNull()
  })

  test('lets no pure folder import one that is not, nor a package', () => {
    for (const [folder, row] of table) {
      if (!row.pure) continue
      expect(row.packages, folder).toEqual([])
      expect(
        row.may.filter(name => table.get(name)?.pure !== true),
        folder
      ).toEqual([])
    }
  })

  test('has the rows that the planted faults rely on', () => {
    expect(table.get('numeric')).toEqual({ pure: true, may: [], packages: [] })
    expect(table.get('pipeline')?.pure).toBe(false)
    expect(table.get('adapter/lmdb')?.packages).toEqual(['lmdb'])
  })
})

describe('every source file keeps to its layer', () => {
  test.each(files)('src/%s', file => {
    expect(violations(file, readFileSync(`src/${file}`, 'utf8'))).toEqual([])
  })
})

describe('a planted fault goes red', () => {
  const planted: readonly (readonly [string, string, string, string])[] = [
    ['an arithmetic file that imports mathematics', 'numeric/a.ts', "import { b } from '../bank/b.ts'", 'numeric may not import bank'],
    ['an import of types only', 'numeric/a.ts', "import type { B } from '../bank/b.ts'", 'numeric may not import bank'],
    ['an import over several lines', 'judge/a.ts', "import {\n  b\n} from '../bank/b.ts'", 'judge may not import bank'],
    ['an export from elsewhere', 'judge/a.ts', "export { b } from '../learner/b.ts'", 'judge may not import learner'],
    ['an import that is awaited', 'http/a.ts', "const b = await import('../adapter/lmdb/b.ts')", 'http may not import adapter/lmdb'],
    [
      'an adapter that imports another',
      'adapter/lmdb/a.ts',
      "import { b } from '../memory/b.ts'",
      'adapter/lmdb may not import adapter/memory'
    ],
    ['the wiring, imported from below', 'pipeline/a.ts', "import { b } from '../wiring.ts'", 'pipeline may not import root'],
    ['a folder without a row', 'helper/a.ts', '', 'has no row in the table'],
    ['an adapter without a row', 'adapter/fax/a.ts', '', 'has no row in the table'],
    ['a file outside src', 'pipeline/a.ts', "import { b } from '../../test/b.ts'", 'outside src'],
    ['an import without its extension', 'pipeline/a.ts', "import { b } from './b'", 'extension .ts'],
    ['a package in a pure folder', 'events/a.ts', "import z from 'zod'", 'events may not import the package zod'],
    ['a part of a package', 'config/a.ts', "import x from 'avsc/lib/x'", 'config may not import the package avsc'],
    ['a package of another adapter', 'adapter/avro/a.ts', "import { open } from 'lmdb'", 'adapter/avro may not import the package lmdb'],
    ['a scoped package', 'http/a.ts', "import x from '@fastify/cors'", 'http may not import the package @fastify/cors'],
    ['an import for its side effect', 'bank/a.ts', "import 'zod'", 'bank may not import the package zod'],
    ['a package by require', 'bank/a.ts', "const z = require('zod')", 'bank may not import the package zod'],
    ['a package by a template', 'bank/a.ts', 'const z = await import(`zod`)', 'by a computed name'],
    ['a package by a computed name', 'http/a.ts', 'const z = await import(name)', 'by a computed name'],
    ['node in a pure folder', 'learner/a.ts', "import { readFileSync } from 'node:fs'", 'may not import node:fs'],
    ['node without its prefix', 'pipeline/a.ts', "import { readFileSync } from 'fs'", 'may not import the package fs'],
    ['the clock', 'judge/a.ts', 'const now = Date.now()', 'the clock (Date)'],
    ['a date', 'judge/a.ts', 'const now = new Date()', 'the clock (Date)'],
    ['the fine clock', 'judge/a.ts', 'const now = performance.now()', 'the clock (performance)'],
    ['a timer', 'join/a.ts', 'setTimeout(() => {}, 1)', 'a timer'],
    ['chance', 'memory/a.ts', 'const r = Math.random()', 'chance'],
    ['Math by a computed name', 'memory/a.ts', "const r = Math['exp'](1)", 'chance'],
    ['Math under another name', 'memory/a.ts', 'const { exp } = Math', 'Math under another name'],
    ['Math as a value', 'memory/a.ts', 'const m = Math\nm.exp(1)', 'Math under another name'],
    ['the environment', 'encode/a.ts', 'const e = process.env', 'the environment'],
    ['the terminal', 'encode/a.ts', "console.log('x')", 'the terminal'],
    ['the terminal inside a template', 'encode/a.ts', 'const t = `$' + '{console.log(1)}`', 'the terminal'],
    ['the locale', 'encode/a.ts', "['b', 'a'].sort((x, y) => x.localeCompare(y))", 'locale'],
    ['a function between two divisions', 'bank/a.ts', 'const y = a / Math.exp(b) /\n  c', 'last bit is not specified'],
    ['the power operator', 'bank/a.ts', 'const y = x ** 0.5', 'the power operator'],
    ...[
      'exp',
      'log',
      'log2',
      'log10',
      'log1p',
      'expm1',
      'pow',
      'sin',
      'cos',
      'tan',
      'sinh',
      'cosh',
      'tanh',
      'cbrt',
      'hypot',
      'atan',
      'atan2',
      'asin',
      'acos'
    ].map(name => [`Math.${name}`, 'bank/a.ts', `const y = Math.${name}(x)`, 'last bit is not specified'] as const)
  ]
  test.each(planted)('%s', (_name, file, source, told) => {
    expect(violations(file, source).join('\n')).toContain(told)
  })

  const harmless: readonly (readonly [string, string, string])[] = [
    ['a word in a comment', 'bank/a.ts', '/** Unlike Math.exp, 2 ** x or Date.now(). */\n// process\nexport const a = 1'],
    ['a word in a string', 'bank/a.ts', "export const a = 'in process, see console'"],
    ['a string that ends in from', 'bank/a.ts', "export const a = ['what it came from', ', ']"],
    ['Math that is specified', 'bank/a.ts', 'export const a = Math.sqrt(Math.max(1, Math.fround(2))) + Math.imul(2, 3) + Math.floor(1.5)'],
    ['the own exponential', 'bank/a.ts', "import { exp } from '../numeric/exp-log.ts'\nexport const a = exp(1)"],
    ['node in the shell', 'pipeline/a.ts', "import { readFileSync } from 'node:fs'"],
    [
      'the root, which may everything',
      'wiring.ts',
      "import { open } from 'lmdb'\nimport { a } from './adapter/lmdb/a.ts'\nimport './command/andon.ts'"
    ],
    ['the clock in the shell', 'pipeline/a.ts', 'export const a = Date.now()']
  ]
  test.each(harmless)('but not %s', (_name, file, source) => {
    expect(violations(file, source)).toEqual([])
  })

  test('a circle in the table', () => {
    const circle = readTable('| folder | pure | may import | packages |\n|---|---|---|---|\n| a | yes | b | |\n| b | yes | a | |')
    expect(cycle(circle)).toEqual(['a', 'b', 'a'])
  })
})
