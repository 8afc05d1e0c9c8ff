/**
 * The learner's state as predictors need it, published while it learns: changed blocks, in the same commit as the positions
 * they stand at, so that what is read is what was learned up to there. A whole state comes first and then whenever the blocks
 * since the last one have grown beyond it, so that who comes late reads little, and what lies before it may be forgotten.
 */
import type { AnyEvent } from '../events/event.ts'
import type { Learner } from '../learner/learner.ts'
import { type Patch, patchOf } from '../numeric/patch.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Incoming, Outgoing, Position } from './log.ts'
import type { StateCodec } from './recover.ts'
import { REST } from './shards.ts'
import type { Stage } from './stage.ts'
import type { Step } from './step.ts'

/** The topic of a shard's state: each has its own, so that none forgets another's. */
export function stateOf(shard: string): string {
  return shard === REST ? 'state' : `state.${shard}`
}

export interface PublishOptions {
  readonly learner: Learner
  readonly state: StateCodec
  readonly shard: string
  /** Where the learner stands. */
  readonly positions: readonly Position[]
  /** Tells this run of the learner from those before. */
  readonly run: string
  /** Examples learned, and milliseconds passed, after which what changed is published: whichever comes first. */
  readonly everyExamples: number
  readonly everyMs: number
}

/** A publication; its bytes travel in parts. */
export interface Publication {
  readonly whole: boolean
  /** Examples learned. */
  readonly learned: number
  /** The first example of each partition not in it. */
  readonly positions: readonly Position[]
  /** Milliseconds since 1970. */
  readonly at: number
  readonly patch: Patch
}

/** One record of the topic. */
export interface PublicationPart {
  readonly shard: string
  readonly run: string
  /** Number of the publication in its run, from 0. */
  readonly sequence: number
  readonly part: number
  readonly parts: number
  readonly body: Uint8Array
}

/** Bytes of a record: below what brokers take by default. */
const PART_BYTES = 512 * 1024
/** A small state is not published whole at every turn. */
const LEAST_BYTES = 4 * 1024 * 1024

export class PublishStage implements Stage {
  readonly topics = ['examples'] as const
  readonly #options: PublishOptions
  readonly #positions = new Map<number, Position>()
  #published: Saved = null
  #sequence = 0
  /** Examples taken since the last publication. */
  #taken = 0
  #at = Number.NEGATIVE_INFINITY
  #wholeBytes = 0
  #bytesSince = 0
  #floor: Position | null = null

  constructor(options: PublishOptions) {
    this.#options = options
    for (const position of options.positions) if (position.topic === 'examples') this.#positions.set(position.partition, position)
  }

  take({ topic, partition, offset }: Incoming, _event: AnyEvent): void {
    this.#taken++
    this.#positions.set(partition, { topic, partition, offset: offset + 1 })
  }

  /** A record that is no event is behind it, too. */
  skip({ topic, partition, offset }: Incoming): void {
    this.#positions.set(partition, { topic, partition, offset: offset + 1 })
  }

  /** The first record that followers still need; null before this run's first whole state is durable. */
  get floor(): Position | null {
    return this.#floor
  }

  /** A commit gave its outputs these positions. */
  committed(written: readonly Position[]): void {
    if (this.#bytesSince > 0) return
    this.#floor = written.find(({ topic }) => topic === stateOf(this.#options.shard)) ?? this.#floor
  }

  settle(step: Step, now: number): void {
    const { everyExamples, everyMs } = this.#options
    if (this.#sequence > 0 && this.#taken < everyExamples && now - this.#at < everyMs) return
    this.flush(step, now)
  }

  /** Publishes what has not been published yet. */
  flush(step: Step, now: number): void {
    if (this.#sequence === 0 || this.#taken > 0) step.outputs.push(...this.#publish(now))
  }

  #publish(now: number): Outgoing[] {
    const { learner, state, shard, run } = this.#options
    const tree = learner.savePredictive()
    const whole = this.#sequence === 0 || this.#bytesSince >= Math.max(LEAST_BYTES, this.#wholeBytes)
    const publication: Publication = {
      whole,
      learned: learner.learned,
      positions: [...this.#positions.values()],
      at: now,
      patch: whole ? [[[], -1, tree]] : patchOf(this.#published, tree)
    }
    const bytes = state.encode(publication as unknown as Saved)
    this.#bytesSince = whole ? 0 : this.#bytesSince + bytes.length
    if (whole) this.#wholeBytes = bytes.length
    this.#published = tree
    this.#taken = 0
    this.#at = now
    const sequence = this.#sequence++
    const parts = Math.ceil(bytes.length / PART_BYTES)
    return Array.from({ length: parts }, (_, part) => {
      const body = bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES)
      const record: PublicationPart = { shard, run, sequence, part, parts, body }
      return { topic: stateOf(shard), key: shard, value: state.encode(record as unknown as Saved) }
    })
  }
}
