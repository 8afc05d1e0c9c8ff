/** Where snapshots are kept. One is either whole or absent: `write` is atomic, and `read` verifies. */
import type { Position } from './log.ts'

/** What a snapshot says of itself before its state is read. */
export interface SnapshotHeader {
  /** Version of the fold that made the state. Mixed versions refuse to compare. */
  readonly fold: number
  /** The first record of each partition not yet in the state. */
  readonly positions: readonly Position[]
  /** Examples learned. */
  readonly learned: number
  /** Hexadecimal SHA-256 of the state's bytes: the fingerprint that replicas compare. */
  readonly sha256: string
  readonly bytes: number
}

export interface StoredSnapshot extends SnapshotHeader {
  /** Of one store, names sort as its list does: the greatest is the newest. */
  readonly name: string
}

export interface DamagedSnapshot {
  readonly name: string
  readonly damage: string
}

export interface SnapshotStore {
  /** Newest first. A damaged one is listed with its damage, never hidden. Headers only: bodies are not verified. */
  list(): Promise<readonly (StoredSnapshot | DamagedSnapshot)[]>
  /** Resolves once the snapshot is durable. Throws `LOG_FULL` when there is no room, leaving no trace. */
  write(header: Omit<SnapshotHeader, 'sha256' | 'bytes'>, state: Uint8Array): Promise<StoredSnapshot>
  /** The verified state. Throws `SNAPSHOT_DAMAGED`, saying what is wrong, when the checksum or the length differs. */
  read(name: string): Promise<{ readonly header: StoredSnapshot; readonly state: Uint8Array }>
  /** Removes all but the newest `count` good ones; an older one that cannot be removed without a newer may stay. Returns the names removed. */
  keep(count: number): Promise<readonly string[]>
}

/** How much of `examples` is before the positions: records, summed over the partitions. */
export function examplesIn(positions: readonly Position[]): number {
  return positions.reduce((sum, { topic, offset }) => (topic === 'examples' ? sum + offset : sum), 0)
}
