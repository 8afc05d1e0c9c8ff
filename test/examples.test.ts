/**
 * Runs every example the project prints: the `ts` blocks of doc comments, of README.md and of docs/. A line
 * `expression // => value` must hold, and nothing printed may throw.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const RUN = 'test/.run'

interface Printed {
  readonly place: string
  readonly code: string
}

/** Every `ts` block of a text, with the stars of a doc comment taken away and its assertions made real. */
function examplesOf(path: string, text: string): Printed[] {
  return [...text.matchAll(/^[ \t*]*```ts[ \t]*\n([\s\S]*?)^[ \t*]*```/gm)].map(found => {
    const line = text.slice(0, found.index).split('\n').length
    const body = found[1]!.replace(/^[ \t]*\*[ \t]?/gm, '')
    return { place: `${path}:${line}`, code: body.replace(/^(.+?);? \/\/ => (.+)$/gm, ';expect($1).toEqual($2)') }
  })
}

async function run({ code }: Printed): Promise<void> {
  mkdirSync(RUN, { recursive: true })
  const folder = mkdtempSync(join(RUN, 'example-'))
  try {
    const file = resolve(folder, 'example.ts')
    writeFileSync(file, `import { expect } from 'vitest'\n${code.replaceAll("'../src/", "'../../../src/")}\n`)
    await import(/* @vite-ignore */ pathToFileURL(file).href)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function list(folder: string, extension: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith(extension))
    .sort()
    .map(file => `${folder}/${file}`)
}

const documents = [...readdirSync('.').filter(file => file === 'README.md'), ...list('docs', '.md'), ...list('src', '.md')]
const printed = [...list('src', '.ts'), ...documents].flatMap(path => examplesOf(path, readFileSync(path, 'utf8')))

// Other tests build there at the same time: what they have is theirs.
afterAll(() => {
  if (existsSync(RUN) && readdirSync(RUN).length === 0) rmdirSync(RUN)
})

test.each(printed)('$place', run)

test('every example in a doc comment is a ts block, so that none escapes', () => {
  const bare = list('src', '.ts').filter(path => {
    const text = readFileSync(path, 'utf8')
    return text.split(/^ *\* @example\b/m).length - 1 > examplesOf(path, text).length
  })
  expect(bare).toEqual([])
})

const block = (...lines: string[]) => ['/**', ' * @example', ' * ```ts', ...lines.map(line => ` * ${line}`), ' * ```', ' */'].join('\n')

test.each([
  ['a wrong value', block('1 + 1 // => 3'), /expected 2 to deeply equal 3/],
  ['a wrong value after a semicolon', block('[1, 2]; // => [1]'), /deeply equal/],
  ['a name that is not there', block("import { nothing } from '../src/fault/fault.ts'", 'nothing() // => 1'), /not a function/],
  ['a throw', block("throw new Error('planted')"), /planted/]
])('an example with %s goes red', async (_name, text, told) => {
  const [example] = examplesOf('planted', text)
  await expect(run(example!)).rejects.toThrow(told)
})

test('an example that holds stays green', async () => {
  const [example] = examplesOf('planted', block("import { faultCodes } from '../src/fault/fault.ts'", "faultCodes.LOG_FULL // => 'retry'"))
  await run(example!)
})
