/** `andon config`: is a configuration right, and what may stand in one. */
import { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { jsonSchema, optionRows, optionTable } from '../config/option-rows.ts'
import { Fault } from '../fault/fault.ts'
import { exitCodes, json } from './output.ts'

interface CheckOptions {
  readonly config?: string
  readonly json?: boolean
}

/** `andon config check|schema|options`. Ends with 0, or with 2 where the configuration is not right; a wrong call throws a `CommanderError`. */
export function configCommand(): Command {
  const command = new Command('config').description('Check a configuration, or print what may stand in one').exitOverride()

  command
    .command('check')
    .description('check the configuration file and the environment; every problem is told at once')
    .option('-c, --config <file>', 'configuration file in YAML (default: the one ANDON_CONFIG names, or none)')
    .option('--json', 'print the checked configuration with every default, or the problems, as JSON')
    .action((options: CheckOptions) => check(options))

  command
    .command('schema')
    .description('print the JSON Schema of the configuration file, for editors')
    .option('--json', 'the schema is JSON in any case')
    .action(() => {
      process.stdout.write(json(jsonSchema()))
    })

  command
    .command('options')
    .description('print every option with what it takes, its default and its environment variable')
    .option('--json', 'as JSON')
    .action((options: { readonly json?: boolean }) => {
      if (!options.json) process.stdout.write(`${optionTable()}\n`)
      else
        process.stdout.write(
          json(
            optionRows().map(({ path, variable, accepts, initial, description, secret }) => ({
              option: path.join('.'),
              variable,
              accepts,
              default: initial ?? null,
              description,
              secret
            }))
          )
        )
    })

  return command
}

function check(options: CheckOptions): void {
  const file = options.config ?? process.env.ANDON_CONFIG
  try {
    const config = loadConfig({ path: options.config, env: process.env })
    process.stdout.write(
      options.json
        ? json({ valid: true, file: file ?? null, config })
        : `${file ? `${file} is` : 'no file: the defaults and the environment are'} right\n`
    )
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    if (options.json) process.stdout.write(json({ valid: false, file: file ?? null, problems: problemsIn(error) }))
    else process.stderr.write(`${error.message}\n`)
    process.exitCode = exitCodes.usage
  }
}

/** The lines of a fault's list, or its one sentence. */
function problemsIn(fault: Fault): string[] {
  const lines = fault.message.split('\n')
  return lines.length === 1 ? lines : lines.slice(1).map(line => line.trim())
}
