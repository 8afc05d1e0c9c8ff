/** What `andon run --show` draws: how well each task and class is known at this moment, and what the experts do. */
import type { Report } from '../judge/report.ts'
import type { TaskStatus } from '../learner/status.ts'
import type { PipelineStatus } from '../pipeline/gateway.ts'
import { duration, type Palette, table } from './output.ts'

/** Experts and classes shown of a task: a screen's worth. */
const SHOWN = 8
/** Columns between two blocks. */
const GAP = 4

/** How large the text may be; absent lines are no limit. */
export interface Size {
  readonly columns: number
  readonly lines?: number | undefined
}

/** One screen of text. `before` is the status of the last one, for rates over `seconds` between them. */
export function screen(
  status: PipelineStatus,
  before: PipelineStatus | null,
  seconds: number,
  now: number,
  url: string | null,
  size: Size,
  paint: Palette
): string {
  const { learner, waiting, lag } = status
  const rate = (topic: string): string => {
    const of = (each: PipelineStatus): number => each.events.filter(e => e.topic === topic).reduce((sum, e) => sum + e.count, 0)
    return before === null || seconds <= 0 ? '–' : `${Math.round((of(status) - of(before)) / seconds)}/s`
  }
  const total = Object.values(lag).reduce((sum, each) => sum + each, 0)
  const rejected = status.events.filter(e => e.outcome === 'rejected').reduce((sum, e) => sum + e.count, 0)
  const head = [
    `${paint.bold('andon')}  ${status.ready ? paint.green('ready') : paint.red(status.reasons.join('; '))}  up ${duration((now - status.startedAt) / 1000)}${url === null ? '' : `  ${url}/metrics`}`,
    `observations ${rate('observations')}  labels ${rate('labels')}  learned ${learner?.learned ?? '–'} (${rate('examples')})  lag ${total}  waiting ${waiting.observations}  rejected ${rejected}`,
    paint.dim(
      `predict ${status.costs.predict?.toFixed(0)} µs  learn ${status.costs.learn?.toFixed(0)} µs an event  ${learner?.domains.length ?? '–'} domains  ${learner?.features ?? '–'} inputs  snapshot at ${status.snapshot?.learned ?? '–'}`
    )
  ]
  const lines = [...head, ...(learner?.tasks ?? []).flatMap(task => ['', ...taskLines(task, size.columns, paint)])]
  const room = (size.lines ?? Number.POSITIVE_INFINITY) - 1
  if (lines.length <= room) return `${lines.join('\n')}\n`
  return `${[...lines.slice(0, room - 1), paint.dim(`${lines.length - room + 1} more lines: enlarge the window`)].join('\n')}\n`
}

function taskLines(task: TaskStatus, columns: number, paint: Palette): string[] {
  const single = task.single?.scores
  const served = task.asServed
  const heading = ['', 'n', 'accuracy', 'κ', 'G-mean', 'macro-F1', 'log loss']
  const row = (name: string, { n, scores }: Report): string[] => [
    name,
    String(Math.round(n)),
    ...[scores.accuracy, scores.kappa, scores.gMean, scores.macroF1, scores.logLoss].map(figure)
  ]
  const { noChange, majority } = task.testThenTrain.baselines
  const rows = [row('as served', served), row('on arrival', task.testThenTrain), row('on arrival, last 1,000', task.window)]
  if (single !== undefined && task.single !== null) rows.push(row('single model', task.single))
  rows.push(['no change', '', figure(noChange.accuracy), figure(noChange.kappa), '', '', ''])
  rows.push(['majority', '', figure(majority.accuracy), figure(majority.kappa), '', '', ''])
  const classes = [...task.testThenTrain.perClass]
    .filter(each => each.support > 0)
    .sort((a, b) => b.support - a.support)
    .slice(0, SHOWN)
    .map(each => {
      const [low, high] = each.recallInterval ?? [0, 0]
      const late = task.window.perClass.find(other => other.class === each.class)
      return [
        each.class,
        String(each.support),
        figure(each.recall),
        `${low.toFixed(2)} to ${high.toFixed(2)}`,
        figure(late?.recall ?? null),
        figure(each.precision)
      ]
    })
  const bank = task.banks[0]
  const busiest = [...(bank?.experts ?? [])].sort((a, b) => b.responsibility - a.responsibility || a.expert - b.expert).slice(0, SHOWN)
  const experts = busiest.map(each => [
    `expert ${each.expert}`,
    each.interpretable ? each.state : `${each.state} (!)`,
    figure(each.utilisation),
    figure(each.responsibility),
    speaksFor(each.effectiveSampleSize),
    figure(each.change)
  ])
  const left = table(['class', 'support', 'recall', '95 % interval', 'last 1,000', 'precision'], classes)
  const right = table(['', 'state', 'utilisation', 'responsibility', 'learned most from', 'change'], experts)
  return [
    `${paint.bold(task.task)}  ${paint.dim(`experts of bank ${bank?.bank ?? '–'}, gate entropy ${figure(bank?.gateEntropy ?? null)} nats`)}`,
    ...table(heading, rows).split('\n'),
    '',
    ...committee(task),
    '',
    ...beside(left.split('\n'), right.split('\n'), columns)
  ]
}

/** How much each bank says in each domain, in brackets while it rests, and what sharing gained the domain of late. */
function committee({ committee: domains }: TaskStatus): string[] {
  const shown = Object.entries(domains).slice(0, SHOWN)
  const [first] = shown
  if (first === undefined) return []
  const rows = shown.map(([domain, { banks, transfer }]) => [
    domain === '' ? 'all' : domain,
    ...banks.map(({ weight, resting }) => (resting ? `(${weight.toFixed(2)})` : weight.toFixed(2))),
    transfer === null ? '–' : transfer.recent.toFixed(3)
  ])
  return table(['weight of', ...first[1].banks.map(({ bank }) => bank), 'sharing, nats'], rows).split('\n')
}

/** Two blocks next to each other where the terminal is wide enough, else one below the other. */
function beside(left: readonly string[], right: readonly string[], columns: number): string[] {
  const wide = Math.max(...left.map(line => line.length))
  if (wide + GAP + Math.max(...right.map(line => line.length)) > columns) return [...left, '', ...right]
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) =>
    `${(left[i] ?? '').padEnd(wide + GAP)}${right[i] ?? ''}`.trimEnd()
  )
}

/** The class an expert has learned most examples of, in effect. */
function speaksFor(sizes: Readonly<Record<string, number>>): string {
  const [first] = Object.entries(sizes).sort((a, b) => b[1] - a[1])
  return first === undefined ? '–' : `${first[0]} (${Math.round(first[1])})`
}

function figure(value: number | null): string {
  return value === null ? '–' : value.toFixed(3)
}
