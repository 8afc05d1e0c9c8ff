/** The dashboards are what the table of metrics makes of them; `npm run dashboards` writes them anew. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { dashboardOf, type Shown } from '../../deploy/grafana/dashboard.ts'
import { leftOut, sections } from '../../src/adapter/prometheus/table.ts'
import { namesIn } from './metric-names.ts'

const FOLDER = 'deploy/grafana/dashboards'
const all = [...sections, { title: 'The metrics themselves', metrics: [leftOut as Shown] }]
const fileOf = (title: string) => `${title.toLowerCase().replace(/^the /, '').replaceAll(' ', '-')}.json`

describe('the dashboards', () => {
  test.each(all)('$title: what is stored is what the table makes', async ({ title, metrics }) => {
    const made = `${JSON.stringify(dashboardOf('andon', title, metrics), null, 2)}\n`
    await expect(made).toMatchFileSnapshot(`../../${FOLDER}/${fileOf(title)}`)
  })

  test('are these and no other', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(all.map(({ title }) => fileOf(title)).sort())
  })

  test('show every metric of the table, and none that is not in it', () => {
    const stored = all.map(({ title }) => readFileSync(`${FOLDER}/${fileOf(title)}`, 'utf8')).join('\n')
    const exprs = [...stored.matchAll(/"expr": "((?:[^"\\]|\\.)*)"/g)].map(([, expr]) => expr!)
    const shown = new Set(exprs.flatMap(namesIn).map(name => name.replace(/_bucket$/, '')))
    expect([...shown].sort()).toEqual(all.flatMap(({ metrics }) => metrics.map(({ name }) => `andon_${name}`)).sort())
  })

  test('ask the datasource that is provisioned', () => {
    const { datasources } = parse(readFileSync('deploy/grafana/provisioning/datasources/prometheus.yml', 'utf8'))
    for (const file of readdirSync(FOLDER)) expect(readFileSync(`${FOLDER}/${file}`, 'utf8')).toContain(`"uid": "${datasources[0].uid}"`)
  })
})
