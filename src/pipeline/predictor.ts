/**
 * Who only predicts: observations become predictions by the state that a learner publishes. Any number of processes share the
 * observations of a log that shares them out. A prediction is known by its observation's id: where one is killed between
 * writing and moving its position, another writes it again.
 */
import type { Policy } from '../events/check.ts'
import type { EventName, Events, Prediction } from '../events/event.ts'
import { Fault } from '../fault/fault.ts'
import type { Learner } from '../learner/learner.ts'
import type { LearnerOptions } from '../learner/options.ts'
import type { Codec } from './codec.ts'
import { CUT_MS, inTime } from './deadline.ts'
import { Follower, type Following } from './follower.ts'
import type { Gateway, PipelineStatus, Receipt, Timings } from './gateway.ts'
import { Intake } from './intake.ts'
import type { Log, Outgoing, Portion, Reachable, Shared } from './log.ts'
import { Patience } from './patience.ts'
import { portionsOf } from './portions.ts'
import { type Postable, Posting, type Unusable } from './posting.ts'
import { STATE_TOPIC } from './publish-stage.ts'
import type { StateCodec } from './recover.ts'
import { PREDICT_GROUP } from './roles.ts'
import type { Shards } from './shards.ts'
import { Tallies } from './tallies.ts'

export interface PredictorOptions {
  readonly log: Log & Partial<Shared> & Partial<Reachable>
  readonly codec: Codec
  readonly state: StateCodec
  readonly learner: LearnerOptions
  readonly policy: Policy
  readonly shards: Shards
  /** Examples that the state may be behind the log; beyond them it goes on and is not ready. */
  readonly maxBehind: number
  readonly posting: { readonly maxWaiting: number; readonly predictWaitMs: number }
  readonly timings: Timings
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Milliseconds with fractions, for durations. */
  readonly stopwatch: () => number
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void
}

/** Observations of a portion: enough to share a commit's cost, few enough that one waits for milliseconds. */
const BATCH = 500
const LOOK_MS = 250

export class Predictor implements Gateway {
  readonly #options: PredictorOptions
  /** One a shard. */
  readonly #followers: ReadonlyMap<string, Follower>
  readonly #intake: Intake
  readonly #posting: Posting
  readonly #tallies = new Tallies()
  readonly #patience: Patience
  readonly #startedAt: number
  /** Where `examples` ends, by partition. */
  #ends = new Map<number, number>()
  #lag = 0
  #reasons: readonly string[] = ['starting']
  #predicted = 0
  #predictMs = 0

  constructor(options: PredictorOptions) {
    const { codec, policy, clock, tell } = options
    this.#options = options
    this.#startedAt = clock()
    this.#followers = new Map(options.shards.names.map(shard => [shard, new Follower({ ...options, shard, tell })]))
    this.#intake = new Intake(codec, policy)
    this.#patience = new Patience({ tell, help: async () => undefined })
    this.#posting = new Posting({
      ...options,
      ...options.posting,
      intake: this.#intake,
      predictionOf: () => null,
      tell: (topic, outcome) => this.#tallies.add(topic, outcome)
    })
  }

  /**
   * Runs until `stop` aborts and what is under way is done. Where something does not answer it returns a little later than
   * `drainMs` all the same, and tells so; the log is then to be closed. Throws a Fault when the system is broken: a state of
   * another fold, a log that is closed.
   */
  async run(stop: AbortSignal, drainMs = 10_000): Promise<void> {
    const ended = this.#run(stop).then(() => true)
    if ((await inTime(ended, stop, drainMs + CUT_MS)) !== null) return
    const why = this.#whyNotReady().join('; ') || 'something does not answer'
    this.#reasons = ['stopped']
    this.#options.tell(
      'warn',
      `stopped without waiting any longer (${why}): observations whose predictions were not committed are predicted again`
    )
  }

  async #run(stop: AbortSignal): Promise<void> {
    const { log, tell } = this.#options
    if (!(STATE_TOPIC in log.partitions))
      throw new Fault('CONFIG_INVALID', `expected a log with the topic ${STATE_TOPIC}, there is none: only a log that roles share has it`)
    const ended = new AbortController()
    const signal = AbortSignal.any([stop, ended.signal])
    const failed = (error: unknown): never => {
      ended.abort(error)
      throw error
    }
    const work = [this.#follow(signal), this.#look(signal), this.#serve(signal)].map(each => each.catch(failed))
    const results = await Promise.allSettled(work)
    this.#reasons = ['stopped']
    if (ended.signal.aborted) throw ended.signal.reason
    for (const result of results) if (result.status === 'rejected') throw result.reason
    tell('info', `stopped after ${this.#predicted} predictions`)
  }

  get ready(): boolean {
    return this.#whyNotReady().length === 0
  }

  /** The state it predicts a shard's lines by; null before one came. */
  learnerOf(shard: string): Learner | null {
    return this.#followers.get(shard)?.learner ?? null
  }

  /** What it predicts by, of every shard of which a state has come, and how far behind the log it is, as of the last look. */
  get following(): readonly (Following & { readonly shard: string; readonly behind: number })[] {
    return [...this.#followers].flatMap(([shard, { following }]) => {
      if (following === null) return []
      let behind = 0
      for (const [partition, end] of this.#ends)
        behind += Math.max(0, end - (following.positions.find(each => each.partition === partition)?.offset ?? 0))
      return [{ shard, ...following, behind }]
    })
  }

  status(): PipelineStatus {
    return {
      ready: this.ready,
      reasons: this.#whyNotReady(),
      startedAt: this.#startedAt,
      role: 'predict',
      learner: null,
      following: this.following,
      lag: { observations: this.#lag },
      positions: [],
      events: this.#tallies.all(),
      waiting: { observations: 0, labels: 0 },
      snapshot: null,
      costs: { predict: this.#predicted === 0 ? 0 : (1000 * this.#predictMs) / this.#predicted }
    }
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

  async #follow(signal: AbortSignal): Promise<void> {
    const { log } = this.#options
    for await (const batch of log.read([STATE_TOPIC], await log.starts([STATE_TOPIC]), signal))
      for (const record of batch) for (const follower of this.#followers.values()) follower.take(record)
  }

  /** Looks again and again at how far it is behind. */
  async #look(signal: AbortSignal): Promise<void> {
    const { log } = this.#options
    while (!signal.aborted) {
      this.#ends = new Map((await log.ends(['examples'])).map(({ partition, offset }) => [partition, offset]))
      const done = await log.committed(PREDICT_GROUP)
      this.#lag = (await log.ends(['observations'])).reduce(
        (sum, { partition, offset }) => sum + offset - (done.find(each => each.partition === partition)?.offset ?? 0),
        0
      )
      this.#reasons = this.#whyNot()
      await sleep(LOOK_MS, signal)
    }
  }

  /** As of the last look, and whether the log answers by now: the look itself waits for it. */
  #whyNotReady(): readonly string[] {
    const unreachable = this.#options.log.unreachable ?? null
    return unreachable === null ? this.#reasons : [...this.#reasons, unreachable]
  }

  #whyNot(): string[] {
    const { maxBehind } = this.#options
    const { following } = this
    const missing = [...this.#followers.keys()].filter(shard => !following.some(each => each.shard === shard))
    const reasons = missing.map(shard => `no state of ${shard} to predict by has been published yet: start its learner`)
    for (const { shard, behind } of following)
      if (behind > maxBehind)
        reasons.push(`predicts by a state of ${shard} ${behind} examples old, more than publish.maxBehind (${maxBehind})`)
    const { waiting } = this.#patience
    return waiting === null ? reasons : [waiting, ...reasons]
  }

  async #serve(signal: AbortSignal): Promise<void> {
    const { log } = this.#options
    await this.#known(signal)
    for await (const portion of portionsOf(log, PREDICT_GROUP, ['observations'], signal, BATCH)) await this.#take(portion, signal)
  }

  async #take(portion: Portion, signal: AbortSignal): Promise<void> {
    const { codec, timings, stopwatch } = this.#options
    if (!(await this.#known(signal))) return
    const predictions: Prediction[] = []
    const outputs: Outgoing[] = []
    for (const record of portion.records) {
      const event = await this.#patience.try(
        () => this.#intake.read(record),
        () => signal.aborted
      )
      if (event === null) return
      // What cannot be read is the affair of who joins: one rejection is enough.
      if ('code' in event || event.name !== 'observation') continue
      const before = stopwatch()
      const prediction = this.#learnerOf(event.event.line).predict(event.event)
      const spent = stopwatch() - before
      this.#predictMs += spent
      timings.predictMs(spent)
      predictions.push(prediction)
      outputs.push({ topic: 'predictions', key: event.event.line, value: codec.encode('prediction', prediction) })
    }
    const done = await this.#patience.try(
      () => portion.done(outputs).then(() => true),
      () => signal.aborted
    )
    if (done === null) return
    this.#predicted += predictions.length
    for (const prediction of predictions) {
      this.#tallies.add('observations', 'predicted')
      this.#posting.served(prediction)
    }
  }

  /** Resolves once there is a state of every shard; false when stopped before. */
  async #known(signal: AbortSignal): Promise<boolean> {
    while ([...this.#followers.values()].some(({ following }) => following === null)) {
      if (signal.aborted) return false
      await sleep(LOOK_MS, signal)
    }
    return true
  }

  #learnerOf(line: string): Learner {
    try {
      return this.#followers.get(this.#options.shards.of(line))!.learner!
    } catch (error) {
      throw new Fault('FOLD_VERSION', `the published state: ${(error as Error).message}`, error)
    }
  }
}

/** Resolves after `ms`, or when `signal` aborts. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}
