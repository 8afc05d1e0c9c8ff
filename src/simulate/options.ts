/** What a simulation can be told, with its defaults and its check. Every value has one meaning for all lines. */
import { type Mode, modes, type Rarity } from './ai4i.ts'
import { type Drift, driftKinds, limits, readings } from './drift.ts'

/** `failure` is ok or failure; `mode` is none or the first mode of the part; a mode's own task is 0 or 1, as in the published file. */
export const simulatedTasks = ['failure', 'mode', ...modes] as const
export type SimulatedTask = 'failure' | 'mode' | Mode

export interface SimulationOptions {
  readonly seed: number
  /** Number of lines: `line-1`, `line-2` … */
  readonly lines: number
  /** Each line makes a part in this time; the lines take turns within it. */
  readonly intervalMs: number
  /** Time of the first part, milliseconds since 1970. */
  readonly startMs: number
  /** Begins every id. Two simulations that feed one log need different ones, else the second's parts count as repeats. */
  readonly idPrefix: string
  readonly tasks: readonly SimulatedTask[]
  /** How long after its part a label comes, in intervals of its line and in milliseconds: the two add up. */
  readonly labelDelayParts: number
  readonly labelDelayMs: number
  /** A delay is drawn evenly between (1 − jitter) and (1 + jitter) times the above. From 0 to 1. */
  readonly labelJitter: number
  /** Share of parts that are ever labelled. */
  readonly labelShare: number
  /** Share of labels that come a second time. */
  readonly duplicateShare: number
  /** Share of labels that come wrong first and are put right by a second one. */
  readonly contradictShare: number
  /** Share of labels that come `lateMs` later than the rest. */
  readonly lateShare: number
  readonly lateMs: number
  /** Makes one mode of failure, or any, rarer or more frequent. The factor from 0 to 100. */
  readonly rarity: Rarity | null
  readonly drift: Drift
}

export const simulationDefaults: SimulationOptions = {
  seed: 1,
  lines: 3,
  intervalMs: 1000,
  startMs: 0,
  idPrefix: 'part',
  tasks: ['failure', 'mode'],
  labelDelayParts: 20,
  labelDelayMs: 0,
  labelJitter: 0.5,
  labelShare: 1,
  duplicateShare: 0,
  contradictShare: 0,
  lateShare: 0,
  lateMs: 86_400_000,
  rarity: null,
  drift: { kind: 'none', atPart: 0, overParts: 1000, moves: [] }
}

/**
 * The options with the defaults filled in. Throws a RangeError that lists every problem at once.
 *
 * @example
 * ```ts
 * import { simulationOptions } from '../src/simulate/options.ts'
 * simulationOptions({ lines: 2 }).intervalMs // => 1000
 * ```
 */
export function simulationOptions(given: Partial<SimulationOptions>): SimulationOptions {
  const options: SimulationOptions = { ...simulationDefaults, ...given }
  const problems: string[] = []
  const number = (name: string, value: number, low: number, high: number, whole: boolean): void => {
    const fits = typeof value === 'number' && value >= low && value <= high && (!whole || Number.isInteger(value))
    if (!fits) problems.push(`${name}: expected ${whole ? 'an integer' : 'a number'} from ${low} to ${high}, got ${value}`)
  }
  const oneOf = (name: string, value: string, known: readonly string[]): void => {
    if (!known.includes(value)) problems.push(`${name}: expected one of ${known.join(', ')}, got ${value}`)
  }
  for (const name of Object.keys(given)) oneOf('option', name, Object.keys(simulationDefaults))
  number('seed', options.seed, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, true)
  number('lines', options.lines, 1, 1000, true)
  number('intervalMs', options.intervalMs, 1, DAY_MS, false)
  number('startMs', options.startMs, 0, 8.64e15, true)
  if (options.idPrefix === '') problems.push('idPrefix: expected at least one character, got none')
  if (options.tasks.length === 0) problems.push('tasks: expected at least one, got none')
  for (const task of options.tasks) oneOf('tasks', task, simulatedTasks)
  number('labelDelayParts', options.labelDelayParts, 0, 1e6, false)
  number('labelDelayMs', options.labelDelayMs, 0, YEAR_MS, false)
  number('lateMs', options.lateMs, 0, YEAR_MS, false)
  for (const name of ['labelJitter', 'labelShare', 'duplicateShare', 'contradictShare', 'lateShare'] as const) {
    number(name, options[name], 0, 1, false)
  }
  if (options.rarity !== null) {
    oneOf('rarity.mode', options.rarity.mode, [...modes, 'any'])
    number('rarity.factor', options.rarity.factor, 0, 100, false)
  }
  const { drift } = options
  oneOf('drift.kind', drift.kind, driftKinds)
  number('drift.atPart', drift.atPart, 0, Number.MAX_SAFE_INTEGER, true)
  number('drift.overParts', drift.overParts, 1, Number.MAX_SAFE_INTEGER, true)
  for (const [i, move] of drift.moves.entries()) {
    oneOf(`drift.moves.${i}.what`, move.what, [...limits, ...readings])
    if (!Number.isFinite(move.by)) problems.push(`drift.moves.${i}.by: expected a finite number, got ${move.by}`)
    const known = Array.from({ length: Math.min(options.lines, 1000) || 0 }, (_, n) => `line-${n + 1}`)
    if (move.line !== null && !known.includes(move.line)) {
      problems.push(`drift.moves.${i}.line: expected line-1 to line-${options.lines}, or null for all, got ${move.line}`)
    }
  }
  if (drift.kind !== 'none' && drift.moves.length === 0)
    problems.push('drift.moves: expected what drifts, got nothing: name a limit or a reading')
  if (problems.length > 0) throw new RangeError(`the simulation cannot start:\n  ${problems.join('\n  ')}`)
  return options
}

const DAY_MS = 86_400_000
const YEAR_MS = 366 * DAY_MS
