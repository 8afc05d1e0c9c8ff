/** `andon snapshot`: which states are kept, what is in one, and whether they are whole. Reads only. */
import { Command } from 'commander'
import { decodeSaved } from '../adapter/file/saved.ts'
import { openFileSnapshots } from '../adapter/file/snapshots.ts'
import { loadConfig } from '../config/load.ts'
import { Fault } from '../fault/fault.ts'
import { FOLD, Learner } from '../learner/learner.ts'
import type { LearnerOptions } from '../learner/options.ts'
import { REST } from '../pipeline/shards.ts'
import type { SnapshotStore, StoredSnapshot } from '../pipeline/snapshot-store.ts'
import { placesOf } from '../wiring.ts'
import { exitCodes, json, palette, table } from './output.ts'

interface Flags {
  readonly config?: string
  readonly shard: string
  readonly json: boolean
}

export function snapshotCommand(): Command {
  const command = new Command('snapshot').description('Tell of the kept states of the model').exitOverride()
  const add = (name: string, description: string, action: (name: string | undefined, flags: Flags) => Promise<void>): void => {
    const each = command.command(name).description(description)
    if (name !== 'list')
      each.argument(
        '[name]',
        name === 'show' ? 'a snapshot as list names it; without it the newest' : 'a snapshot as list names it; without it all'
      )
    each
      .option('--config <file>', 'configuration (YAML) whose data directory is meant; without it the defaults')
      .option('--shard <name>', 'whose states: of the lines that this shard names in the configuration', REST)
      .option('--json', 'print JSON', false)
      .action((...given: readonly unknown[]) =>
        name === 'list' ? action(undefined, given[0] as Flags) : action(given[0] as string | undefined, given[1] as Flags)
      )
  }
  add('list', 'list them, newest first, by what they say of themselves', (_, flags) => list(flags))
  add('show', 'show what is in one: options, tasks, classes, scores', show)
  add('verify', 'read them whole and hold them to their checksums; ends with 4 where one is damaged', verify)
  return command
}

function open(flags: Flags): { readonly directory: string; readonly snapshots: SnapshotStore } {
  const directory = placesOf(loadConfig({ path: flags.config, env: process.env }), flags.shard).snapshots
  return { directory, snapshots: openFileSnapshots(directory) }
}

/** The first record of `examples` that a state has not taken. */
function positionOf({ positions }: StoredSnapshot): number {
  return Math.max(0, ...positions.filter(({ topic }) => topic === 'examples').map(({ offset }) => offset))
}

async function list(flags: Flags): Promise<void> {
  const { directory, snapshots } = open(flags)
  const all = await snapshots.list()
  const { red } = palette(process.stdout, process.env)
  const rows = all.map(each =>
    'damage' in each
      ? [each.name, '–', '–', '–', '–', red(`damaged: ${each.damage}`)]
      : [each.name, String(each.fold), String(each.learned), String(positionOf(each)), String(each.bytes), each.sha256]
  )
  const text = all.length === 0 ? `no snapshot in ${directory}` : table(['name', 'fold', 'learned', 'position', 'bytes', 'SHA-256'], rows)
  process.stdout.write(flags.json ? json({ directory, snapshots: all }) : `${text}\n`)
  if (all.some(each => 'damage' in each)) process.exitCode = exitCodes.damaged
}

async function show(name: string | undefined, flags: Flags): Promise<void> {
  const { directory, snapshots } = open(flags)
  const wanted = name ?? (await snapshots.list()).find(each => !('damage' in each))?.name
  if (wanted === undefined) throw absent(directory)
  const { header, state } = await snapshots.read(wanted)
  const saved = decodeSaved(state) as unknown as { readonly options: LearnerOptions }
  // A state of another version of the fold is not understood here: what it says of itself is all there is.
  const status = header.fold === FOLD ? Learner.load(decodeSaved(state), saved.options).status() : null
  if (flags.json) {
    process.stdout.write(json({ ...header, options: saved.options ?? null, status }))
    return
  }
  const rows = (status?.tasks ?? []).map(({ task, classes, learned, testThenTrain: { scores } }) => [
    task,
    String(learned),
    String(classes.length),
    scores.accuracy?.toFixed(3) ?? '–',
    scores.kappa?.toFixed(3) ?? '–',
    scores.gMean?.toFixed(3) ?? '–'
  ])
  const { bold, dim } = palette(process.stdout, process.env)
  const lines = [
    `${bold(header.name)}: ${header.learned} examples learned, up to offset ${positionOf(header)}`,
    dim(`fold version ${header.fold}, ${header.bytes} bytes, SHA-256 ${header.sha256}`),
    ...(status === null
      ? [`its version of the fold is not this one's (${FOLD}): nothing more can be told`]
      : [`${status.features} inputs, domains: ${status.domains.join(', ')}`]),
    ...(rows.length === 0 ? [] : ['', table(['task', 'learned', 'classes', 'accuracy', 'κ', 'G-mean'], rows)])
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

async function verify(name: string | undefined, flags: Flags): Promise<void> {
  const { directory, snapshots } = open(flags)
  const wanted = name === undefined ? (await snapshots.list()).map(each => each.name) : [name]
  if (wanted.length === 0) throw absent(directory)
  const found: { readonly name: string; readonly damage: string | null }[] = []
  for (const each of wanted) {
    const damage = await snapshots.read(each).then(
      () => null,
      (error: unknown) => {
        if (error instanceof Fault && error.code === 'SNAPSHOT_DAMAGED') return error.message
        throw error
      }
    )
    found.push({ name: each, damage })
  }
  const { red, green } = palette(process.stdout, process.env)
  const text = found
    .map(({ name: each, damage }) => (damage === null ? `${each} ${green('is whole')}` : `${each} ${red(damage)}`))
    .join('\n')
  process.stdout.write(flags.json ? json({ directory, snapshots: found }) : `${text}\n`)
  if (found.some(({ damage }) => damage !== null)) process.exitCode = exitCodes.damaged
}

function absent(directory: string): Fault {
  return new Fault(
    'FILE_UNREADABLE',
    `expected a snapshot in ${directory}, there is none: let the pipeline save one, or name another data directory`
  )
}
