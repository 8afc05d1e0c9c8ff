/** docs/commands.md says what the commands say: their help, their exit codes, and the fields of what they print. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitCodes } from '../../src/command/output.ts'
import { type Cli, type Ended, openCli } from './cli.ts'

const page = readFileSync('docs/commands.md', 'utf8')
/** What stands under each heading. */
const sections = new Map(
  page
    .split(/^##+ /m)
    .slice(1)
    .map(part => [part.slice(0, part.indexOf('\n')), part] as const)
)
const rowsOf = (heading: string): string[][] =>
  sections
    .get(heading)!
    .split('\n')
    .filter(line => /^\| [`\d]/.test(line))
    .map(line =>
      line
        .split('|')
        .slice(1, -1)
        .map(cell => cell.trim().replaceAll('`', ''))
    )

let cli: Cli
beforeAll(() => {
  cli = openCli()
})
afterAll(() => cli.close())

const asked = new Map<string, Promise<Ended>>()
/** What a command's --help printed, asked once. */
function helpOf(path: readonly string[]): Promise<Ended> {
  const key = path.join(' ')
  const help = asked.get(key) ?? cli.run([...path, '--help'])
  asked.set(key, help)
  return help
}

describe('the help of every command', () => {
  const headings = [...sections.keys()].filter(heading => /^andon( |$)/.test(heading))

  test.each(headings)('%s --help is what the page prints', async heading => {
    const { code, stdout, stderr } = await helpOf(heading.split(' ').slice(1))
    expect([code, stderr]).toEqual([0, ''])
    expect(/```text\n([\s\S]*?)\n```/.exec(sections.get(heading)!)![1]).toBe(stdout.trimEnd())
  })

  test('stands on the page for each command and each part of one, and no other', async () => {
    const named = async (path: string[]): Promise<string[]> => {
      const { stdout } = await helpOf(path)
      const list = /Commands:\n([\s\S]*)/.exec(stdout)?.[1] ?? ''
      return [...list.matchAll(/^ {2}(\S+)/gm)].map(found => found[1]!).filter(name => name !== 'help')
    }
    const commands = await named([])
    const parts = await Promise.all(
      commands.map(async name => [`andon ${name}`, ...(await named([name])).map(part => `andon ${name} ${part}`)])
    )
    expect(headings.sort()).toEqual(['andon', ...parts.flat()].sort())
  })
})

test('every exit code stands on the page, and no other', () => {
  expect(rowsOf('Exit codes').map(([code]) => Number(code))).toEqual(Object.values(exitCodes))
})

/** Names of the fields of a JSON value, as the page writes them. */
function fieldsOf(value: unknown, path = ''): string[] {
  if (path === 'config' || typeof value !== 'object' || value === null) return [path]
  if (Array.isArray(value)) return typeof value[0] === 'object' ? value.flatMap(item => fieldsOf(item, `${path}[]`)) : [path]
  return Object.entries(value).flatMap(([key, child]) => {
    const name = path === 'tasks' ? 'NAME' : path.endsWith('perDomain') ? 'DOMAIN' : key
    return fieldsOf(child, path === '' ? name : `${path}.${name}`)
  })
}

const stream = `torque,line,fault\n${Array.from({ length: 60 }, (_, i) => `${i % 7},l${i % 2},${i % 7 > 4 ? 'dent' : 'none'}`).join('\n')}\n`

test('evaluate prints the fields of the page, and no other', async () => {
  writeFileSync(join(cli.folder, 'stream.csv'), stream)
  const { stdout } = await cli.run(['evaluate', 'stream.csv', '--label', 'fault', '--domain', 'line', '--curve', '--json'])
  const printed = [...new Set(fieldsOf(JSON.parse(stdout)))]
  const listed = rowsOf('What evaluate prints with --json').map(([field]) => field!)
  const inDomain = 'tasks.NAME.perDomain.DOMAIN'
  const over = ['tasks.NAME.window', 'tasks.NAME.forgetting', 'tasks.NAME.predicted']
  const folded = [inDomain, ...over]
  expect(printed.filter(field => !folded.some(path => field.startsWith(path))).sort()).toEqual(
    listed.filter(field => !folded.includes(field)).sort()
  )
  // A window and the forgetting scores have a count and the scores of the whole.
  const counted = listed.filter(field => /^tasks\.NAME\.(judged|scores)/.test(field))
  for (const path of over)
    expect(printed.filter(field => field.startsWith(path)).sort()).toEqual(counted.map(field => field.replace('tasks.NAME', path)).sort())
  // A domain has the fields of its task, less those of the single model and the costs.
  const own = listed.filter(field => /^tasks\.NAME\.(judged|scores|perClass|baselines\.(noChange|majority))/.test(field))
  expect(printed.filter(field => field.startsWith(inDomain)).sort()).toEqual(own.map(field => field.replace('tasks.NAME', inDomain)).sort())
})

test('every other command prints the fields that its section names, in that order', async () => {
  writeFileSync(join(cli.folder, 'stream.csv'), stream)
  const calls: [heading: string, ...args: string[]][] = [
    ['andon produce', 'produce', 'stream.csv', '--label', 'fault', '--labelled'],
    ['andon simulate-line', 'simulate-line', '--parts', '3', '--rate', '0'],
    ['andon run', 'run', '--for', '1'],
    ['andon replay', 'replay', '--compare'],
    ['andon snapshot list', 'snapshot', 'list'],
    ['andon snapshot verify', 'snapshot', 'verify'],
    ['andon backup', 'backup', 'copy'],
    ['andon migrate', 'migrate', '--from', 'data', '--to', 'moved']
  ]
  for (const [heading, ...args] of calls) {
    const { code, stdout } = await cli.run(args[0] === 'run' ? args : [...args, '--json'])
    expect([heading, code]).toEqual([heading, 0])
    if (args[0] === 'run') continue
    const told = sections.get(heading)!.split('`--json` prints ')[1]!
    const names = [...told.replace(/\([^)]*\)/g, '').matchAll(/`(\w+)`/g)].map(found => found[1]!)
    const printed = JSON.parse(stdout) as Record<string, unknown>
    expect([heading, names.slice(0, Object.keys(printed).length)]).toEqual([heading, Object.keys(printed)])
    if (Array.isArray(printed.snapshots) && typeof printed.snapshots[0] === 'object') {
      for (const name of Object.keys(printed.snapshots[0] as object)) expect(names).toContain(name)
    }
  }
})
