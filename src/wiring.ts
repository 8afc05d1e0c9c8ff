/** Where the parts are put together: the only place, beside the command line, that knows every folder. */
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openAvroCodec } from './adapter/avro/codec.ts'
import { decodeSaved, encodeSaved } from './adapter/file/saved.ts'
import { openFileSnapshots } from './adapter/file/snapshots.ts'
import { openLmdbLog } from './adapter/lmdb/log.ts'
import { retentions } from './config/log-options.ts'
import type { Config } from './config/options.ts'
import type { Policy } from './events/check.ts'
import type { LearnerOptions } from './learner/options.ts'
import type { Codec } from './pipeline/codec.ts'
import type { Timings } from './pipeline/gateway.ts'
import type { Forgetful, Log } from './pipeline/log.ts'
import { type Phase, Pipeline } from './pipeline/pipeline.ts'
import { Predictor } from './pipeline/predictor.ts'
import { STATE_TOPIC } from './pipeline/publish-stage.ts'
import type { StateCodec } from './pipeline/recover.ts'
import { type Role, SHARD, type SoleRole } from './pipeline/roles.ts'
import type { SnapshotStore } from './pipeline/snapshot-store.ts'

const HOUR = 3_600_000
const KIBI = 1024
const MEBI = 1024 * KIBI

/** Everything that keeps something, opened for one data directory. */
export interface Store {
  readonly log: Log & Forgetful
  readonly codec: Codec
  readonly snapshots: SnapshotStore
  readonly state: StateCodec
}

/** Places under the data directory. */
export function placesOf(config: Config): { readonly log: string; readonly snapshots: string } {
  return { log: join(config.dataDirectory, 'log'), snapshots: join(config.dataDirectory, 'snapshots') }
}

/**
 * Opens log and snapshots of a configuration. Where roles share the work the log has one topic more, for the published state.
 * Throws a Fault where they cannot be opened.
 */
export async function openStore(config: Config, readOnly = false, role: Role = 'all'): Promise<Store> {
  const places = placesOf(config)
  if (!readOnly) for (const place of Object.values(places)) mkdirSync(place, { recursive: true })
  const log = await openLmdbLog({
    directory: places.log,
    maxBytes: config.log.maxMiB * MEBI,
    readOnly,
    ...(readOnly ? {} : { partitions: { ...config.log.partitions, ...(role === 'all' ? {} : { [STATE_TOPIC]: 1 }) } })
  })
  return {
    log,
    codec: openAvroCodec({ maxBytes: config.input.maxRecordKiB * KIBI }),
    snapshots: openFileSnapshots(places.snapshots),
    state: { encode: encodeSaved, decode: decodeSaved }
  }
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
    judge: { window: judge.window, forgetting: judge.forgetting }
  }
}

export interface PipelineHooks {
  readonly timings: Timings
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void
  readonly phase?: (phase: Phase) => void
}

/** Who does a role's work over an open store. */
export function openRole(config: Config, store: Store, role: Role, hooks: PipelineHooks): Pipeline | Predictor {
  return role === 'predict' ? openPredictor(config, store, hooks) : openPipeline(config, store, role, hooks)
}

function openPredictor(config: Config, store: Store, hooks: PipelineHooks): Predictor {
  return new Predictor({
    ...store,
    ...hooks,
    learner: learnerOptionsOf(config),
    policy: policyOf(config),
    shard: SHARD,
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
    learner: learnerOptionsOf(config),
    publish: { ...config.publish, run: randomUUID() },
    room: {
      maxWaiting: waiting.maxWaiting,
      maxAgeMs: waiting.maxAgeHours * HOUR,
      predictionWaitMs: waiting.predictionWaitMs,
      maxIds: waiting.dedupe.maxIds
    },
    policy: policyOf(config),
    snapshot,
    load,
    retentions: retentions(config.log),
    posting: { maxWaiting: http.maxWaiting, predictWaitMs: http.predictWaitMs },
    clock: Date.now,
    stopwatch: () => performance.now()
  })
}
