/**
 * Simulated lines as the command line asks for them: `andon run --simulate` and `andon simulate-line` take this one path.
 * What is not asked for comes from the configuration.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/options.ts'
import { Fault } from '../fault/fault.ts'
import type { Rarity } from '../simulate/ai4i.ts'
import type { Drift } from '../simulate/drift.ts'
import { SimulatedLines } from '../simulate/lines.ts'
import { CHUNK, type Fed, TICK_MS } from './feed.ts'

/** What a command line may ask for. */
export interface SimulationWishes {
  readonly lines?: number | undefined
  /** Parts a second over all lines; 0 is as fast as possible and needs `parts`. */
  readonly rate?: number | undefined
  /** Stop after so many parts and the labels still due. */
  readonly parts?: number | undefined
  readonly delay?: number | undefined
  readonly seed?: number | undefined
  readonly drift?: Drift['kind'] | undefined
  readonly rarity?: Rarity | undefined
  readonly labelShare?: number | undefined
  /** Time of the first part, milliseconds since 1970. */
  readonly start?: number | undefined
  readonly ids?: string | undefined
}

export interface Simulation {
  readonly lines: SimulatedLines
  /** Milliseconds of the lines in one of the clock; 0 is as fast as possible. */
  readonly speed: number
  readonly parts: number
}

/** Parts of a line before its drift begins, and how long it lasts: long enough to be learned and to be forgotten. */
const DRIFT_PARTS = 3000

/**
 * A drift worth watching: on one line the torque sensor gets a bias, and the limit of overstrain moves with it.
 *
 * @example
 * ```ts
 * import { driftOf } from '../src/command/simulation.ts'
 * driftOf('sudden', 3).moves[0].line // => 'line-2'
 * ```
 */
export function driftOf(kind: Drift['kind'], lines: number): Drift {
  const line = lines > 1 ? 'line-2' : 'line-1'
  return {
    kind,
    atPart: DRIFT_PARTS,
    overParts: DRIFT_PARTS,
    moves: [
      { line, what: 'torque_nm', by: 6 },
      { line, what: 'overstrainNmMin', by: -1500 }
    ]
  }
}

/** The lines of a configuration, changed as wished. Throws `CONFIG_INVALID` with every problem at once. */
export function simulationOf(config: Config['simulate'], wishes: SimulationWishes, now: number): Simulation {
  const count = wishes.lines ?? config.lines
  const rate = wishes.rate ?? config.rate
  const parts = wishes.parts ?? Number.POSITIVE_INFINITY
  if (rate === 0 && parts === Number.POSITIVE_INFINITY)
    throw new Fault(
      'CONFIG_INVALID',
      'expected an end for parts that come as fast as possible, got none: give --parts, or a --rate above 0'
    )
  // Times must not run ahead of the clock, so parts without a pace lie in the past, as far apart as at the usual one.
  const intervalMs = Math.max(1, (1000 * count) / (rate === 0 ? config.rate : rate))
  const startMs = wishes.start ?? Math.max(0, Math.floor(now - (rate === 0 ? (parts / count) * intervalMs : 0)))
  const kind = wishes.drift ?? (config.drift ? 'recurring' : 'none')
  const rarity = wishes.rarity ?? (config.rareRate === 1 ? null : { mode: 'any' as const, factor: config.rareRate })
  try {
    const lines = new SimulatedLines({
      lines: count,
      seed: wishes.seed ?? config.seed,
      intervalMs,
      startMs,
      idPrefix: wishes.ids ?? `part-${startMs.toString(36)}`,
      labelDelayParts: wishes.delay ?? config.delay,
      drift: driftOf(kind, count),
      rarity,
      ...(wishes.labelShare === undefined ? {} : { labelShare: wishes.labelShare })
    })
    return { lines, speed: (rate * intervalMs) / (1000 * count), parts }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new Fault('CONFIG_INVALID', `expected a simulation that can start: ${error.message}`, error)
  }
}

/** Events as they come due, in chunks, never an empty one. Ends after the last part's labels or when `signal` aborts. */
export async function* comingDue(
  { lines, speed, parts }: Simulation,
  clock: () => number,
  signal: AbortSignal
): AsyncGenerator<readonly Fed[]> {
  const began = clock()
  const { startMs } = lines.options
  const beyond = new Set<string>()
  let made = 0
  let owed = Number.POSITIVE_INFINITY
  let next = lines.next().value
  while (!signal.aborted) {
    const chunk: Fed[] = []
    const reached = speed === 0 ? Number.POSITIVE_INFINITY : startMs + (clock() - began) * speed
    while (chunk.length < CHUNK && next.at <= reached && owed > 0) {
      const fed = next.event
      if (fed.name === 'label') {
        if (!beyond.has(fed.event.observation)) {
          chunk.push(fed)
          owed--
        }
      } else if (made === parts) beyond.add(fed.event.id)
      else {
        chunk.push(fed)
        if (++made === parts) owed = lines.truth().pending
      }
      if (owed > 0) next = lines.next().value
    }
    if (chunk.length > 0) yield chunk
    if (owed <= 0) return
    if (chunk.length < CHUNK && speed > 0) await sleep(TICK_MS, undefined, { signal }).catch(() => undefined)
  }
}
