/**
 * Options from the environment. A variable that starts with `ANDON_` and names no option is a mistake, not a silence:
 * it is refused with the nearest name.
 */
import { parse } from 'yaml'
import { type OptionRow, optionRows } from './option-rows.ts'
import { nearest } from './problem.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Variables that start with `ANDON_` and are no options. */
export const otherVariables = {
  ANDON_CONFIG: 'The configuration file, where no `--config` is given',
  ANDON_DATA: 'Folder of the streams that tests, benchmarks and the figures in the README read',
  ANDON_KAFKA_CACHE: 'Where `npm run kafka` and tests keep the jars of Kafka; without it the user’s cache folder',
  ANDON_KAFKA_VERSION: 'The version of Kafka that tests run; without it the newest known to work',
  ANDON_REQUIRE:
    'What tests must not skip for want of it, as a list: `promtool,alertmanager,mosquitto,data,kafka,registry,hadolint,kubernetes-validate,chromium`'
} as const

/** An option as a variable sets it. */
export interface Setting {
  readonly path: readonly string[]
  readonly value: unknown
  readonly variable: string
}

/** Letter case and single underscores do not matter, the double ones do: they divide the levels. */
const plain = (variable: string) =>
  variable
    .toUpperCase()
    .split('__')
    .map(level => level.replaceAll('_', ''))
    .join('__')

const isText = (row: OptionRow) => (row.shape.anyOf ?? [row.shape]).every(part => part.type === 'string' || part.type === 'null')

/** The settings in an environment, and what is wrong with it. An empty variable counts as not set. */
export function settingsOf(env: Environment): { settings: Setting[]; problems: string[] } {
  const rows = optionRows()
  const byName = new Map(rows.map(row => [plain(row.variable), row]))
  const settings: Setting[] = []
  const problems: string[] = []
  for (const variable of Object.keys(env).sort()) {
    const text = env[variable]
    if (!variable.toUpperCase().startsWith('ANDON_') || variable in otherVariables || text === undefined || text === '') continue
    const row = byName.get(plain(variable))
    if (row === undefined) {
      const near = nearest(variable, [...rows.map(each => each.variable), ...Object.keys(otherVariables)])
      problems.push(
        `${variable}: no option of this name${near === null ? '; `andon config options` lists them' : `, did you mean ${near}?`}`
      )
      continue
    }
    try {
      settings.push({ path: row.path, value: isText(row) ? text : parse(text), variable })
    } catch {
      problems.push(`${row.path.join('.')}: expected ${row.accepts} in YAML, got text that cannot be read (${variable})`)
    }
  }
  return { settings, problems }
}
