/** Every metric, declared once: what is registered, and what `docs/metrics.md` shows. */
import { signalKinds } from '../../events/event.ts'
import { driftKinds } from '../../learner/drift-report.ts'
import { ways } from '../../stability/needs.ts'
import { expertStates } from '../../stability/state.ts'
import { alertMetrics, noticeOutcomes, severities } from './alert-metrics.ts'
import { decideMetrics } from './decide-metrics.ts'
import { driftMetrics } from './drift-metrics.ts'
import { expertMetrics } from './expert-metrics.ts'
import { httpMetrics } from './http-metrics.ts'
import { defaultLimits, type Metric, other } from './metric.ts'
import { outcomes, parts, pipelineMetrics } from './pipeline-metrics.ts'
import { readinessMetrics } from './readiness-metrics.ts'
import { kinds, scoreMetrics, views } from './score-metrics.ts'
import { sharingMetrics } from './sharing-metrics.ts'

/** Told of the table itself, so that what a limit left out does not go unseen. Registered beside the others. */
export const leftOut = {
  name: 'left_out_series',
  type: 'gauge',
  labels: ['metric'],
  help: 'Series left out at the last scrape since their metric had reached its limit; absent where none was.'
} as const

export const sections: readonly { readonly title: string; readonly metrics: readonly Metric[] }[] = [
  { title: 'The flow', metrics: pipelineMetrics },
  { title: 'Quality', metrics: scoreMetrics },
  { title: 'Sharing', metrics: sharingMetrics },
  { title: 'Drift', metrics: driftMetrics },
  { title: 'Decisions', metrics: decideMetrics },
  { title: 'Alerts', metrics: alertMetrics },
  { title: 'Readiness', metrics: readinessMetrics },
  { title: 'Experts', metrics: expertMetrics },
  { title: 'The interface', metrics: httpMetrics }
]

/**
 * The text of `docs/metrics.md`.
 *
 * @example
 * ```ts
 * import { metricsPage } from '../src/adapter/prometheus/table.ts'
 * metricsPage('andon').includes('| `andon_lag_records` | gauge | topic |') // => true
 * ```
 */
export function metricsPage(prefix: string): string {
  const row = ({ name, type, labels, help }: { name: string; type: string; labels: readonly string[]; help: string }) =>
    `| \`${prefix}_${name}\` | ${type} | ${labels.join(', ')} | ${help} |`
  const table = (rows: readonly string[]) => ['| metric | type | labels | what it tells |', '|---|---|---|---|', ...rows].join('\n')
  const { tasks, classes, domains, banks, experts, sinks, series } = defaultLimits
  return `# Metrics

\`GET /metrics\` answers in the Prometheus text format. This page is made from the table the program registers; a test
holds them equal.

A score without support is absent, never 0. Scores are read off the state when they are asked for; nothing is computed
beside the learning. \`process_…\` and \`nodejs_…\` are the usual ones of the process.

The number of series is bounded: at most ${tasks} tasks, ${classes} classes a task, ${domains} domains, ${banks} banks a task, ${experts} experts a bank,
${sinks} sinks and ${series} series a metric. Counts beyond a limit are added up under \`${other}\`; means and scores beyond it are left out, as they
cannot be added.

| label | values |
|---|---|
| outcome | ${[...Object.keys(outcomes), other].join(', ')} |
| part | ${[...parts, other].join(', ')} |
| kind | ${kinds.join(', ')} |
| view | ${views.join(', ')} |
| signal | ${signalKinds.join(', ')} |
| what of drift | ${driftKinds.join(', ')} |
| severity | ${severities.join(', ')} |
| outcome of a notice | ${noticeOutcomes.join(', ')} |
| route | the addresses of [http.md](http.md), ${other} |
| state | ${expertStates.join(', ')} |
| way | ${ways.join(', ')} |

| outcome | what became of the event |
|---|---|
${Object.entries(outcomes)
  .map(([outcome, meaning]) => `| ${outcome} | ${meaning} |`)
  .join('\n')}

${sections.map(({ title, metrics }) => `## ${title}\n\n${table(metrics.map(row))}`).join('\n\n')}

## The metrics themselves

${table([row(leftOut)])}
`
}
