/** Events into the log at a pace: the shell's side of a simulated line or a recorded one. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Label, Observation } from '../events/event.ts'
import { Fault } from '../fault/fault.ts'
import type { Codec } from '../pipeline/codec.ts'
import type { Log, Outgoing } from '../pipeline/log.ts'
import type { Drift } from '../simulate/drift.ts'
import { SimulatedLines } from '../simulate/lines.ts'
import type { SimulationOptions } from '../simulate/options.ts'

/** How often a paced feed wakes: short enough that a person sees a flow. */
const TICK_MS = 20
/** Records of one write: shares the cost of making them durable. */
const CHUNK = 500

export type Fed = { readonly name: 'observation'; readonly event: Observation } | { readonly name: 'label'; readonly event: Label }

/** The record of an event, in its topic and keyed by its line. */
export function outgoing(codec: Codec, { name, event }: Fed): Outgoing {
  return name === 'observation'
    ? { topic: 'observations', key: event.line, value: codec.encode('observation', event) }
    : { topic: 'labels', key: event.line, value: codec.encode('label', event) }
}

/** Writes records, waiting while the log is full. Ends early when `signal` aborts. */
export async function write(log: Log, records: readonly Outgoing[], signal: AbortSignal): Promise<void> {
  for (let at = 0; at < records.length && !signal.aborted; ) {
    try {
      await log.write(records.slice(at, at + CHUNK))
      at += CHUNK
    } catch (error) {
      if (!(error instanceof Fault) || error.disposition !== 'retry') throw error
      await sleep(1000, undefined, { signal }).catch(() => undefined)
    }
  }
}

/**
 * Feeds records at `rate` a second (0: as fast as the log takes them) until they end or `signal` aborts. Returns how many
 * were written.
 */
export async function feed(
  log: Log,
  records: AsyncIterable<Outgoing> | Iterable<Outgoing>,
  rate: number,
  signal: AbortSignal,
  done: (written: number) => void = () => undefined
): Promise<number> {
  const began = performance.now()
  let written = 0
  let chunk: Outgoing[] = []
  const flush = async (): Promise<void> => {
    await write(log, chunk, signal)
    written += chunk.length
    chunk = []
    done(written)
  }
  for await (const record of records) {
    if (signal.aborted) break
    chunk.push(record)
    const due = rate === 0 ? CHUNK : Math.min(CHUNK, Math.max(1, Math.round((rate * TICK_MS) / 1000)))
    if (chunk.length < due) continue
    await flush()
    const ahead = rate === 0 ? 0 : (1000 * written) / rate - (performance.now() - began)
    if (ahead > 0) await sleep(ahead, undefined, { signal }).catch(() => undefined)
  }
  if (!signal.aborted) await flush()
  return written
}

/** The drift of `andon run --simulate`: on line 2 the torque sensor comes and goes with a bias, and the limit of overstrain moves with it. */
export const comingAndGoing: Drift = {
  kind: 'recurring',
  atPart: 3000,
  overParts: 3000,
  moves: [
    { line: 'line-2', what: 'torque_nm', by: 6 },
    { line: 'line-2', what: 'overstrainNmMin', by: -1500 }
  ]
}

/** Events of simulated lines as they come due by the clock, `rate` observations a second over all lines. */
export async function* simulated(
  options: Partial<SimulationOptions> & { readonly lines: number },
  rate: number,
  clock: () => number,
  signal: AbortSignal
): AsyncIterable<readonly Fed[]> {
  const startMs = Math.round(clock())
  let lines: SimulatedLines
  try {
    lines = new SimulatedLines({ ...options, startMs, intervalMs: Math.max(1, Math.round((1000 * options.lines) / rate)), idPrefix: `${options.idPrefix ?? 'part'}-${startMs.toString(36)}` })
  } catch (error) {
    throw new Fault('CONFIG_INVALID', `simulate: ${(error as Error).message}`, error)
  }
  let next = lines.next().value
  while (!signal.aborted) {
    const due: Fed[] = []
    for (const now = clock(); next.at <= now && due.length < CHUNK; next = lines.next().value) due.push(next.event)
    if (due.length > 0) yield due
    if (due.length < CHUNK) await sleep(TICK_MS, undefined, { signal }).catch(() => undefined)
  }
}
