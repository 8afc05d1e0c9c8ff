/** The page that `andon experts` prints. */
import type { TaskStatus } from '../learner/status.ts'
import type { Experts, TaskExperts } from '../pipeline/experts.ts'
import { type Palette, table } from './output.ts'

type Bank = TaskStatus['banks'][number]
type Expert = Bank['experts'][number]

/**
 * A section a bank.
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
  for (const task of tasks) for (const bank of task.banks) parts.push('', heading(task, bank, paint), bankTable(bank, paint))
  return `${parts.join('\n')}\n`
}

function heading({ task, learned }: TaskExperts, { bank, gateEntropy, experts }: Bank, { bold, dim }: Palette): string {
  const most = Math.log(Math.max(1, experts.length))
  return `${bold(task)}, bank ${bold(bank)}  ${dim(`${learned} examples, gate entropy ${figure(gateEntropy)} of ${figure(most)} nats`)}`
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
    figure(each.need),
    each.cure
  ])
  return table(
    ['expert', 'state', 'asked', 'answers', 'speaks for', 'change', 'trend', 'varies', 'nearest', 'apart', 'need', 'what would help'],
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
