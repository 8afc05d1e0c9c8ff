import { describe, expect, test } from 'vitest'
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import { Fault } from '../../src/fault/fault.ts'
import { layerSnapshots } from '../../src/pipeline/layered-snapshots.ts'
import { isPublished, openPublishedSnapshots } from '../../src/pipeline/published-snapshots.ts'
import type { SnapshotStore } from '../../src/pipeline/snapshot-store.ts'
import { header, state } from './snapshot-store.laws.ts'
import { fileSubject } from './snapshot-subjects.ts'

const files = fileSubject
const far = (): SnapshotStore => openPublishedSnapshots(openMemoryLog({ partitions: { snapshots: 1 }, clock: () => 0 }))
const reaches = async (store: SnapshotStore): Promise<(number | string)[]> =>
  (await store.list()).map(each => ('damage' in each ? 'damaged' : each.learned))

describe('snapshots near and far', () => {
  test('are written to both, listed newest first, the near one before its equal, and read from where they are', async () => {
    const place = files()
    const published = far()
    const near = place.open()
    const store = layerSnapshots(near, published, isPublished)
    await published.write(header(30), state(3))
    const stored = await store.write(header(20), state(2))
    await near.write(header(25), state(25))
    expect(await reaches(store)).toEqual([30, 25, 20, 20])
    const listed = (await store.list()).map(({ name }) => name)
    expect(listed.map(isPublished)).toEqual([true, false, false, true])
    expect(stored.name).toBe(listed[2])
    for (const [i, n] of [3, 25, 2, 2].entries()) expect(Buffer.compare((await store.read(listed[i]!)).state, state(n))).toBe(0)
    expect(await store.keep(1)).toEqual([stored.name])
    // Of the log only a beginning goes: what was written after the one that is kept stays with it.
    expect(await reaches(store)).toEqual([30, 25, 20])
    await place.close()
  })

  test('a damaged near one is listed before those that are older than it could be, the far one of the same state serves', async () => {
    const place = files()
    const store = layerSnapshots(place.open(), far(), isPublished)
    await store.write(header(1), state(1))
    const { name } = await store.write(header(2), state(2))
    await place.spoil(name, 'state')
    expect(await reaches(store)).toEqual([2, 2, 1, 1])
    await expect(store.read(name)).rejects.toMatchObject({ code: 'SNAPSHOT_DAMAGED' })
    expect(Buffer.compare((await store.read((await store.list())[1]!.name)).state, state(2))).toBe(0)
    await place.spoil(name, 'header')
    expect(await reaches(store)).toEqual(['damaged', 2, 1, 1])
    await place.close()
  })

  test('where one has no room the other is written, and the fault is told', async () => {
    const full = async (): Promise<never> => Promise.reject(new Fault('LOG_FULL', 'expected room'))
    const [place, published] = [files(), far()]
    const none = { ...place.open(), write: full }
    await expect(layerSnapshots(none, published, isPublished).write(header(1), state(1))).rejects.toMatchObject({ code: 'LOG_FULL' })
    expect(await reaches(published)).toEqual([1])
    const outside: SnapshotStore = {
      list: () => published.list(),
      read: name => published.read(name),
      keep: n => published.keep(n),
      write: full
    }
    await expect(layerSnapshots(place.open(), outside, isPublished).write(header(2), state(1))).rejects.toMatchObject({ code: 'LOG_FULL' })
    expect(await reaches(place.open())).toEqual([2])
    await place.close()
  })
})
