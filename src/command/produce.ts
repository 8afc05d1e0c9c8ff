/** `andon produce FILE`: the rows of a labelled file into the log, as a line would send them: what was seen first, its label later. */
import { basename } from 'node:path'
import { Command, Option } from 'commander'
import { type CsvFile, openCsv } from '../adapter/csv/csv.ts'
import { loadConfig } from '../config/load.ts'
import type { Observation } from '../events/event.ts'
import type { Codec } from '../pipeline/codec.ts'
import type { Outgoing } from '../pipeline/log.ts'
import { Shards } from '../pipeline/shards.ts'
import { openStore } from '../wiring.ts'
import { names, positive, whole } from './evaluate.ts'
import { feed, moment, outgoing, pace } from './feed.ts'
import { duration, exitCodes, json, progress } from './output.ts'
import { stopOnSignals } from './stop.ts'

interface Flags {
  readonly label: readonly string[]
  readonly domain?: readonly string[]
  readonly ignore: readonly string[]
  readonly time?: string
  readonly start?: number
  readonly delay: number
  readonly rate: number
  readonly labelled: boolean
  readonly limit?: number
  readonly ids?: string
  readonly config?: string
  readonly json: boolean
}

/** What was put into the log. */
interface Written {
  rows: number
  observations: number
  labels: number
  examples: number
  /** Rows without any label. */
  unlabelled: number
}

export function produceCommand(): Command {
  return new Command('produce')
    .description('Feed observations and labels from a labelled file into the log; a running `andon run` takes them as they come')
    .argument('<file>', '.csv or .csv.gz with a header; an empty cell is missing, a column of other than numbers is a category')
    .requiredOption('--label <columns>', 'label columns, each a task of its own; none becomes an input', names)
    .option(
      '--domain <columns>',
      'column that names the line, or several, joined by /; without any the line is the name of the file',
      names
    )
    .option('--ignore <columns>', 'columns that are no inputs', names, [])
    .option('--time <column>', 'column that holds the time of a row; without it rows are a second apart from 2026-01-01T00:00:00Z')
    .option('--start <time>', 'move all times so that the first row has this one: a time, or now', moment)
    .option('--delay <rows>', 'a label comes this many rows after its observation, those of the last rows at the end', whole, 0)
    .option('--rate <rows>', 'rows a second; 0 is as fast as possible', pace, 0)
    .addOption(
      new Option('--labelled', 'write whole labelled examples, which are learned without a prediction').default(false).conflicts('delay')
    )
    .option('--limit <rows>', 'stop after this many rows', positive)
    .option('--ids <prefix>', 'ids are PREFIX-ROW; without it the name of the file is the prefix')
    .option('--config <file>', 'configuration (YAML) whose log is fed; without it the defaults')
    .option('--json', 'print what was written as one JSON object', false)
    .addHelpText(
      'after',
      `
The same file gives the same ids and times, so what is produced a second time counts as repeated and is learned once.
For new parts give other --ids. A log whose latest time is a month ahead of the rows takes them for too late: --start now.

Example: andon produce steel_plates.csv --label fault --domain steel --delay 100 --rate 500`
    )
    .action(run)
}

async function run(path: string, flags: Flags): Promise<void> {
  const config = loadConfig({ path: flags.config, env: process.env })
  const file = openCsv(path, {
    labels: flags.label,
    domain: flags.domain,
    ignore: flags.ignore,
    limit: flags.limit,
    timeColumn: flags.time
  })
  await file.inputs() // what is wrong with file or columns is told before a log is made
  const { log, codec } = await openStore(config)
  const stop = stopOnSignals()
  const bar = progress(`produce ${basename(path)}`, flags.limit ?? null)
  const sent: Written = { rows: 0, observations: 0, labels: 0, examples: 0, unlabelled: 0 }
  const began = performance.now()
  let records = 0
  try {
    records = await feed(log, rowsOf(file, flags, codec, new Shards(config.shards), sent), flags.rate, stop.signal, rows =>
      bar.update(rows)
    )
  } finally {
    bar.stop()
    await log.close()
  }
  const seconds = (performance.now() - began) / 1000
  const complete = !stop.signal.aborted
  const result = { file: basename(path), ...sent, records, seconds, rowsPerSecond: sent.rows / seconds, complete }
  process.stdout.write(flags.json ? json(result) : `${told(result)}\n`)
  if (!complete) process.exitCode = exitCodes.interrupted
}

function told({
  file,
  rows,
  records,
  observations,
  labels,
  examples,
  unlabelled,
  seconds,
  complete
}: Written & { file: string; records: number; seconds: number; complete: boolean }): string {
  if (!complete) return `${file}: stopped after ${records} records; produced again, what is in the log counts as repeated`
  const what = examples > 0 ? `${examples} examples` : `${observations} observations and ${labels} labels`
  return `${file}: ${rows} rows, wrote ${what} in ${duration(seconds)}${unlabelled > 0 ? `; ${unlabelled} rows have no label` : ''}`
}

/** What each row puts into the log. Nothing depends on the clock unless `--start` does. */
async function* rowsOf(file: CsvFile, flags: Flags, codec: Codec, shards: Shards, sent: Written): AsyncGenerator<readonly Outgoing[]> {
  const waiting: { readonly of: Observation; readonly labels: Readonly<Record<string, string>> }[] = []
  let shift: number | null = null
  let now = 0
  const label = (): Outgoing[] => {
    const { of, labels } = waiting.shift()!
    if (Object.keys(labels).length === 0) return []
    sent.labels++
    return [outgoing(codec, { name: 'label', event: { observation: of.id, line: of.line, time: now, source: null, labels } })]
  }
  for await (const { observation: read, labels } of file) {
    shift ??= flags.start === undefined ? 0 : flags.start - read.time
    sent.rows++
    now = read.time + shift
    const observation = { ...read, id: flags.ids === undefined ? read.id : `${flags.ids}-${sent.rows}`, time: now }
    const labelled = Object.keys(labels).length > 0
    if (!labelled) sent.unlabelled++
    if (flags.labelled) {
      if (labelled) sent.examples++
      const example = { observation, labels, labelTime: now, source: null, prediction: null }
      yield labelled ? [{ topic: 'examples', key: shards.of(example.observation.line), value: codec.encode('example', example) }] : []
      continue
    }
    waiting.push({ of: observation, labels })
    sent.observations++
    const seen = outgoing(codec, { name: 'observation', event: observation })
    yield waiting.length > flags.delay ? [seen, ...label()] : [seen]
  }
  while (waiting.length > 0) yield label()
}
