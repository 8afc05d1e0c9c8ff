/** Where the parts are put together: the only place, beside the command line, that knows every folder. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
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
import type { StateCodec } from './pipeline/recover.ts'
import type { SnapshotStore } from './pipeline/snapshot-store.ts'
import { openCodec } from './wiring-codec.ts'

const HOUR = 3_600_000
const MEBI = 1_048_576

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
 * Opens codec, log and snapshots of a configuration, in this order: a registry that refuses our schemas is told before a
 * log is made. Throws a Fault where one cannot be opened.
 */
export async function openStore(config: Config, readOnly = false): Promise<Store> {
  const codec = await openCodec(config, readOnly)
  const places = placesOf(config)
  if (!readOnly) for (const place of Object.values(places)) mkdirSync(place, { recursive: true })
  const log = await openLmdbLog({
    directory: places.log,
    maxBytes: config.log.maxMiB * MEBI,
    readOnly,
    ...(readOnly ? {} : { partitions: config.log.partitions })
  })
  return {
    log,
    codec,
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

/** The pipeline of a configuration over an open store. */
export function openPipeline(config: Config, store: Store, hooks: PipelineHooks): Pipeline {
  const { join: waiting, snapshot, load, http } = config
  return new Pipeline({
    ...store,
    ...hooks,
    learner: learnerOptionsOf(config),
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
