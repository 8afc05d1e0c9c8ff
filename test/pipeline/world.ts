/** A whole pipeline over a log and snapshots that outlive it, so that it can be crashed, stopped and started again. */
import { openAvroCodec } from '../../src/adapter/avro/codec.ts'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import { type AnyEvent, type EventName, type Events, type Topic, topics } from '../../src/events/event.ts'
import { Learner } from '../../src/learner/learner.ts'
import { defaultLearnerOptions, type LearnerOptions } from '../../src/learner/options.ts'
import type { Claim, Forgetful, Incoming, Leasing, Log, Outgoing, Settling } from '../../src/pipeline/log.ts'
import { Pipeline, type PipelineOptions } from '../../src/pipeline/pipeline.ts'
import type { PredictorOptions } from '../../src/pipeline/predictor.ts'
import { range } from '../../src/pipeline/range.ts'
import type { StateCodec } from '../../src/pipeline/recover.ts'
import { duties, GROUP } from '../../src/pipeline/roles.ts'
import { REST, Shards } from '../../src/pipeline/shards.ts'
import type { SnapshotStore, StoredSnapshot } from '../../src/pipeline/snapshot-store.ts'
import { plainWatch, untold } from './plain-watch.ts'

export type Whole = Log & Forgetful

/** What a planted fault changes of what the pipeline is given. */
export interface Plant {
  readonly log?: (log: Whole) => Partial<Whole>
  readonly snapshots?: (store: SnapshotStore) => Partial<SnapshotStore>
  readonly state?: (state: StateCodec) => StateCodec
  /** The order in which chunks of input are written. */
  readonly feed?: (chunks: readonly (readonly Outgoing[])[]) => readonly (readonly Outgoing[])[]
}

export interface WorldOptions {
  readonly plant?: Plant
  readonly open?: (clock: () => number) => Promise<Whole> | Whole
  readonly snapshots?: SnapshotStore
  readonly options?: Partial<PipelineOptions>
}

export const codec = openAvroCodec()
export const T0 = Date.UTC(2026, 0, 1)
export const partitions = Object.fromEntries(Object.keys(topics).map(topic => [topic, topic === 'observations' ? 2 : 1]))
export const learnerOptions: LearnerOptions = {
  ...defaultLearnerOptions,
  experts: 2,
  effort: { least: 2, most: 2, scale: 0 },
  single: false,
  memoryPerClass: 5,
  knots: { intervals: 3, refitAt: [4, 8], reservoir: 6, horizon: 50 }
}

/** Thrown at the n-th await of a run, and at every later one: the process is gone. */
export class Crash extends Error {}

/** Counts awaits; crashes before (2n) or after (2n + 1) the n-th. */
export class Awaits {
  count = 0
  readonly #crashAt: number
  constructor(crashAt = Number.POSITIVE_INFINITY) {
    this.#crashAt = crashAt
  }

  /** Whether it came to the crash, even where nobody waited for it any more. */
  get crashed(): boolean {
    return this.count > this.#crashAt
  }

  async pass<T>(work: () => Promise<T>): Promise<T> {
    this.#step()
    const value = await work()
    this.#step()
    return value
  }

  #step(): void {
    if (this.count++ >= this.#crashAt) throw new Crash(`crashed at await ${this.#crashAt}`)
  }
}

/** A log whose batches are small, so that there are many commits, and whose awaits are counted. */
function counted(log: Whole, awaits: Awaits): Whole {
  return {
    partitions: log.partitions,
    write: records => awaits.pass(() => log.write(records)),
    read(names, from, signal) {
      const batches = log.read(names, from, signal, 9)[Symbol.asyncIterator]()
      const end = async () => (await batches.return?.()) ?? { done: true as const, value: undefined }
      return { [Symbol.asyncIterator]: () => ({ next: () => awaits.pass(() => batches.next()), return: end }) }
    },
    ends: names => awaits.pass(() => log.ends(names)),
    starts: names => awaits.pass(() => log.starts(names)),
    committed: group => awaits.pass(() => log.committed(group)),
    retain: (retentions, floors, now) => awaits.pass(() => log.retain(retentions, floors, now)),
    close: () => log.close(),
    ...('settled' in log ? { settled: (...given: Parameters<Settling['settled']>) => (log as Settling).settled(...given) } : {}),
    ...('lease' in log ? { lease: (...given: Parameters<Leasing['lease']>) => (log as Leasing).lease(...given) } : {}),
    async claim(group) {
      const claim: Claim = await awaits.pass(() => log.claim(group))
      return { ...claim, commit: commit => awaits.pass(() => claim.commit(commit)) }
    }
  }
}

function countedSnapshots(store: SnapshotStore, awaits: Awaits): SnapshotStore {
  return {
    list: () => awaits.pass(() => store.list()),
    write: (header, state) => awaits.pass(() => store.write(header, state)),
    read: name => awaits.pass(() => store.read(name)),
    keep: count => awaits.pass(() => store.keep(count))
  }
}

/** Snapshots that live as long as the object. */
export class MemorySnapshots implements SnapshotStore {
  kept: { header: StoredSnapshot; state: Uint8Array }[] = []
  #names = 0

  async list(): Promise<readonly StoredSnapshot[]> {
    return this.kept.map(({ header }) => header).reverse()
  }
  async write(header: Parameters<SnapshotStore['write']>[0], state: Uint8Array): Promise<StoredSnapshot> {
    const stored = { ...header, name: String(++this.#names).padStart(6, '0'), sha256: '', bytes: state.length }
    this.kept.push({ header: stored, state: state.slice() })
    return stored
  }
  async read(name: string): ReturnType<SnapshotStore['read']> {
    const found = this.kept.find(({ header }) => header.name === name)
    if (found === undefined) throw new Error(`expected the snapshot ${name}`)
    return { header: found.header, state: found.state.slice() }
  }
  async keep(count: number): Promise<readonly string[]> {
    const removed = this.kept.slice(0, -count).map(({ header }) => header.name)
    this.kept = this.kept.slice(-count)
    return removed
  }
}

export class World {
  readonly log: Whole
  readonly snapshots: SnapshotStore
  readonly plant: Plant
  /** What was wrong the moment it happened. */
  readonly wrongs: string[] = []
  readonly told: string[] = []
  now = T0 + 3_600_000
  pipeline: Pipeline | null = null
  readonly #options: Partial<PipelineOptions>

  private constructor(log: Whole, { plant = {}, snapshots = new MemorySnapshots(), options = {} }: WorldOptions) {
    this.log = log
    this.plant = plant
    this.snapshots = snapshots
    this.#options = options
  }

  static async make(options: WorldOptions = {}): Promise<World> {
    let world: World | null = null
    const clock = (): number => world?.now ?? T0
    const log = options.open === undefined ? openMemoryLog({ partitions, clock }) : await options.open(clock)
    world = new World(log, options)
    return world
  }

  /** Time goes on. */
  pass(ms: number): void {
    this.now += ms
  }

  /** A pipeline as a process just started would have it. */
  start(awaits = new Awaits(), also: Partial<PipelineOptions> = {}): Pipeline {
    const outer = counted(this.log, awaits)
    const log = { ...outer, ...this.plant.log?.(outer) }
    const store = countedSnapshots(this.snapshots, awaits)
    const snapshots = { ...store, ...this.plant.snapshots?.(store) }
    const state = { encode: encodeSaved, decode: decodeSaved }
    this.pipeline = new Pipeline({
      log,
      codec,
      snapshots: { ...snapshots, write: (header, bytes) => this.#check(header.positions).then(() => snapshots.write(header, bytes)) },
      state: this.plant.state?.(state) ?? state,
      role: 'all',
      shards: new Shards(),
      shard: REST,
      publish: { run: 'run', everyExamples: 10, everyMs: 1000 },
      learner: learnerOptions,
      load: { behind: 0, least: 1 },
      room: { maxWaiting: 100, maxAgeMs: 86_400_000, predictionWaitMs: 1000, maxIds: 100 },
      watch: plainWatch(),
      telling: untold,
      policy: { maxSkewMs: 60_000, maxFeatures: 20 },
      snapshot: { everyExamples: 5, keep: 2 },
      retentions: [],
      posting: { maxWaiting: 10, predictWaitMs: 10 },
      timings: { labelDelay() {}, predictMs() {}, learnMs() {} },
      clock: () => this.now,
      stopwatch: () => 0,
      tell: (_level, message) => this.told.push(message),
      ...this.#options,
      ...also
    })
    return this.pipeline
  }

  /** Starts, takes all that is in the log, and stops. */
  async drain(awaits = new Awaits(), also: Partial<PipelineOptions> = {}): Promise<Pipeline> {
    const stop = new AbortController()
    const pipeline = this.start(awaits, {
      ...also,
      phase: phase => {
        if (phase === 'reading') stop.abort()
        also.phase?.(phase)
      }
    })
    await pipeline.run(stop.signal)
    return pipeline
  }

  /** Everything in a topic, decoded. */
  async events<N extends EventName>(topic: Topic, name: N): Promise<Events[N][]> {
    const found: Events[N][] = []
    for (const { value } of await this.records(topic)) {
      const decoded = codec.decode(value)
      if (!('code' in decoded) && decoded.name === name) found.push((decoded as AnyEvent & { event: Events[N] }).event)
    }
    return found
  }

  async records(topic: Topic): Promise<Incoming[]> {
    const found: Incoming[] = []
    for await (const record of range(this.log, topic, [], await this.log.ends([topic]), new AbortController().signal)) found.push(record)
    return found
  }

  /** The bytes of an undisturbed fold over the examples in the log, and what it tells. */
  async fold(): Promise<{ readonly bytes: Uint8Array; readonly signals: readonly Events['signal'][] }> {
    const learner = new Learner(learnerOptions)
    const signals: Events['signal'][] = []
    for (const { value } of await this.records('examples')) {
      const decoded = codec.decode(value)
      if ('code' in decoded || (decoded.name !== 'example' && decoded.name !== 'control')) continue
      signals.push(...learner.take(decoded.event).signals)
    }
    return { bytes: encodeSaved(learner.save()), signals }
  }

  async #check(positions: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[]): Promise<void> {
    const committed = [...(await this.log.committed(duties.learn.group)), ...(await this.log.committed(GROUP))]
    for (const { topic, partition, offset } of positions.filter(p => p.topic === 'examples')) {
      const at = committed.find(p => p.topic === topic && p.partition === partition)?.offset ?? 0
      if (offset > at) this.wrongs.push(`a snapshot at ${offset}, committed is ${at}`)
    }
  }
}

/** What a predictor over a world is given. */
export function predictorOptions(world: World): PredictorOptions {
  return {
    log: world.log,
    codec,
    state: { encode: encodeSaved, decode: decodeSaved },
    learner: learnerOptions,
    policy: { maxSkewMs: 60_000, maxFeatures: 20 },
    shards: new Shards(),
    maxBehind: 1000,
    posting: { maxWaiting: 10, predictWaitMs: 2000 },
    timings: { labelDelay() {}, predictMs() {}, learnMs() {} },
    clock: () => world.now,
    stopwatch: () => 0,
    tell: (_level, message) => world.told.push(message)
  }
}

/** Makers of inputs, as they are written to the log. */
export const input = {
  observation: (i: number, also: Partial<Events['observation']> = {}): Outgoing => {
    const event = observation(i, also)
    return { topic: 'observations', key: event.line, value: codec.encode('observation', event) }
  },
  label: (i: number, labels: Record<string, string>, also: Partial<Events['label']> = {}): Outgoing => {
    const event = { observation: `part-${i}`, line: lineOf(i), time: T0 + 1000 + i, source: null, labels, ...also }
    return { topic: 'labels', key: event.line, value: codec.encode('label', event) }
  },
  example: (i: number, labels: Record<string, string>): Outgoing => ({
    topic: 'examples',
    key: REST,
    value: codec.encode('example', { observation: observation(i), labels, labelTime: T0 + 1000 + i, source: null, prediction: null })
  }),
  control: (n: number): Outgoing => ({
    topic: 'examples',
    key: REST,
    value: codec.encode('control', { id: `control-${n}`, time: T0, kind: 'effort', task: null, value: n, drift: null })
  }),
  raw: (topic: Topic, ...bytes: number[]): Outgoing => ({ topic, key: null, value: Uint8Array.from(bytes) })
}

const lineOf = (i: number): string => `line-${i % 3}`

function observation(i: number, also: Partial<Events['observation']> = {}): Events['observation'] {
  return {
    id: `part-${i}`,
    line: lineOf(i),
    station: null,
    product: null,
    time: T0 + i,
    features: { torque: (i * 7) % 5, tool: i % 2 ? 'a' : 'b' },
    ...also
  }
}
