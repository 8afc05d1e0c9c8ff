import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { otherVariables } from '../../src/config/environment.ts'
import { loadConfig } from '../../src/config/load.ts'
import { jsonSchema, optionRows, optionTable, type Shape } from '../../src/config/option-rows.ts'
import { editDistance, nearest } from '../../src/config/problem.ts'
import { defaultLearnerOptions } from '../../src/learner/options.ts'
import { learnerOptionsOf } from '../../src/wiring.ts'

const folder = mkdtempSync(join(tmpdir(), 'andon-page-'))
afterAll(() => rmSync(folder, { recursive: true }))

function asFile(text: string): string {
  const path = join(folder, 'andon.yaml')
  writeFileSync(path, text)
  return path
}

const page = readFileSync('docs/configuration.md', 'utf8')
const rows = optionRows()

describe('every option', () => {
  test.each(rows.map(row => [row.path.join('.'), row] as const))('%s says what it does and takes its own default', (_name, row) => {
    expect(row.description.length).toBeGreaterThan(10)
    expect(row.accepts).not.toBe('a value')
    expect(row.initial !== undefined || row.secret).toBe(true)
    const overrides = row.path.reduceRight<unknown>((value, key) => ({ [key]: value }), row.initial) as Record<string, unknown>
    expect(loadConfig({ env: {}, overrides })).toEqual(loadConfig({ env: {} }))
  })

  // An option of text that is null is one that is not set, which no text can say.
  const sayable = rows.filter(row => !row.secret && !(row.initial === null && row.shape.anyOf?.some(part => part.type === 'string')))
  test.each(sayable.map(row => [row.variable, row] as const))('%s sets it', (variable, row) => {
    const text = typeof row.initial === 'string' ? row.initial : JSON.stringify(row.initial)
    expect(loadConfig({ env: { [variable]: text } })).toEqual(loadConfig({ env: {} }))
  })

  test('has a variable of its own', () => {
    const names = [...rows.map(row => row.variable), ...Object.keys(otherVariables)]
    expect(new Set(names.map(name => name.replaceAll('_', ''))).size).toBe(names.length)
  })
})

test('the learner’s defaults are the recipe it was measured with', () => {
  const { learner, seed, domain, judge } = loadConfig({ env: {} })
  const { dedupe, ...same } = learner
  // Banks and effort are those of the preset: no option names them.
  expect({ ...same, banks: null, effort: null, maxIds: dedupe.maxIds, seed, domain, judge }).toEqual(defaultLearnerOptions)
  expect(learnerOptionsOf(loadConfig({ env: {} }))).toEqual(defaultLearnerOptions)
})

describe('the page in docs', () => {
  test('prints the table of options as it is declared; `andon config options` prints it anew', () => {
    const table = page.match(/<!-- options -->\n+([\s\S]*?)\n+<!-- \/options -->/)?.[1]
    expect(table).toBe(optionTable())
  })

  test('names every variable that is no option', () => {
    for (const [name, meaning] of Object.entries(otherVariables)) expect(page).toContain(`| \`${name}\` | ${meaning} |`)
  })

  test('shows files that are taken as they stand', () => {
    const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(found => found[1]!)
    expect(blocks.length).toBeGreaterThan(0)
    for (const block of blocks) {
      const variable = { ANDON_HTTP__TOKEN: 'only-so-that-it-is-set' }
      expect(() => loadConfig({ env: variable, path: asFile(block) })).not.toThrow()
    }
  })
})

describe('the JSON Schema', () => {
  test('refuses what is unknown, knows every option, and has no place for a secret', () => {
    const schema = jsonSchema() as Shape & { $schema: string }
    expect(schema.$schema).toContain('draft-07')
    const strict = (shape: Shape): boolean =>
      !shape.properties || (shape.additionalProperties === false && Object.values(shape.properties).every(strict))
    expect(strict(schema)).toBe(true)
    for (const row of rows) {
      const found = row.path.reduce<Shape | undefined>((shape, key) => shape?.properties?.[key], schema)
      if (row.secret) expect(found).toBeUndefined()
      else expect(found?.description).toBe(row.description)
    }
    expect(JSON.stringify(schema)).not.toMatch(/"secret"|"accepts"/)
  })
})

describe('the nearest name', () => {
  test('is found within a third of the letters, or not at all', () => {
    expect(nearest('expert', ['experts', 'rate'])).toBe('experts')
    expect(nearest('ratte', ['experts', 'rate'])).toBe('rate')
    expect(nearest('colour', ['experts', 'rate'])).toBeNull()
    expect(nearest('x', [])).toBeNull()
  })

  test('goes by the number of letters changed', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3)
    expect(editDistance('', 'abc')).toBe(3)
    expect(editDistance('same', 'same')).toBe(0)
  })
})

test('more classes over all tasks than one prediction can name are refused', () => {
  const read = (maxTasks: number, maxClasses: number) => () => loadConfig({ env: {}, overrides: { learner: { maxTasks, maxClasses } } })
  expect(read(5, 4096)).not.toThrow()
  expect(read(64, 4096)).toThrow(/learner\.maxClasses: expected at most 24000 classes over all tasks .* got 64 × 4096/)
})
