/**
 * `andon backup DIR` and `andon restore DIR`: log and snapshots, copied while the pipeline runs. A copy is a data directory:
 * its snapshots never stand ahead of its log, and its log holds every example after at least one of them.
 */
import { existsSync } from 'node:fs'
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { openFileSnapshots } from '../adapter/file/snapshots.ts'
import { backupLmdb, restoreLmdb } from '../adapter/lmdb/backup.ts'
import { openLmdbLog } from '../adapter/lmdb/log.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/options.ts'
import { Fault } from '../fault/fault.ts'
import { learnedUpTo } from '../pipeline/roles.ts'
import { REST } from '../pipeline/shards.ts'
import type { StoredSnapshot } from '../pipeline/snapshot-store.ts'
import { placesOf } from '../wiring.ts'
import { json } from './output.ts'

interface Flags {
  readonly config?: string
  readonly json: boolean
}

/** Tries until a copy's snapshots fit its log: retention would have to pass them all within one copy, each time. */
const TRIES = 3
/** Snapshots on their way; a directory that holds it was never finished. */
const UNFINISHED = 'snapshots.partial'

export function backupCommand(): Command {
  return new Command('backup')
    .description('Copy log and snapshots to a new directory, while a running `andon run` goes on')
    .argument('<directory>', 'absent or empty; afterwards a data directory of its own')
    .option('--config <file>', 'configuration (YAML) whose data directory is copied; without it the defaults')
    .option('--json', 'print what was copied as one JSON object', false)
    .action(async (directory: string, flags: Flags) => {
      const config = loadConfig({ path: flags.config, env: process.env })
      const from = placesOf(config)
      expectEmbedded(config)
      await expectEmpty(directory)
      if (!existsSync(from.log))
        throw new Fault(
          'FILE_UNREADABLE',
          `expected a log in ${from.log}, there is none: name the configuration of the pipeline with --config`
        )
      for (let left = TRIES; ; left--) {
        const told = await copy(from, directory, backupLmdb)
        if (await fits(directory)) return tell(config.dataDirectory, directory, told, flags)
        await emptied(directory)
        if (left === 1)
          throw new Fault(
            'UNAVAILABLE',
            'expected a snapshot that the copied log reaches back to, retention passed each one meanwhile: try again'
          )
      }
    })
}

export function restoreCommand(): Command {
  return new Command('restore')
    .description('Put a backup back where there is nothing, for `andon run` to go on from')
    .argument('<directory>', 'what `andon backup` wrote')
    .option(
      '--config <file>',
      'configuration (YAML) whose data directory is filled, which must be absent or empty; without it the defaults'
    )
    .option('--json', 'print what was put back as one JSON object', false)
    .action(async (source: string, flags: Flags) => {
      const config = loadConfig({ path: flags.config, env: process.env })
      const { dataDirectory } = config
      expectEmbedded(config)
      await expectEmpty(dataDirectory)
      const from = { log: join(source, 'log'), snapshots: join(source, 'snapshots') }
      if (!existsSync(from.log) || existsSync(join(source, UNFINISHED)))
        throw new Fault(
          'FILE_UNREADABLE',
          `expected a finished backup in ${source}, came ${existsSync(source) ? 'none' : 'nothing'}: name what andon backup wrote`
        )
      tell(source, dataDirectory, await copy(from, dataDirectory, restoreLmdb), flags)
    })
}

/** What a cluster keeps is copied by the cluster's own means: here there are only the snapshots. */
function expectEmbedded({ log }: Config): void {
  if (log.kind !== 'embedded')
    throw new Fault(
      'CONFIG_INVALID',
      `expected the embedded log, got log.kind ${log.kind}: the cluster keeps the log, replicate its topics, and copy the folder of snapshots`
    )
}

interface Copied {
  readonly snapshots: readonly string[]
  /** Not copied, as they were damaged. */
  readonly damaged: readonly string[]
}

/** Snapshots first, so that none is ahead of the log's copy; the last name is given once all is durable. */
async function copy(
  from: { readonly log: string; readonly snapshots: string },
  target: string,
  copyLog: (from: string, to: string) => Promise<void>
): Promise<Copied> {
  const unfinished = join(target, UNFINISHED)
  await mkdir(unfinished, { recursive: true })
  const done: string[] = []
  const damaged: string[] = []
  for (const shard of await shardsIn(from.snapshots)) {
    const told = await copySnapshots(join(from.snapshots, shard), join(unfinished, shard), target)
    done.push(...told.snapshots.map(name => join(shard, name)))
    damaged.push(...told.damaged.map(name => join(shard, name)))
  }
  await copyLog(from.log, join(target, 'log'))
  await rename(unfinished, join(target, 'snapshots'))
  await sync(target)
  return { snapshots: done, damaged }
}

/** The folders of snapshots: the one itself, and those of shards in it. */
async function shardsIn(directory: string): Promise<readonly string[]> {
  const entries = existsSync(directory) ? await readdir(directory, { withFileTypes: true }) : []
  return ['', ...entries.filter(each => each.isDirectory()).map(each => each.name)]
}

async function copySnapshots(from: string, to: string, target: string): Promise<Copied> {
  await mkdir(to, { recursive: true })
  const copied = openFileSnapshots(to)
  const done: string[] = []
  const damaged: string[] = []
  for (const each of await openFileSnapshots(from).list()) {
    try {
      await copyFile(join(from, each.name), join(to, each.name))
      await copied.read(each.name)
      await sync(join(to, each.name))
      done.push(each.name)
    } catch (error) {
      await rm(join(to, each.name), { force: true })
      // One that has gone meanwhile is older than the others.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue
      if (!(error instanceof Fault) || error.code !== 'SNAPSHOT_DAMAGED') throw refused(target, error)
      damaged.push(each.name)
    }
  }
  await sync(to)
  return { snapshots: done, damaged }
}

/** Whether the copied log holds, for the learner of every shard, each example from some copied snapshot on, or from the first. */
async function fits(directory: string): Promise<boolean> {
  const log = await openLmdbLog({ directory: join(directory, 'log'), maxBytes: 0, readOnly: true })
  try {
    const starts = await log.starts(['examples'])
    const reaches = ({ positions }: StoredSnapshot): boolean =>
      starts.every(start => start.offset <= (positions.find(p => p.topic === 'examples' && p.partition === start.partition)?.offset ?? 0))
    if (starts.every(({ offset }) => offset === 0)) return true
    for (const shard of await shardsIn(join(directory, 'snapshots'))) {
      if ((await learnedUpTo(log, shard === '' ? REST : shard)).length === 0) continue
      const listed = await openFileSnapshots(join(directory, 'snapshots', shard)).list()
      if (!listed.some(each => !('damage' in each) && reaches(each))) return false
    }
    return true
  } finally {
    await log.close()
  }
}

/** Throws `FILE_UNREADABLE` where a directory holds anything. */
export async function expectEmpty(directory: string): Promise<void> {
  if (existsSync(directory) && (!(await stat(directory)).isDirectory() || (await readdir(directory)).length > 0))
    throw new Fault(
      'FILE_UNREADABLE',
      `expected ${directory} to be absent or an empty directory, came other files: nothing is ever overwritten, name another`
    )
}

async function emptied(directory: string): Promise<void> {
  for (const name of ['log', 'snapshots', UNFINISHED]) await rm(join(directory, name), { recursive: true, force: true })
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

function refused(target: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (error instanceof Fault || code === undefined) return error
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new Fault('LOG_FULL', `expected room for a copy in ${target}, came ${code}: free some space`, error)
    : new Fault('FILE_UNREADABLE', `expected to write a copy to ${target}, came ${code}: check the path and its permissions`, error)
}

function tell(from: string, to: string, { snapshots, damaged }: Copied, flags: Flags): void {
  for (const name of damaged) process.stderr.write(`andon: snapshot ${name} is damaged and was left out\n`)
  process.stdout.write(flags.json ? json({ from, to, snapshots, damaged }) : `${to} holds the log and ${snapshots.length} snapshots\n`)
}
