/**
 * The other side of `publish-stage.ts`: a learner that predicts as the published state says. Invariant: it holds what one
 * publication holds, never a mixture; where one is missing it keeps what it has until a whole state comes.
 */
import { Learner } from '../learner/learner.ts'
import { noMeter } from '../learner/meter.ts'
import type { LearnerOptions } from '../learner/options.ts'
import type { Kernel } from '../numeric/kernel.ts'
import { openKernel } from '../numeric/open-kernel.ts'
import { applied } from '../numeric/patch.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Incoming, Position } from './log.ts'
import type { Publication, PublicationPart } from './publish-stage.ts'
import type { StateCodec } from './recover.ts'

export interface FollowerOptions {
  readonly state: StateCodec
  readonly learner: LearnerOptions
  readonly shard: string
  readonly tell: (level: 'info' | 'warn', message: string) => void
}

/** What is followed. */
export interface Following {
  /** Examples learned. */
  readonly learned: number
  /** The first example of each partition not in the state. */
  readonly positions: readonly Position[]
  /** When it was published, milliseconds since 1970. */
  readonly publishedAt: number
}

export class Follower {
  readonly #options: FollowerOptions
  readonly #kernel: Kernel = openKernel()
  #tree: Saved = null
  #learner: Learner | null = null
  #following: Following | null = null
  /** What was applied last, and what has come of the next. */
  #run = ''
  #sequence = -1
  #parts: Uint8Array[] = []
  #misfit: string | null = null
  /** Told once a gap. */
  #lost = false

  constructor(options: FollowerOptions) {
    this.#options = options
  }

  /** Null before the first whole state. */
  get following(): Following | null {
    return this.#following
  }

  /** Why the newest state is none for this process, in words: it is of another fold or other options. Null where it is one. */
  get misfit(): string | null {
    return this.#misfit
  }

  /** The state to predict by: the last that was whole and fitted. */
  get learner(): Learner | null {
    if (this.#learner === null && this.#following !== null) {
      this.#kernel.clear()
      this.#learner = Learner.loadPredictive(this.#tree, this.#options.learner, noMeter, this.#kernel)
    }
    return this.#learner
  }

  /** A record of the topic, in offset order. */
  take(record: Incoming): void {
    const part = this.#decode(record.value) as unknown as PublicationPart | null
    if (part === null || part.shard !== this.#options.shard) return
    const { run, sequence, body } = part
    if (part.part === 0) this.#parts = []
    if (part.part !== this.#parts.length) return
    this.#parts.push(body)
    if (part.part + 1 < part.parts) return
    const publication = this.#decode(Buffer.concat(this.#parts)) as unknown as Publication | null
    this.#parts = []
    if (publication === null) return
    const next = run === this.#run && sequence === this.#sequence + 1
    if (!publication.whole && !next) {
      if (this.#following !== null && !this.#lost)
        this.#options.tell('warn', `expected publication ${this.#sequence + 1} of the state, got ${sequence}: waiting for a whole one`)
      this.#lost = true
      return
    }
    if (publication.whole) {
      this.#misfit = misfitOf(publication, this.#options.learner)
      if (this.#misfit !== null) {
        this.#options.tell('warn', `the published state is not followed: ${this.#misfit}`)
        return
      }
    }
    try {
      this.#tree = applied(publication.whole ? null : this.#tree, publication.patch)
    } catch (error) {
      this.#forget(`a publication of the state does not fit (${(error as Error).message}): waiting for a whole one`)
      return
    }
    this.#learner = null
    this.#run = run
    this.#sequence = sequence
    this.#lost = false
    const { learned, positions, at } = publication
    this.#following = { learned, positions, publishedAt: at }
  }

  /** What is half applied is no state. */
  #forget(why: string): void {
    this.#tree = null
    this.#following = null
    this.#run = ''
    this.#options.tell('warn', why)
  }

  #decode(bytes: Uint8Array): Saved {
    try {
      return this.#options.state.decode(bytes)
    } catch (error) {
      this.#options.tell('warn', `a record of the published state cannot be read and is passed over: ${(error as Error).message}`)
      return null
    }
  }
}

/** Why a whole state is none for these options, in words; null where it is one. */
function misfitOf({ patch }: Publication, options: LearnerOptions): string | null {
  try {
    Learner.expectFit(patch[0]![2], options)
    return null
  } catch (error) {
    return (error as Error).message
  }
}
