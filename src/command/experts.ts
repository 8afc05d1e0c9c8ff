/** `andon experts`: which experts can be trusted, in the newest kept state or in a running process. Reads only. */
import { Command } from 'commander'
import { decodeSaved } from '../adapter/file/saved.ts'
import { openFileSnapshots } from '../adapter/file/snapshots.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/options.ts'
import { Fault } from '../fault/fault.ts'
import { Learner } from '../learner/learner.ts'
import type { LearnerOptions } from '../learner/options.ts'
import { type Experts, expertsOf } from '../pipeline/experts.ts'
import { REST } from '../pipeline/shards.ts'
import { placesOf } from '../wiring.ts'
import { expertsPage } from './experts-table.ts'
import { json, palette } from './output.ts'

/** Long enough for a state of hundreds of lines, short enough for who waits. */
const ANSWER_MS = 15_000

interface Flags {
  readonly task?: string
  readonly bank?: string
  readonly url?: string
  readonly config?: string
  readonly shard: string
  readonly json: boolean
}

export function expertsCommand(): Command {
  return new Command('experts')
    .description('Tell of every expert whether it can be trusted, why, and what would help')
    .option('--task <name>', 'of this task alone')
    .option('--bank <name>', 'of this bank alone')
    .option('--url <address>', 'ask a running andon, with http.token of the configuration; without it the newest snapshot is read')
    .option('--config <file>', 'configuration (YAML) whose data directory is meant; without it the defaults')
    .option('--shard <name>', 'whose states: of the lines that this shard names in the configuration', REST)
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExample: andon experts --url http://127.0.0.1:9464 --task failure')
    .action(run)
}

async function run(flags: Flags): Promise<void> {
  const config = loadConfig({ path: flags.config, env: process.env })
  const experts = flags.url === undefined ? await kept(config, flags) : await running(config, flags.url, flags)
  if (experts.tasks.every(({ banks }) => banks.length === 0)) throw nothing(flags)
  process.stdout.write(flags.json ? json(experts) : expertsPage(experts, palette(process.stdout, process.env)))
}

async function kept(config: Config, flags: Flags): Promise<Experts> {
  const directory = placesOf(config, flags.shard).snapshots
  const snapshots = openFileSnapshots(directory)
  const newest = (await snapshots.list()).find(each => !('damage' in each))
  if (newest === undefined)
    throw new Fault(
      'FILE_UNREADABLE',
      `expected a snapshot in ${directory}, there is none: let the pipeline save one, name another data directory, or ask a running one with --url`
    )
  const saved = decodeSaved((await snapshots.read(newest.name)).state)
  Learner.expectFit(saved, (saved as unknown as { readonly options: LearnerOptions }).options)
  return expertsOf(Learner.load(saved, (saved as unknown as { readonly options: LearnerOptions }).options).status(), flags)
}

async function running(config: Config, url: string, { task, bank }: Flags): Promise<Experts> {
  const address = new URL('/api/experts', url)
  if (task !== undefined) address.searchParams.set('task', task)
  if (bank !== undefined) address.searchParams.set('bank', bank)
  const { token } = config.http
  const response = await fetch(address, {
    signal: AbortSignal.timeout(ANSWER_MS),
    headers: token === null ? {} : { authorization: `Bearer ${token.reveal()}` }
  }).catch(cause => {
    throw new Fault('UNAVAILABLE', `expected an andon at ${address.origin}, got ${(cause as Error).message}: see that it runs`, cause)
  })
  if (!response.ok)
    throw new Fault(
      'UNAVAILABLE',
      `expected the experts from ${address.origin}, got ${response.status}: ${(await response.text()).slice(0, 300)}`
    )
  return (await response.json()) as Experts
}

function nothing({ task, bank }: Flags): Fault {
  const what = [task === undefined ? [] : [`task ${task}`], bank === undefined ? [] : [`bank ${bank}`]].flat()
  return new Fault(
    'INPUT_INVALID',
    what.length === 0
      ? 'expected a bank with experts, nothing has been learned yet: feed labels'
      : `expected experts of ${what.join(' and ')}, there are none: andon experts tells all`
  )
}
