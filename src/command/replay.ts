/**
 * `andon replay`: the model again from the log alone, beside a running process, which it never disturbs. The same log and
 * the same options give the same bytes, so that a fingerprint says whether two models are one. Observations and labels can
 * be given to that process again instead.
 */
import { createHash } from 'node:crypto'
import { Command, Option } from 'commander'
import { openFileSnapshots } from '../adapter/file/snapshots.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/options.ts'
import { Fault } from '../fault/fault.ts'
import { FOLD, Learner } from '../learner/learner.ts'
import { noMeter } from '../learner/meter.ts'
import type { LearnerOptions } from '../learner/options.ts'
import { Intake } from '../pipeline/intake.ts'
import type { Position } from '../pipeline/log.ts'
import { partitionOf } from '../pipeline/partition.ts'
import { recover } from '../pipeline/recover.ts'
import { learnedUpTo } from '../pipeline/roles.ts'
import { REST, Shards } from '../pipeline/shards.ts'
import type { SnapshotStore, StoredSnapshot } from '../pipeline/snapshot-store.ts'
import { learnerOptionsOf, openStore, policyOf, type Store } from '../wiring.ts'
import { whole } from './evaluate.ts'
import { duration, exitCodes, json, palette, progress, table } from './output.ts'
import { type FedTopic, foldRange, writeAgain } from './replay-range.ts'
import { stopOnSignals } from './stop.ts'

interface Flags {
  readonly topic: 'examples' | FedTopic
  readonly from?: number
  readonly to?: number
  readonly partition?: number
  readonly shard: string
  readonly fromSnapshot: boolean
  readonly compare: boolean
  readonly out?: string
  readonly config?: string
  readonly json: boolean
}

/** Records between two looks at the progress bar. */
const PROGRESS_EVERY = 256

export function replayCommand(): Command {
  return new Command('replay')
    .description('Rebuild the model from the log alone, and print what it has learned with the fingerprint of its state')
    .addOption(
      new Option('--topic <name>', 'observations or labels: write the stretch anew, for the pipeline to take again')
        .choices(['examples', 'observations', 'labels'])
        .default('examples')
    )
    .option('--partition <n>', 'of the topic that is written anew, where it has more than one', whole)
    .addOption(
      new Option('--from <offset>', 'from this offset on, by a model that knows nothing of what came before')
        .argParser(whole)
        .conflicts(['compare', 'out', 'fromSnapshot'])
    )
    .option('--to <offset>', 'up to this offset, itself not taken; without it all that is committed, or written', whole)
    .option('--shard <name>', 'whose model: of the lines that this shard names in the configuration', REST)
    .option('--from-snapshot', 'begin at the newest snapshot before that, not at the first example', false)
    .addOption(
      new Option('--compare', 'up to where the newest snapshot stands, and end with 1 where its state is not the same')
        .default(false)
        .conflicts('to')
    )
    .option('--out <dir>', 'keep the state as a snapshot in this directory')
    .option('--config <file>', 'configuration (YAML) whose log is read; without it the defaults')
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', '\nExamples: andon replay --compare\n          andon replay --from 10000 --to 20000')
    .action((flags: Flags) => (flags.topic === 'examples' ? run(flags) : again(flags, flags.topic)))
}

/** A stretch of observations or labels for the pipeline to take again. */
async function again(flags: Flags, topic: FedTopic): Promise<void> {
  const { from, to = null, partition = null, fromSnapshot, compare, out } = flags
  if (from === undefined || fromSnapshot || compare || out !== undefined)
    throw new Fault(
      'CONFIG_INVALID',
      `expected --from, and no --from-snapshot, --compare or --out, with --topic ${topic}: records are written anew, no model is made`
    )
  const config = loadConfig({ path: flags.config, env: process.env })
  const done = await writeAgain(config, topic, partition, from, to, stopOnSignals().signal)
  process.stdout.write(
    flags.json ? json(done) : `${done.written} records of ${topic} from offset ${from} up to ${done.to} are in the log once more\n`
  )
  if (!done.whole) process.exitCode = exitCodes.interrupted
}

async function run(flags: Flags): Promise<void> {
  if (flags.partition !== undefined)
    throw new Fault('CONFIG_INVALID', 'expected no --partition with examples, which are all in one: leave it out')
  const config = loadConfig({ path: flags.config, env: process.env })
  const { names } = new Shards(config.shards)
  if (!names.includes(flags.shard))
    throw new Fault('CONFIG_INVALID', `expected one of the shards ${names.join(', ')}, got ${flags.shard}: see shards in the configuration`)
  const store = await openStore(config, { readOnly: true, shard: flags.shard })
  const stop = stopOnSignals()
  const began = performance.now()
  try {
    const newest = flags.compare ? await newestOf(store.snapshots) : null
    const partition = partitionOf(flags.shard, store.log.partitions.examples ?? 1)
    const at: Position = { topic: 'examples', partition, offset: await endOf(store, flags.shard, partition, newest, flags.to) }
    const { learner, refolded, warnings } =
      flags.from === undefined
        ? await rebuilt(config, store, flags.shard, at, newest, flags.fromSnapshot, stop.signal)
        : await foldRange(config, store, flags.shard, { ...at, offset: flags.from }, at, stop.signal)
    const bytes = store.state.encode(learner.save())
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const header = { fold: FOLD, positions: [at], learned: learner.learned }
    const kept = flags.out === undefined ? null : (await openFileSnapshots(flags.out).write(header, bytes)).name
    const equal = newest === null ? null : newest.sha256 === sha256
    const { learned, repeated, corrected, tasks } = learner.status()
    const result = {
      from: flags.from ?? null,
      to: at.offset,
      fold: FOLD,
      learned,
      repeated,
      corrected,
      refolded,
      sha256,
      bytes: bytes.length,
      seconds: (performance.now() - began) / 1000,
      warnings,
      tasks: Object.fromEntries(tasks.map(({ task, testThenTrain, asServed }) => [task, { testThenTrain, asServed }])),
      compared:
        newest === null
          ? null
          : {
              snapshot: newest.name,
              learned: newest.learned,
              sha256: newest.sha256,
              equal,
              why: equal ? null : await whyNot(store, newest, learner.options)
            },
      out: kept
    }
    process.stdout.write(flags.json ? json(result) : page(result))
    if (equal === false) process.exitCode = exitCodes.failed
  } finally {
    await store.log.close()
  }
}

/** Where to stop: as asked, where the newest snapshot stands, or at what is committed, and never beyond that. */
async function endOf(
  { log }: Store,
  shard: string,
  partition: number,
  newest: StoredSnapshot | null,
  asked: number | undefined
): Promise<number> {
  const here = (each: Position): boolean => each.topic === 'examples' && each.partition === partition
  const committed = (await learnedUpTo(log, shard)).find(here)?.offset ?? 0
  const wanted = asked ?? newest?.positions.find(here)?.offset ?? committed
  if (wanted > committed)
    throw new Fault(
      'INPUT_INVALID',
      `expected an offset up to ${committed}, where examples are committed, got ${wanted}: let the pipeline go on, or ask for less`
    )
  return wanted
}

async function rebuilt(
  config: Config,
  store: Store,
  shard: string,
  to: Position,
  newest: StoredSnapshot | null,
  fromSnapshot: boolean,
  signal: AbortSignal
): ReturnType<typeof recover> {
  const start = (await store.log.starts(['examples'])).find(each => each.partition === to.partition)?.offset ?? 0
  if (!fromSnapshot && start > 0)
    throw new Fault(
      'INPUT_INVALID',
      `expected every example from the first on in the log, retention has taken those before ${start}: begin with --from-snapshot`
    )
  const bar = progress('replay', fromSnapshot ? null : to.offset)
  const snapshots = fromSnapshot ? before(store.snapshots, to, newest) : none
  return recover({
    ...store,
    snapshots,
    intake: new Intake(store.codec, policyOf(config)),
    learner: learnerOptionsOf(config),
    shards: new Shards(config.shards),
    shard,
    meter: noMeter,
    committed: [to],
    earlier: true,
    signal,
    progress: done => {
      if (done % PROGRESS_EVERY === 0) bar.update(done)
    }
  }).finally(() => bar.stop())
}

async function newestOf(snapshots: SnapshotStore): Promise<StoredSnapshot> {
  const good = (await snapshots.list()).find((each): each is StoredSnapshot => !('damage' in each))
  if (good === undefined)
    throw new Fault('FILE_UNREADABLE', 'expected a snapshot to compare with, there is none: let the pipeline save one first')
  if (good.fold !== FOLD)
    throw new Fault(
      'FOLD_VERSION',
      `expected ${good.name} to be of fold version ${FOLD}, it is of ${good.fold}: compare with the version that made it`
    )
  return good
}

const none: SnapshotStore = {
  list: async () => [],
  read: async name => Promise.reject(new Fault('FILE_UNREADABLE', `expected no snapshot to be read, ${name} was asked for`)),
  write: async () => Promise.reject(new Fault('UNAVAILABLE', 'expected no snapshot to be written')),
  keep: async () => []
}

/** The snapshots at or before `to`, without the one to compare with: it cannot vouch for itself. */
function before(snapshots: SnapshotStore, to: Position, without: StoredSnapshot | null): SnapshotStore {
  const fits = (each: Awaited<ReturnType<SnapshotStore['list']>>[number]): boolean =>
    'damage' in each ||
    (each.name !== without?.name &&
      each.positions.every(p => p.topic !== to.topic || p.partition !== to.partition || p.offset <= to.offset))
  return { ...snapshots, list: async () => (await snapshots.list()).filter(fits) }
}

/** Why a snapshot is not what the log gives, as far as can be told. */
async function whyNot({ snapshots, state }: Store, newest: StoredSnapshot, options: LearnerOptions): Promise<string> {
  const { state: bytes } = await snapshots.read(newest.name)
  try {
    Learner.load(state.decode(bytes), options)
    return 'the options are the same, the state does not come from this log'
  } catch (error) {
    return (error as Error).message
  }
}

interface Result {
  readonly from: number | null
  readonly to: number
  readonly learned: number
  readonly sha256: string
  readonly bytes: number
  readonly seconds: number
  readonly warnings: readonly string[]
  readonly tasks: Readonly<Record<string, Pick<ReturnType<Learner['status']>['tasks'][number], 'testThenTrain' | 'asServed'>>>
  readonly compared: { readonly snapshot: string; readonly equal: boolean | null; readonly why: string | null } | null
  readonly out: string | null
}

function page({ from, to, learned, sha256, bytes, seconds, warnings, tasks, compared, out }: Result): string {
  const { bold, dim, red, green } = palette(process.stdout, process.env)
  const figure = (value: number | null): string => (value === null ? '–' : value.toFixed(3))
  const rows = Object.entries(tasks).flatMap(([name, { testThenTrain, asServed }]) =>
    [['as served', asServed] as const, ['on arrival', testThenTrain] as const].map(([how, { n, scores }]) => [
      name,
      how,
      String(n),
      ...[scores.accuracy, scores.kappa, scores.gMean, scores.macroF1, scores.logLoss].map(figure)
    ])
  )
  const verdict =
    compared === null
      ? []
      : [compared.equal ? green(`the same as ${compared.snapshot}`) : red(`not the same as ${compared.snapshot}: ${compared.why}`)]
  return `${[
    `${bold(`${learned} examples learned`)}${from === null ? '' : ` from offset ${from}`} up to offset ${to}, in ${duration(seconds)}`,
    dim(`state of ${bytes} bytes, SHA-256 ${sha256}`),
    ...warnings,
    ...(rows.length === 0 ? [] : ['', table(['task', '', 'n', 'accuracy', 'κ', 'G-mean', 'macro-F1', 'log loss'], rows), '']),
    ...verdict,
    ...(out === null ? [] : [`kept as ${out}`])
  ].join('\n')}\n`
}
