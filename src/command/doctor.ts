/** `andon doctor`: is this machine fit to run Andon, and what to do where it is not. */
import { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/options.ts'
import { Fault } from '../fault/fault.ts'
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
  fail,
  ok
} from './doctor-checks.ts'
import { exitCodes, json, palette, type Terminal } from './output.ts'

/** Opens the log of a configuration and closes it again; says in words what it found. Throws where it cannot. */
export type TryLog = (config: Config) => Promise<string>

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
    ...checkKernel(),
    ...checkPackages(),
    await checkPort(config.http),
    ...directory,
    ...(usable ? [await checkLog(config, tryLog)] : []),
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
    return fail('log', message, 'restore a backup (andon restore), or set dataDirectory to another folder')
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
export function doctorCommand(tryLog: TryLog): Command {
  return new Command('doctor')
    .description('look whether this machine is fit: engine, memory, ports, disk, limits, log, clock')
    .option('-c, --config <file>', 'configuration file in YAML')
    .option('--json', 'print the checks as JSON')
    .action(async (options: { readonly config?: string; readonly json?: boolean }) => {
      const checks = await examine(options.config, process.env, tryLog)
      const failed = checks.some(check => check.state === 'fail')
      process.stdout.write(options.json ? json({ fit: !failed, checks }) : printChecks(checks, process.stdout, process.env))
      process.exitCode = failed ? exitCodes.failed : exitCodes.ok
    })
}
