/** What containers of Andon have in common, whoever starts them. */
import { runCommand } from '../../src/command/run.ts'

/** The role that a command line asks for; throws where it is none of `andon run`. */
export function roleOf([command, ...words]: readonly string[]): string {
  if (command !== 'run') throw new Error(`expected the command run, got ${command}`)
  const run = runCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .action(() => undefined)
  run.parse(words, { from: 'user' })
  return run.opts<{ role: string }>().role
}

/** The variables that the container is given, with the secret where a test has put it. */
export function settingsOf(environment: Readonly<Record<string, string>>, token: string): Record<string, string> {
  const mounted = environment.ANDON_HTTP__TOKENFILE
  if (mounted === undefined || !mounted.startsWith('/run/secrets/')) throw new Error(`expected the token from a file, got ${mounted}`)
  return { ...environment, ANDON_HTTP__TOKENFILE: token }
}
