/** `andon ablate` as a program would use it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cli, openCli } from './cli.ts'

let cli: Cli
beforeAll(() => {
  cli = openCli()
  writeFileSync(join(cli.folder, 'stream.csv'), stream)
})
afterAll(() => cli.close())

const ROWS = 80
const rows = Array.from({ length: ROWS }, (_, i) => {
  const torque = (i * 37) % 101
  return `${torque},press-${i % 2},${torque > 70 ? 'dent' : torque > 40 ? 'scratch' : 'none'},${i % 4 === 0 ? 'warm' : 'cold'}`
})
const stream = `torque,line,fault,heat\n${rows.join('\n')}\n`

interface Summary {
  readonly file: string
  readonly rows: number
  readonly seeds: readonly number[]
  readonly delay: number
  readonly tasks: Readonly<
    Record<string, { readonly variants: readonly { readonly name: string; readonly mean: Readonly<Record<string, number | null>> }[] }>
  >
}

test('prints one JSON object whose committee is what evaluate says of the same seed', async () => {
  const asked = ['stream.csv', '--label', 'fault,heat', '--domain', 'line', '--delay', '3', '--json']
  const [ablated, evaluated] = await Promise.all([
    cli.run(['ablate', ...asked, '--seeds', '5']),
    cli.run(['evaluate', ...asked, '--seed', '5'])
  ])
  expect([ablated.code, ablated.stderr]).toEqual([0, ''])
  const { file, rows: read, seeds, delay, tasks } = JSON.parse(ablated.stdout) as Summary
  expect([file, read, seeds, delay]).toEqual(['stream.csv', ROWS, [5], 3])
  const scores = JSON.parse(evaluated.stdout) as { tasks: Record<string, { scores: Record<string, number> }> }
  expect(Object.keys(tasks)).toEqual(['fault', 'heat'])
  for (const [name, { variants }] of Object.entries(tasks)) {
    const { kappa, gMean, macroF1, logLoss } = scores.tasks[name]!.scores
    expect(variants[0]).toMatchObject({ name: 'committee', mean: { kappa, gMean, macroF1, logLoss } })
    expect(variants.map(each => each.name)).toContain('joint gates')
  }
})

test('prints a table a task, with – for intervals of one seed', async () => {
  const { code, stdout } = await cli.run(['ablate', 'stream.csv', '--label', 'fault', '--seeds', '1', '--limit', '40'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^stream\.csv: 40 rows\n/)
  expect(stdout).toMatch(/^fault: 3 classes, rarest \w+ \(\d+\)$/m)
  expect(stdout).toMatch(/^pool without guard( +−?[\d.]+){6} +– +−?[\d.]+ +–$/m)
  expect(stdout).toMatch(/^majority .*–/m)
})

test.each([
  ['a label column that is not there', ['stream.csv', '--label', 'wear'], 3, /expected a column "wear" \(label\)/],
  ['a file that is not there', ['none.csv', '--label', 'fault'], 3, /none\.csv/],
  ['no label', ['stream.csv'], 2, /--label/],
  ['a seed twice', ['stream.csv', '--label', 'fault', '--seeds', '1,1'], 2, /every seed once/],
  ['a seed that is none', ['stream.csv', '--label', 'fault', '--seeds', '1,x'], 2, /whole number/]
])('refuses %s', async (_name, args, exit, told) => {
  const { code, stdout, stderr } = await cli.run(['ablate', ...args])
  expect([code, stdout]).toEqual([exit, ''])
  expect(stderr).toMatch(told)
})
