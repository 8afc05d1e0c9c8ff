/** `andon token`: make a token for somebody, or list who has one. What is made is shown once and kept nowhere. */
import { Command, Option } from 'commander'
import { loadConfig } from '../config/load.ts'
import { Fault } from '../fault/fault.ts'
import { digestOf, newToken, type Role, roles } from '../http/token.ts'
import { namedTokensOf } from '../wiring-http.ts'
import { json, table } from './output.ts'

interface Flags {
  readonly role: Role
  readonly lines?: readonly string[]
  readonly config?: string
  readonly json: boolean
}

export function tokenCommand(): Command {
  return new Command('token')
    .description('Make a token for a person or a machine, with what to write into the configuration; without a name, list who has one')
    .argument('[name]', 'whom it is for: letters, digits, dots, dashes, underscores and @')
    .addOption(new Option('--role <role>', 'what it may do').choices(Object.keys(roles)).default('read'))
    .option('--lines <list>', 'the lines it may change something of, with commas between; without it all', text => text.split(','))
    .option('--config <file>', 'configuration (YAML) whose tokens are listed; without it the defaults')
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExample: andon token press-gateway --role feed --lines press-1,press-2')
    .action((name: string | undefined, flags: Flags) => (name === undefined ? list(flags) : make(name, flags)))
}

function make(name: string, flags: Flags): void {
  const token = newToken()
  const lines: 'any' | readonly string[] = flags.lines ?? 'any'
  const entry = { name, role: flags.role, lines, sha256: digestOf(token).toString('hex') }
  // The check of the configuration is the check of what is made for it.
  loadConfig({ env: {}, overrides: { http: { tokens: [entry] } } })
  if (flags.json) return void process.stdout.write(json({ token, ...entry }))
  process.stdout.write(`token   ${token}\n\nIt is not shown again. Under http.tokens of the configuration:\n\n    - ${flow(entry)}\n`)
}

/** In one line of YAML. Names of lines may hold anything, so they stand in quotes; all else is plain. */
function flow({ name, role, lines, sha256 }: { name: string; role: Role; lines: 'any' | readonly string[]; sha256: string }): string {
  return `{name: "${name}", role: ${role}, lines: ${JSON.stringify(lines)}, sha256: "${sha256}"}`
}

function list({ config: path, json: asJson }: Flags): void {
  const tokens = namedTokensOf(loadConfig({ path, env: process.env })).map(({ name, role, lines, source }) => ({
    name,
    role,
    lines,
    source
  }))
  if (asJson) return void process.stdout.write(json({ tokens }))
  if (tokens.length === 0) throw new Fault('CONFIG_INVALID', 'expected tokens in http.tokens to list, got none: andon token NAME makes one')
  const rows = tokens.map(({ name, role, lines, source }) => [name, role, lines === 'any' ? lines : lines.join(', '), source ?? '–'])
  process.stdout.write(`${table(['name', 'role', 'lines', 'source in labels'], rows)}\n`)
}
