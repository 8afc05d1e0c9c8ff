/**
 * Who only predicts: observations become predictions by the state that a learner publishes. Any number of processes share the
 * observations of a log that shares them out. A prediction is known by its observation's id: where one is killed between
 * writing and moving its position, another writes it again.
 */
import type { Policy } from '../events/check.ts'
import type { EventName, Events, Prediction } from '../events/event.ts'
import { Fault } from '../fault/fault.ts'
import { LabelFreeWatch } from '../learner/label-free.ts'
import type { Learner } from '../learner/learner.ts'
import type { LearnerOptions } from '../learner/options.ts'
import type { Codec } from './codec.ts'
import { CUT_MS, inTime } from './deadline.ts'
import { Follower, type Following } from './follower.ts'
import type { Gateway, PipelineStatus, Receipt, Timings } from './gateway.ts'
import { Intake } from './intake.ts'
import { lagOf } from './lag.ts'
import type { Log, Outgoing, Portion, Reachable, Shared } from './log.ts'
import { Patience } from './patience.ts'
import { portionsOf } from './portions.ts'
import { type Postable, Posting, type Unusable } from './posting.ts'
import { stateOf } from './publish-stage.ts'
import { offsetIn } from './range.ts'
import type { StateCodec } from './recover.ts'
import { beginAfterOneProcess, PREDICT_GROUP } from './roles.ts'
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
  /** One a shard, and by the topic of its state. */
  readonly #followers: ReadonlyMap<string, Follower>
  readonly #topics: ReadonlyMap<string, Follower>
  readonly #intake: Intake
  /** Null where drift is not looked for. */
  readonly #watch: LabelFreeWatch | null
  readonly #posting: Posting
  readonly #tallies = new Tallies()
  readonly #patience: Patience
  readonly #startedAt: number
  /** Where `examples` begins and ends, by partition. */
  #examples: readonly { readonly partition: number; readonly start: number; readonly end: number }[] = []
  #lag = 0
  #reasons: readonly string[] = ['starting']
  #predicted = 0
  #predictMs = 0

  constructor(options: PredictorOptions) {
    const { codec, policy, clock, tell } = options
    this.#options = options
    this.#startedAt = clock()
    const { drift, domain } = options.learner
    this.#watch = drift === 'off' ? null : new LabelFreeWatch(domain)
    this.#followers = new Map(options.shards.names.map(shard => [shard, new Follower({ ...options, shard, tell })]))
    this.#topics = new Map([...this.#followers].map(([shard, follower]) => [stateOf(shard), follower]))
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
    for (const topic of this.#topics.keys())
      if (!(topic in log.partitions))
        throw new Fault('CONFIG_INVALID', `expected a log with the topic ${topic}, there is none: only a log that roles share has it`)
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

  /** The state it predicts a line by; null before one came. */
  learnerFor(line: string): Learner | null {
    return this.learnerOf(this.#options.shards.of(line))
  }

  /** What it predicts by, of every shard of which a state has come, and how far behind the log it is, as of the last look. */
  get following(): readonly (Following & { readonly shard: string; readonly behind: number })[] {
    return [...this.#followers].flatMap(([shard, { following }]) => {
      if (following === null) return []
      let behind = 0
      for (const { partition, start, end } of this.#examples)
        behind += Math.max(0, end - (following.positions.find(each => each.partition === partition)?.offset ?? start))
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
    const topics = [...this.#topics.keys()]
    for await (const batch of log.read(topics, await log.starts(topics), signal))
      for (const record of batch) this.#topics.get(record.topic)!.take(record)
  }

  /** Looks again and again at how far it is behind. */
  async #look(signal: AbortSignal): Promise<void> {
    const { log } = this.#options
    while (!signal.aborted) {
      this.#examples = await this.#held()
      const lag = await lagOf(log, ['observations'], await log.committed(PREDICT_GROUP))
      this.#lag = lag.reduce((sum, { records }) => sum + records, 0)
      this.#reasons = this.#whyNot()
      await sleep(LOOK_MS, signal)
    }
  }

  /** What the log holds of each partition of `examples`. */
  async #held(): Promise<{ readonly partition: number; readonly start: number; readonly end: number }[]> {
    const { log } = this.#options
    const starts = await log.starts(['examples'])
    return (await log.ends(['examples'])).map(end => ({ partition: end.partition, start: offsetIn(starts, end) ?? 0, end: end.offset }))
  }

  /** As of the last look, and whether the log answers by now: the look itself waits for it. */
  #whyNotReady(): readonly string[] {
    const unreachable = this.#options.log.unreachable ?? null
    return unreachable === null ? this.#reasons : [...this.#reasons, unreachable]
  }

  #whyNot(): string[] {
    const { maxBehind } = this.#options
    const { following } = this
    const reasons = [...this.#followers].flatMap(([shard, { misfit, following: state }]) =>
      misfit !== null
        ? [`the state of ${shard} that is published is not followed: ${misfit}`]
        : state === null
          ? [`no state of ${shard} to predict by has been published yet: start its learner`]
          : []
    )
    for (const { shard, behind } of following)
      if (behind > maxBehind)
        reasons.push(`predicts by a state of ${shard} ${behind} examples old, more than publish.maxBehind (${maxBehind})`)
    const { waiting } = this.#patience
    return waiting === null ? reasons : [waiting, ...reasons]
  }

  async #serve(signal: AbortSignal): Promise<void> {
    const { log } = this.#options
    if (!(await this.#known(signal))) return
    await beginAfterOneProcess(log)
    for await (const portion of portionsOf(log, PREDICT_GROUP, ['observations'], signal, BATCH)) await this.#take(portion, signal)
  }

  async #take(portion: Portion, signal: AbortSignal): Promise<void> {
    const { codec, timings, stopwatch, shards } = this.#options
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
      // Looked at again after every wait: what there was may have been lost meanwhile.
      if (!(await this.#known(signal))) return
      const learner = this.learnerFor(event.event.line)!
      const before = stopwatch()
      const prediction = learner.predict(event.event)
      const spent = stopwatch() - before
      this.#predictMs += spent
      timings.predictMs(spent)
      predictions.push(prediction)
      outputs.push({ topic: 'predictions', key: event.event.line, value: codec.encode('prediction', prediction) })
      const drift = this.#watch?.observe(event.event, prediction) ?? null
      if (drift !== null) outputs.push({ topic: 'examples', key: shards.of(event.event.line), value: codec.encode('control', drift) })
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
    while ([...this.#followers.values()].some(({ learner }) => learner === null)) {
      if (signal.aborted) return false
      await sleep(LOOK_MS, signal)
    }
    return true
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
