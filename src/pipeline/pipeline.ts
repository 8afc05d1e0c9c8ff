/**
 * The loop around the fold: reads the log, lets every stage take its records, commits outputs, changes of the waiting room
 * and positions together. One process, one loop, one order.
 */
import type { DecideReport } from '../decide/report.ts'
import type { Inspection } from '../decide/work-list.ts'
import type { Policy } from '../events/check.ts'
import type { AnyEvent, EventName, Events, Prediction } from '../events/event.ts'
import { Fault } from '../fault/fault.ts'
import type { RoomOptions } from '../join/room.ts'
import type { Learner } from '../learner/learner.ts'
import type { LearnerOptions } from '../learner/options.ts'
import { AlertsDesk } from './alerts-desk.ts'
import type { Codec, Undecodable } from './codec.ts'
import { CostMeter } from './cost-meter.ts'
import { assemble, type Crew } from './crew.ts'
import { CUT_MS, inTime } from './deadline.ts'
import type { AlertsBoard, Gateway, PipelineStatus, Receipt, Timings } from './gateway.ts'
import { Heard } from './heard.ts'
import { Intake } from './intake.ts'
import { JoinStage } from './join-stage.ts'
import { lagOf } from './lag.ts'
import type { Forgetful, Incoming, Leasing, Log, Position, Reachable, Retention } from './log.ts'
import { Patience } from './patience.ts'
import { type Postable, Posting, type Unusable } from './posting.ts'
import type { StateCodec } from './recover.ts'
import { type Duty, duties, type SoleRole } from './roles.ts'
import type { Shards } from './shards.ts'
import type { Sink } from './sink.ts'
import type { SnapshotStore } from './snapshot-store.ts'
import { Step } from './step.ts'
import { type Read, stepsOf } from './steps.ts'
import { Tallies } from './tallies.ts'
import { Teller, type TellerOptions } from './teller.ts'
import type { Load } from './throttle.ts'
import { type WatchOptions, WatchStage } from './watch-stage.ts'

/** What the loop is doing, for whoever kills it in a test. */
export type Phase = 'recovering' | 'reading' | 'folding' | 'committing' | 'snapshotting'

export interface PipelineOptions {
  /** Where it knows who lives, a learner stands by as long as another one is active. */
  readonly log: Log & Partial<Forgetful> & Partial<Leasing> & Partial<Reachable>
  readonly codec: Codec
  readonly snapshots: SnapshotStore
  readonly state: StateCodec
  /** What of the work this process does. */
  readonly role: SoleRole
  readonly shards: Shards
  /** The one whose examples it learns. */
  readonly shard: string
  /** When a learner publishes its state, where the log has the topic for it; `run` tells this one from those before. */
  readonly publish: { readonly run: string; readonly everyExamples: number; readonly everyMs: number }
  readonly learner: LearnerOptions
  readonly room: RoomOptions
  readonly watch: Omit<WatchOptions, 'state' | 'acknowledged'>
  /** Where alerts are told, by who watches. */
  readonly telling: Pick<TellerOptions, 'maxAgeMs' | 'backoff'> & { readonly sinks: readonly Sink[] }
  readonly policy: Policy
  readonly snapshot: { readonly everyExamples: number; readonly keep: number }
  readonly retentions: readonly Retention[]
  readonly load: Load
  readonly posting: { readonly maxWaiting: number; readonly predictWaitMs: number }
  readonly timings: Timings
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Milliseconds with fractions, for durations. */
  readonly stopwatch: () => number
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void
  readonly phase?: (phase: Phase) => void
}

/** Most records of a batch: so many share a commit's cost where it lags behind, which in a cluster is that of a few hundred. */
const BATCH = 2000
/** How often an idle pipeline looks at its clocks. */
const IDLE_MS = 250

export class Pipeline implements Gateway {
  readonly #options: PipelineOptions
  readonly #duty: Duty
  readonly #intake: Intake
  readonly #meter: CostMeter
  readonly #tallies = new Tallies()
  readonly #join: JoinStage
  readonly #watch: WatchStage
  readonly #desk: AlertsDesk
  readonly #tellers: readonly Teller[]
  readonly #posting: Posting
  readonly #patience: Patience
  readonly #startedAt: number
  /** Null until everybody is in place. */
  #crew: Crew | null = null
  /** What a standby holds. */
  #standing: { readonly learner: Learner; readonly positions: readonly Position[] } | null = null
  #lag: Record<string, number> = {}
  #reasons: readonly string[] = ['starting']
  readonly #heard: Heard
  #predicted = 0

  constructor(options: PipelineOptions) {
    const { codec, policy, stopwatch, clock, room, timings, log, posting } = options
    this.#options = options
    this.#duty = duties[options.role]
    this.#startedAt = clock()
    this.#intake = new Intake(codec, policy)
    this.#patience = new Patience({
      tell: options.tell,
      help: async fault => (fault.code === 'LOG_FULL' ? this.#crew?.keeper?.retain() : undefined)
    })
    this.#meter = new CostMeter(stopwatch)
    this.#heard = new Heard(log.partitions.predictions ?? 1)
    this.#join = new JoinStage({ ...room, codec, shards: options.shards, labelDelay: ms => timings.labelDelay(ms) })
    this.#tellers = options.telling.sinks.map(sink => new Teller({ ...options, ...options.telling, sink, board: () => this.#watch.alerts }))
    this.#desk = new AlertsDesk({ ...options, alerts: () => this.#alerts() })
    this.#watch = new WatchStage({ ...options.watch, state: options.state, acknowledged: id => this.#desk.taken(id) })
    this.#posting = new Posting({
      ...posting,
      log,
      codec,
      intake: this.#intake,
      policy,
      shards: options.shards,
      clock,
      predictionOf: id => this.#predictionOf(id),
      tell: (topic, outcome) => this.#tallies.add(topic, outcome)
    })
  }

  /**
   * Runs until `stop` aborts, then takes what is already in the log for at most `drainMs`, saves a snapshot and returns.
   * Where something does not answer it returns a little later all the same, and tells what was not done; the log is then to
   * be closed. Throws a Fault when the system is broken: fenced by another process, a damaged log, a state that does not fit.
   */
  async run(stop: AbortSignal, drainMs = 10_000): Promise<void> {
    const ended = this.#run(stop, drainMs).then(() => true)
    if ((await inTime(ended, stop, drainMs + CUT_MS)) !== null) return
    const why = this.#whyNotReady().join('; ') || 'something does not answer'
    this.#reasons = ['stopped']
    void this.#crew?.lease?.release()
    this.#options.tell(
      'warn',
      `stopped without waiting any longer (${why}): no last snapshot was saved; what was not committed is taken again at the next start`
    )
  }

  async #run(stop: AbortSignal, drainMs: number): Promise<void> {
    const { log, clock, tell, phase } = this.#options
    phase?.('recovering')
    try {
      await this.#recover(stop)
    } catch (error) {
      this.#reasons = ['stopped']
      if (!stop.aborted || (error as Error).name !== 'AbortError') throw error
      tell('info', 'stopped while the state was being recovered, nothing is changed')
      return
    }
    const crew = this.#crew!
    const halt = new AbortController()
    let drainUntil = Number.POSITIVE_INFINITY
    const drain = (): void => {
      drainUntil = clock() + drainMs
    }
    stop.addEventListener('abort', drain)
    if (stop.aborted) drain()
    const givenUp = (): boolean => stop.aborted && clock() >= drainUntil
    const batches = log.read(this.#duty.inputs, crew.claim.positions(), halt.signal, BATCH)[Symbol.asyncIterator]()
    const telling = this.#duty.watches ? this.#tellers.map(teller => teller.run(halt.signal)) : []
    const ahead = (): ReturnType<typeof batches.next> => {
      const next = batches.next()
      next.catch(() => undefined) // thrown where it is awaited; until then it must not end the process
      return next
    }
    try {
      let next = ahead()
      const lagging = (): boolean => Object.values(this.#lag).some(lag => lag > 0)
      while (!stop.aborted || (!givenUp() && lagging())) {
        phase?.('reading')
        const batch = await within(next, stop.aborted && !lagging() ? 0 : IDLE_MS, stop)
        if (batch !== 'idle' && batch.done) break
        if (!(await this.#take(batch === 'idle' ? [] : batch.value, givenUp))) {
          tell('warn', `stopped while it waits (${this.#patience.waiting}): what was not committed is taken again at the next start`)
          return
        }
        if (batch !== 'idle') next = ahead()
        await this.#measureLag()
      }
      if (!(await this.#publishLast(givenUp))) return
      await crew.keeper?.save()
      tell('info', crew.learner === null ? 'stopped, everything saved' : `stopped after ${crew.learner.learned} examples, everything saved`)
    } finally {
      this.#reasons = ['stopped']
      stop.removeEventListener('abort', drain)
      halt.abort()
      await Promise.all([batches.return?.(), ...telling])
      await crew.lease?.release()
    }
  }

  /** The state, for `replay` and tests. Null before it has been recovered, and of who only joins. */
  get learner(): Learner | null {
    return this.#crew?.learner ?? this.#standing?.learner ?? null
  }

  status(): PipelineStatus {
    const { learner } = this
    if (learner === null && (this.#crew === null || this.#duty.learns))
      throw new Fault('UNAVAILABLE', 'expected a recovered state, it is still being recovered: ask again later')
    const { predict, learn, single } = this.#meter.spentMs
    const decisions = this.decisions()
    const perEvent = (ms: number, n: number): number => (n === 0 ? 0 : (1000 * ms) / n)
    const folded = this.#tallies.of('examples', 'learned')
    return {
      ready: this.ready,
      reasons: this.#whyNotReady(),
      startedAt: this.#startedAt,
      role: this.#options.role,
      learner: learner?.status() ?? null,
      lag: this.#lag,
      positions: this.#crew?.claim.positions() ?? this.#standing?.positions ?? [],
      events: this.#tallies.all(),
      waiting: this.#join.room.size,
      snapshot: this.#crew?.keeper?.newest ?? null,
      ...(decisions === null ? {} : { decisions }),
      costs: { predict: perEvent(predict, this.#predicted), learn: perEvent(learn, folded), single: perEvent(single, folded) }
    }
  }

  get ready(): boolean {
    return this.#whyNotReady().length === 0
  }

  post<N extends EventName & Postable>(
    name: N,
    records: readonly (Uint8Array | Events[N])[],
    signal: AbortSignal
  ): Promise<readonly Receipt[]> {
    return this.#posting.post(name, records, signal)
  }

  reject(name: EventName & Postable, records: readonly Unusable[]): Promise<void> {
    return this.#posting.reject(name, records)
  }

  inspections(limit: number, line: string | null): readonly Inspection[] | null {
    return this.#decides ? (this.#options.watch.decider.inspections?.(limit, line) ?? null) : null
  }

  decisions(): DecideReport | null {
    return this.#decides ? (this.#options.watch.decider.report?.() ?? null) : null
  }

  get #decides(): boolean {
    return this.#duty.watches && this.#crew !== null
  }

  alerts(): AlertsBoard {
    return this.#desk.alerts()
  }

  acknowledge(id: string, by: string | null): Promise<'acknowledged' | 'unknown' | 'already'> {
    return this.#desk.acknowledge(id, by)
  }

  leaveTrial(by: string | null): Promise<{ readonly left: boolean; readonly open: readonly string[] }> {
    return this.#desk.leaveTrial(by)
  }

  #alerts(): AlertsBoard | null {
    if (!this.#duty.watches) return null
    if (this.#crew === null)
      throw new Fault('UNAVAILABLE', 'expected alerts as they stand, they are still being recovered: ask again later')
    return { ...this.#watch.alerts, sinks: this.#tellers.map(({ status }) => status) }
  }

  async #recover(stop: AbortSignal): Promise<void> {
    const { tell, stopwatch } = this.#options
    let before = stopwatch()
    const crew = await assemble(
      this.#options,
      {
        intake: this.#intake,
        meter: this.#meter,
        join: this.#join,
        watch: this.#watch,
        served: prediction => {
          this.#predicted++
          this.#posting.served(prediction)
        },
        lag: () => this.#lag.examples ?? 0,
        patiently: attempt => this.#patience.try(attempt, () => stop.aborted),
        standing: (learner, positions) => {
          this.#standing = { learner, positions }
          this.#reasons = ['standing by: another learner is active']
          before = stopwatch()
        }
      },
      stop
    )
    this.#crew = crew
    await this.#measureLag()
    this.#reasons = []
    const known = crew.learner === null ? '' : `: ${crew.learner.learned} examples known, ${crew.refolded} folded again`
    tell('info', `ready in ${Math.round(stopwatch() - before)} ms${known}`)
  }

  /** Takes a batch, in one step or more, each committed before the next. False when given up for want of room or of a schema. */
  async #take(batch: readonly Incoming[], givenUp: () => boolean): Promise<boolean> {
    const { phase } = this.#options
    const read = await this.#patience.try(() => this.#read(batch), givenUp)
    if (read === null) return false
    const { stages, keeper } = this.#crew!
    const { rejects } = this.#duty
    const begun = (): void => phase?.('folding')
    const options = { ...this.#options, stages, rejects, heard: this.#heard, tallies: this.#tallies, begun }
    for await (const [step, positions] of stepsOf(read, options)) {
      if (positions.length > 0 || step.outputs.length > 0 || step.notes.length > 0) {
        phase?.('committing')
        if (!(await this.#commit(step, positions, givenUp))) return false
        step.committed()
      }
      await keeper?.tend()
      if (givenUp()) break
    }
    return true
  }

  /** The events of a batch. Nothing of it is folded before all of it is read, as reading may have to wait. */
  async #read(batch: readonly Incoming[]): Promise<Read> {
    const read: [Incoming, AnyEvent | Undecodable][] = []
    for (const record of batch) read.push([record, await this.#intake.read(record)])
    return read
  }

  /** Predictors go on with the last state while there is no learner. False when given up for want of room. */
  async #publishLast(givenUp: () => boolean): Promise<boolean> {
    const step = new Step(this.#options.codec, () => {})
    this.#crew!.publisher?.flush(step, this.#options.clock())
    return step.outputs.length === 0 || this.#commit(step, [], givenUp)
  }

  /** Commits, waiting for room as long as there is none: the log stays readable meanwhile. False when given up. */
  async #commit({ outputs, notes }: Step, positions: readonly Position[], givenUp: () => boolean): Promise<boolean> {
    const { claim, keeper, publisher } = this.#crew!
    const written = await this.#patience.try(() => claim.commit({ outputs, notes, positions }), givenUp)
    if (written === null) return false
    keeper?.committed(written)
    publisher?.committed(written)
    return true
  }

  async #measureLag(): Promise<void> {
    const { log, clock } = this.#options
    const now = clock()
    const { inputs } = this.#duty
    const lag: Record<string, number> = Object.fromEntries(inputs.map(topic => [topic, 0]))
    for (const { topic, partition, records } of await lagOf(log, inputs, this.#crew!.claim.positions())) {
      lag[topic]! += records
      if (topic === 'predictions' && records === 0) this.#heard.emptied(partition, now)
    }
    this.#lag = lag
  }

  #whyNotReady(): readonly string[] {
    const waits = [this.#patience.waiting, this.#options.log.unreachable ?? null]
    return [...this.#reasons, ...waits.filter(each => each !== null)]
  }

  #predictionOf(id: string): Prediction | null {
    const bytes = this.#join.room.predictionOf(id)
    if (bytes === null) return null
    const decoded = this.#options.codec.decode(bytes)
    return !('code' in decoded) && decoded.name === 'prediction' ? decoded.event : null
  }
}

/** The value of `promise`, or 'idle' when it takes longer than `ms` or `wake` aborts meanwhile. The promise goes on. */
async function within<T>(promise: Promise<T>, ms: number, wake: AbortSignal): Promise<T | 'idle'> {
  let stopWaiting = (): void => undefined
  const idle = new Promise<'idle'>(resolve => {
    const end = (): void => resolve('idle')
    const timer = setTimeout(end, ms)
    wake.addEventListener('abort', end)
    stopWaiting = () => {
      clearTimeout(timer)
      wake.removeEventListener('abort', end)
    }
  })
  return Promise.race([promise, idle]).finally(stopWaiting)
}
