/**
 * The loop around the fold: reads the log, lets every stage take its records, commits outputs, changes of the waiting room
 * and positions together. One process, one loop, one order.
 */
import type { Policy } from '../events/check.ts'
import type { EventName, Events, Prediction, Topic } from '../events/event.ts'
import { Fault, isPassing } from '../fault/fault.ts'
import type { RoomOptions } from '../join/room.ts'
import type { Learner } from '../learner/learner.ts'
import type { LearnerOptions } from '../learner/options.ts'
import type { Codec } from './codec.ts'
import { CostMeter } from './cost-meter.ts'
import type { Gateway, PipelineStatus, Receipt, Timings } from './gateway.ts'
import { Heard } from './heard.ts'
import { Intake } from './intake.ts'
import { JoinStage } from './join-stage.ts'
import { Keeper } from './keeper.ts'
import { LearnStage } from './learn-stage.ts'
import type { Claim, Forgetful, Incoming, Log, Position, Retention } from './log.ts'
import { partitionOf } from './partition.ts'
import { type Postable, Posting, type Unusable } from './posting.ts'
import { PredictStage } from './predict-stage.ts'
import { recover, type StateCodec } from './recover.ts'
import type { SnapshotStore } from './snapshot-store.ts'
import type { Stage } from './stage.ts'
import { Step } from './step.ts'
import { Tallies } from './tallies.ts'
import { type Load, Throttle } from './throttle.ts'

/** What the loop is doing, for whoever kills it in a test. */
export type Phase = 'recovering' | 'reading' | 'folding' | 'committing' | 'snapshotting'

export interface PipelineOptions {
  readonly log: Log & Partial<Forgetful>
  readonly codec: Codec
  readonly snapshots: SnapshotStore
  readonly state: StateCodec
  readonly learner: LearnerOptions
  readonly room: RoomOptions
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

/** The group whose positions the pipeline moves, and the key of its examples. */
export const GROUP = 'andon'
export const SHARD = 'shard-0'
const INPUTS: readonly Topic[] = ['observations', 'predictions', 'labels', 'examples']
/** Records of a step: enough to share a commit's cost, few enough that one waits for milliseconds. */
const BATCH = 500
/** How often an idle pipeline looks at its clocks. */
const IDLE_MS = 250
const FULL_WAIT_MS = 500

export class Pipeline implements Gateway {
  readonly #options: PipelineOptions
  readonly #intake: Intake
  readonly #meter: CostMeter
  readonly #tallies = new Tallies()
  readonly #join: JoinStage
  readonly #posting: Posting
  readonly #startedAt: number
  #learner: Learner | null = null
  #claim: Claim | null = null
  #keeper: Keeper | null = null
  #stages: readonly Stage[] = []
  #lag: Record<string, number> = {}
  #reasons: readonly string[] = ['starting']
  readonly #heard: Heard
  #predicted = 0

  constructor(options: PipelineOptions) {
    const { codec, policy, stopwatch, clock, room, timings, log, posting } = options
    this.#options = options
    this.#startedAt = clock()
    this.#intake = new Intake(codec, policy)
    this.#meter = new CostMeter(stopwatch)
    this.#heard = new Heard(log.partitions.predictions ?? 1)
    this.#join = new JoinStage({ ...room, codec, shard: SHARD, labelDelay: ms => timings.labelDelay(ms) })
    this.#posting = new Posting({
      ...posting,
      log,
      codec,
      intake: this.#intake,
      policy,
      shard: SHARD,
      clock,
      predictionOf: id => this.#predictionOf(id),
      tell: (topic, outcome) => this.#tallies.add(topic, outcome)
    })
  }

  /**
   * Runs until `stop` aborts, then takes what is already in the log for at most `drainMs`, saves a snapshot and returns.
   * Throws a Fault when the system is broken: fenced by another process, a damaged log, a state that does not fit.
   */
  async run(stop: AbortSignal, drainMs = 10_000): Promise<void> {
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
    const halt = new AbortController()
    let drainUntil = Number.POSITIVE_INFINITY
    const drain = (): void => {
      drainUntil = clock() + drainMs
    }
    stop.addEventListener('abort', drain)
    if (stop.aborted) drain()
    const givenUp = (): boolean => stop.aborted && clock() >= drainUntil
    const batches = log.read(INPUTS, this.#claim!.positions(), halt.signal, BATCH)[Symbol.asyncIterator]()
    const ahead = (): ReturnType<typeof batches.next> => {
      const next = batches.next()
      next.catch(() => undefined) // thrown where it is awaited; until then it must not end the process
      return next
    }
    try {
      let next = ahead()
      const behind = (): boolean => Object.values(this.#lag).some(lag => lag > 0)
      while (!stop.aborted || (!givenUp() && behind())) {
        phase?.('reading')
        const batch = await within(next, stop.aborted && !behind() ? 0 : IDLE_MS, stop)
        if (batch !== 'idle' && batch.done) break
        if (!(await this.#take(batch === 'idle' ? [] : batch.value, givenUp))) {
          tell('warn', 'stopped while the log has no room: what was not committed is taken again at the next start')
          return
        }
        if (batch !== 'idle') next = ahead()
        await this.#measureLag()
      }
      await this.#keeper!.save()
      tell('info', `stopped after ${this.#learner!.learned} examples, everything saved`)
    } finally {
      this.#reasons = ['stopped']
      stop.removeEventListener('abort', drain)
      halt.abort()
      await batches.return?.()
    }
  }

  /** The state, for `replay` and tests. Null before it has been recovered. */
  get learner(): Learner | null {
    return this.#learner
  }

  status(): PipelineStatus {
    const learner = this.#learner
    if (learner === null) throw new Fault('UNAVAILABLE', 'expected a recovered state, it is still being recovered: ask again later')
    const { predict, learn, single } = this.#meter.spentMs
    const perEvent = (ms: number, n: number): number => (n === 0 ? 0 : (1000 * ms) / n)
    const folded = this.#tallies.of('examples', 'learned')
    return {
      ready: this.#reasons.length === 0,
      reasons: this.#reasons,
      startedAt: this.#startedAt,
      learner: learner.status(),
      lag: this.#lag,
      positions: this.#claim?.positions() ?? [],
      events: this.#tallies.all(),
      waiting: this.#join.room.size,
      snapshot: this.#keeper?.newest ?? null,
      costs: { predict: perEvent(predict, this.#predicted), learn: perEvent(learn, folded), single: perEvent(single, folded) }
    }
  }

  get ready(): boolean {
    return this.#reasons.length === 0
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

  async #recover(stop: AbortSignal): Promise<void> {
    const { log, codec, snapshots, state, learner, load, tell, timings, stopwatch, phase } = this.#options
    const before = stopwatch()
    this.#claim = await log.claim(GROUP)
    for await (const { key, value } of this.#claim.notes())
      if (key.startsWith('join/')) this.#join.room.restore(key.slice('join/'.length), value)
    this.#join.room.restored()
    const recovered = await recover({
      log,
      codec,
      intake: this.#intake,
      snapshots,
      state,
      learner,
      meter: this.#meter,
      committed: this.#claim.positions(),
      signal: stop
    })
    for (const warning of recovered.warnings) tell('warn', warning)
    this.#learner = recovered.learner
    // Of what is folded again the signals are told already: the next snapshot stands behind them, too.
    const home = partitionOf(SHARD, log.partitions.signals ?? 1)
    const signals = (await log.ends(['signals'])).find(each => each.partition === home) ?? null
    const keeping = { ...this.#options, inputs: INPUTS, saving: () => phase?.('snapshotting') }
    this.#keeper = new Keeper(keeping, recovered.learner, this.#claim, recovered.snapshot, signals)
    const shared = { learner: recovered.learner, clock: stopwatch }
    const admits = (id: string, time: number): boolean => this.#join.room.admits(id, time)
    const served = (prediction: Prediction): void => {
      this.#predicted++
      this.#posting.served(prediction)
    }
    this.#stages = [
      new PredictStage({ ...shared, admits, served, predictMs: ms => timings.predictMs(ms) }),
      this.#join,
      new LearnStage({ ...shared, shard: SHARD, learnMs: ms => timings.learnMs(ms) }),
      new Throttle({
        ...load,
        learner: recovered.learner,
        shard: SHARD,
        lag: () => this.#lag.examples ?? 0,
        tell: message => tell('info', message)
      })
    ]
    if (recovered.learner.kernel === 'plain')
      tell(
        'warn',
        'expected WebAssembly with SIMD and shared memory, there is none to be had: learning gives the same bits about ten times slower'
      )
    if (recovered.warnings.length > 0) await this.#keeper.save(true)
    await this.#measureLag()
    this.#reasons = []
    tell(
      'info',
      `ready in ${Math.round(stopwatch() - before)} ms: ${recovered.learner.learned} examples known, ${recovered.refolded} folded again`
    )
  }

  /** One step: every record of the batch through its stages, then all of it committed. False when given up for want of room. */
  async #take(batch: readonly Incoming[], givenUp: () => boolean): Promise<boolean> {
    const { codec, clock, phase } = this.#options
    phase?.('folding')
    const step = new Step(codec, (topic, outcome) => this.#tallies.add(topic, outcome))
    const positions = new Map<string, Position>()
    for (const record of batch) {
      const { topic, partition, offset } = record
      positions.set(`${topic}/${partition}`, { topic, partition, offset: offset + 1 })
      if (topic === 'predictions') this.#heard.took(record)
      const event = this.#intake.read(record)
      if ('code' in event) step.reject(record, event)
      else for (const stage of this.#stages) if (stage.topics.includes(topic as Topic)) stage.take(record, event, step)
    }
    for (const stage of this.#stages) stage.settle(step, clock(), this.#heard.until)
    if (batch.length > 0 || step.outputs.length > 0 || step.notes.length > 0) {
      phase?.('committing')
      if (!(await this.#commit(step, [...positions.values()], givenUp))) return false
      step.committed()
    }
    await this.#keeper!.tend()
    return true
  }

  /** Commits, waiting for room as long as there is none: the log stays readable meanwhile. False when given up. */
  async #commit({ outputs, notes }: Step, positions: readonly Position[], givenUp: () => boolean): Promise<boolean> {
    const { tell } = this.#options
    for (;;) {
      try {
        const written = await this.#claim!.commit({ outputs, notes, positions })
        this.#keeper!.committed(written)
        if (this.#reasons.length > 0) tell('info', 'there is room in the log again')
        this.#reasons = []
        return true
      } catch (error) {
        if (!isPassing(error)) throw error
        if (this.#reasons.length === 0) tell('error', `${error.message}; nothing is lost, trying again`)
        this.#reasons = [error.message]
        await this.#keeper!.retain()
        if (givenUp()) return false
        await new Promise(resolve => setTimeout(resolve, FULL_WAIT_MS))
      }
    }
  }

  async #measureLag(): Promise<void> {
    const { log, clock } = this.#options
    const now = clock()
    const at = new Map(this.#claim!.positions().map(p => [`${p.topic}/${p.partition}`, p.offset]))
    const lag: Record<string, number> = Object.fromEntries(INPUTS.map(topic => [topic, 0]))
    for (const { topic, partition, offset } of await log.ends(INPUTS)) {
      const behind = offset - (at.get(`${topic}/${partition}`) ?? 0)
      lag[topic]! += behind
      if (topic === 'predictions' && behind === 0) this.#heard.emptied(partition, now)
    }
    this.#lag = lag
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
