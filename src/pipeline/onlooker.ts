/**
 * Looks on: follows the log beside the loop, whatever this process does of the work, and keeps what a person wants to see:
 * the stations, the history, the last parts, what happens. It changes nothing and moves no positions, so nobody waits for it;
 * what it keeps is bounded, and after a restart it is made again from the last records of the log.
 */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { AnyEvent } from '../events/event.ts'
import { isPassing } from '../fault/fault.ts'
import type { HistoryReport, KnownPart, Pulse, Range, Tile } from './board.ts'
import type { Codec } from './codec.ts'
import type { PipelineStatus } from './gateway.ts'
import { History } from './history.ts'
import { decoding } from './intake.ts'
import { KnownParts } from './known-parts.ts'
import type { Incoming, Log, Position } from './log.ts'
import { placeOf } from './range.ts'
import { type IsGood, lastPartOf, Tiles } from './tiles.ts'

export interface OnlookerOptions {
  readonly log: Pick<Log, 'partitions' | 'read' | 'ends' | 'starts'>
  readonly codec: Codec
  /** Throws `UNAVAILABLE` as long as there is none. */
  readonly status: () => PipelineStatus
  readonly isGood: IsGood
  /** Records of each partition that it begins before the end. */
  readonly backlog: number
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly tell: (level: 'warn' | 'error', message: string) => void
}

/** What is told as it happens. */
export type Told = Extract<AnyEvent, { readonly name: 'alert' | 'signal' }>

const watched = ['observations', 'predictions', 'examples', 'signals', 'alerts'] as const
const told: ReadonlySet<string> = new Set(['alert', 'signal'])
/** Records at a time: more than the loop makes in a turn, so that it is kept up with; they are decoded in about 10 ms. */
const BATCH = 2000
const AGAIN_MS = 1000
/** Nobody sees a page that is younger than this, and what comes meanwhile comes together. */
const REST_MS = 100

export class Onlooker {
  readonly #options: OnlookerOptions
  readonly #history = new History()
  readonly #tiles = new Tiles()
  readonly #parts = new KnownParts()
  readonly #followers = new Set<(event: Told) => void>()
  /** Of this process, known also where the pipeline does not answer yet: a page that sees another begins anew. */
  readonly #startedAt: number
  /** What lies before it happened before this process began: it is counted, not told. */
  #news: ReadonlyMap<string, number> = new Map()

  constructor(options: OnlookerOptions) {
    this.#options = options
    this.#startedAt = options.clock()
  }

  /** Follows the log until `stop` aborts. Never throws: where the log cannot be followed that is told, and the page goes without. */
  async run(stop: AbortSignal): Promise<void> {
    const { log, tell } = this.#options
    const topics = watched.filter(topic => topic in log.partitions)
    const reached = new Map<string, Position>()
    while (!stop.aborted) {
      try {
        if (reached.size === 0) for (const from of await this.#beginning(topics)) reached.set(placeOf(from), from)
        for await (const batch of log.read(topics, [...reached.values()], stop, BATCH)) {
          for (const record of batch) {
            await this.#take(record)
            reached.set(placeOf(record), { topic: record.topic, partition: record.partition, offset: record.offset + 1 })
          }
          await (batch.length < BATCH ? sleep(REST_MS, undefined, { signal: stop }).catch(() => undefined) : setImmediate())
        }
      } catch (error) {
        if (stop.aborted) return
        if (!isPassing(error)) {
          tell('error', `the page goes without history from now on: ${(error as Error).message}`)
          return
        }
        tell('warn', `the page waits for the log: ${error.message}`)
        await sleep(AGAIN_MS, undefined, { signal: stop }).catch(() => undefined)
      }
    }
  }

  /** Calls `take` with what happens from now on, until what it returns is called. */
  follow(take: (event: Told) => void): () => void {
    this.#followers.add(take)
    return () => this.#followers.delete(take)
  }

  /** The state at a glance, with every tile or those changed since the pulse before. */
  pulse(which: 'all' | 'changed'): Pulse {
    const tiles: readonly Tile[] = which === 'all' ? this.#tiles.all() : this.#tiles.changed()
    const at = this.#options.clock()
    const startedAt = this.#startedAt
    try {
      const { ready, reasons, role, learner, lag, waiting } = this.#options.status()
      return { at, startedAt, ready, reasons, role, learned: learner?.learned ?? null, lag, waiting, tiles }
    } catch (error) {
      if (!isPassing(error)) throw error
      const none = { role: '', learned: null, lag: {}, waiting: { observations: 0, labels: 0 } }
      return { at, startedAt, ready: false, reasons: [error.message], ...none, tiles }
    }
  }

  history(range: Range, line: string | null, since: number): HistoryReport {
    return this.#history.report(range, line, since)
  }

  part(id: string): KnownPart | null {
    return this.#parts.get(id)
  }

  newestParts(line: string | null, limit: number): readonly KnownPart[] {
    return this.#parts.newest(line, limit)
  }

  typical(line: string): ReturnType<KnownParts['typical']> {
    return this.#parts.typical(line)
  }

  async #beginning(topics: readonly string[]): Promise<readonly Position[]> {
    const { log, backlog } = this.#options
    const starts = new Map((await log.starts(topics)).map(start => [placeOf(start), start.offset]))
    const ends = await log.ends(topics)
    this.#news = new Map(ends.map(end => [placeOf(end), end.offset]))
    return ends.map(end => ({ ...end, offset: Math.max(starts.get(placeOf(end)) ?? 0, end.offset - backlog) }))
  }

  async #take(record: Incoming): Promise<void> {
    const read = await decoding(this.#options.codec, record.value)
    if ('code' in read) return
    // A time ahead of the log's own would leave the present behind.
    const timeOf = (time: number): number => Math.min(time, record.timestamp)
    if (told.has(read.name) && record.offset >= (this.#news.get(placeOf(record)) ?? 0))
      for (const follower of this.#followers) follower(read as Told)
    if (read.name === 'observation') this.#parts.takeObservation(read.event)
    else if (read.name === 'prediction') {
      const last = lastPartOf(read.event, this.#options.isGood)
      this.#parts.takePrediction(read.event)
      if (last === null) return
      const time = timeOf(read.event.time)
      const station = read.event.station ?? this.#parts.get(read.event.observation)?.station ?? null
      this.#tiles.take(read.event.line, station, { ...last, time })
      this.#history.takePrediction(read.event, time, last.flagged)
    } else if (read.name === 'example') {
      this.#parts.takeExample(read.event)
      this.#history.takeExample(read.event, timeOf(read.event.labelTime))
    } else if (read.name === 'signal') this.#history.takeSignal(read.event)
  }
}
