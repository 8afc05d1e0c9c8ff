/** docs/operations.md leads somewhere: its links, the options and commands it names, the files it tells of. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { metricsPage } from '../../src/adapter/prometheus/table.ts'
import { optionRows } from '../../src/config/option-rows.ts'
import { namesIn } from './metric-names.ts'

const page = readFileSync('docs/operations.md', 'utf8')
const commands = readFileSync('docs/commands.md', 'utf8')
const code = [...page.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text!)

test.each(['docs/operations.md', 'README.md'])('every link of %s leads to a page, and to a heading that is on it', file => {
  const links = [...readFileSync(file, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!).filter(link => !link.includes(':'))
  expect(links.length).toBeGreaterThan(5)
  const broken = links.filter(link => {
    const [path, anchor] = link.split('#') as [string, string?]
    const to = join(dirname(file), path)
    if (!existsSync(to)) return true
    const headings = [...readFileSync(to, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, text]) => text!.toLowerCase().replaceAll(' ', '-'))
    return anchor !== undefined && !headings.includes(anchor)
  })
  expect(broken).toEqual([])
})

describe('what the page of operations names is there', () => {
  test('every option', () => {
    const paths = optionRows().map(row => row.path.join('.'))
    const sections = new Set(paths.map(path => path.split('.')[0]))
    const named = code.map(text => /^([a-z]+(?:\.[A-Za-z]+)+)(?:: .*)?$/.exec(text)?.[1]).filter(path => path !== undefined)
    const options = named.filter(path => sections.has(path.split('.')[0]!) && !existsSync(path))
    expect(options.length).toBeGreaterThan(10)
    expect(options.filter(path => !paths.some(each => each === path || each.startsWith(`${path}.`)))).toEqual([])
  })

  test('every command with its flags', () => {
    const calls = code.filter(text => /^andon [a-z]/.test(text))
    expect(calls.length).toBeGreaterThan(5)
    for (const call of calls) {
      const name = call.split(' ')[1]!
      const section = commands.split(/^## /m).find(part => part.startsWith(`andon ${name}\n`))
      expect(section, call).toBeDefined()
      for (const flag of call.match(/--[a-z-]+/g) ?? []) expect(section, call).toContain(`${flag} `)
    }
  })

  test('every metric', () => {
    expect(namesIn(code.join('\n')).filter(name => !metricsPage('andon').includes(`\`${name}\``))).toEqual([])
  })

  test('every file', () => {
    const files = code.filter(text => /^(deploy|test|bench|docs)\/[\w./-]+$/.test(text) || /^(Dockerfile|docker-compose\.yml)$/.test(text))
    expect(files.length).toBeGreaterThan(4)
    expect(files.filter(file => !existsSync(file))).toEqual([])
  })
})
