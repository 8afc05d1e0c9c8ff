/**
 * `andon migrate --from PLACE --to PLACE`: a log moved to another place, a directory or a cluster, with other numbers of
 * partitions if the configuration says so. What is moved and how it is verified is in `pipeline/migrate.ts`; here both ends
 * are opened.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/options.ts'
import { Fault } from '../fault/fault.ts'
import { type Depot, type Migrated, migrate } from '../pipeline/migrate.ts'
import { Shards } from '../pipeline/shards.ts'
import { openClusterDepot, openDepot, placesOf } from '../wiring.ts'
import { expectEmpty } from './backup.ts'
import { duration, json, palette, progress, table } from './output.ts'
import { stopOnSignals } from './stop.ts'

interface Flags {
  readonly from: string
  readonly to: string
  readonly config?: string
  readonly json: boolean
}

/** A full log may be copied, too: to take it over needs a little room beyond its limit. */
const ROOM_TO_CLAIM = 2
/** The place that is no directory: the cluster of the configuration. */
const CLUSTER = 'kafka'

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('Copy a log with its positions and snapshots to another place, where `andon run` goes on from it; verify the copy')
    .requiredOption('--from <place>', `data directory, or ${CLUSTER} for the cluster, that is copied; what runs on it is stopped`)
    .requiredOption('--to <place>', `data directory that is made, absent or empty; or ${CLUSTER}, with none of its topics used`)
    .option('--config <file>', 'configuration (YAML) of the copy: its partitions, its limit, the cluster; without it the defaults')
    .option('--json', 'print what was copied as one JSON object', false)
    .addHelpText('after', '\nExample: andon migrate --from .andon --to wider --config wider.yaml')
    .action(run)
}

async function run(flags: Flags): Promise<void> {
  const config = loadConfig({ path: flags.config, env: process.env })
  const stop = stopOnSignals()
  const began = performance.now()
  const source = await openSource(flags.from, config)
  let target: Depot | null = null
  try {
    target = await openTarget(flags, config, source.log.partitions)
    const bar = progress('migrate', null)
    const moved = await migrate({
      from: source,
      to: target,
      shards: new Shards(config.shards).names,
      signal: stop.signal,
      progress: done => bar.update(done)
    }).finally(() => bar.stop())
    for (const { name, why } of moved.leftOut) process.stderr.write(`andon: snapshot ${name} was left out: ${why}\n`)
    const told = {
      from: flags.from,
      to: flags.to,
      ...moved,
      partitions: target.log.partitions,
      seconds: (performance.now() - began) / 1000
    }
    process.stdout.write(flags.json ? json(told) : page(told))
  } catch (error) {
    const refused = error instanceof Fault && error.code === 'INPUT_INVALID'
    if (target !== null && !refused)
      process.stderr.write(`andon: what is in ${flags.to} is no finished copy: remove it before another try\n`)
    throw error
  } finally {
    await target?.log.close()
    await source.log.close()
  }
}

/** The end that is copied. Its partitions are those it was made with. */
async function openSource(place: string, config: Config): Promise<Depot> {
  if (place === CLUSTER) return openClusterDepot(config)
  const { log } = placesOf({ dataDirectory: place })
  if (!existsSync(log))
    throw new Fault('FILE_UNREADABLE', `expected a log in ${log}, there is none: name the data directory that is to be copied`)
  return openDepot(place, config.log.maxMiB * ROOM_TO_CLAIM)
}

/** The end that is made. Topics that the configuration does not name keep their partitions. */
async function openTarget({ from, to }: Flags, config: Config, partitions: Readonly<Record<string, number>>): Promise<Depot> {
  const { dataDirectory } = config
  if (to === CLUSTER ? from === CLUSTER || resolve(from) === resolve(dataDirectory) : resolve(from) === resolve(to))
    throw new Fault(
      'FILE_UNREADABLE',
      `expected another place than ${from} to copy to, with a data directory of its own: came ${to === CLUSTER ? `${to} with ${dataDirectory}` : to}`
    )
  if (to === CLUSTER) return openClusterDepot(config)
  await expectEmpty(to)
  return openDepot(to, config.log.maxMiB, { ...partitions, ...config.log.partitions })
}

interface Told extends Migrated {
  readonly to: string
  readonly partitions: Readonly<Record<string, number>>
  readonly seconds: number
}

function page({ to, topics, notes, snapshots, partitions, seconds }: Told): string {
  const { bold, dim } = palette(process.stdout, process.env)
  const rows = Object.entries(topics).map(([topic, { records, sha256 }]) => [topic, String(records), String(partitions[topic]), sha256])
  const total = Object.values(topics).reduce((sum, { records }) => sum + records, 0)
  return `${[
    `${bold(`${to} holds ${total} records`)}, ${notes} notes and ${snapshots.length} snapshots, copied and read back in ${duration(seconds)}`,
    '',
    table(['topic', 'records', 'partitions', 'digest'], rows),
    '',
    dim('the digest does not depend on partitions and offsets: both logs have it')
  ].join('\n')}\n`
}
