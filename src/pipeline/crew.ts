/** Who works in a pipeline, by its role: from what is stored to stages that take records. */
import type { Prediction } from '../events/event.ts'
import type { Learner } from '../learner/learner.ts'
import type { CostMeter } from './cost-meter.ts'
import { type Held, hold } from './held.ts'
import type { Intake } from './intake.ts'
import type { JoinStage } from './join-stage.ts'
import { Keeper } from './keeper.ts'
import { LearnStage } from './learn-stage.ts'
import type { Claim, Leasing, Log, Position } from './log.ts'
import { expectFinished } from './migrate.ts'
import { partitionOf } from './partition.ts'
import type { PipelineOptions } from './pipeline.ts'
import { PredictStage } from './predict-stage.ts'
import { PublishStage, stateOf } from './publish-stage.ts'
import { type Recovered, recover } from './recover.ts'
import { claimFor, duties, groupOf, keepsOf, readersOf } from './roles.ts'
import type { Stage } from './stage.ts'
import { standBy, type Warm } from './standby.ts'
import { Throttle } from './throttle.ts'
import type { WatchStage } from './watch-stage.ts'

export interface Crew {
  readonly claim: Claim
  /** Null of who only joins. */
  readonly learner: Learner | null
  readonly keeper: Keeper | null
  /** Null where nobody follows the state. */
  readonly publisher: PublishStage | null
  /** What takes records, in the order in which each record passes them. */
  readonly stages: readonly Stage[]
  /** Null where it is not known who lives. */
  readonly lease: Held | null
  /** Examples and controls folded again. */
  readonly refolded: number
}

/** What the loop gives its crew. */
export interface Loop {
  readonly intake: Intake
  readonly meter: CostMeter
  readonly join: JoinStage
  readonly watch: WatchStage
  /** A prediction is durable. */
  readonly served: (prediction: Prediction) => void
  /** As `RecoverOptions.patiently`. */
  readonly patiently: <T>(attempt: () => Promise<T>) => Promise<T | null>
  /** Examples in the log not yet taken. */
  readonly lag: () => number
  /** It stands by, with a state at these positions. */
  readonly standing: (learner: Learner, positions: readonly Position[]) => void
}

/** Everybody in place, the state at the committed positions. Throws the signal's reason when aborted before. */
export async function assemble(options: PipelineOptions, loop: Loop, stop: AbortSignal): Promise<Crew> {
  const { log, role } = options
  const warm = role === 'learn' && log.lease !== undefined ? await standIn(options, loop, log as Log & Leasing, stop) : null
  const lease = warm === null ? null : hold(log as Log & Leasing, groupOf('learn', options.shard), warm.lease, options.tell)
  try {
    const claim = await claimFor(log, role, options.shard, options.shards)
    const { joins, learns, predicts, watches } = duties[role]
    await restore(claim, { join: joins ? loop.join : null, watch: watches ? loop.watch : null })
    const stages: Stage[] = [...(joins ? [loop.join] : []), ...(watches ? [loop.watch] : [])]
    if (!learns) return { claim, learner: null, keeper: null, publisher: null, stages, lease, refolded: 0 }
    const { learner, refolded, snapshot, warnings } = await recoverLearner(options, loop, claim, warm, stop)
    const publisher = publisherOf(options, learner, claim)
    const keeper = await keeperOf(options, learner, claim, snapshot, publisher)
    if (warnings.length > 0) await keeper.save(true)
    if (predicts) stages.unshift(predictStage(options, loop, learner))
    stages.push(...learnStages(options, loop, learner), ...(publisher === null ? [] : [publisher]))
    return { claim, learner, keeper, publisher, stages, lease, refolded }
  } catch (error) {
    await lease?.release()
    throw error
  }
}

async function standIn(
  options: PipelineOptions,
  { intake, meter, patiently, standing }: Loop,
  log: Log & Leasing,
  stop: AbortSignal
): Promise<Warm> {
  return standBy({ ...options, log, intake, meter, patiently, name: groupOf('learn', options.shard), following: standing }, stop)
}

/** Gives back to each stage what it has noted. Throws where the log is a copy that was never finished. */
async function restore(
  claim: Claim,
  { join, watch }: { readonly join: JoinStage | null; readonly watch: WatchStage | null }
): Promise<void> {
  for await (const { key, value } of claim.notes()) {
    expectFinished(key)
    if (key.startsWith('join/')) join?.room.restore(key.slice('join/'.length), value)
    else if (key.startsWith('watch/')) watch?.restore(key.slice('watch/'.length), value)
  }
  join?.room.restored()
  watch?.restored()
}

async function recoverLearner(
  options: PipelineOptions,
  { intake, meter, patiently }: Loop,
  claim: Claim,
  warm: Warm | null,
  signal: AbortSignal
): Promise<Recovered> {
  const { tell } = options
  const from = warm === null || warm.recovered === null ? {} : { from: { recovered: warm.recovered, positions: warm.positions } }
  const recovered = await recover({ ...options, ...from, intake, meter, patiently, committed: claim.positions(), signal })
  for (const warning of recovered.warnings) tell('warn', warning)
  if (recovered.learner.kernel === 'plain')
    tell(
      'warn',
      'expected WebAssembly with SIMD and shared memory, there is none to be had: learning gives the same bits about ten times slower'
    )
  return recovered
}

async function keeperOf(
  options: PipelineOptions,
  learner: Learner,
  claim: Claim,
  snapshot: Recovered['snapshot'],
  publisher: PublishStage | null
): Promise<Keeper> {
  const { log, role, phase } = options
  // Of what is folded again the signals are told already: the next snapshot stands behind them, too.
  const home = partitionOf(options.shard, log.partitions.signals ?? 1)
  const signals = (await log.ends(['signals'])).find(each => each.partition === home) ?? null
  const keeping = {
    ...options,
    readers: readersOf(role, options.shards),
    keeps: keepsOf(options.shard, options.shards),
    published: () => publisher?.floor ?? null,
    saving: () => phase?.('snapshotting')
  }
  return new Keeper(keeping, learner, claim, snapshot, signals)
}

function publisherOf({ log, state, publish, shard }: PipelineOptions, learner: Learner, claim: Claim): PublishStage | null {
  if (!(stateOf(shard) in log.partitions)) return null
  return new PublishStage({ ...publish, learner, state, shard, positions: claim.positions() })
}

function predictStage({ timings, stopwatch: clock, shards }: PipelineOptions, { join, served }: Loop, learner: Learner): PredictStage {
  const admits = (id: string, time: number): boolean => join.room.admits(id, time)
  return new PredictStage({ learner, clock, shards, admits, served, predictMs: ms => timings.predictMs(ms) })
}

function learnStages({ load, timings, stopwatch: clock, tell, shard, shards }: PipelineOptions, { lag }: Loop, learner: Learner): Stage[] {
  return [
    new LearnStage({ learner, clock, shard, shards, learnMs: ms => timings.learnMs(ms) }),
    new Throttle({ ...load, learner, shard, lag, tell: message => tell('info', message) })
  ]
}
