import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { backupLmdb } from '../../src/adapter/lmdb/backup.ts'
import { openLmdbLog } from '../../src/adapter/lmdb/log.ts'
import type { Forgetful, Log, Outgoing } from '../../src/pipeline/log.ts'
import { lawPartitions, take } from '../pipeline/log.laws.ts'
import { mountSmallDisk } from './small-disk.ts'

const MIB = 1024 * 1024
let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'andon-full-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const filler = (size: number, count = 20): Outgoing[] =>
  Array.from({ length: count }, (_, i) => ({ topic: 'parts', key: null, value: new Uint8Array(size).fill(i % 20) }))

/** Commits until the log is full. Returns how many records were acknowledged. */
async function fill(log: Log, size: number): Promise<number> {
  const claim = await log.claim('g')
  const count = size < 1000 ? 200 : 20
  for (let done = (await log.ends(['parts']))[0]!.offset; ; done += count) {
    try {
      await claim.commit({ outputs: filler(size, count), positions: [{ topic: 'lines', partition: 0, offset: done + count }], notes: [] })
    } catch (error) {
      expect(error).toMatchObject({ code: 'LOG_FULL', disposition: 'retry' })
      return done
    }
  }
}

/** Full, readable, nothing half-written; after forgetting half, writable again. */
async function endure(log: Log & Forgetful, sizes: readonly number[]): Promise<void> {
  for (const size of sizes) {
    const done = await fill(log, size)
    const ends = await log.ends(['parts'])
    expect([ends[0]!.offset, (await log.committed('g'))[0]!.offset]).toEqual([done, done])
    const start = (await log.starts(['parts']))[0]!.offset
    expect(done - start).toBeGreaterThan(0)
    const records = await take(log, ['parts'], done - start)
    expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: done - start }, (_, i) => start + i))
    expect(records.every(({ offset, value }) => value.every(byte => byte === offset % 20))).toBe(true)
    const floor = done - Math.floor((done - start) / 4)
    expect(await log.retain([{ topic: 'parts', keepBytes: 0 }], [{ topic: 'parts', partition: 0, offset: floor }], 0)).toEqual({
      parts: floor - start
    })
    expect(await log.write(filler(1))).toHaveLength(20)
    await (await log.claim('g')).commit({ outputs: [], positions: [{ topic: 'lines', partition: 0, offset: done + 20 }], notes: [] })
  }
}

describe('a full LMDB log', () => {
  test('at its own limit it refuses whole commits, stays readable, and takes more after forgetting, again and again', async () => {
    const directory = join(root, 'log')
    const log = await openLmdbLog({ directory, partitions: lawPartitions, maxBytes: 4 * MIB, clock: () => 1 })
    await endure(log, [200, 200, 1000, 5000, 30_000, 200, 2500, 200])
    expect(statSync(join(directory, 'data.mdb')).size).toBeLessThanOrEqual(4 * MIB)
    await log.close()
  })

  test('on a full disk it refuses whole commits, stays readable, and takes more after forgetting, again and again', async context => {
    const disk = mountSmallDisk(4 * MIB)
    if (typeof disk === 'string') return context.skip(disk)
    try {
      const log = await openLmdbLog({ directory: join(disk.path, 'log'), partitions: lawPartitions, maxBytes: 1024 * MIB, clock: () => 1 })
      await endure(log, [200, 200, 1000, 5000, 30_000, 200, 2500, 200])
      await log.close()
    } finally {
      disk.unmount()
    }
  })

  test('on a disk that others fill it resumes as soon as they free it; a backup without room leaves nothing', async context => {
    const disk = mountSmallDisk(6 * MIB)
    if (typeof disk === 'string') return context.skip(disk)
    try {
      const log = await openLmdbLog({ directory: join(disk.path, 'log'), partitions: lawPartitions, maxBytes: 1024 * MIB, clock: () => 1 })
      await log.write(filler(50_000, 40))
      await expect(backupLmdb(join(disk.path, 'log'), join(root, 'copy'))).resolves.toBe(undefined)
      writeFileSync(join(disk.path, 'others'), new Uint8Array(3 * MIB))
      await expect(log.write(filler(50_000, 20))).rejects.toMatchObject({ code: 'LOG_FULL' })
      await expect(backupLmdb(join(disk.path, 'log'), join(disk.path, 'copy'))).rejects.toMatchObject({ code: 'LOG_FULL' })
      expect(readdirSync(disk.path).sort()).toEqual(['log', 'others'])
      rmSync(join(disk.path, 'others'))
      expect(await log.write(filler(50_000, 20))).toHaveLength(20)
      expect(await take(log, ['parts'], 60)).toHaveLength(60)
      await log.close()
    } finally {
      disk.unmount()
    }
  })

  test('partition counts other than those stored are refused with both; new topics are added', async () => {
    const directory = join(root, 'log')
    await (await openLmdbLog({ directory, partitions: { lines: 3 }, maxBytes: 4 * MIB })).close()
    await expect(openLmdbLog({ directory, partitions: { lines: 4 }, maxBytes: 4 * MIB })).rejects.toThrow(
      /expected 3 partitions of lines.*came 4/
    )
    const wider = await openLmdbLog({ directory, partitions: { lines: 3, parts: 1 }, maxBytes: 4 * MIB })
    expect(wider.partitions).toEqual({ lines: 3, parts: 1 })
    await wider.write(filler(10))
    const reader = await openLmdbLog({ directory, maxBytes: 4 * MIB, readOnly: true })
    expect(reader.partitions).toEqual({ lines: 3, parts: 1 })
    expect(await take(reader, ['parts'], 20)).toHaveLength(20)
    await expect(reader.write(filler(10))).rejects.toMatchObject({ code: 'INPUT_INVALID' })
    await reader.close()
    expect(await take(wider, ['parts'], 20)).toHaveLength(20)
    await wider.close()
  })

  test('a directory without a log is not opened for reading, one with other files not for writing', async () => {
    await expect(openLmdbLog({ directory: join(root, 'none'), maxBytes: MIB, readOnly: true })).rejects.toMatchObject({
      code: 'FILE_UNREADABLE'
    })
    await backupLmdb(join(root, 'none'), join(root, 'x')).catch(error => expect(error).toMatchObject({ code: 'FILE_UNREADABLE' }))
  })
})
