/**
 * Tells one sink of the alerts in the log, from a position of its own that moves once a notice is delivered: at least once,
 * and each notice under one id. The log is the queue: a sink that is slow or dead holds up neither the watch nor another sink,
 * and nothing is kept for it; what is too old when it comes back, or is forgotten by then, is counted and told.
 */
import type { Alert } from '../events/event.ts'
import { Fault, isPassing } from '../fault/fault.ts'
import type { Codec } from './codec.ts'
import type { AlertsNow, SinkStatus } from './gateway.ts'
import type { Claim, Incoming, Log, Position } from './log.ts'
import { pause } from './pause.ts'
import type { Sink } from './sink.ts'

export interface TellerOptions {
  readonly log: Log
  readonly codec: Codec
  readonly sink: Sink
  /** The alerts as they stand. */
  readonly board: () => AlertsNow
  /** Older notices are not told any more. */
  readonly maxAgeMs: number
  /** Waits between attempts double from the first to the longest. */
  readonly backoff: { readonly firstMs: number; readonly longestMs: number }
  readonly clock: () => number
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void
}

/** Notices read at a time and committed together: what a sink that is dead costs in memory, and a kill in repeats. */
const BATCH = 20

export type Outcome = 'delivered' | 'failed' | 'refused' | 'expired' | 'forgotten' | 'silent'

export class Teller {
  readonly #options: TellerOptions
  readonly #counts: Record<Outcome, number> = { delivered: 0, failed: 0, refused: 0, expired: 0, forgotten: 0, silent: 0 }
  /** Why the last attempt failed; null where it did not. */
  #failing: string | null = null
  #behind = 0

  constructor(options: TellerOptions) {
    this.#options = options
  }

  get status(): SinkStatus {
    return { name: this.#options.sink.name, ...this.#counts, behind: this.#behind, failing: this.#failing }
  }

  /** Runs until `signal` aborts. Never throws: what is broken is told, and tried again where that may help. */
  async run(signal: AbortSignal): Promise<void> {
    const { sink, backoff, tell } = this.#options
    const showing = this.#keepShown(signal)
    while (!signal.aborted) {
      try {
        await this.#follow(signal)
      } catch (error) {
        if (signal.aborted) break
        const { message } = error as Error
        this.#failing = message
        if (error instanceof Fault && error.disposition === 'fatal') {
          tell('error', `alerts are not told to ${sink.name} any more: ${message}`)
          break
        }
        tell('error', `telling alerts to ${sink.name} begins again: ${message}`)
        await pause(backoff.longestMs, signal)
      }
    }
    await showing
    await sink.close()
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { log, sink } = this.#options
    const claim = await log.claim(groupOfSink(sink.name))
    const from = await this.#begin(claim)
    const done = new Map<number, Position>()
    const reached = new Map(from.map(position => [position.partition, position]))
    /** Notices in the log that are not told yet. */
    const measure = async (): Promise<void> => {
      const ends = await log.ends(['alerts'])
      this.#behind = ends.reduce((sum, { partition, offset }) => sum + Math.max(0, offset - (reached.get(partition)?.offset ?? 0)), 0)
    }
    await measure()
    const commit = async (): Promise<void> => {
      if (done.size > 0) await this.#commit(claim, [...done.values()], signal)
      done.clear()
    }
    for await (const batch of log.read(['alerts'], from, signal, BATCH)) {
      for (const record of batch) {
        if (!(await this.#told(record, () => Promise.all([commit(), measure()]).then(() => undefined), signal))) return commit()
        const next = { topic: record.topic, partition: record.partition, offset: record.offset + 1 }
        done.set(record.partition, next)
        reached.set(record.partition, next)
      }
      await Promise.all([commit(), measure()])
      await this.#show(signal)
    }
  }

  /** Where to read on. A sink that was never told of anything begins now: the past is no news. */
  async #begin(claim: Claim): Promise<readonly Position[]> {
    const { log, sink, tell } = this.#options
    const committed = claim.positions()
    if (committed.length === 0) {
      const ends = await log.ends(['alerts'])
      await claim.commit({ outputs: [], positions: ends, notes: [] })
      return ends
    }
    let forgotten = 0
    for (const start of await log.starts(['alerts'])) {
      const at = committed.find(each => each.partition === start.partition)?.offset ?? start.offset
      forgotten += Math.max(0, start.offset - at)
    }
    if (forgotten > 0) tell('warn', `${forgotten} alerts were forgotten before ${sink.name} was told of them: see log.retention.alerts`)
    this.#counts.forgotten += forgotten
    return committed
  }

  /**
   * Once the notice is delivered, or is none to be delivered; false when stopped before. `commit` is called before it waits, so
   * that what was told until then is not told again, however long that takes.
   */
  async #told(record: Incoming, commit: () => Promise<void>, signal: AbortSignal): Promise<boolean> {
    const { codec, sink, backoff, clock, maxAgeMs, tell } = this.#options
    const decoded = codec.decode(record.value)
    if ('code' in decoded || decoded.name !== 'alert') return true
    const { event } = decoded
    if (event.trial) return this.#counted('silent')
    const notice = { id: noticeId(event, record), alert: event }
    for (let wait = backoff.firstMs; ; wait = Math.min(backoff.longestMs, 2 * wait)) {
      if (clock() - record.timestamp > maxAgeMs) {
        tell('warn', `${sink.name} was not told of ${notice.id} within alert.maxAgeHours: it is passed over`)
        return this.#counted('expired')
      }
      try {
        await sink.deliver(notice, signal)
        if (this.#failing !== null) tell('info', `${sink.name} takes alerts again`)
        this.#failing = null
        return this.#counted('delivered')
      } catch (error) {
        if (signal.aborted) return false
        if (error instanceof Fault && error.disposition === 'reject') {
          tell('error', `${sink.name} does not take ${notice.id}: ${error.message}; it is passed over`)
          return this.#counted('refused')
        }
        if (!isPassing(error)) throw error
        if (this.#failing === null) tell('error', `${error.message}; trying again`)
        this.#failing = error.message
        this.#counts.failed++
        await commit()
        await pause(wait, signal)
        if (signal.aborted) return false
      }
    }
  }

  async #commit(claim: Claim, positions: readonly Position[], signal: AbortSignal): Promise<void> {
    // Once at least: what was told before it was stopped is not told again.
    do {
      try {
        await claim.commit({ outputs: [], positions, notes: [] })
        return
      } catch (error) {
        if (!isPassing(error)) throw error
        await pause(this.#options.backoff.longestMs, signal)
      }
    } while (!signal.aborted)
  }

  async #keepShown(signal: AbortSignal): Promise<void> {
    const { refresh } = this.#options.sink
    if (refresh === undefined) return
    while (!signal.aborted) {
      await this.#show(signal)
      await pause(refresh.everyMs, signal)
    }
  }

  async #show(signal: AbortSignal): Promise<void> {
    const { sink, board, tell } = this.#options
    if (sink.refresh === undefined || signal.aborted) return
    const { open, ...rest } = board()
    try {
      await sink.refresh.show({ ...rest, open: open.filter(({ trial }) => !trial) }, signal)
    } catch (error) {
      if (signal.aborted) return
      if (this.#failing === null) tell('error', `${(error as Error).message}; trying again`)
      this.#failing = (error as Error).message
      return
    }
    if (this.#behind === 0) this.#failing = null
  }

  #counted(outcome: Outcome): true {
    this.#counts[outcome]++
    return true
  }
}

export function groupOfSink(name: string): string {
  return `andon-tell-${name}`
}

/** The step's own name: its alert, what happened, and where that stands in the log. */
function noticeId({ id, kind }: Alert, { partition, offset }: Incoming): string {
  return `${id}.${kind}.${partition}-${offset}`
}
