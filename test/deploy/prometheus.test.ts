/** Rules, scrapes and routes, in the words of promtool and amtool themselves. Skipped where they are not installed, unless ANDON_REQUIRE names promtool. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { sections } from '../../src/adapter/prometheus/table.ts'
import { namesIn } from './metric-names.ts'

interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly labels?: { readonly severity: string }
}

const rulesText = readFileSync('deploy/prometheus/rules.yml', 'utf8')
const rules = (parse(rulesText) as { groups: { rules: Rule[] }[] }).groups.flatMap(group => group.rules)
const alerts = rules.flatMap(({ alert }) => alert ?? [])
const scrapes = parse(readFileSync('deploy/prometheus/prometheus.yml', 'utf8'))
const routes = parse(readFileSync('deploy/alertmanager/alertmanager.yml', 'utf8'))

describe('the rules', () => {
  test('ask for metrics that there are', () => {
    const declared = new Set(
      sections.flatMap(({ metrics }) =>
        metrics.flatMap(({ name, type }) => (type === 'histogram' ? [`andon_${name}_bucket`] : [`andon_${name}`]))
      )
    )
    const asked = rules.flatMap(({ expr }) => namesIn(expr))
    expect(asked.length).toBeGreaterThan(10)
    expect(asked.filter(name => !declared.has(name))).toEqual([])
  })

  test('use recorded series that are recorded, and record none that is not used', () => {
    const recorded = rules.flatMap(({ record }) => record ?? [])
    const used = new Set(rules.flatMap(({ expr }) => expr.match(/\b\w+(?::\w+)+/g) ?? []))
    expect([...used].sort()).toEqual(recorded.sort())
  })

  test('have a case for every alert, one in which it fires', () => {
    const cases = parse(readFileSync('deploy/prometheus/rules.test.yml', 'utf8')).tests as {
      alert_rule_test: { alertname: string; exp_alerts?: unknown[] }[]
    }[]
    const firing = cases.flatMap(each => each.alert_rule_test.filter(one => one.exp_alerts !== undefined).map(one => one.alertname))
    expect([...new Set(firing)].sort()).toEqual([...alerts].sort())
  })

  test('have an alert for every row of the page that says what to do, and a row for every alert', () => {
    const page = readFileSync('docs/operations.md', 'utf8')
    expect([...page.matchAll(/^\| `(Andon\w+)` \|/gm)].map(([, name]) => name)).toEqual(alerts)
  })
})

describe('Alertmanager', () => {
  test('knows the severities and alerts of the rules, and no other', () => {
    const severities = new Set(rules.flatMap(({ labels }) => labels?.severity ?? []))
    const matched = (routes.route.routes as { matchers: string[] }[]).flatMap(({ matchers }) => matchers)
    // Alerts of lines have severities of their own.
    const ofRules = matched.filter(matcher => matcher !== 'line=~".+"')
    expect(matched.length - ofRules.length).toBe(1)
    for (const matcher of ofRules) expect(severities).toContain(/^severity="(\w+)"$/.exec(matcher)?.[1])
    const inhibiting = JSON.stringify(routes.inhibit_rules).match(/Andon\w+/g) ?? []
    expect(inhibiting.filter(name => !alerts.includes(name))).toEqual([])
  })
})

test('every process that compose starts is scraped under its role', () => {
  const { services } = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
    services: Record<string, { image: string; command?: string[] }>
  }
  const started = Object.entries(services).filter(([, { image }]) => image === 'andon')
  const { static_configs } = scrapes.scrape_configs.find((each: { job_name: string }) => each.job_name === 'andon')
  const scraped = (static_configs as { targets: string[]; labels: { role: string } }[]).flatMap(({ targets, labels }) =>
    targets.map(target => `${target} ${labels.role}`)
  )
  expect(scraped.sort()).toEqual(started.map(([name, { command }]) => `${name}:9464 ${command!.at(-1)}`).sort())
})

const required = (process.env.ANDON_REQUIRE ?? '').split(',').includes('promtool')
const missing = ['promtool', 'amtool'].filter(command => spawnSync(command, ['--version']).status !== 0)
const skip = missing.length > 0 && !required
if (skip) console.info(`skipped: ${missing.join(' and ')} not installed (Debian: apt-get install prometheus prometheus-alertmanager)`)

describe.skipIf(skip)('promtool and amtool', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'andon-rules-'))
    for (const part of ['prometheus', 'alertmanager']) cpSync(`deploy/${part}`, folder, { recursive: true })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const run = (command: string, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' })
    return { status, said: stdout + stderr }
  }

  test('find the rules right, and each alert firing where it must', () => {
    expect(run('promtool', 'check', 'rules', '--lint-fatal', 'rules.yml')).toMatchObject({ status: 0 })
    expect(run('promtool', 'test', 'rules', 'rules.test.yml')).toMatchObject({ status: 0 })
  })

  test('find an alert that fires elsewhere', () => {
    writeFileSync(join(folder, 'rules.yml'), rulesText.replace('> 0.01', '> 0.2'))
    expect(run('promtool', 'test', 'rules', 'rules.test.yml').status).not.toBe(0)
    writeFileSync(join(folder, 'rules.yml'), rulesText)
  })

  test('find what is scraped right, and the routes', () => {
    const there = readFileSync(join(folder, 'prometheus.yml'), 'utf8').replace('/etc/prometheus/', '').replace('/run/secrets/', '')
    writeFileSync(join(folder, 'metrics-token'), 'token')
    writeFileSync(join(folder, 'here.yml'), there)
    expect(run('promtool', 'check', 'config', 'here.yml')).toMatchObject({ status: 0 })
    expect(run('amtool', 'check-config', 'alertmanager.yml')).toMatchObject({ status: 0 })
    for (const [receiver, ...labels] of [
      ['now', 'severity=critical'],
      ['day', 'severity=warning'],
      ['quality', 'severity=quality'],
      ['line', 'severity=critical', 'line=press-1'],
      ['line', 'severity=information', 'line=press-1']
    ])
      expect(run('amtool', 'config', 'routes', 'test', '--config.file=alertmanager.yml', ...labels).said.split('\n')[0]).toBe(receiver)
  })
})
