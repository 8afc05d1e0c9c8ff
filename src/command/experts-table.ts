/** The page that `andon experts` prints. */
import type { TaskStatus } from '../learner/status.ts'
import type { Experts, TaskExperts } from '../pipeline/experts.ts'
import { type Palette, table } from './output.ts'

type Bank = TaskStatus['banks'][number]
type Expert = Bank['experts'][number]
type Ready = TaskExperts['readiness'][number]

/**
 * A table a bank, and one a task of where its classes may be relied on.
 *
 * @example
 * ```ts
 * import { expertsPage } from '../src/command/experts-table.ts'
 * const plain = (text: string) => text
 * const paint = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain }
 * expertsPage({ learned: 12, domains: [], tasks: [] }, paint) // => '12 examples learned\n'
 * ```
 */
export function expertsPage({ learned, tasks }: Experts, paint: Palette): string {
  const parts = [`${learned} examples learned`]
  for (const task of tasks) {
    for (const bank of task.banks) parts.push('', heading(task, bank, paint), bankTable(bank, paint))
    if (task.readiness.length > 0) parts.push('', readinessTable(task, paint))
  }
  return `${parts.join('\n')}\n`
}

function heading({ task, learned }: TaskExperts, { bank, domain, gateEntropy, experts }: Bank, { bold, dim }: Palette): string {
  const most = Math.log(Math.max(1, experts.length))
  return `${bold(task)}, bank ${bold(bank)}${domain === null ? '' : ` of ${bold(domain)}`}  ${dim(`${domain === null ? `${learned} examples, ` : ''}gate entropy ${figure(gateEntropy)} of ${figure(most)} nats`)}`
}

function bankTable({ experts }: Bank, paint: Palette): string {
  const rows = experts.map(each => [
    String(each.expert),
    stateOf(each, paint),
    figure(each.utilisation),
    figure(each.responsibility),
    speaksFor(each),
    figure(each.change),
    figure(each.trend),
    figure(each.variation),
    each.nearest === null ? '–' : String(each.nearest),
    figure(each.distance),
    figure(each.without.leftOut),
    figure(each.without.replaced),
    figure(each.without.flattened),
    each.cure
  ])
  return table(
    [
      'expert',
      'state',
      'asked',
      'answers',
      'speaks for',
      'change',
      'trend',
      'varies',
      'nearest',
      'apart',
      'left out',
      'replaced',
      'flattened',
      'what would help'
    ],
    rows
  )
}

function stateOf({ state, interpretable }: Expert, { green, red, yellow, dim }: Palette): string {
  if (!interpretable) return red(`${state}, not interpretable`)
  switch (state) {
    case 'stable':
      return green(state)
    case 'drifting':
    case 'dead':
      return yellow(state)
    case 'learning':
    case 'vanishing':
    case 'duplicate':
      return dim(state)
  }
}

function readinessTable({ task, readiness }: TaskExperts, paint: Palette): string {
  const rows = readiness.map(each => [
    each.domain === '' ? '–' : each.domain,
    each.class,
    readyOf(each, paint),
    String(each.labels),
    figure(each.recall),
    each.interval === null ? '–' : `${figure(each.interval[0])} to ${figure(each.interval[1])}`,
    figure(each.recent),
    missingOf(each)
  ])
  return table([`${task}: line`, 'class', 'state', 'labels', 'recall', '95 %', 'of late', 'missing'], rows)
}

function readyOf({ state }: Ready, { green, red, dim }: Palette): string {
  switch (state) {
    case 'ready':
      return green(state)
    case 'unfit':
      return red(state)
    case 'not yet':
      return dim(state)
  }
}

function missingOf({ state, missing }: Ready): string {
  if (state !== 'not yet') return '–'
  return missing === null ? 'more than 1,000' : String(missing)
}

/** The class of which it answers for the largest part. */
function speaksFor({ perClass }: Expert): string {
  const [name, part] = Object.entries(perClass).reduce((best, each) => (each[1] > best[1] ? each : best), ['–', 0])
  return part === 0 ? '–' : `${name} ${figure(part)}`
}

/** Two digits, without the nought before the point, with a true minus. */
function figure(value: number | null): string {
  return value === null
    ? '–'
    : value
        .toFixed(2)
        .replace(/^(-?)0\./, '$1.')
        .replace(/^-\.00$/, '.00')
        .replace('-', '−')
}
