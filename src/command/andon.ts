#!/usr/bin/env node
/** The command line. Every command is a file of its own beside this one; an error ends in one line and an exit code that means something. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { Fault } from '../fault/fault.ts'
import { ablateCommand } from './ablate.ts'
import { backupCommand, restoreCommand } from './backup.ts'
import { configCommand } from './config.ts'
import { doctorCommand } from './doctor.ts'
import { evaluateCommand } from './evaluate.ts'
import { expertsCommand } from './experts.ts'
import { migrateCommand } from './migrate.ts'
import { exitCodeOf } from './output.ts'
import { produceCommand } from './produce.ts'
import { replayCommand } from './replay.ts'
import { runCommand } from './run.ts'
import { simulateLineCommand } from './simulate-line.ts'
import { snapshotCommand } from './snapshot.ts'
import { tokenCommand } from './token.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }

const program = new Command('andon')
  .description('Learns to classify factory defects while the line runs')
  .version(version)
  .showHelpAfterError('(andon --help, or andon COMMAND --help, tells what there is)')
  .exitOverride()
const commands = [
  runCommand(),
  evaluateCommand(),
  ablateCommand(),
  produceCommand(),
  simulateLineCommand(),
  replayCommand(),
  snapshotCommand(),
  expertsCommand(),
  backupCommand(),
  restoreCommand(),
  migrateCommand(),
  configCommand(),
  tokenCommand(),
  doctorCommand()
]
for (const command of commands) program.addCommand(command.copyInheritedSettings(program))

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
  process.stderr.write(
    `andon: ${error instanceof Fault ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`
  )
  process.exit(exitCodeOf(error))
}
