/** docs/alerts.md tells what is so. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defaultRules } from '../../src/alert/default-rules.ts'
import { loadConfig } from '../../src/config/load.ts'

const page = readFileSync('docs/alerts.md', 'utf8')

test('the page lists the rules that hold by default, with kind and severity, and no other', () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| `([a-z]+)` \|.*\| (\w+)[^|]*\|$/gm)].map(([, ...cells]) => cells)
  expect(rows).toEqual(defaultRules.map(({ name, kind, severity }) => [name, kind, severity]))
})

test('the configuration it shows is taken as it stands', () => {
  const [block] = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(found => found[1]!)
  const path = join(mkdtempSync(join(tmpdir(), 'andon-alerts-')), 'andon.yaml')
  writeFileSync(path, block!)
  expect(Object.keys(loadConfig({ env: {}, path }).alert.rules)).toEqual(['cracks', 'bad-hour', 'undecided'])
})

test('what it says of a trial are the defaults', () => {
  const { enabled: _, ...criteria } = loadConfig({ env: {} }).alert.trial
  for (const [name, value] of Object.entries(criteria))
    expect(page).toContain(`| \`${name}\` | ${value >= 1 || value === 0 ? value.toLocaleString('en') : String(value).slice(1)} |`)
})
