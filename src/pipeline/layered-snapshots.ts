/**
 * Snapshots in two places: near, on this machine, and far, where every machine reads. Each is written to both; a start
 * takes the newest that is whole, from wherever it is.
 */
import type { DamagedSnapshot, SnapshotStore, StoredSnapshot } from './snapshot-store.ts'
import { examplesIn } from './snapshot-store.ts'

/**
 * One store of two. Lists both, of equal ones the near one first; `isFar` tells by its name where a snapshot is.
 *
 * `write` gives the near one's name, and throws what either threw once both were tried: the one that could be written
 * stays.
 */
export function layerSnapshots(near: SnapshotStore, far: SnapshotStore, isFar: (name: string) => boolean): SnapshotStore {
  return {
    list: async () => merged(await near.list(), await far.list()),

    async write(header, state) {
      const [mine, published] = await Promise.allSettled([near.write(header, state), far.write(header, state)])
      if (mine.status === 'rejected') throw mine.reason
      if (published.status === 'rejected') throw published.reason
      return mine.value
    },

    read: name => (isFar(name) ? far : near).read(name),

    keep: async count => [...(await near.keep(count)), ...(await far.keep(count))]
  }
}

type Listed = StoredSnapshot | DamagedSnapshot

/** Two lists, each newest first, as one. A damaged one stays before the next older of its own list. */
function merged(near: readonly Listed[], far: readonly Listed[]): Listed[] {
  const all: Listed[] = []
  let i = 0
  let j = 0
  while (i < near.length && j < far.length) all.push(reach(near[i]!) >= reach(far[j]!) ? near[i++]! : far[j++]!)
  return [...all, ...near.slice(i), ...far.slice(j)]
}

function reach(snapshot: Listed): number {
  return 'damage' in snapshot ? Number.POSITIVE_INFINITY : examplesIn(snapshot.positions)
}
