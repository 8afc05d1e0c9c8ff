/** `andon doctor`: is this machine fit to run Andon, and what to do where it is not. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { openLmdbLog } from '../adapter/lmdb/log.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/options.ts'
import { Fault } from '../fault/fault.ts'
import type { Log } from '../pipeline/log.ts'
import { kafkaOptionsOf, openStore, placesOf } from '../wiring.ts'
import { tryRegistry } from '../wiring-codec.ts'
import {
  type Check,
  checkClock,
  checkDataDirectory,
  checkKernel,
  checkMemory,
  checkNode,
  checkOpenFiles,
  checkPackages,
  checkPlatform,
  checkPort,
  existing,
  fail,
  ok
} from './doctor-checks.ts'
import { exitCodes, json, palette, type Terminal } from './output.ts'

/** Opens the log of a configuration and closes it again; says in words what it found. Throws where it cannot. */
export type TryLog = (config: Config) => Promise<string>

const KEPT = ['observations', 'labels', 'examples', 'predictions', 'rejects'] as const

/** Opens the log as it stands without changing it; where there is none, tries one in a folder that it removes again. */
export const tryLmdbLog: TryLog = async config => {
  const { log: directory } = placesOf(config)
  const maxBytes = config.log.maxMiB * 1_048_576
  if (!existsSync(directory)) {
    const scratch = mkdtempSync(join(existing(config.dataDirectory), '.andon-doctor-'))
    try {
      const log = await openLmdbLog({ directory: scratch, maxBytes, partitions: config.log.partitions })
      await log.close()
    } finally {
      rmSync(scratch, { recursive: true })
    }
    return 'none yet; one can be made'
  }
  const log = await openLmdbLog({ directory, maxBytes, readOnly: true })
  try {
    const other = Object.entries(config.log.partitions).filter(
      ([topic, count]) => log.partitions[topic] !== undefined && log.partitions[topic] !== count
    )
    if (other.length > 0) {
      const told = other.map(([topic, count]) => `${topic}: ${count} configured, ${log.partitions[topic]} in the log`).join('; ')
      throw new Fault('CONFIG_INVALID', `expected the partitions that the log was made with, got ${told}: correct log.partitions`)
    }
    return await contents(log)
  } finally {
    await log.close()
  }
}

/** Looks at the topics of a cluster without making any. */
const tryKafkaLog: TryLog = async config => {
  const { brokers, create } = config.log.kafka
  const { missingOf } = await import('../adapter/kafka/log.ts')
  const missing = await missingOf(kafkaOptionsOf(config.log))
  if (missing.length > 0 && create) return `${brokers.join(', ')} answers; ${missing.join(', ')} are yet to be made`
  const { log } = await openStore(config, { readOnly: true })
  try {
    return `${brokers.join(', ')} answers; ${await contents(log)}`
  } finally {
    await log.close()
  }
}

async function contents(log: Log): Promise<string> {
  const topics = KEPT.filter(topic => log.partitions[topic] !== undefined)
  const [starts, ends] = await Promise.all([log.starts(topics), log.ends(topics)])
  const sum = (topic: string, positions: typeof ends) =>
    positions.reduce((all, each) => (each.topic === topic ? all + each.offset : all), 0)
  return `opens; ${topics.map(topic => `${sum(topic, ends) - sum(topic, starts)} ${topic}`).join(', ')}`
}

const tryConfiguredLog: TryLog = config => (config.log.kind === 'kafka' ? tryKafkaLog(config) : tryLmdbLog(config))

/** Every check, in the order they are printed. A configuration that is wrong is one failed check; the defaults serve the others. */
export async function examine(path: string | undefined, env: NodeJS.ProcessEnv, tryLog: TryLog): Promise<Check[]> {
  const { config, check } = readConfig(path, env)
  const directory = checkDataDirectory(config.dataDirectory, config.log.maxMiB)
  const usable = directory.every(each => each.state !== 'fail')
  return [
    check,
    checkNode(),
    checkPlatform(),
    checkMemory(),
    checkKernel(),
    ...checkPackages(),
    await checkPort(config.http),
    ...directory,
    ...(usable ? [await checkLog(config, tryLog)] : []),
    await checkRegistry(config),
    checkOpenFiles(),
    checkClock()
  ]
}

function readConfig(path: string | undefined, env: NodeJS.ProcessEnv): { config: Config; check: Check } {
  try {
    const config = loadConfig({ path, env })
    const file = path ?? env.ANDON_CONFIG
    return { config, check: ok('configuration', file ? `${file} is right` : 'no file, the defaults') }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return {
      config: loadConfig({ env: {} }),
      check: fail('configuration', error.message, 'correct it; the checks below took the defaults')
    }
  }
}

async function checkLog(config: Config, tryLog: TryLog): Promise<Check> {
  try {
    return ok('log', await tryLog(config))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return fail('log', message, 'correct what it names, restore a backup (andon restore), or set dataDirectory to another folder')
  }
}

async function checkRegistry(config: Config): Promise<Check> {
  try {
    return ok('schema registry', await tryRegistry(config))
  } catch (error) {
    return fail('schema registry', (error as Error).message, 'correct what it names; without registry.url none is asked')
  }
}

/** The checks as people read them: one a line, with what to do below it. */
export function printChecks(checks: readonly Check[], terminal: Terminal, env: Readonly<Record<string, string | undefined>>): string {
  const { green, yellow, red, dim } = palette(terminal, env)
  const marks = { ok: green('ok  '), warn: yellow('warn'), fail: red('FAIL') }
  const wide = Math.max(...checks.map(check => check.name.length))
  const indent = ' '.repeat(wide + 8)
  const lines = checks.flatMap(({ name, state, found, advice }) => {
    const first = `${marks[state]}  ${name.padEnd(wide)}  ${found.replaceAll('\n', `\n${indent}`)}`
    return advice === null ? [first] : [first, dim(`${indent}→ ${advice}`)]
  })
  const count = (state: Check['state']) => checks.filter(check => check.state === state).length
  return [...lines, '', `${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed`, ''].join('\n')
}

/** `andon doctor`. Ends with 0, or with 1 where a check failed. */
export function doctorCommand(tryLog: TryLog = tryConfiguredLog): Command {
  return new Command('doctor')
    .description('Look whether this machine is fit: engine, memory, ports, disk, limits, log, registry, clock')
    .option('-c, --config <file>', 'configuration file in YAML')
    .option('--json', 'print the checks as JSON')
    .action(async (options: { readonly config?: string; readonly json?: boolean }) => {
      const checks = await examine(options.config, process.env, tryLog)
      const failed = checks.some(check => check.state === 'fail')
      process.stdout.write(options.json ? json({ fit: !failed, checks }) : printChecks(checks, process.stdout, process.env))
      process.exitCode = failed ? exitCodes.failed : exitCodes.ok
    })
}
