/** Where the parts are put together: the only place, beside the command line, that knows every folder. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeSaved, encodeSaved } from './adapter/file/saved.ts'
import { openFileSnapshots } from './adapter/file/snapshots.ts'
import type { Connection, Sasl, Tls } from './adapter/kafka/connection.ts'
import type { KafkaOptions } from './adapter/kafka/log.ts'
import { openLmdbLog } from './adapter/lmdb/log.ts'
import type { KafkaConfig } from './config/kafka-options.ts'
import { retentions } from './config/log-options.ts'
import type { Config } from './config/options.ts'
import { Secret } from './config/secret.ts'
import { Decider } from './decide/decider.ts'
import type { DecideOptions } from './decide/options.ts'
import type { Policy } from './events/check.ts'
import { Fault } from './fault/fault.ts'
import type { LearnerOptions } from './learner/options.ts'
import type { Codec } from './pipeline/codec.ts'
import { openDeciding } from './pipeline/deciding.ts'
import type { Timings } from './pipeline/gateway.ts'
import { layerSnapshots } from './pipeline/layered-snapshots.ts'
import type { Forgetful, Leasing, Log, Reachable, Shared } from './pipeline/log.ts'
import type { Depot } from './pipeline/migrate.ts'
import { type Phase, Pipeline } from './pipeline/pipeline.ts'
import { Predictor } from './pipeline/predictor.ts'
import { stateOf } from './pipeline/publish-stage.ts'
import { isPublished, openPublishedSnapshots, snapshotsOf } from './pipeline/published-snapshots.ts'
import type { StateCodec } from './pipeline/recover.ts'
import type { Role, SoleRole } from './pipeline/roles.ts'
import { REST, Shards } from './pipeline/shards.ts'
import type { SnapshotStore } from './pipeline/snapshot-store.ts'
import { tellingOf, watchOptionsOf } from './wiring-alerts.ts'
import { openCodec } from './wiring-codec.ts'

const HOUR = 3_600_000
const MEBI = 1_048_576

/** Everything that keeps something, opened for one data directory. */
export interface Store {
  /** On a cluster it knows who lives, shares out its partitions and may be cut off. */
  readonly log: Log & Forgetful & Partial<Leasing> & Partial<Shared> & Partial<Reachable>
  readonly codec: Codec
  readonly snapshots: SnapshotStore
  readonly state: StateCodec
}

/** Places under the data directory; each shard has a folder of snapshots. */
export function placesOf(
  { dataDirectory }: Pick<Config, 'dataDirectory'>,
  shard: string = REST
): { readonly log: string; readonly snapshots: string } {
  return { log: join(dataDirectory, 'log'), snapshots: join(dataDirectory, 'snapshots', ...(shard === REST ? [] : [shard])) }
}

export interface OpenOptions {
  readonly readOnly?: boolean
  /** Where roles share the work the log has one topic more, for the published state. */
  readonly role?: Role
  /** Whose snapshots are meant. */
  readonly shard?: string
  /** Told of what an open log has to say while it works. */
  readonly tell?: (level: 'info' | 'warn', message: string) => void
}

/**
 * Opens codec, log and snapshots of a configuration, in this order: a registry that refuses our schemas is told before a
 * log is made. Throws a Fault where one cannot be opened.
 */
export async function openStore(config: Config, { readOnly = false, role = 'all', shard = REST, tell }: OpenOptions = {}): Promise<Store> {
  const codec = await openCodec(config, readOnly)
  const places = placesOf(config, shard)
  const embedded = config.log.kind === 'embedded'
  if (!readOnly) for (const place of embedded ? Object.values(places) : [places.snapshots]) mkdirSync(place, { recursive: true })
  const published = embedded || readOnly || (role !== 'all' && role !== 'learn') ? null : snapshotsOf(shard)
  const partitions = {
    ...config.log.partitions,
    ...Object.fromEntries(statesOf(role, shard, config).map(topic => [topic, 1])),
    ...(published === null ? {} : { [published]: 1 })
  }
  const log = embedded
    ? await openEmbedded(config, places.log, partitions, readOnly)
    : await openCluster(config, partitions, readOnly, tell)
  const near = openFileSnapshots(places.snapshots)
  return {
    log,
    codec,
    snapshots: published === null ? near : publishedBeside(near, log, shard),
    state: { encode: encodeSaved, decode: decodeSaved }
  }
}

/** The topics of published state that a role writes or reads. */
function statesOf(role: Role, shard: string, config: Config): readonly string[] {
  if (role === 'learn') return [stateOf(shard)]
  return role === 'predict' ? new Shards(config.shards).names.map(stateOf) : []
}

type Partitions = Readonly<Record<string, number>>

/** Its client takes a while to load, and a log in a file has no use for it. */
const kafka = () => import('./adapter/kafka/log.ts')

function openEmbedded({ log }: Config, directory: string, partitions: Partitions, readOnly: boolean): Promise<Log & Forgetful> {
  return openLmdbLog({ directory, maxBytes: log.maxMiB * MEBI, readOnly, ...(readOnly ? {} : { partitions }) })
}

async function openCluster({ log }: Config, partitions: Partitions, readOnly: boolean, tell: OpenOptions['tell']): Promise<Store['log']> {
  const { openKafkaLog } = await kafka()
  const options = kafkaOptionsOf(log)
  return openKafkaLog({ ...options, partitions, create: options.create === true && !readOnly, ...(tell === undefined ? {} : { tell }) })
}

/** The log on the cluster of a configuration. Throws `FILE_UNREADABLE` for a certificate or key that cannot be read. */
export function kafkaOptionsOf({ kafka, partitions }: Config['log']): KafkaOptions {
  const { prefix, create, replication, sessionMs, stallMs, transactionalPredictions: transactional } = kafka
  return {
    ...connectionOf(kafka),
    partitions,
    prefix,
    create,
    sessionMs,
    stallMs,
    transactional,
    ...(replication === null ? {} : { replication })
  }
}

function connectionOf({ brokers, tls, sasl }: KafkaConfig): Connection {
  return { brokers, ...(tls.enabled ? { tls: tlsOf(tls) } : {}), ...(sasl.mechanism === 'none' ? {} : { sasl: saslOf(sasl) }) }
}

function tlsOf({ caFile, certFile, keyFile }: KafkaConfig['tls']): Tls {
  const text = (file: string): string => {
    try {
      return readFileSync(file, 'utf8')
    } catch (cause) {
      throw new Fault(
        'FILE_UNREADABLE',
        `expected a certificate or key at ${file}, got ${(cause as Error).message}: see log.kafka.tls`,
        cause
      )
    }
  }
  return {
    ...(caFile === null ? {} : { ca: text(caFile) }),
    ...(certFile === null ? {} : { cert: text(certFile) }),
    ...(keyFile === null ? {} : { key: new Secret(text(keyFile)) })
  }
}

function saslOf({ mechanism, username, password, tokenFile }: KafkaConfig['sasl']): Sasl {
  if (mechanism === 'none') throw new Error('expected a mechanism to sign in with, came none')
  if (mechanism === 'oauthbearer') return { mechanism, token: () => tokenIn(tokenFile!) }
  return { mechanism, username, password: password! }
}

async function tokenIn(file: string): Promise<Secret> {
  try {
    return new Secret((await readFile(file, 'utf8')).trim())
  } catch (cause) {
    throw new Fault('FILE_UNREADABLE', `expected a token at ${file}, got ${(cause as Error).message}: see log.kafka.sasl.tokenFile`, cause)
  }
}

/**
 * Opens log and snapshots of a data directory for whoever copies them. Without `partitions` there must be a log, which has
 * those it was made with. Throws a Fault where they cannot be opened.
 */
export async function openDepot(dataDirectory: string, maxMiB: number, partitions?: Partitions): Promise<Depot> {
  const { log: directory } = placesOf({ dataDirectory })
  if (partitions !== undefined) mkdirSync(directory, { recursive: true })
  const log = await openLmdbLog({ directory, maxBytes: maxMiB * MEBI, ...(partitions === undefined ? {} : { partitions }) })
  return { log, snapshots: shard => openFileSnapshots(placesOf({ dataDirectory }, shard).snapshots) }
}

/** The cluster of a configuration for whoever copies it, with the snapshots published there and those in its data directory. */
export async function openClusterDepot(config: Config): Promise<Depot> {
  const { names } = new Shards(config.shards)
  const published = Object.fromEntries(names.map(shard => [snapshotsOf(shard), 1]))
  const { openKafkaLog } = await kafka()
  const log = await openKafkaLog({ ...kafkaOptionsOf(config.log), partitions: { ...config.log.partitions, ...published } })
  const stores = new Map(names.map(shard => [shard, publishedBeside(openFileSnapshots(placesOf(config, shard).snapshots), log, shard)]))
  return { log, snapshots: shard => stores.get(shard)! }
}

function publishedBeside(near: SnapshotStore, log: Log & Forgetful, shard: string): SnapshotStore {
  return layerSnapshots(near, openPublishedSnapshots(log, snapshotsOf(shard)), isPublished)
}

/** The checks of a configuration. */
export function policyOf({ input, policy }: Config): Policy {
  const names = policy.tasks === 'any' ? Object.keys(policy.classes) : policy.tasks
  const tasks = Object.fromEntries(names.map(task => [task, policy.classes[task] ?? ('any' as const)]))
  return {
    maxSkewMs: input.maxSkewMs,
    maxFeatures: input.maxFeatures,
    ...(policy.lines === 'any' ? {} : { lines: policy.lines }),
    ...(policy.tasks === 'any' ? { classes: policy.classes } : { tasks })
  }
}

/** The decider of a configuration. */
export function decideOptionsOf({ decide, seed, policy }: Config): DecideOptions {
  const { labels, inspection, tasks, ...rest } = decide
  // Classes that are known to be there are promised before the first of them is seen.
  const named = Object.entries(policy.classes).map(([task, names]) => {
    const own = tasks[task]
    return [task, { ...own, classes: { ...Object.fromEntries(names.map(name => [name, {}])), ...own?.classes } }] as const
  })
  return {
    ...rest,
    seed,
    tasks: { ...tasks, ...Object.fromEntries(named) },
    labels: labels ?? (inspection.perThousand > 0 ? 'inspected' : 'all'),
    inspection: { ...inspection, pick: 'teaching' }
  }
}

/** The learner of a configuration. */
export function learnerOptionsOf({ learner, judge, seed, domain }: Config): LearnerOptions {
  const { dedupe, ...rest } = learner
  return {
    ...rest,
    banks: null,
    effort: null,
    maxIds: dedupe.maxIds,
    seed,
    domain,
    judge
  }
}

export interface PipelineHooks {
  /** The one whose examples are learned; absent for that of the lines that no shard names. */
  readonly shard?: string
  readonly timings: Timings
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void
  readonly phase?: (phase: Phase) => void
}

/** Who does a role's work over an open store. Throws `CONFIG_INVALID` where role and shards do not go together. */
export function openRole(config: Config, store: Store, role: Role, hooks: PipelineHooks): Pipeline | Predictor {
  const { names } = new Shards(config.shards)
  if (hooks.shard !== undefined && !names.includes(hooks.shard))
    throw new Fault('CONFIG_INVALID', `expected one of the shards ${names.join(', ')}, got ${hooks.shard}: see shards in the configuration`)
  if (role === 'all' && names.length > 1)
    throw new Fault(
      'CONFIG_INVALID',
      `expected one learner for all lines or --role learn for each of ${names.join(', ')}: remove shards or share the work`
    )
  return role === 'predict' ? openPredictor(config, store, hooks) : openPipeline(config, store, role, hooks)
}

function openPredictor(config: Config, store: Store, hooks: PipelineHooks): Predictor {
  return new Predictor({
    ...store,
    ...hooks,
    learner: learnerOptionsOf(config),
    policy: policyOf(config),
    shards: new Shards(config.shards),
    maxBehind: config.publish.maxBehind,
    posting: { maxWaiting: config.http.maxWaiting, predictWaitMs: config.http.predictWaitMs },
    clock: Date.now,
    stopwatch: () => performance.now()
  })
}

/** The pipeline of a configuration over an open store. */
export function openPipeline(config: Config, store: Store, role: SoleRole, hooks: PipelineHooks): Pipeline {
  const { join: waiting, snapshot, load, http } = config
  return new Pipeline({
    ...store,
    ...hooks,
    role,
    shards: new Shards(config.shards),
    shard: hooks.shard ?? REST,
    learner: learnerOptionsOf(config),
    publish: { ...config.publish, run: randomUUID() },
    room: {
      maxWaiting: waiting.maxWaiting,
      maxAgeMs: waiting.maxAgeHours * HOUR,
      predictionWaitMs: waiting.predictionWaitMs,
      maxIds: waiting.dedupe.maxIds
    },
    watch: watchOptionsOf(config.alert, openDeciding(new Decider(decideOptionsOf(config)))),
    telling: tellingOf(config.alert),
    policy: policyOf(config),
    snapshot,
    load,
    retentions: retentions(config.log),
    posting: { maxWaiting: http.maxWaiting, predictWaitMs: http.predictWaitMs },
    clock: Date.now,
    stopwatch: () => performance.now()
  })
}
