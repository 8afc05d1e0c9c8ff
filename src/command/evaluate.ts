/** `andon evaluate FILE`: how well the learner does on a labelled stream, each row predicted before it is learned. */
import { basename } from 'node:path'
import { performance } from 'node:perf_hooks'
import { Command, InvalidArgumentError, Option } from 'commander'
import { openCsv } from '../adapter/csv/csv.ts'
import { shuffleRows } from '../adapter/csv/shuffle.ts'
import { loadConfig } from '../config/load.ts'
import type { CurveReport } from '../judge/curve.ts'
import type { Report } from '../judge/report.ts'
import type { LearnerOptions } from '../learner/options.ts'
import { Random } from '../numeric/random.ts'
import { type Evaluation, type EvaluationOptions, evaluate, type TaskEvaluation } from '../pipeline/evaluation.ts'
import { decideOptionsOf, learnerOptionsOf } from '../wiring.ts'
import { json, palette, progress, table } from './output.ts'
import { correctedTable, Deciders, promiseTable } from './promises.ts'
import { betweenTasks, extremesOf, sharingOf, sharingTable } from './sharing-table.ts'

/** Rows between two looks at the progress bar. */
const PROGRESS_EVERY = 256

/** What calibration error and curve are of. */
const SCORED = 'as served'

/** Decision exponents of `--curve`: below 0 for frequent classes, 1 as if all were equally frequent, dense where curves bend. */
const CURVE = [-0.25, 0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 1]

interface Flags {
  readonly label: readonly string[]
  readonly domain?: string
  readonly ignore: readonly string[]
  readonly time?: string
  readonly delay: number
  readonly experts?: number
  readonly seed?: number
  readonly limit?: number
  readonly shuffle: boolean
  readonly curve: boolean
  readonly promise?: number
  readonly inspect?: number
  readonly pick: 'teaching' | 'random'
  readonly config?: string
  readonly json: boolean
}

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('Predict, score and learn the rows of a labelled file in order, through the same fold as the live line')
    .argument('<file>', '.csv or .csv.gz with a header; an empty cell is missing, a column of other than numbers is a category')
    .requiredOption('--label <columns>', 'label columns, each a task of its own; none becomes an input', names)
    .option('--domain <column>', 'column that names the domain: lines, machines, products that share what they learn')
    .option('--ignore <columns>', 'columns that are no inputs', names, [])
    .option('--time <column>', 'column that holds the time of a row')
    .option('--delay <rows>', 'labels come this many rows late', whole, 0)
    .option('--experts <k>', 'experts in a mixture bank', positive)
    .option('--seed <s>', 'seed of every draw', whole)
    .option('--limit <rows>', 'stop after this many rows', positive)
    .option('--shuffle', 'take the order away first: the control for streams whose neighbours share a label', false)
    .option('--curve', 'tell what the scores would be along decision exponents, from frequent classes to rare ones', false)
    .option('--promise <share>', 'promise that of each class at most this share passes unflagged, and tell how it was kept', share)
    .option('--inspect <share>', 'only this share of the rows is ever labelled: those sent to inspection', share)
    .addOption(
      new Option('--pick <how>', 'which rows are sent: where a label teaches most, or any')
        .choices(['teaching', 'random'])
        .default('teaching')
    )
    .option('--config <file>', 'configuration whose learner and decisions are taken')
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', '\nExample: andon evaluate steel_plates.csv --label fault --domain steel')
    .action(run)
}

async function run(file: string, flags: Flags): Promise<void> {
  const config = loadConfig({ path: flags.config, env: process.env })
  const learner: LearnerOptions = {
    ...learnerOptionsOf(config),
    domain: flags.domain === undefined ? [] : ['line'],
    ...(flags.experts === undefined ? {} : { experts: flags.experts }),
    ...(flags.seed === undefined ? {} : { seed: flags.seed })
  }
  const stream = await openCsv(file, {
    labels: flags.label,
    domain: flags.domain,
    ignore: flags.ignore,
    limit: flags.limit,
    timeColumn: flags.time
  })
  const rows = flags.shuffle ? await shuffleRows(stream, new Random(learner.seed)) : stream
  const deciders =
    flags.promise === undefined && flags.inspect === undefined
      ? null
      : new Deciders(decideOptionsOf(config), { ...flags, seed: learner.seed })
  const bar = progress(`evaluate ${basename(file)}`, flags.limit ?? null)
  const evaluation = await evaluate(rows, {
    learner,
    delay: flags.delay,
    curve: flags.curve ? curveOf(learner) : [],
    ...(deciders === null ? {} : hooksOf(deciders, flags)),
    stopwatch: () => performance.now(),
    cpu: cpuMs,
    progress: done => {
      if (done % PROGRESS_EVERY === 0) bar.update(done)
    }
  }).finally(() => bar.stop())
  const peakRssMiB = process.resourceUsage().maxRSS / 1024
  process.stdout.write(
    flags.json
      ? json(summary(file, flags, learner, evaluation, peakRssMiB, deciders))
      : page(file, flags, learner, evaluation, peakRssMiB, deciders)
  )
}

function hooksOf(deciders: Deciders, { inspect }: Flags): Pick<EvaluationOptions, 'served' | 'labelled'> {
  return {
    served: prediction => deciders.served(prediction) || inspect === undefined,
    labelled: example => deciders.labelled(example)
  }
}

/** The exponents of the curve, that of the learner among them. */
function curveOf({ decisionExponent }: LearnerOptions): number[] {
  return [...new Set([...CURVE, decisionExponent])].sort((a, b) => a - b)
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** What `--json` prints: documented in docs/commands.md, and only ever added to. */
function summary(
  file: string,
  flags: Flags,
  learner: LearnerOptions,
  evaluation: Evaluation,
  peakRssMiB: number,
  deciders: Deciders | null
): object {
  const { events, features, learned, seconds, tasks } = evaluation
  const status = evaluation.learner.status()
  const decided = deciders?.report()
  const sharing = new Map(status.tasks.map(task => [task.task, sharingOf(task, learner)]))
  return {
    file: basename(file),
    events,
    learned,
    features,
    seed: learner.seed,
    delay: flags.delay,
    shuffled: flags.shuffle,
    config: learner,
    seconds,
    eventsPerSecond: events / seconds,
    peakRssMiB,
    tasks: Object.fromEntries(
      Object.entries(tasks).map(([name, { report, window, forgetting, predicted, single, perDomain, said, costs }]) => [
        name,
        {
          judged: report.n,
          scores: report.scores,
          perClass: report.perClass,
          window: { judged: window.n, scores: window.scores },
          forgetting: { judged: forgetting.n, scores: forgetting.scores },
          predicted: { judged: predicted.n, scores: predicted.scores },
          baselines: {
            ...report.baselines,
            single:
              single === null
                ? null
                : {
                    accuracy: single.scores.accuracy,
                    kappa: single.scores.kappa,
                    gMean: single.scores.gMean,
                    logLoss: single.scores.logLoss
                  }
          },
          perDomain: Object.fromEntries(
            Object.entries(perDomain).map(([domain, each]) => [
              domain,
              { judged: each.n, scores: each.scores, perClass: each.perClass, baselines: each.baselines }
            ])
          ),
          calibration: { scored: SCORED, judged: said.judged, ...said.calibration },
          curve: said.curve === null ? null : { scored: SCORED, judged: said.judged, ...said.curve },
          sharing: sharing.get(name) ?? null,
          starts: status.tasks.find(({ task }) => task === name)?.starts ?? [],
          synthetic: status.tasks.find(({ task }) => task === name)?.synthetic ?? [],
          decisions: decided?.[name] ?? null,
          costs
        }
      ])
    ),
    taskAffinity: status.affinity
  }
}

function page(
  file: string,
  flags: Flags,
  learner: LearnerOptions,
  { events, features, seconds, tasks, learner: learned }: Evaluation,
  peakRssMiB: number,
  deciders: Deciders | null
): string {
  const { bold, dim } = palette(process.stdout, process.env)
  const parts = [
    `${bold(basename(file))}: ${events} rows, ${features} inputs${flags.delay > 0 ? `, labels ${flags.delay} rows late` : ''}${flags.shuffle ? ', shuffled' : ''}`,
    dim(`${seconds.toFixed(1)} s, ${Math.round(events / seconds)} rows/s, peak memory ${Math.round(peakRssMiB)} MiB`)
  ]
  const status = learned.status()
  for (const [name, task] of Object.entries(tasks)) {
    parts.push('', bold(name), comparison(task), dim(calibration(task)), '', perClass(task.report))
    if (task.said.curve !== null) parts.push('', curve(task.said.curve), dim(`this learner decides with ${learner.decisionExponent}`))
    const decided = deciders?.report()[name]
    if (decided !== undefined) parts.push('', promiseTable(decided))
    if (decided !== undefined && flags.inspect !== undefined) parts.push('', correctedTable(decided.adaptive, task.report))
    const told = status.tasks.find(each => each.task === name)
    const sharing = told === undefined ? null : sharingOf(told, learner)
    if (sharing !== null) parts.push('', sharingTable(sharing, learner))
  }
  const others = extremesOf(status.affinity, betweenTasks)
  if (others !== null) parts.push('', `tasks: ${others}`)
  return `${parts.join('\n')}\n`
}

function comparison({ report, single, costs }: TaskEvaluation): string {
  const { scores, baselines } = report
  const row = (
    name: string,
    accuracy: number | null,
    kappa: number | null,
    gMean: string,
    macroF1: string,
    logLoss: string,
    cost: { microseconds: number; mebibytes: number }
  ): string[] => [name, figure(accuracy), figure(kappa), gMean, macroF1, logLoss, cost.microseconds.toFixed(2), cost.mebibytes.toFixed(2)]
  const rows = [
    row(
      'mixture of experts',
      scores.accuracy,
      scores.kappa,
      figure(scores.gMean),
      figure(scores.macroF1),
      figure(scores.logLoss),
      costs.model
    )
  ]
  if (single !== null) {
    const { accuracy, kappa, gMean, macroF1, logLoss } = single.scores
    rows.push(row('single model', accuracy, kappa, figure(gMean), figure(macroF1), figure(logLoss), costs.single))
  }
  rows.push(row('no change', baselines.noChange.accuracy, baselines.noChange.kappa, '–', '–', '–', costs.noChange))
  rows.push(row('majority', baselines.majority.accuracy, baselines.majority.kappa, '–', '–', '–', costs.majority))
  return table(['', 'accuracy', 'κ', 'G-mean', 'macro-F1', 'log loss', 'CPU µs/row', 'MiB'], rows)
}

function calibration({ said: { judged, calibration } }: TaskEvaluation): string {
  const { beforeBias, afterBias } = calibration
  return `calibration error ${figure(beforeBias)} before the class bias, ${figure(afterBias)} after (${SCORED}, ${judged} rows)`
}

function curve({ rarest, points }: CurveReport): string {
  const recall = rarest === null ? 'rarest recall' : `recall of ${rarest.class} (${rarest.support})`
  return table(
    [`exponent, ${SCORED}`, 'κ', 'G-mean', 'macro-F1', recall],
    points.map(({ exponent, kappa, gMean, macroF1, rarestRecall }) => [
      String(exponent).replace('-', '−'),
      figure(kappa),
      figure(gMean),
      figure(macroF1),
      figure(rarestRecall)
    ])
  )
}

function perClass({ perClass: classes }: Report): string {
  const rows = classes
    .filter(each => each.support > 0)
    .sort((a, b) => b.support - a.support)
    .map(each => [each.class, String(each.support), figure(each.recall), interval(each.recallInterval), figure(each.precision)])
  return table(['class', 'support', 'recall', '95 % interval', 'precision'], rows)
}

function figure(value: number | null): string {
  return value === null ? '–' : value.toFixed(3)
}

function interval(bounds: readonly [number, number] | null): string {
  return bounds === null ? '–' : `${bounds[0].toFixed(2)} to ${bounds[1].toFixed(2)}`
}

/** Column names separated by commas. */
export function names(text: string): string[] {
  const list = text.split(',').map(name => name.trim())
  if (list.some(name => name === '')) throw new InvalidArgumentError('expected names separated by commas.')
  return list
}

/** A whole number from 0 on. */
export function whole(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('expected a whole number from 0 on.')
  return value
}

/** A whole number from 1 on. */
export function positive(text: string): number {
  const value = whole(text)
  if (value === 0) throw new InvalidArgumentError('expected a whole number from 1 on.')
  return value
}

/** A share between 0 and 1. */
export function share(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('expected a share between 0 and 1, as 0.05.')
  return value
}
