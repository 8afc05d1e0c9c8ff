/** `andon ablate FILE`: what each part of the committee is worth on a labelled stream, beside controls that go without it. */
import { basename } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { type Ablation, ablate, type TaskAblation } from '../ablation/ablate.ts'
import type { Difference } from '../ablation/paired.ts'
import { openCsv } from '../adapter/csv/csv.ts'
import { loadConfig } from '../config/load.ts'
import { learnerOptionsOf } from '../wiring.ts'
import { names, positive, whole } from './evaluate.ts'
import { json, palette, progress, table } from './output.ts'

/** Rows between two looks at the progress bar. */
const PROGRESS_EVERY = 64

interface Flags {
  readonly label: readonly string[]
  readonly domain?: string
  readonly ignore: readonly string[]
  readonly time?: string
  readonly seeds: readonly number[]
  readonly delay: number
  readonly limit?: number
  readonly thorough: boolean
  readonly config?: string
  readonly json: boolean
}

export function ablateCommand(): Command {
  return new Command('ablate')
    .description('Compare the committee with controls that go without one of its parts, over the same rows of a labelled file')
    .argument('<file>', '.csv or .csv.gz with a header, as for evaluate')
    .requiredOption('--label <columns>', 'label columns, each a task of its own; none becomes an input', names)
    .option('--domain <column>', 'column that names the domain')
    .option('--ignore <columns>', 'columns that are no inputs', names, [])
    .option('--time <column>', 'column that holds the time of a row')
    .option('--seeds <list>', 'one pass over the file a seed; intervals need two', seedList, [1, 2, 3])
    .option('--delay <rows>', 'labels come this many rows late', whole, 0)
    .option('--limit <rows>', 'stop after this many rows', positive)
    .option('--thorough', 'run the thorough preset beside as well, the slowest of all', false)
    .option('--config <file>', 'configuration whose learner is taken')
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', '\nExample: andon ablate steel_plates.csv --label fault --domain steel')
    .action(run)
}

async function run(file: string, flags: Flags): Promise<void> {
  const config = loadConfig({ path: flags.config, env: process.env })
  const { seeds, delay, thorough } = flags
  const stream = openCsv(file, {
    labels: flags.label,
    domain: flags.domain,
    ignore: flags.ignore,
    limit: flags.limit,
    timeColumn: flags.time
  })
  const bar = progress(`ablate ${basename(file)}`, flags.limit === undefined ? null : flags.limit * seeds.length)
  const ablation = await ablate(stream, {
    learner: { ...learnerOptionsOf(config), domain: flags.domain === undefined ? [] : ['line'] },
    seeds,
    delay,
    thorough,
    joint: flags.label.length > 1,
    progress: done => {
      if (done % PROGRESS_EVERY === 0) bar.update(done)
    }
  }).finally(() => bar.stop())
  process.stdout.write(
    flags.json ? json({ file: basename(file), rows: ablation.rows, seeds, delay, tasks: ablation.tasks }) : page(file, flags, ablation)
  )
}

function page(file: string, { seeds, delay }: Flags, { rows, tasks }: Ablation): string {
  const { bold, dim } = palette(process.stdout, process.env)
  const parts = [
    `${bold(basename(file))}: ${rows} rows${delay > 0 ? `, labels ${delay} rows late` : ''}`,
    dim(`mean of seeds ${seeds.join(', ')}; Δ against the committee, paired over seeds, with its 95 % interval`)
  ]
  for (const [name, task] of Object.entries(tasks)) parts.push('', heading(bold(name), task), comparison(task))
  return `${parts.join('\n')}\n`
}

function heading(name: string, { classes, rarest }: TaskAblation): string {
  return `${name}: ${classes.length} classes${rarest === null ? '' : `, rarest ${rarest.class} (${rarest.support})`}`
}

function comparison({ variants }: TaskAblation): string {
  const rows = variants.map(({ name, mean, kappaDifference, gMeanDifference }) => [
    name,
    figure(mean.kappa),
    figure(mean.gMean),
    figure(mean.macroF1),
    figure(mean.rarestRecall),
    figure(mean.logLoss),
    ...difference(kappaDifference),
    ...difference(gMeanDifference)
  ])
  return table(['', 'κ', 'G-mean', 'macro-F1', 'rarest recall', 'log loss', 'Δκ', '95 %', 'Δ G-mean', '95 %'], rows)
}

function difference(of: Difference | null): [mean: string, interval: string] {
  if (of === null) return ['–', '–']
  return [figure(of.mean), of.interval === null ? '–' : of.interval.map(figure).join(' to ')]
}

/** Three digits, with a true minus. */
function figure(value: number | null): string {
  return value === null
    ? '–'
    : value
        .toFixed(3)
        .replace(/^-(0\.000)$/, '$1')
        .replace('-', '−')
}

/** Seeds separated by commas, each once. */
function seedList(text: string): number[] {
  const seeds = names(text).map(whole)
  if (new Set(seeds).size < seeds.length)
    throw new InvalidArgumentError('expected every seed once: a repeated one makes intervals too narrow.')
  return seeds
}
