/**
 * A stretch of a topic again: of examples folded into a model that knows nothing else, of observations or labels written
 * anew for the pipeline to take.
 */
import { existsSync } from 'node:fs'
import type { Config } from '../config/options.ts'
import { Fault } from '../fault/fault.ts'
import { Learner } from '../learner/learner.ts'
import { noMeter } from '../learner/meter.ts'
import { Intake } from '../pipeline/intake.ts'
import type { Log, Outgoing, Position } from '../pipeline/log.ts'
import { range } from '../pipeline/range.ts'
import type { Recovered } from '../pipeline/recover.ts'
import { Shards } from '../pipeline/shards.ts'
import { learnerOptionsOf, openStore, placesOf, policyOf, type Store } from '../wiring.ts'
import { CHUNK, write } from './feed.ts'
import { progress } from './output.ts'

/** What the pipeline takes from outside, and so can take again. */
export type FedTopic = 'observations' | 'labels'

/** Records between two looks at the progress bar. */
const PROGRESS_EVERY = 256

/** The model of the examples from `from` up to `to`, itself not taken: what it learns and tells is nobody else's. */
export async function foldRange(
  config: Config,
  { log, codec }: Store,
  shard: string,
  from: Position,
  to: Position,
  signal: AbortSignal
): Promise<Recovered> {
  await expectKept(log, from, to.offset)
  const intake = new Intake(codec, policyOf(config))
  const learner = new Learner(learnerOptionsOf(config), noMeter)
  const shards = new Shards(config.shards)
  const bar = progress('replay', to.offset - from.offset)
  let refolded = 0
  try {
    for await (const record of range(log, from.topic, [from], [to], signal)) {
      const event = await intake.read(record)
      if ('code' in event || (event.name !== 'example' && event.name !== 'control')) continue
      if (!shards.takes(shard, event, record.key)) continue
      learner.take(event.event)
      if (++refolded % PROGRESS_EVERY === 0) bar.update(refolded)
    }
  } finally {
    bar.stop()
  }
  return { learner, refolded, snapshot: null, warnings: [] }
}

export interface Rewritten {
  readonly topic: FedTopic
  readonly partition: number
  readonly from: number
  /** Itself not written. */
  readonly to: number
  readonly written: number
  /** Whether it came to the end, or was stopped before. */
  readonly whole: boolean
}

/**
 * Writes the records from `from` up to `to` again at the end of their topic, with the same keys and bytes. `to` null goes
 * up to where the topic ends now; `partition` may be null where there is one. A pipeline drops what it has already taken.
 *
 * Throws `INPUT_INVALID` where the stretch is not in the log, `FILE_UNREADABLE` where there is no log.
 */
export async function writeAgain(
  config: Config,
  topic: FedTopic,
  partition: number | null,
  from: number,
  to: number | null,
  signal: AbortSignal
): Promise<Rewritten> {
  const { log: directory } = placesOf(config)
  if (config.log.kind === 'embedded' && !existsSync(directory))
    throw new Fault(
      'FILE_UNREADABLE',
      `expected a log in ${directory}, there is none: start the pipeline once, or name another configuration`
    )
  const { log } = await openStore(config)
  try {
    const ends = await log.ends([topic])
    const end = partition === null && ends.length > 1 ? undefined : ends[partition ?? 0]
    if (end === undefined)
      throw new Fault(
        'INPUT_INVALID',
        `expected a partition of ${topic} from 0 to ${ends.length - 1}, got ${partition ?? 'none'}: offsets are of one partition, name it with --partition`
      )
    const [begin, until] = [
      { ...end, offset: from },
      { ...end, offset: to ?? end.offset }
    ]
    if (until.offset > end.offset)
      throw new Fault('INPUT_INVALID', `expected an offset up to ${end.offset}, where ${topic} ends, got ${until.offset}: ask for less`)
    await expectKept(log, begin, until.offset)
    const written = await copyAgain(log, begin, until, signal)
    return { topic, partition: end.partition, from, to: until.offset, written, whole: !signal.aborted }
  } finally {
    await log.close()
  }
}

async function copyAgain(log: Log, begin: Position, until: Position, signal: AbortSignal): Promise<number> {
  const bar = progress('replay', until.offset - begin.offset)
  let written = 0
  let chunk: Outgoing[] = []
  const flush = async (): Promise<void> => {
    written += await write(log, chunk, signal)
    chunk = []
    bar.update(written)
  }
  try {
    for await (const { topic, key, value } of range(log, begin.topic, [begin], [until], signal, CHUNK)) {
      chunk.push({ topic, key, value })
      if (chunk.length === CHUNK) await flush()
    }
    await flush()
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    bar.stop()
  }
  return written
}

/** Throws `INPUT_INVALID` where a stretch is empty or retention has taken its beginning. */
async function expectKept(log: Log, from: Position, to: number): Promise<void> {
  if (from.offset >= to)
    throw new Fault(
      'INPUT_INVALID',
      `expected --from below the offset ${to} where the stretch ends, got ${from.offset}: ask for an earlier one`
    )
  const start = (await log.starts([from.topic])).find(each => each.partition === from.partition)?.offset ?? 0
  if (from.offset < start)
    throw new Fault('INPUT_INVALID', `expected --from at ${start} or later, the oldest of ${from.topic} that is kept, got ${from.offset}`)
}
