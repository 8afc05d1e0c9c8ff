/**
 * The habits of the terminal: what people read goes to the terminal with colours, what programs read goes to a pipe
 * without. Figures go to stdout; progress, warnings and faults to stderr.
 */
import { SingleBar } from 'cli-progress'
import { CommanderError } from 'commander'
import { Fault } from '../fault/fault.ts'

/** What an exit code means. */
export const exitCodes = {
  ok: 0,
  /** The command did its work and the answer is no, or something failed that none of the others names. */
  failed: 1,
  /** How the command was called, or its configuration. */
  usage: 2,
  /** The data it was given cannot be read. */
  input: 3,
  /** The log or a snapshot is damaged. */
  damaged: 4,
  /** Stopped from outside (128 + SIGINT). */
  interrupted: 130
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** The exit code for whatever ended a command. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Error && error.name === 'AbortError') return exitCodes.interrupted
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  if (!(error instanceof Fault)) return exitCodes.failed
  switch (error.code) {
    case 'CONFIG_INVALID':
      return exitCodes.usage
    case 'FILE_UNREADABLE':
    case 'INPUT_INVALID':
      return exitCodes.input
    case 'LOG_DAMAGED':
    case 'SNAPSHOT_DAMAGED':
      return exitCodes.damaged
    default:
      return exitCodes.failed
  }
}

/** A stream to write to, and whether a person watches it. */
export interface Terminal {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

export interface Palette {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
}

/** Colours where a person watches and has not asked for none (https://no-color.org), else the text as it is. */
export function palette(terminal: Terminal, env: Readonly<Record<string, string | undefined>>): Palette {
  const on = terminal.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
  const style = (open: number, close: number) => (text: string) => (on ? `\u001b[${open}m${text}\u001b[${close}m` : text)
  return { bold: style(1, 22), dim: style(2, 22), red: style(31, 39), green: style(32, 39), yellow: style(33, 39) }
}

const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g')

/** Columns that a text takes: colours take none, and a letter with its accents takes one. */
function width(text: string): number {
  return [...text.replace(ESCAPES, '').normalize('NFC')].length
}

/**
 * A table in plain text: the first column to the left, numbers to the right. No line ends in spaces.
 *
 * @example
 * ```ts
 * import { table } from '../src/command/output.ts'
 * table(['class', 'recall'], [['ok', '.99'], ['scratch', '.8']]) // => 'class    recall\nok          .99\nscratch      .8'
 * ```
 */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows]
  const columns = heading.map((_, at) => {
    const numeric = rows.every(row => /^[−-]?[\d.,]*\s*(%|[kM]?i?B)?$|^–$/.test((row[at] ?? '').replace(ESCAPES, '')))
    return { wide: Math.max(...all.map(row => width(row[at] ?? ''))), right: at > 0 && rows.length > 0 && numeric }
  })
  const line = (row: readonly string[]) =>
    columns
      .map(({ wide, right }, at) => {
        const cell = row[at] ?? ''
        const space = ' '.repeat(wide - width(cell))
        return right ? space + cell : cell + space
      })
      .join('  ')
      .trimEnd()
  return all.map(line).join('\n')
}

/** One JSON value, as `--json` prints it: NaN and the infinities become null, as JSON has no others. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/**
 * A duration in the two units that matter.
 *
 * @example
 * ```ts
 * import { duration } from '../src/command/output.ts'
 * duration(8.4) // => '8 s'
 * duration(3725) // => '1 h 2 min'
 * ```
 */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '–'
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** How far a command is. */
export interface Progress {
  update(done: number): void
  /** Leaves the terminal as it was found. Idempotent. */
  stop(): void
}

/**
 * A progress bar with rate and time left where a person watches `terminal`, and nothing at all elsewhere. Without a
 * total it counts. `now` gives milliseconds and drives the rate.
 */
export function progress(
  what: string,
  total: number | null,
  terminal: NodeJS.WritableStream & Terminal = process.stderr,
  now: () => number = () => performance.now()
): Progress {
  if (terminal.isTTY !== true) return { update: () => undefined, stop: () => undefined }
  const started = now()
  const known = total !== null && total > 0
  const format = known ? `${what} {bar} {percentage}% | {value}/{total} | {rate}/s | {left} left` : `${what} {value} | {rate}/s | {elapsed}`
  const bar = new SingleBar({
    format,
    stream: terminal,
    barsize: 24,
    barCompleteString: '█',
    barIncompleteString: '░',
    clearOnComplete: true,
    fps: 5,
    hideCursor: true,
    noTTYOutput: false
  })
  const payload = (done: number) => {
    const seconds = Math.max(0.001, (now() - started) / 1000)
    const rate = done / seconds
    return { rate: Math.round(rate), left: known && done > 0 ? duration((total - done) / rate) : '–', elapsed: duration(seconds) }
  }
  bar.start(known ? total : 0, 0, payload(0))
  let stopped = false
  return {
    update: done => {
      if (!stopped) bar.update(done, payload(done))
    },
    stop: () => {
      if (!stopped) bar.stop()
      stopped = true
    }
  }
}
