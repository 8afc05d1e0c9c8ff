/**
 * Up to when every prediction has been taken. Each partition has its own sequence, so that the slowest one says: a record of
 * one partition tells nothing of what another still holds.
 */
import type { Incoming } from './log.ts'

export class Heard {
  /** Milliseconds since 1970, by partition. */
  readonly #times: number[]

  constructor(partitions: number) {
    this.#times = Array.from({ length: partitions }, () => Number.NEGATIVE_INFINITY)
  }

  /** A prediction was taken: those of its partition from before its time were taken before. */
  took({ partition, timestamp }: Pick<Incoming, 'partition' | 'timestamp'>): void {
    this.#raise(partition, timestamp - 1)
  }

  /** At a time there was none left in a partition. */
  emptied(partition: number, at: number): void {
    this.#raise(partition, at)
  }

  /** Every prediction that the log took before this time has been taken, milliseconds since 1970. */
  get until(): number {
    return Math.min(...this.#times)
  }

  #raise(partition: number, time: number): void {
    this.#times[partition] = Math.max(this.#times[partition]!, time)
  }
}
