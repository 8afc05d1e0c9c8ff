/**
 * Grafana's dashboards out of the table of metrics: one a section, one panel a metric, in the words of the table. They are
 * made by `npm run dashboards` and never edited by hand.
 */

/** What is read of a metric's row. */
export interface Shown {
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly labels: readonly string[]
  readonly help: string
}

interface Target {
  readonly refId: string
  readonly expr: string
  readonly legendFormat: string
}

/** Of the uid in deploy/grafana/provisioning. */
const datasource = { type: 'prometheus', uid: 'andon-prometheus' }
/** Labels that are chosen above the panels, since all of their values at once say too much. */
const chosen = ['task', 'view', 'domain', 'bank'] as const
/** Three panels a row of Grafana's 24 columns. */
const WIDTH = 8
const HEIGHT = 7

/** A dashboard as Grafana reads it. `prefix` is that of the metrics. */
export function dashboardOf(prefix: string, title: string, metrics: readonly Shown[]): object {
  const variables = chosen.filter(label => metrics.some(({ labels }) => labels.includes(label)))
  return {
    uid: `${prefix}-${title.toLowerCase().replaceAll(' ', '-')}`,
    title: `Andon: ${title[0]!.toLowerCase()}${title.slice(1)}`,
    tags: [prefix],
    editable: false,
    schemaVersion: 39,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    templating: {
      list: [
        variableOf('job', `label_values(${prefix}_ready, job)`),
        ...variables.map(label =>
          variableOf(label, `label_values(${prefix}_${metrics.find(m => m.labels.includes(label))!.name}, ${label})`)
        )
      ]
    },
    panels: metrics.map((metric, i) => panelOf(prefix, metric, i))
  }
}

function variableOf(name: string, query: string): object {
  return {
    name,
    type: 'query',
    datasource,
    query: { query, refId: name },
    refresh: 2,
    includeAll: true,
    multi: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
    sort: 1
  }
}

function panelOf(prefix: string, metric: Shown, i: number): object {
  const { name, help } = metric
  return {
    id: i + 1,
    type: 'timeseries',
    title: `${prefix}_${name}`,
    description: help,
    datasource,
    gridPos: { x: (i % 3) * WIDTH, y: Math.floor(i / 3) * HEIGHT, w: WIDTH, h: HEIGHT },
    fieldConfig: { defaults: { unit: unitOf(metric), custom: { fillOpacity: 0, showPoints: 'never' } }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: targetsOf(prefix, metric).map(target => ({ ...target, datasource }))
  }
}

/** What several processes tell of the same thing is the same, or one knows more: the largest. Counts of each are added. */
function targetsOf(prefix: string, { name, type, labels }: Shown): readonly Target[] {
  const picked = ['job=~"$job"', ...chosen.filter(label => labels.includes(label)).map(label => `${label}=~"$${label}"`)].join(', ')
  const series = `${prefix}_${name}`
  if (type === 'histogram')
    return [0.5, 0.99].map((quantile, i) => ({
      refId: 'AB'[i]!,
      expr: `histogram_quantile(${quantile}, sum by (le) (rate(${series}_bucket{${picked}}[$__rate_interval])))`,
      legendFormat: `p${quantile * 100}`
    }))
  // What has no label of its own is told apart by who tells it.
  const by = labels.length === 0 ? ['role', 'instance'] : labels
  const legendFormat = by.map(label => `{{${label}}}`).join(' ')
  const expr =
    type === 'counter'
      ? `sum by (${by.join(', ')}) (rate(${series}{${picked}}[$__rate_interval]))`
      : `max by (${by.join(', ')}) (${series}{${picked}})`
  return [{ refId: 'A', expr, legendFormat }]
}

/** Grafana's name of the unit in which a metric's name ends. */
function unitOf({ name, type }: Shown): string {
  if (type === 'counter') return 'cps'
  if (name.endsWith('_time_seconds')) return 'dateTimeAsIso'
  const units: Readonly<Record<string, string>> = { seconds: 's', bytes: 'bytes', ratio: 'percentunit' }
  return units[name.split('_').at(-1)!] ?? 'short'
}
