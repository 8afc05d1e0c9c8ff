/** Events into the log at a pace: the shell's side of a simulated line or a recorded one. What is written stays whole rows. */
import { setTimeout as sleep } from 'node:timers/promises'
import { InvalidArgumentError } from 'commander'
import type { Label, Observation } from '../events/event.ts'
import { parseTime, timeForms } from '../events/time.ts'
import { isPassing } from '../fault/fault.ts'
import type { Codec } from '../pipeline/codec.ts'
import type { Log, Outgoing } from '../pipeline/log.ts'

/** How often a paced feed wakes: short enough that a person sees a flow. */
export const TICK_MS = 20
/** Records of one write: shares the cost of making them durable. */
export const CHUNK = 500
const FULL_WAIT_MS = 1000

export type Fed = { readonly name: 'observation'; readonly event: Observation } | { readonly name: 'label'; readonly event: Label }

/** The record of an event, in its topic and keyed by its line. */
export function outgoing(codec: Codec, { name, event }: Fed): Outgoing {
  return name === 'observation'
    ? { topic: 'observations', key: event.line, value: codec.encode('observation', event) }
    : { topic: 'labels', key: event.line, value: codec.encode('label', event) }
}

/** Writes records, waiting while the log is full, which is told once. Ends early when `signal` aborts. Returns how many were written. */
export async function write(log: Log, records: readonly Outgoing[], signal: AbortSignal): Promise<number> {
  let told = false
  let at = 0
  while (at < records.length && !signal.aborted) {
    try {
      at += (await log.write(records.slice(at, at + CHUNK))).length
    } catch (error) {
      if (!isPassing(error)) throw error
      if (!told) process.stderr.write(`andon: ${error.message}; waiting for room\n`)
      told = true
      await sleep(FULL_WAIT_MS, undefined, { signal }).catch(() => undefined)
    }
  }
  return at
}

/**
 * Feeds rows, each of one or more records, at `rate` rows a second (0: as fast as the log takes them) until they end or
 * `signal` aborts. Returns how many records were written.
 */
export async function feed(
  log: Log,
  rows: AsyncIterable<readonly Outgoing[]>,
  rate: number,
  signal: AbortSignal,
  done: (rows: number) => void = () => undefined
): Promise<number> {
  const began = performance.now()
  const due = rate === 0 ? CHUNK : Math.min(CHUNK, Math.max(1, Math.round((rate * TICK_MS) / 1000)))
  let written = 0
  let count = 0
  let pending = 0
  let chunk: Outgoing[] = []
  const flush = async (): Promise<void> => {
    written += await write(log, chunk, signal)
    chunk = []
    count += pending
    pending = 0
    done(count)
  }
  for await (const row of rows) {
    if (signal.aborted) break
    chunk.push(...row)
    if (++pending < due) continue
    await flush()
    const ahead = rate === 0 ? 0 : (1000 * count) / rate - (performance.now() - began)
    if (ahead > 0) await sleep(ahead, undefined, { signal }).catch(() => undefined)
  }
  if (!signal.aborted) await flush()
  return written
}

/** A pace from the command line: events a second, 0 for as fast as possible. */
export function pace(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0 || value > 1e6)
    throw new InvalidArgumentError('expected a number from 0 to 1000000.')
  return value
}

/** A time from the command line, milliseconds since 1970. */
export function moment(text: string): number {
  const value = text === 'now' ? Date.now() : /^\d{1,15}$/.test(text) ? Number(text) : parseTime(text)
  if (value === null) throw new InvalidArgumentError(`expected now, or ${timeForms}.`)
  return value
}
